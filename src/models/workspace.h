#pragma once
#include <ATen/core/Tensor.h>

namespace moola::models {

/// An uninitialised contiguous fp32 CPU tensor in pooled memory, which goes back to the pool with the last reference.
///
/// Activations of a training step are tens of megabytes each and have the same sizes at every step. Fresh from the
/// system, every page of them costs a fault (a tenth of a step's time here); the pool hands the same pages out again,
/// in huge pages where the system has them. Blocks are rounded up to 2 MB; one that has not fitted any of the last few
/// hundred requests goes back to the system. Thread-safe.
at::Tensor pooled_empty(at::IntArrayRef sizes);

/// Gives the unused blocks back to the system.
void release_pooled_memory();

}  // namespace moola::models
