#include "cluster/pods/pod_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/json.h"

namespace moola::cluster {
namespace {

// Of a pod whose results lie on the disk beside it.
constexpr int kContainerDisk = 20;
constexpr int kSmallestHostDisk = 10;

runpod::Container container_of(const PodWish& wish,
                               const std::vector<std::pair<std::string, std::string>>& environment) {
  const bool has_volume = !wish.settings.network_volume.empty();
  runpod::Container out{.image = wish.settings.image.empty() ? default_image() : wish.settings.image,
                        .args = json_text({{"entrypoint", {"sh", "-c"}}, {"cmd", {pod_start_script()}}}),
                        .disk_gb = has_volume ? static_cast<int>(wish.settings.disk) : kContainerDisk,
                        .env = environment,
                        .ports = wish.settings.ports};
  // The way in for files.
  if (std::ranges::find(out.ports, "22/tcp") == out.ports.end()) out.ports.emplace_back("22/tcp");
  return out;
}

runpod::Mounts mounts_of(const PodWish& wish) {
  runpod::Mounts out{.volume_id = wish.settings.network_volume};
  if (out.volume_id.empty()) out.host_gb = std::max(static_cast<int>(wish.settings.disk), kSmallestHostDisk);
  return out;
}

std::vector<std::pair<std::string, std::string>> environment_of(const PodWish& wish, const PodOrder& order) {
  std::vector<std::pair<std::string, std::string>> out{
      {"MOOLA_AT_END", wish.settings.network_volume.empty() ? "keep" : "terminate"},
      {"MOOLA_LIFETIME_S", std::to_string(order.lifetime_s)},
      {"MOOLA_POD", order.name},
      {"MOOLA_RUN", order.run},
      {"MOOLA_SLOTS", std::to_string(wish.slots)}};
  if (!order.public_key.empty()) out.emplace_back("PUBLIC_KEY", order.public_key);
  if (const char* url = std::getenv("MOOLA_RUNPOD_URL"); url != nullptr && *url != '\0')
    out.emplace_back("MOOLA_RUNPOD_URL", url);
  return out;
}

}  // namespace

std::string default_image() {
  return "runpod/pytorch:1.0.2-cu1281-torch280-ubuntu2404";
}

runpod::PodRequest pod_request(const PodWish& wish, const PodOrder& order) {
  runpod::PodRequest out{.name = order.name,
                         .container = container_of(wish, environment_of(wish, order)),
                         .cloud = runpod::parse_cloud(wish.settings.cloud),
                         .data_centers = wish.settings.data_centers,
                         .mounts = mounts_of(wish),
                         .registry_id = wish.settings.registry,
                         .start_ssh = true};
  if (wish.gpus > 0) {
    out.gpu = runpod::GpuRequest{.id = {}, .count = wish.gpus};
    if (order.cuda > 0) out.gpu->least_cuda_version = fmt::format("{}.0", order.cuda);
  } else {
    out.cpu = runpod::CpuRequest{.id = wish.settings.cpu, .vcpus = wish.vcpus};
  }
  return out;
}

runpod::ClusterRequest cluster_request(const PodWish& wish, const PodOrder& order) {
  return {.name = order.name,
          .container = container_of(wish, environment_of(wish, order)),
          .gpus_per_pod = wish.gpus,
          .pods = wish.nodes,
          .data_centers = wish.settings.data_centers,
          .mounts = mounts_of(wish),
          .start_ssh = true};
}

runpod::TemplateRequest template_request(const PodWish& wish) {
  if (wish.seconds == 0) {
    throw ConfigError(
        "a template needs job.time_budget: its price depends on who starts it, so that job.cost_budget alone would not "
        "end a pod of it.");
  }
  PodWish alone = wish;
  alone.settings.network_volume.clear();  // a template takes none; the console adds it
  const std::int64_t most = lifetime_s(wish, 0, 0, 0);
  runpod::TemplateRequest out{.container = container_of(alone, {{"MOOLA_AT_END", "keep"},
                                                                {"MOOLA_LIFETIME_S", std::to_string(most)},
                                                                {"MOOLA_SLOTS", std::to_string(wish.slots)}}),
                              .mounts = mounts_of(alone),
                              .registry_id = wish.settings.registry};
  return out;
}

}  // namespace moola::cluster
