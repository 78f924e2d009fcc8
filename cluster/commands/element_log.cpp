#include "cluster/commands/element_log.h"

#include "base/error.h"

namespace moola::cluster {

std::filesystem::path log_of(const JobRun& run, const std::string& step, std::size_t element,
                             const ElementStatus& status) {
  return log_file(run, step, element, status.attempts.empty() ? "" : status.attempts.back().place_id);
}

LogReport report_of(const JobRun& run, const std::string& step, std::size_t element, const ElementStatus& status) {
  const JobStep& made = run.job.step(step);
  std::optional<int> exit_code;
  if (!status.attempts.empty() && status.attempts.back().end) exit_code = status.attempts.back().exit_code;
  const DiagnoseContext context{.step = step,
                                .memory = made.memory,
                                .time = made.time,
                                .is_moola_job = !made.job.empty(),
                                .slurm_state = run.place == "slurm" ? status.place.name : "",
                                .slurm_exit_code = status.place.exit};
  try {
    const std::filesystem::path log = log_of(run, step, element, status);
    if (std::filesystem::exists(log)) return diagnose_file(log, exit_code, context);
    return {.diagnoses = diagnose("", exit_code, context)};
  } catch (const Error&) {
    return {};
  }
}

}  // namespace moola::cluster
