#pragma once
#include <string>
#include <vector>

#include "cluster/job/job_file.h"

namespace moola::cluster {

/// The steps, each behind all that it comes after, otherwise in the order given. `file` begins messages. Throws
/// ConfigError for a step that comes after one that there is not, with the nearest, or after itself however indirectly,
/// naming the circle, and for `after_element` of something that has not as many elements.
std::vector<JobStep> in_order(std::vector<JobStep> steps, const std::string& file);

}  // namespace moola::cluster
