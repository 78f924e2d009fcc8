#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace moola::cluster {

/// A text of a configuration that names a data set: "BTC/v1" or "bars/BTC/v1".
struct NamedDataset {
  std::string text;
  std::string where;  // "configs/x.toml, line 3"

  auto operator<=>(const NamedDataset&) const = default;
};

/// Configurations with everything that they name.
struct ConfigFiles {
  std::vector<std::filesystem::path> files;  // absolute, each once, in the order in which they were met
  std::set<NamedDataset> datasets;
};

/// Follows configurations: what they inherit from, and every text in them that is the name of a file, seen from the
/// configuration or from `root`. A name of a file that lies outside of `root`, which would not be found elsewhere, is
/// refused with its line. Throws ConfigError, IoError.
ConfigFiles config_files(const std::vector<std::filesystem::path>& configs, const std::filesystem::path& root);

}  // namespace moola::cluster
