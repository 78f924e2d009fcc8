#include "cluster/places/place.h"

#include <fmt/format.h>

#include "base/nearest.h"
#include "cluster/places/local_place.h"
#include "cluster/places/runpod_place.h"
#include "cluster/places/slurm_place.h"
#include "cluster/places/ssh_place.h"
#include "cluster/remote/ssh_target.h"

namespace moola::cluster {

std::vector<std::string> Place::left_out(const JobFile& job) const {
  if (job.cost_budget <= 0) return {};
  return {fmt::format("job.cost_budget = {} is for rented machines: nothing is paid for by the hour with --to {}.",
                      job.cost_budget, name())};
}

void Place::check(const JobFile&) {}

TriedOut Place::try_out(const JobRun&) {
  return {};
}

void Place::prepare(const JobRun&, const JobSource&) {}

std::string Place::goes_on_text(const JobRun& run) {
  return fmt::format(
      "What was submitted before goes on as {0}: `moola retry {0}` submits the rest, `moola cancel {0}` ends it.",
      run.id());
}

std::optional<std::string> Place::after_failure(const JobRun& run, const RunEvents& events, const Error&) {
  if (events.submissions().empty()) return std::nullopt;
  return goes_on_text(run);
}

std::string Place::text(const JobRun&) const {
  return {};
}

Json Place::machines(const JobRun&) const {
  return Json::array();
}

void Place::bring_results(const JobRun&) {}

int Place::work(const JobRun& run) {
  throw ConfigError(
      fmt::format("{} went to {}, which runs it by itself. Name a step to run one element here.", run.id(), name()));
}

void Place::stay_at_work(const JobRun&) {}

std::unique_ptr<Place> open_place(const std::string& name) {
  static const std::vector<std::string> kNames{"slurm", "local", "runpod"};
  if (name == "local") return std::make_unique<LocalPlace>();
  if (name == "runpod") return std::make_unique<RunpodPlace>();
  if (name == "slurm") return std::make_unique<SlurmPlace>();
  if (is_ssh_target(name)) return std::make_unique<SshPlace>(name);
  throw ConfigError(fmt::format("--to {}: a job goes to slurm, runpod, local or ssh://user@host:port.{}", name,
                                did_you_mean(name, kNames)));
}

std::filesystem::path submit_lock(const JobRun& run) {
  return run.folder / ".submit.lock";
}

}  // namespace moola::cluster
