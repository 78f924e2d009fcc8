#pragma once
#include <cuda_runtime_api.h>
#include <nccl.h>

namespace moola::cuda {

/// Throws CommError with the call as it is written, the device and CUDA's words for `code`. Only called with an error.
[[noreturn]] void throw_cuda_error(cudaError_t code, const char* expression);
/// The same for NCCL, with the last words of `comm` (may be null).
[[noreturn]] void throw_nccl_error(ncclResult_t code, const char* expression, ncclComm_t comm, int rank);

}  // namespace moola::cuda

/// Every CUDA call goes through this, every NCCL call through the other.
#define MOOLA_CUDA_CALL(expression)                                                         \
  do {                                                                                      \
    if (const cudaError_t moola_cuda_code = (expression); moola_cuda_code != cudaSuccess) { \
      ::moola::cuda::throw_cuda_error(moola_cuda_code, #expression);                        \
    }                                                                                       \
  } while (false)

#define MOOLA_NCCL(expression, comm, rank)                                                   \
  do {                                                                                       \
    if (const ncclResult_t moola_nccl_code = (expression); moola_nccl_code != ncclSuccess) { \
      ::moola::cuda::throw_nccl_error(moola_nccl_code, #expression, comm, rank);             \
    }                                                                                        \
  } while (false)
