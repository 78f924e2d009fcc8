#pragma once
#include <cstddef>
#include <memory>

#include "comm/communicator.h"

namespace moola::comm {

/// The world's ranks under an initialised MPI. No message is larger than `largest_message` bytes (at most INT_MAX);
/// longer ones go in parts. Throws CommError.
std::shared_ptr<Group> mpi_world_group(std::size_t largest_message);

}  // namespace moola::comm
