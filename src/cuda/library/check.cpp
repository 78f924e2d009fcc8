#include "cuda/library/check.h"

#include <fmt/format.h>

#include "base/error.h"

namespace moola::cuda {

void throw_cuda_error(cudaError_t code, const char* expression) {
  int device = -1;
  // The error is reported as it is even where the device can't be asked any more.
  if (cudaGetDevice(&device) != cudaSuccess) device = -1;
  throw CommError(fmt::format("{} failed on GPU {}: {} ({})", expression, device, cudaGetErrorString(code),
                              cudaGetErrorName(code)));
}

void throw_nccl_error(ncclResult_t code, const char* expression, ncclComm_t comm, int rank) {
  const char* details = ncclGetLastError(comm);
  throw CommError(fmt::format("{} failed on rank {}: {}{}{}. NCCL_DEBUG=INFO shows what NCCL tried.", expression, rank,
                              ncclGetErrorString(code), details != nullptr && *details != 0 ? ": " : "",
                              details != nullptr ? details : ""));
}

}  // namespace moola::cuda
