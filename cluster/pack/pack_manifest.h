#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cluster/pack/pack_file.h"

namespace moola::cluster {

/// A file of a pack as its manifest has it. Its bytes are the object that its hash names.
struct PackedFile {
  PackPart part = PackPart::files;
  std::string path;
  std::uint64_t bytes = 0;
  bool executable = false;
  std::string sha256;
  std::string version = {}, glibc = {};  // of run_time: "6.0.30", and what it asks of the C library
};

/// What a pack holds and needs, and nothing of when, where or by whom it was made: the same inputs give the same bytes,
/// and their SHA-256 is the pack's id.
struct PackManifest {
  std::string code_version;
  PackNeeds needs;
  std::vector<PackedDataset> datasets;
  std::vector<PackedFile> files;  // by path
  std::string start_sha256, contents_sha256;

  std::uint64_t bytes() const;  // of all objects, each once
};

/// manifest.json.
std::string manifest_text(const PackManifest& manifest);
/// Reads one back. Throws DataError, naming `where`, for what no pack wrote: also a path that leads out of the place.
PackManifest read_manifest(std::string_view text, const std::string& where);

/// contents.sh: the same for a shell without moola, any name unchanged. `start_script` reads it.
std::string contents_script(const PackManifest& manifest);
/// start: unfolds the pack, sees what the place lacks, and runs something.
std::string start_script();

/// Whether a file unfolds into the workspace, not into the folder of its pack.
bool in_workspace(PackPart part);
/// "objects/ab/cdef…".
std::filesystem::path object_path(const std::string& sha256);

}  // namespace moola::cluster
