#include "cuda/device.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "base/error.h"
#include "base/host_name.h"
#include "base/log.h"
#include "base/nearest.h"

namespace moola::cuda {
namespace {

// A GPU serves one rank. Ranks that each see the same GPUs take them in order; ranks that each see one of their own (as
// Slurm gives them) take that. Whether it worked out is seen from what they hold in the end, by the name the hardware
// has.
int choose(const Accelerator& accelerator, const comm::Communicator& world) {
  const int index = world.host_rank() % accelerator.device_count();
  const std::string host = host_name();
  const std::vector<std::string> held = world.all_gather(host + " GPU " + accelerator.device_identity(index));
  std::map<std::string, int> first_holder;
  for (int rank = 0; rank < world.size(); ++rank) {
    const auto [holder, is_new] = first_holder.emplace(held[static_cast<std::size_t>(rank)], rank);
    if (is_new) continue;
    throw ConfigError(fmt::format(
        "ranks {} and {} would share one GPU ({}), but a GPU serves one rank: there are more ranks than GPUs ({} ranks "
        "on {}, {} GPU{} "
        "visible). Start fewer ranks (--ranks {}), give the job more GPUs, or set parallel.device = \"cpu\".",
        holder->second, rank, held[static_cast<std::size_t>(rank)], world.host_size(), host, accelerator.device_count(),
        accelerator.device_count() == 1 ? "" : "s", accelerator.device_count()));
  }
  return index;
}

}  // namespace

Device resolve_device(const std::string& requested, const LoadedAccelerator& loaded, const comm::Communicator& world) {
  if (requested != "auto" && requested != "cpu" && requested != "cuda") {
    const std::vector<std::string> known{"auto", "cpu", "cuda"};
    throw ConfigError(fmt::format("parallel.device = \"{}\" is none of \"auto\", \"cpu\" and \"cuda\".{}", requested,
                                  did_you_mean(requested, known)));
  }
  if (requested == "cpu") return {};
  const std::vector<std::string> reasons =
      world.all_gather(loaded.accelerator != nullptr ? "" : host_name() + ": " + loaded.why_not);
  const bool gpus_lie_idle = world.any(loaded.gpu_is_there);
  for (int rank = 0; rank < world.size(); ++rank) {
    const std::string& reason = reasons[static_cast<std::size_t>(rank)];
    if (reason.empty()) continue;
    if (requested == "auto") {
      if (gpus_lie_idle && world.rank() == 0)
        log_warning(
            "all ranks compute on the CPU, though there are GPUs: rank {} can't use one ({}). parallel.device = "
            "\"cuda\" "
            "makes this an error, \"cpu\" silences it.",
            rank, reason);
      return {};
    }
    throw ConfigError(
        fmt::format("parallel.device = \"cuda\", but rank {} has no GPU to use ({}). Set parallel.device = \"cpu\" or "
                    "\"auto\", or start the job where "
                    "every rank has one; moola doctor shows what this host offers.",
                    rank, reason));
  }
  const int index = choose(*loaded.accelerator, world);
  loaded.accelerator->choose_device(index);
  return {true, index, fmt::format("cuda:{} ({})", index, loaded.accelerator->device_name(index)), loaded.accelerator};
}

std::unique_ptr<comm::Collectives> collectives_on(const Device& device, const comm::Communicator& world) {
  return device.is_cuda ? device.accelerator->collectives(world) : comm::host_collectives(world);
}

}  // namespace moola::cuda
