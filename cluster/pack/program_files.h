#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/pack/pack_file.h"

namespace moola::cluster {

/// Where LibTorch, half a gigabyte or with CUDA four, comes from.
enum class TorchFrom {
  place,  // the place's own, or installed there
  pack,
  none,  // programs that need it are left out
};

struct ProgramOptions {
  std::filesystem::path programs;  // the folder of moola and the others: of a build or of an installed prefix
  TorchFrom torch = TorchFrom::place;
  bool mpi = true;  // Open MPI's launcher, libraries and plug-ins
};

struct ProgramFiles {
  std::vector<PackFile> files;
  bool needs_torch = false;           // of the place
  int cuda = 0;                       // 13 where LibTorch names libcudart.so.13
  int cuda_driver = 0;                // at least; 0: without the GPU part
  std::vector<std::string> left_out;  // programs
};

/// The programs, with every library that they load and a plain machine may lack: all but the C library's own and the
/// GPU driver's. Throws ConfigError when there are no programs or one of their libraries is not found; IoError.
/// Cost: asks the loader once per program, some tens of milliseconds each.
ProgramFiles program_files(const ProgramOptions& options);

}  // namespace moola::cluster
