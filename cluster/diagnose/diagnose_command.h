#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/command_line.h"

namespace moola::cluster {

/// The command line of `moola diagnose`.
struct DiagnoseOptions {
  CommonOptions common;
  std::filesystem::path log;
  std::optional<int> exit_code;
  std::string step, slurm_state;
};

/// Prints what ended the step whose log this is. Throws ConfigError, IoError.
void diagnose_command(const DiagnoseOptions& options);

}  // namespace moola::cluster
