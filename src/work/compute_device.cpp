#include "work/compute_device.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>

#include <cstdlib>
#include <set>

#include "base/log.h"

namespace moola::work {
namespace {

// LibTorch says some things at every call (that cuDNN copies a layer's weights, for one); once is enough.
class WarnOnce final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override {
    if (said_.insert(warning.msg()).second) log_warning("LibTorch: {}", warning.msg());
  }

 private:
  std::set<std::string> said_;
};

}  // namespace

ComputeDevice open_compute_device(const std::string& wanted, const comm::Communicator& world) {
  static WarnOnce warn_once;  // of this thread; LibTorch keeps the pointer
  c10::WarningUtils::set_warning_handler(&warn_once);
  // cuBLAS repeats its sums bit for bit only with a workspace of a stated size; it reads this once, when CUDA starts.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
  // Opening the GPU's library takes 300 MB of host memory: not for a rank that will not use it.
  const cuda::LoadedAccelerator loaded = wanted == "cpu"
                                             ? cuda::LoadedAccelerator{.accelerator = nullptr,
                                                                       .library = {},
                                                                       .gpu_is_there = false,
                                                                       .why_not = "parallel.device = \"cpu\""}
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
    torch.setDeterministicFillUninitializedMemory(false);  // nothing here reads what it has not written
    torch.setAllowTF32CuBLAS(false);
    torch.setAllowTF32CuDNN(false);
  }
  found.collectives = cuda::collectives_on(found.gpu, world);
  return found;
}

}  // namespace moola::work
