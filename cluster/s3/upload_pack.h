#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "cluster/s3/client.h"

namespace moola::cluster::s3 {

struct SentPack {
  std::string id;                                  // SHA-256 of the manifest
  std::uint64_t files = 0, bytes = 0;              // that were sent
  std::uint64_t files_there = 0, bytes_there = 0;  // that were there already
};

/// Brings a pack (`write_pack`) to the folder `prefix` of a volume: the objects that it lacks, then contents.sh, start
/// and manifest.json, and `id` last, so that a folder without `id` is no pack. Where another pack's `id` stands, it is
/// taken away before those three are replaced; objects of that pack stay. An upload that was cut off goes on by the
/// same call. Throws ConfigError when `pack` is no pack, IoError when an object is not what its name says, and what the
/// client throws.
SentPack upload_pack(const std::filesystem::path& pack, const Client& client, const std::string& prefix);

}  // namespace moola::cluster::s3
