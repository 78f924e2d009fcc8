#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/pack/pack_file.h"
#include "cluster/pack/program_files.h"

namespace moola::cluster {

/// What is to be packed.
struct PackRequest {
  std::filesystem::path workspace;  // data sets and named files are its own
  std::filesystem::path root;       // configurations keep their paths below it
  ProgramOptions programs;
  std::vector<std::filesystem::path> configs, jobs;
  std::vector<std::string> job_settings;
  std::vector<std::string> data;             // ids
  std::vector<std::filesystem::path> files;  // of the workspace, or folders of it
  int gpus = 0;                              // of each machine
  std::int64_t gpu_memory_mib = 0;
};

/// What goes into a pack, nothing of it read yet but what it takes to know.
struct PackPlan {
  std::vector<PackFile> files;  // by path, every path once
  std::vector<PackedDataset> datasets;
  PackNeeds needs;                 // but glibc, which shows as files are read
  std::vector<std::string> notes;  // what the user may not expect, a line each
};

/// Gathers programs, libraries, configurations with what they inherit from and name, the data sets that are given or
/// that configurations and jobs name, and files. Throws ConfigError, DataError and IoError: for a file that lies
/// outside of workspace or root, for one that looks like a secret and is not named itself, for links that lead outside,
/// for an input that is not there and that no step makes.
PackPlan plan_pack(const PackRequest& request);

}  // namespace moola::cluster
