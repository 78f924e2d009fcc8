#pragma once
#include <memory>

#include "comm/collectives.h"
#include "comm/communicator.h"

namespace moola::cuda {

/// Collective. The ranks of `world` joined over NCCL, each with the GPU that is current on its thread. Throws
/// CommError.
std::unique_ptr<comm::Collectives> nccl_collectives(const comm::Communicator& world);

}  // namespace moola::cuda
