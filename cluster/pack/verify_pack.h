#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace moola::cluster {

/// What a check of a pack found.
struct PackVerification {
  std::string id, code_version;
  std::uint64_t files = 0, objects = 0, bytes = 0;
  std::vector<std::string> problems;  // none: it is what was packed
};

/// Reads a pack whole: manifest against id, contents.sh against what the manifest says, start and every object against
/// their hashes. Throws nothing for a bad pack: it is described in `problems`. Cost: one pass over all objects.
PackVerification verify_pack(const std::filesystem::path& folder);

}  // namespace moola::cluster
