#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "comm/collectives.h"
#include "comm/communicator.h"

namespace moola::work {

/// Where this rank computes, and how its gradients travel.
struct ComputeDevice {
  at::Device device{at::kCPU};
  std::unique_ptr<comm::Collectives> collectives;
  std::string description;  // "CPU, MPI on the host"
};

/// "auto" (a GPU where there is one), "cpu" or "cuda". One rank per GPU. Collective over `world`.
/// Throws ConfigError when "cuda" is asked for and there is none, or more ranks share a host than it has GPUs;
/// CommError.
ComputeDevice open_compute_device(const std::string& wanted, const comm::Communicator& world);

}  // namespace moola::work
