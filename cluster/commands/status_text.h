#pragma once
#include <string>

#include "base/json.h"
#include "cluster/run/run_status.h"

namespace moola::cluster {

/// A run's steps as a table, what runs now and how far it is, and of all that failed why, with the log's last words.
/// `every`: a line for each element.
std::string status_text(const JobRun& run, const RunStatus& status, const PlaceView& view, bool every);

/// One screen for a message: what ran and how long, what failed and why.
std::string digest_text(const JobRun& run, const RunStatus& status);

Json status_json(const JobRun& run, const RunStatus& status, const PlaceView& view);

}  // namespace moola::cluster
