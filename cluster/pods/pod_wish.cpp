#include "cluster/pods/pod_wish.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/duration.h"
#include "base/error.h"

namespace moola::cluster {
namespace {

bool alike(const RunpodSettings& a, const RunpodSettings& b) {
  return a.gpu_types == b.gpu_types && a.cloud == b.cloud && a.data_centers == b.data_centers && a.image == b.image &&
         a.network_volume == b.network_volume && a.registry == b.registry && a.disk == b.disk && a.ports == b.ports &&
         a.hourly_price_cap == b.hourly_price_cap && a.cpu == b.cpu;
}

}  // namespace

PodWish pod_wish(const JobFile& job) {
  PodWish out{.settings = job.steps.front().runpod, .dollars = job.cost_budget};
  for (const JobStep& step : job.steps) {
    if (!alike(step.runpod, out.settings)) {
      throw ConfigError(fmt::format(
          "step.{}.runpod asks for another machine than step.{}: all steps of a job share what is rented for "
          "it. Say it once in [runpod], or submit what needs another machine as a job of its own, with a "
          "network volume between them.",
          step.name, job.steps.front().name));
    }
    out.nodes = std::max(out.nodes, static_cast<int>(step.nodes));
    out.gpus = std::max(out.gpus, static_cast<int>(step.gpus));
    out.slots = std::max(out.slots, static_cast<int>(step.ranks_per_node()));
    out.vcpus = std::max(out.vcpus, static_cast<int>(step.cpus_per_node()));
    out.replacements = std::max(out.replacements, step.retry.node_failure);
  }
  out.vcpus = static_cast<int>(std::bit_ceil(static_cast<unsigned>(out.vcpus)));  // RunPod has powers of two
  if (out.gpus > 0 && out.settings.gpu_types.empty()) {
    throw ConfigError(
        "runpod.gpu_types is empty, and a step wants GPUs. Name types in the order in which they are to be tried, as "
        "`moola runpod gpus` lists them: [runpod] gpu_types = [\"NVIDIA L40S\"].");
  }
  if (out.gpus == 0 && out.nodes > 1)
    throw ConfigError("several nodes at RunPod are an instant cluster, which has GPUs, and no step asks for them.");
  if (out.nodes > 1 && out.settings.network_volume.empty()) {
    throw ConfigError(
        "runpod.network_volume is empty, and a step is for several nodes: their ranks must see one workspace. Make a "
        "volume in RunPod's console and give its id.");
  }
  if (out.nodes > 1 && !out.settings.registry.empty())
    throw ConfigError(
        "runpod.registry: RunPod's clusters take public images alone. Leave it away, with a public image.");
  if (!job.time_budget.empty())
    out.seconds = static_cast<std::int64_t>(std::ceil(parse_duration(job.time_budget).in_seconds()));
  if (out.seconds == 0 && out.dollars <= 0) {
    throw ConfigError(
        "a rented machine needs an end: set job.time_budget (\"12h\"), job.cost_budget (US dollars), or both. What "
        "comes first ends it.");
  }
  if (out.gpus == 0 && out.seconds == 0) {
    throw ConfigError(
        "a machine without GPUs needs job.time_budget: RunPod says its price only with the answer, so that a pod could "
        "not end itself by job.cost_budget alone.");
  }
  return out;
}

runpod::PlacementWish placement_wish(const PodWish& wish) {
  runpod::PlacementWish out{.gpus = wish.settings.gpu_types,
                            .count = wish.gpus,
                            .pods = wish.nodes,
                            .cloud = runpod::parse_cloud(wish.settings.cloud),
                            .data_centers = wish.settings.data_centers};
  if (wish.settings.hourly_price_cap > 0) out.most_per_hour = wish.settings.hourly_price_cap;
  return out;
}

std::int64_t lifetime_s(const PodWish& wish, double dollars_per_hour, double dollars_spent,
                        std::int64_t seconds_spent) {
  std::int64_t out = std::numeric_limits<std::int32_t>::max();
  if (wish.seconds > 0) out = std::min(out, wish.seconds - seconds_spent);
  if (wish.dollars > 0 && dollars_per_hour > 0) {
    const double left = (wish.dollars - dollars_spent) / dollars_per_hour * 3600;
    if (left < static_cast<double>(out)) out = static_cast<std::int64_t>(std::floor(left));
  }
  return std::max<std::int64_t>(out, 0);
}

}  // namespace moola::cluster
