#pragma once
#include <string>

#include "base/duration.h"

namespace moola::cluster {

/// As sbatch takes it without doubt: "2-03:00:00", days-hours:minutes:seconds, rounded up to a whole minute, in which
/// Slurm counts.
std::string slurm_time(Duration time);

}  // namespace moola::cluster
