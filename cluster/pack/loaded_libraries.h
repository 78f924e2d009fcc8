#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace moola::cluster {

/// A library that the loader would load for a program.
struct LoadedLibrary {
  std::string name;            // as it is asked for: "libfmt.so.9"
  std::filesystem::path file;  // empty: not found
};

/// What the loader of this machine finds for a program or library, those that they need in turn too; the program itself
/// does not run. Throws IoError when the loader can't read it.
std::vector<LoadedLibrary> loaded_libraries(const std::filesystem::path& file);

/// Whose a library is.
enum class LibraryOwner {
  c_library,  // glibc, bound to the place's kernel and loader
  run_time,   // of C++: newer ones serve older programs
  driver,     // of the GPU
  torch,      // LibTorch and what its wheels bring
  fabric,     // of InfiniBand and its kin: the place's, with its drivers
  other,
};
LibraryOwner owner_of(std::string_view library);

}  // namespace moola::cluster
