#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "comm/collectives.h"
#include "comm/communicator.h"
#include "cuda/device.h"

namespace moola::work {

/// Where this rank computes, and how its gradients travel.
struct ComputeDevice {
  at::Device device{at::kCPU};
  cuda::Device gpu;  // its name, and what keeps the GPU's library open
  std::unique_ptr<comm::Collectives> collectives;
  std::string versions;  // of CUDA, driver and NCCL; empty on the CPU

  /// "cpu, MPI on the host"
  std::string description() const { return gpu.name + ", " + collectives->description(); }
};

/// "auto" (a GPU where there is one), "cpu" or "cuda"; one rank per GPU. Collective over `world`, and the first thing
/// of a rank that touches LibTorch. Sets LibTorch to fp32 without TF32 and to deterministic kernels. Throws ConfigError
/// when "cuda" is asked for and there is none, or more ranks share a host than it has GPUs; CommError.
ComputeDevice open_compute_device(const std::string& wanted, const comm::Communicator& world);

}  // namespace moola::work
