#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace moola::cluster {

/// What a file of a pack is for. `run_time` is used where the place has none of its own, or an older one.
enum class PackPart { programs, libraries, run_time, mpi, torch, configurations, data, files };
std::string_view to_string(PackPart part);

/// What is done with a program's or library's bytes before they are packed: given a run path that leads to the pack's
/// own lib/, and relieved of debug symbols, which are most of a program.
enum class PackEdit { none, relocate, relocate_and_strip };

/// A file that goes into a pack.
struct PackFile {
  PackPart part = PackPart::files;
  std::string path;  // in the place: below its folder, or of data and files below its workspace
  std::filesystem::path source;
  bool executable = false;
  PackEdit edit = PackEdit::none;
  std::string version = {};  // of run_time: "6.0.30"
  std::string because = {};  // why it is there, where that is not plain
};

/// A data set of a pack.
struct PackedDataset {
  std::string id, content_sha256;
};

/// What a place must have to run a pack.
struct PackNeeds {
  std::string glibc, glibc_because;  // "2.36", and the file that asks for it
  std::string torch;    // "2.11.0": of the place or installed there, of these first two numbers; empty: none
  int cuda = 0;         // the run time that LibTorch's library names: 13; 0: none
  int cuda_driver = 0;  // NVIDIA's, such as 580; 0: none
  int gpus = 0;
  std::int64_t gpu_memory_mib = 0;  // of each GPU; 0: any
  bool own_mpi = false;             // whether Open MPI is in the pack
};

}  // namespace moola::cluster
