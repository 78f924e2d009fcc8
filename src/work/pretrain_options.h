#pragma once
#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"

namespace moola::work {

/// The command line of `moola pretrain`: read by the front, which checks it and starts the ranks, and again by each
/// rank.
struct PretrainOptions {
  CommonOptions common;
  std::string config_file;
  std::vector<std::string> settings;  // --set
  std::int64_t ranks = 0;             // 0: one per core, or per GPU
  std::string resume, out;
  bool fresh = false;
  bool print_config = false, config_reference = false;

  void add_to(CLI::App& app);
  /// The file, when one was given.
  std::optional<std::filesystem::path> config() const;
};

}  // namespace moola::work
