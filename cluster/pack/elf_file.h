#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moola::cluster {

/// What the loader reads of a program or library for x86-64.
struct ElfFile {
  std::string soname, run_path;     // empty: none
  std::vector<std::string> needed;  // sonames
  std::string glibc;                // the newest "2.36" among the versions it asks of the C library; empty: none
};

/// Reads the bytes of one. Nothing for what is no 64-bit ELF file that the loader could load; DataError, beginning with
/// `name`, for one whose tables lie outside of it. Source: System V ABI, chapter 5; LSB core, symbol versioning.
std::optional<ElfFile> read_elf(std::string_view bytes, const std::string& name);

/// The same bytes with `run_path` as DT_RPATH, which also serves the libraries that a library needs in turn, and what
/// they open. A file without a run path stays as it is. Throws ConfigError where the old one is too short to hold it.
std::string with_run_path(std::string bytes, std::string_view run_path, const std::string& name);

/// Whether version `a` is older than `b`, by the numbers between the dots.
bool older_version(std::string_view a, std::string_view b);

}  // namespace moola::cluster
