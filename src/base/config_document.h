#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/toml.h"

namespace moola {

struct ConfigDocument {
  std::string name;              // as the user gave it, for messages
  std::filesystem::path folder;  // what paths in it are relative to
  toml::table table;
};

/// A configuration file and, before it, the one that it says it inherits from: what stands in both is taken from the
/// last. Throws ConfigError for what is no TOML, a file that is no regular one, and a base that inherits again;
/// IoError.
std::vector<ConfigDocument> read_config_documents(const std::filesystem::path& file);

}  // namespace moola
