#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "cluster/run/run_status.h"

namespace moola::cluster {

/// Elements by step, ascending.
using WantedElements = std::map<std::string, std::vector<std::size_t>>;

std::size_t element_count(const WantedElements& elements);

/// All of a job.
WantedElements all_elements(const JobFile& job);

/// What has failed, was blocked, cancelled or never submitted, of `step` or, where that is empty, of all steps, and of
/// its `elements` where there are some; with all that comes after it, has not succeeded, and waits for nothing else
/// that has failed. Throws ConfigError for a step that there is not.
WantedElements unfinished_elements(const JobFile& job, const RunStatus& status, const std::string& step = {},
                                   const std::vector<std::size_t>& elements = {});

/// All that are not over.
WantedElements open_elements(const JobFile& job, const RunStatus& status);

/// `elements` of `step` and all that comes after them and is not over. Empty `elements`: all that are not over.
WantedElements with_dependents(const JobFile& job, const RunStatus& status, const std::string& step,
                               const std::vector<std::size_t>& elements);

}  // namespace moola::cluster
