#include "work/sweep/study/gpu_hours.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

class GpuSeconds {
 public:
  GpuSeconds(std::int64_t now, const std::function<bool(const std::string&)>& is_at_work)
      : now_(now), is_at_work_(is_at_work) {}

  double of(const sweep::Trial& trial);

 private:
  std::int64_t now_;
  const std::function<bool(const std::string&)>& is_at_work_;
  std::map<std::string, bool> at_work_;
};

double GpuSeconds::of(const sweep::Trial& trial) {
  if (const std::optional<Json> said = read_attribute(trial.user, kGpuSeconds)) {
    const double seconds = json_number(*said).value_or(0);
    return std::isfinite(seconds) ? std::max(0.0, seconds) : 0;  // anybody's
  }
  const std::optional<Owner> owner =
      trial.state == sweep::TrialState::running ? owner_of(trial) : std::optional<Owner>();
  if (!owner || owner->gpus == 0) return 0;
  double seconds = owner->spent;
  if (owner->since != kNoTime) {
    const auto [at, is_new] = at_work_.try_emplace(owner->worker);
    if (is_new) at->second = is_at_work_(owner->worker);
    // Clocks of hosts may differ.
    if (at->second) seconds += std::max(0.0, static_cast<double>(now_ - owner->since) * 1e-9);
  }
  return owner->gpus * seconds;
}

}  // namespace

double gpu_hours_of(const sweep::Study& study, std::int64_t now,
                    const std::function<bool(const std::string&)>& is_at_work) {
  GpuSeconds gpu(now, is_at_work);
  double seconds = 0;
  for (const sweep::Trial& trial : study.trials) seconds += gpu.of(trial);
  return seconds / 3600;
}

}  // namespace moola::work
