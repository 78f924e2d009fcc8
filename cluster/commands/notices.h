#pragma once
#include <string>

#include "cluster/run/run_status.h"

namespace moola::cluster {

/// Tells the job's webhook of "finish", "failure" or "over-budget", when the job file wants that and nobody has told it
/// of this run since it was last submitted. Never throws: what went wrong is a warning.
void give_notice(const JobRun& run, const RunStatus& status, const PlaceView& view, const std::string& event) noexcept;

/// The same of whatever the run's state calls for: its end.
void give_notice_of_end(const JobRun& run, const RunStatus& status, const PlaceView& view) noexcept;

/// From here on everything is told again.
void forget_notices(const JobRun& run);

}  // namespace moola::cluster
