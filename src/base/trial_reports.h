#pragma once
#include <cstdint>

namespace moola {

/// The variable that names the file which a job that is a trial of a sweep reports to.
inline constexpr const char* kTrialReports = "MOOLA_TRIAL_REPORTS";

/// The variable that says which number of the job's answer the sweep looks for.
inline constexpr const char* kTrialMetric = "MOOLA_TRIAL_METRIC";

/// Tells the sweep that this process is a trial of how good it is at `step`, so that a bad one can be given up: a line
/// {"step": 3, "value": 0.71}. Does nothing where no sweep asks. Throws IoError.
void report_to_sweep(std::int64_t step, double value);

}  // namespace moola
