#include "work/compute_device.h"

#include <ATen/Context.h>

#include <cstdlib>

namespace moola::work {

ComputeDevice open_compute_device(const std::string& wanted, const comm::Communicator& world) {
  // cuBLAS repeats its sums bit for bit only with a workspace of a stated size; it reads this once, when CUDA starts.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
  // Opening the GPU's library takes 300 MB of host memory: not for a rank that will not use it.
  const cuda::LoadedAccelerator loaded =
      wanted == "cpu"
          ? cuda::LoadedAccelerator{.accelerator = nullptr, .library = {}, .why_not = "parallel.device = \"cpu\""}
          : cuda::open_accelerator();
  ComputeDevice found;
  found.gpu = cuda::resolve_device(wanted, loaded, world);
  if (found.gpu.is_cuda) {
    found.device = at::Device(at::kCUDA, static_cast<at::DeviceIndex>(found.gpu.index));
    found.versions = found.gpu.accelerator->versions();
    at::Context& torch = at::globalContext();
    torch.setBenchmarkCuDNN(false);
    torch.setDeterministicCuDNN(true);
    torch.setDeterministicAlgorithms(/*on=*/true, /*warn_only=*/false);
    torch.setAllowTF32CuBLAS(false);
    torch.setAllowTF32CuDNN(false);
  }
  found.collectives = cuda::collectives_on(found.gpu, world);
  return found;
}

}  // namespace moola::work
