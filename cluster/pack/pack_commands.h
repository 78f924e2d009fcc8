#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/command_line.h"

namespace moola::cluster {

/// The command line of `moola pack`.
struct PackOptions {
  CommonOptions common;
  std::filesystem::path folder;    // the pack
  std::filesystem::path programs;  // empty: those beside this one
  std::filesystem::path root = ".";
  std::vector<std::filesystem::path> configs, jobs, files;
  std::vector<std::string> data, settings;
  std::string torch = "place";
  bool no_mpi = false, dry_run = false, objects_only = false;
  int gpus = 0;
  std::string gpu_memory;
};

/// Packs, or with `dry_run` says what would be packed, and prints what takes the room. Throws what plan_pack and
/// write_pack throw.
void pack_command(const PackOptions& options);

/// Checks a pack, and unless `objects_only` this machine by its start script. Throws DataError with a line for each
/// thing that is wrong.
void verify_pack_command(const PackOptions& options);

}  // namespace moola::cluster
