#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "cluster/pack/pack_manifest.h"
#include "cluster/pack/pack_plan.h"

namespace moola::cluster {

/// What packing has done.
struct WrittenPack {
  std::string id;  // SHA-256 of the manifest
  PackManifest manifest;
  std::uint64_t new_objects = 0, new_bytes = 0;  // what an upload after the last one of this folder has to send
};

/// Reads every file of a plan as it would be packed, and writes nothing.
WrittenPack measure_pack(const PackPlan& plan);

/// Writes a pack into `folder`: manifest.json, id, contents.sh, start, and objects/ab/cdef…, one file for each content.
/// Objects that are there already stay as they are; those of an earlier pack that this one lacks are removed. While it
/// works the folder holds no `id`, and so no pack: a killed packing is begun again by the same call. Throws IoError,
/// CommError when another process packs into the folder, ConfigError when it holds something else.
WrittenPack write_pack(const PackPlan& plan, const std::filesystem::path& folder);

}  // namespace moola::cluster
