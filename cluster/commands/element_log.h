#pragma once
#include <cstddef>
#include <filesystem>

#include "cluster/diagnose/diagnose.h"
#include "cluster/run/run_status.h"

namespace moola::cluster {

/// The log of an element's last attempt; it may not be there.
std::filesystem::path log_of(const JobRun& run, const std::string& step, std::size_t element,
                             const ElementStatus& status);

/// What that log says of how it ended, with what the place and the job file say. Cost: up to 0.3 s for a log of 64 MB.
/// A log that can't be read says nothing.
LogReport report_of(const JobRun& run, const std::string& step, std::size_t element, const ElementStatus& status);

}  // namespace moola::cluster
