#include "cuda/loader.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/subprocess.h"

namespace moola::cuda {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
}

bool variable_is_set(const char* name) {
  return std::getenv(name) != nullptr;
}

bool has_gpu() {
  // What the driver makes for the first GPU of the host; in a container with a later one alone there is another number,
  // so any will do.
  std::error_code ignored;
  return std::ranges::any_of(fs::directory_iterator("/dev", ignored), [](const fs::directory_entry& entry) {
    const std::string name = entry.path().filename().string();
    return name.starts_with("nvidia") && name.find_first_not_of("0123456789", 6) == name.npos && name.size() > 6;
  });
}

LoadedAccelerator open_library(const fs::path& file) {
  LoadedAccelerator loaded;
  loaded.gpu_is_there = true;
  // RTLD_GLOBAL: Torch's own libraries find each other's type information by name.
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    loaded.why_not = fmt::format("{} can't be opened ({})", file.string(), ::dlerror());
    return loaded;
  }
  const auto interface = reinterpret_cast<InterfaceFunction*>(::dlsym(library, kInterfaceSymbol));
  const auto open = reinterpret_cast<OpenFunction*>(::dlsym(library, kOpenSymbol));
  if (interface == nullptr || open == nullptr || interface() != kInterface) {
    loaded.why_not = fmt::format("{} is of another build than this program", file.string());
    return loaded;
  }
  loaded.library = file;
  loaded.accelerator.reset(open());
  if (loaded.accelerator->device_count() == 0) {
    loaded.accelerator.reset();
    // Hidden on purpose, as CUDA_VISIBLE_DEVICES="" does, is not broken.
    loaded.gpu_is_there = !variable_is_set("CUDA_VISIBLE_DEVICES");
    loaded.why_not = "the CUDA driver shows this process no GPU (nvidia-smi and CUDA_VISIBLE_DEVICES say why)";
  }
  return loaded;
}

}  // namespace

std::vector<fs::path> library_candidates() {
  constexpr const char* kName = "libmoola-cuda.so";
  const fs::path beside = executable_folder();
  return {beside / ".." / "lib" / kName, beside / kName};
}

LoadedAccelerator open_accelerator() {
  LoadedAccelerator none;
  if (variable("MOOLA_CUDA") == "off") {
    none.why_not = "MOOLA_CUDA is off";
    return none;
  }
  if (const std::string named = variable("MOOLA_CUDA_LIBRARY"); !named.empty()) return open_library(named);
  if (!has_gpu()) {
    none.why_not = "there is no /dev/nvidia0 or another NVIDIA GPU";
    return none;
  }
  std::string looked;
  for (const fs::path& candidate : library_candidates()) {
    std::error_code ignored;
    if (fs::exists(candidate, ignored)) return open_library(fs::canonical(candidate));
    looked += (looked.empty() ? "" : ", ") + candidate.lexically_normal().string();
  }
  none.gpu_is_there = true;
  none.why_not = fmt::format(
      "this host has an NVIDIA GPU, but libmoola-cuda.so is not at {}; run ./tools/setup on this host and build again",
      looked);
  return none;
}

}  // namespace moola::cuda
