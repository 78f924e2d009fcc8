#pragma once
// A folder with files of a user's own, and a pack of them without any program.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/subprocess.h"
#include "cluster/pack/pack_plan.h"
#include "cluster/pack/verify_pack.h"
#include "cluster/pack/write_pack.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

/// What a file holds, and whether it is a program.
struct MadeFile {
  std::string content;
  bool executable = false;

  bool operator==(const MadeFile&) const = default;
};

/// Files by their paths.
using MadeFiles = std::map<std::string, MadeFile>;

/// Writes them into `folder`, and plans them as `part`.
inline cluster::PackPlan planned(const std::filesystem::path& folder, const MadeFiles& files, cluster::PackPart part) {
  cluster::PackPlan plan;
  for (const auto& [path, file] : files) {
    write_file(folder / path, file.content);
    std::filesystem::permissions(folder / path, std::filesystem::perms(file.executable ? 0755 : 0644));
    plan.files.push_back({.part = part, .path = path, .source = folder / path, .executable = file.executable});
  }
  return plan;
}

/// Every file of a folder but those whose names begin with a dot at its top.
inline MadeFiles found_in(const std::filesystem::path& folder) {
  MadeFiles out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::filesystem::path relative = entry.path().lexically_relative(folder);
    if (!entry.is_regular_file() || relative == ".whole" || relative == ".workspaces" || relative == ".loads") continue;
    const bool executable =
        (entry.status().permissions() & std::filesystem::perms::owner_exec) != std::filesystem::perms::none;
    out[relative.string()] = {read_file(entry.path()), executable};
  }
  return out;
}

inline ProcessResult start(const std::filesystem::path& pack, std::vector<std::string> words) {
  words.insert(words.begin(), {"sh", (pack / "start").string()});
  return run_process(words);
}

/// Bytes from 0 to 255 without pattern, always the same for a seed.
inline std::string noise(std::size_t size, unsigned seed) {
  std::string out(size, '\0');
  std::uint64_t state = seed * 2654435761ULL + 1;
  for (char& byte : out) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(state >> 56);
  }
  return out;
}

}  // namespace moola::test
