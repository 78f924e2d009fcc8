#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "cuda/accelerator.h"
#include "cuda/library/check.h"
#include "cuda/library/nccl_collectives.h"

namespace moola::cuda {
namespace {

std::string version_text(int number) {
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

class CudaAccelerator final : public Accelerator {
 public:
  int device_count() const override { return c10::cuda::device_count(); }

  std::string device_name(int device) const override {
    cudaDeviceProp properties{};
    MOOLA_CUDA_CALL(cudaGetDeviceProperties(&properties, device));
    return properties.name;
  }

  std::string device_identity(int device) const override {
    // Slices of one GPU (MIG) share the bus address; their unique ids differ.
    cudaDeviceProp properties{};
    MOOLA_CUDA_CALL(cudaGetDeviceProperties(&properties, device));
    std::string text;
    for (const char byte : properties.uuid.bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return text;
  }

  std::string versions() const override {
    int runtime = 0, driver = 0, nccl = 0;
    MOOLA_CUDA_CALL(cudaRuntimeGetVersion(&runtime));
    MOOLA_CUDA_CALL(cudaDriverGetVersion(&driver));
    MOOLA_NCCL(ncclGetVersion(&nccl), nullptr, -1);
    return fmt::format("CUDA {}, driver for {}, NCCL {}.{}.{}", version_text(runtime), version_text(driver),
                       nccl / 10000, nccl / 100 % 100, nccl % 100);
  }

  void choose_device(int device) override {
    if (device < 0 || device >= device_count()) {
      throw CommError(fmt::format("there is no GPU {}: this process sees {}", device, device_count()));
    }
    // Torch's allocator serves nobody before this, and nothing else below makes it ready.
    at::globalContext().lazyInitDevice(at::kCUDA);
    MOOLA_CUDA_CALL(cudaSetDevice(device));
    // The context is made here, so that a GPU that is broken or full says so now and not in the first step.
    MOOLA_CUDA_CALL(cudaFree(nullptr));
  }

  MemoryInfo memory() const override {
    MemoryInfo info{};
    MOOLA_CUDA_CALL(cudaMemGetInfo(&info.free, &info.total));
    return info;
  }

  void synchronise() override { MOOLA_CUDA_CALL(cudaDeviceSynchronize()); }

  std::unique_ptr<comm::Collectives> collectives(const comm::Communicator& world) override {
    return nccl_collectives(world);
  }
};

}  // namespace
}  // namespace moola::cuda

extern "C" {

__attribute__((visibility("default"))) int moola_cuda_interface() {
  return moola::cuda::kInterface;
}

__attribute__((visibility("default"))) moola::cuda::Accelerator* moola_cuda_open() {
  static_assert(std::is_same_v<decltype(moola_cuda_open), moola::cuda::OpenFunction>);
  return new moola::cuda::CudaAccelerator();
}
}
