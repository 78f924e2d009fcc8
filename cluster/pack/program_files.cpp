#include "cluster/pack/program_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "cluster/pack/elf_file.h"
#include "cluster/pack/loaded_libraries.h"
#include "cluster/pack/open_mpi.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGpuPart = "libmoola-cuda.so";

std::vector<fs::path> programs_in(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if ((name == "moola" || name.starts_with("moola-")) && entry.is_regular_file() &&
        ::access(entry.path().c_str(), X_OK) == 0)
      out.push_back(entry.path());
  }
  std::ranges::sort(out);
  if (out.empty() || out.front().filename() != "moola")
    throw ConfigError(
        fmt::format("{} holds no program 'moola'. --programs names the folder of a build or of an "
                    "installed prefix that has it.",
                    folder.string()));
  return out;
}

// Beside the programs of a build, in ../lib of an installed prefix.
fs::path gpu_part(const fs::path& programs) {
  for (const fs::path& file : {programs / kGpuPart, programs.parent_path() / "lib" / kGpuPart}) {
    if (fs::exists(file)) return file;
  }
  return {};
}

// NVIDIA's least driver for a CUDA run time. Source: CUDA Toolkit release notes, minor version compatibility.
int driver_for(int cuda) {
  return cuda >= 13 ? 580 : cuda == 12 ? 525 : 450;
}

// "6.0.30" of libstdc++.so.6.0.30.
std::string version_of(const fs::path& file) {
  const std::string name = fs::canonical(file).filename().string();
  const auto at = name.find(".so.");
  return at == std::string::npos ? "0" : name.substr(at + 4);
}

class Collector {
 public:
  explicit Collector(const ProgramOptions& options) : options_(options) {}

  ProgramFiles collect() {
    for (const fs::path& program : programs_in(options_.programs)) add_program(program);
    if (const fs::path part = gpu_part(options_.programs); !part.empty() && options_.torch != TorchFrom::none)
      add_gpu_part(part);
    const bool ranks =
        std::ranges::any_of(libraries_, [](const auto& each) { return each.name.starts_with("libmpi.so"); });
    if (ranks && options_.mpi) std::ranges::move(open_mpi_files(libraries_), std::back_inserter(out_.files));
    for (const LoadedLibrary& library : libraries_) add_library(library);
    if (options_.torch == TorchFrom::pack && out_.cuda_driver > 0) add_unlinked_torch();
    return std::move(out_);
  }

 private:
  void add_program(const fs::path& program) {
    const std::vector<LoadedLibrary> needed = loaded_libraries(program);
    const bool torch = std::ranges::any_of(needed, [](const auto& each) { return each.name.starts_with("libtorch"); });
    if (torch && options_.torch == TorchFrom::none) {
      out_.left_out.push_back(program.filename().string());
      return;
    }
    out_.needs_torch = out_.needs_torch || (torch && options_.torch == TorchFrom::place);
    need(program, needed);
    for (const LoadedLibrary& each : needed) {
      if (torch && each.name.starts_with("libcudart.so.")) out_.cuda = std::atoi(each.name.c_str() + 13);
    }
    out_.files.push_back({.part = PackPart::programs,
                          .path = "bin/" + program.filename().string(),
                          .source = program,
                          .executable = true,
                          .edit = PackEdit::relocate_and_strip});
  }

  // A machine without a GPU has LibTorch's CPU side alone; what its CUDA side needs then, the place must have.
  void add_gpu_part(const fs::path& part) {
    if (options_.torch == TorchFrom::pack) need(part, loaded_libraries(part));
    const auto elf = read_elf(read_file(part), part.string());
    if (!elf) throw DataError(fmt::format("{} is no library. Build it again.", part.string()));
    for (const std::string& name : elf->needed) {
      if (owner_of(name) == LibraryOwner::other &&
          std::ranges::find(libraries_, name, &LoadedLibrary::name) == libraries_.end())
        throw ConfigError(fmt::format("{} needs {}, which no program here does; it is not known where it lies.",
                                      part.string(), name));
    }
    out_.cuda_driver = driver_for(out_.cuda);
    out_.files.push_back({.part = PackPart::libraries,
                          .path = std::string("lib/") + kGpuPart,
                          .source = part,
                          .edit = PackEdit::relocate_and_strip});
  }

  void need(const fs::path& program, const std::vector<LoadedLibrary>& needed) {
    for (const LoadedLibrary& each : needed) {
      if (each.file.empty() && owner_of(each.name) != LibraryOwner::driver)
        throw ConfigError(
            fmt::format("{} needs {}, which this machine lacks, so it can't be packed. `ldd {}` shows what "
                        "else; ./tools/setup installs it.",
                        program.string(), each.name, program.string()));
      if (std::ranges::find(libraries_, each.name, &LoadedLibrary::name) == libraries_.end())
        libraries_.push_back(each);
    }
  }

  void add_library(const LoadedLibrary& library) {
    PackFile file{
        .part = PackPart::libraries, .path = "lib/" + library.name, .source = library.file, .edit = PackEdit::relocate};
    switch (owner_of(library.name)) {
      case LibraryOwner::c_library:
      case LibraryOwner::driver:
      case LibraryOwner::fabric:
        return;
      case LibraryOwner::run_time:
        file.part = PackPart::run_time;
        file.version = version_of(library.file);
        break;
      case LibraryOwner::torch:
        if (options_.torch != TorchFrom::pack) return;
        file.part = PackPart::torch;
        file.edit = PackEdit::none;  // their own run paths begin with $ORIGIN
        break;
      case LibraryOwner::other:
        if (of_open_mpi(library.name)) {
          if (!options_.mpi) return;
          file.part = PackPart::mpi;
        }
        break;
    }
    out_.files.push_back(std::move(file));
  }

  // LibTorch's CUDA side opens libraries by name that nothing is linked with: all that lie beside those that are.
  void add_unlinked_torch() {
    std::set<std::string> known;
    std::set<fs::path> folders;
    for (const LoadedLibrary& each : libraries_) {
      known.insert(each.name);
      if (owner_of(each.name) == LibraryOwner::torch) folders.insert(fs::canonical(each.file).parent_path());
    }
    for (const fs::path& folder : folders) {
      for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.find(".so") == std::string::npos || owner_of(name) != LibraryOwner::torch ||
            !entry.is_regular_file() || !known.insert(name).second)
          continue;
        out_.files.push_back({.part = PackPart::torch, .path = "lib/" + name, .source = entry.path()});
      }
    }
  }

  const ProgramOptions& options_;
  ProgramFiles out_;
  std::vector<LoadedLibrary> libraries_;
};

}  // namespace

ProgramFiles program_files(const ProgramOptions& options) {
  return Collector(options).collect();
}

}  // namespace moola::cluster
