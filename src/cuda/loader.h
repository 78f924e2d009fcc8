#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cuda/accelerator.h"

namespace moola::cuda {

/// The opened library, or why there is none.
struct LoadedAccelerator {
  std::shared_ptr<Accelerator> accelerator;  // null: no GPU for this process
  std::filesystem::path library;             // the file that was opened; empty when none was
  bool gpu_is_there = false;                 // a GPU that should serve this process, whether it can or not
  std::string why_not;  // one clause for messages when `accelerator` is null: "no /dev/nvidia0 is there"
};

/// Opens libmoola-cuda.so when this host has a GPU. Opening it registers Torch's CUDA backend, so do it first thing in
/// main: Torch looks for its backends once, at their first use.
///
/// MOOLA_CUDA=off: not opened. MOOLA_CUDA_LIBRARY: this file, GPU or not (tests). Otherwise it is looked for in ../lib
/// and beside the executable, and in the build tree. The library stays loaded until the process ends.
LoadedAccelerator open_accelerator();

/// Where `open_accelerator` looks, best first.
std::vector<std::filesystem::path> library_candidates();

}  // namespace moola::cuda
