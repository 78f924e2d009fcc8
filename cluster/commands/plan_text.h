#pragma once
#include <string>

#include "base/json.h"
#include "cluster/job/job_file.h"

namespace moola::cluster {

/// The steps as a table, what they take and the most that they last, and a picture of what comes after what.
std::string plan_text(const JobFile& job);
Json plan_json(const JobFile& job);

/// The picture alone: each step under the last of those that it comes after.
std::string step_graph(const JobFile& job);

}  // namespace moola::cluster
