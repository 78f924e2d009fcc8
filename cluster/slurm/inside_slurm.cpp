#include "cluster/slurm/inside_slurm.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/subprocess.h"

namespace moola::cluster {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void control(const std::vector<std::string>& words) {
  std::vector<std::string> call{"scontrol"};
  call.insert(call.end(), words.begin(), words.end());
  ProcessResult result = run_process(call);
  // Slurm ends all of a job that it puts back, scontrol too.
  for (int i = 0; i < 3 && result.exit_code > 128; ++i) result = run_process(call);
  if (result.exit_code == 0) return;
  std::string said = result.errors.empty() ? result.output : result.errors;
  said.erase(said.find_last_not_of(" \n") + 1);
  throw IoError(fmt::format("{} failed: {}", fmt::join(call, " "), said));
}

}  // namespace

std::optional<std::string> slurm_task() {
  const std::string job = variable("SLURM_JOB_ID"), array = variable("SLURM_ARRAY_JOB_ID");
  if (job.empty()) return std::nullopt;
  return array.empty() ? job : array + "_" + variable("SLURM_ARRAY_TASK_ID");
}

std::string slurm_nodes() {
  return variable("SLURM_JOB_NODELIST");
}

bool srun_has_pmix() {
  const ProcessResult result = run_process({"srun", "--mpi=list"});
  return (result.output + result.errors).find("pmix") != std::string::npos;
}

void requeue(const std::string& task) {
  control({"requeue", task});
}

void requeue_with_memory(const std::string& task, std::int64_t mebibytes) {
  // A job that was put back does not begin for a while, by the age of its credentials: time enough.
  control({"requeue", task});
  control({"update", "JobId=" + task, fmt::format("MinMemoryNode={}", mebibytes)});
}

}  // namespace moola::cluster
