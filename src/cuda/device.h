#pragma once
#include <memory>
#include <string>

#include "comm/collectives.h"
#include "comm/communicator.h"
#include "cuda/loader.h"

namespace moola::cuda {

/// Where a rank computes.
struct Device {
  bool is_cuda = false;
  int index = 0;                             // of the GPU in this process
  std::string name = "cpu";                  // "cpu", or "cuda:1 (NVIDIA H100 80GB HBM3)"
  std::shared_ptr<Accelerator> accelerator;  // of a GPU
};

/// Collective. What `requested` ("auto", "cpu", "cuda") means on the ranks of `world`, and chooses the GPU of each: the
/// host's ranks take the GPUs in order. All ranks decide alike: with "auto" one rank without a GPU sends all to the
/// CPU. Throws, on all ranks, ConfigError for "cuda" without a GPU (it says what was looked for), for another word, and
/// for more ranks on a host than it has GPUs.
Device resolve_device(const std::string& requested, const LoadedAccelerator& loaded, const comm::Communicator& world);

/// Collective. What sums the gradients that live on `device`: NCCL on a GPU, MPI on the host.
std::unique_ptr<comm::Collectives> collectives_on(const Device& device, const comm::Communicator& world);

}  // namespace moola::cuda
