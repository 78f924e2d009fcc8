#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/pack/pack_file.h"

namespace moola::cluster {

/// The file `named`, or every file of that folder, of a workspace: its runs only where they are named themselves,
/// version control and who, when and where data sets were made never. Files that look like secrets are refused unless
/// it is them that `named` names. Throws ConfigError for what is not there, lies outside, or is no file, folder or
/// link.
std::vector<PackFile> workspace_files(const std::filesystem::path& workspace, const std::filesystem::path& named);

/// Throws ConfigError where `file` looks like a secret; `named_by` says how it came to be packed.
void refuse_private(const std::filesystem::path& file, const std::string& named_by);

/// Whether others' bits say that it is a program.
bool is_executable(const std::filesystem::path& file);

}  // namespace moola::cluster
