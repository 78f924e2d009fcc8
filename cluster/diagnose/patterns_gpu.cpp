#include "cluster/diagnose/log_pattern.h"

// The words of CUDA, of LibTorch about it, of NVIDIA's driver, and of NCCL 2.7 to 2.28.
namespace moola::cluster {

void add_gpu_patterns(std::vector<LogPattern>& patterns) {
  using enum Cause;
  using enum Weight;
  patterns.insert(patterns.end(),
                  {
                      {gpu_out_of_memory, cause, "CUDA out of memory. Tried to allocate "},
                      {gpu_out_of_memory, cause, "CUDA error: out of memory"},
                      {gpu_out_of_memory, cause, " out of memory (cudaErrorMemoryAllocation)"},
                      {gpu_out_of_memory, cause, "Cuda failure*'out of memory'"},
                      {gpu_out_of_memory, cause, "CUDA_ERROR_OUT_OF_MEMORY"},
                      {gpu_out_of_memory, cause, " MB left for a gradient buffer: "},

                      {old_driver, cause, "CUDA driver version is insufficient for CUDA runtime version"},
                      {old_driver, cause, "The NVIDIA driver on your system is too old"},
                      {old_driver, cause, "forward compatibility was attempted on non supported HW"},
                      {driver_mismatch, cause, "Failed to initialize NVML: Driver/library version mismatch"},
                      {no_gpu, cause, "no CUDA-capable device is detected"},
                      {no_gpu, cause, "RuntimeError: No CUDA GPUs are available"},
                      {no_gpu, cause, "Found no NVIDIA driver on your system"},
                      {no_gpu, cause, "device = \"cuda\", but "},
                      {no_cuda_build, cause, "AssertionError: Torch not compiled with CUDA enabled"},
                      {busy_gpu, cause, "CUDA-capable device(s) is/are busy or unavailable"},
                      {busy_gpu, cause, "all CUDA-capable devices are busy or unavailable"},
                      {shared_gpu, cause, "Duplicate GPU detected : rank "},
                      {gpu_hardware, cause, "uncorrectable ECC error encountered"},
                      {gpu_hardware, cause, "NVRM: Xid (*): 79,"},
                      {gpu_hardware, cause, "GPU is lost.  Reboot the system to recover this GPU"},
                      {gpu_error, cause, "an illegal memory access was encountered"},
                      {gpu_error, cause, "CUDA error: device-side assert triggered"},
                      {gpu_error, cause, "CUDA error: unspecified launch failure"},

                      {nccl_network, cause, "NCCL WARN Bootstrap : no socket interface found"},
                      {nccl_network, cause, "NCCL WARN NET/Socket : no interface found"},
                      {nccl_network, cause, "NCCL WARN NET/Socket : No usable listening interface found"},
                      {nccl_network, cause, "NCCL WARN socketStartConnect: Connect to * failed : "},
                      {nccl_network, cause, "NCCL WARN socketPollConnect: Connect to * returned "},
                      {nccl_network, cause, "NCCL WARN socketConnectCheck: Connect to * returned "},
                      {nccl_network, cause, "NCCL WARN Connect to * failed : "},
                      {nccl_network, cause, "NCCL WARN Call to connect returned "},
                      {nccl_network, cause, "NCCL WARN *: connect to * failed : "},
                      {nccl_network, cause, "NCCL WARN *: connect to * returned *, exceeded error retry count after "},
                      {nccl_network, cause, "NCCL WARN socketPollConnect to * failed with error "},
                      {nccl_network, cause, "NCCL WARN Net : Connect to * failed : "},
                      {nccl_network, hint, "NCCL INFO Call to connect returned "},
                      {nccl_version, cause, "Mismatched NCCL version detected : rank "},
                      {nccl_timeout, cause, "Watchdog caught collective operation timeout: "},
                      {full_shared_memory, cause, "NCCL WARN Error while creating shared memory segment "},
                      {full_shared_memory, cause, "Error: failed to extend /dev/shm/nccl-"},
                      {full_shared_memory, cause, "Error: failed to create shared memory file /dev/shm/nccl-"},
                      {lost_peer, consequence, "socketProgress: Connection closed by remote peer "},
                      {lost_peer, consequence, "remote process exited or there was a network error"},
                      {lost_peer, consequence, "NCCL failed while it was working, on rank "},
                      {lost_peer, consequence, "ncclRemoteError"},
                      {other_rank, consequence, "NCCL communicator was aborted on rank "},
                      {nccl_error, outcome, "unhandled system error (run with NCCL_DEBUG=INFO for details)"},
                      {nccl_error, outcome, "unhandled cuda error (run with NCCL_DEBUG=INFO for details)"},
                      {nccl_error, outcome, "ncclSystemError: System call"},
                      {nccl_error, outcome, "ncclUnhandledCudaError: Call to CUDA function failed"},
                  });
}

}  // namespace moola::cluster
