#pragma once
#include <cstddef>
#include <optional>
#include <string>

#include "base/command_line.h"

namespace moola::record {

/// The command line of `moola runs`; each subcommand reads its own part.
struct RunsOptions {
  CommonOptions common;
  std::string run = "latest", other;
  std::string sort = "time", job;
  std::string metric = "holdout_loss", direction = "auto";
  std::size_t top = 5;
  std::optional<std::size_t> keep;  // none: 10, with a quota 1
  bool unfinished = false, dry_run = false;
  bool by_size = false;
  std::string quota;  // "200G"; empty: none
  bool yes = false;   // with a quota: do it
};

/// Each prints its result on standard output and what it could not read on standard error; all throw what src/record
/// throws.
void list_runs_command(const RunsOptions& options);
void show_run_command(const RunsOptions& options);
void compare_runs_command(const RunsOptions& options);
void best_runs_command(const RunsOptions& options);
void report_command(const RunsOptions& options);
void prune_runs_command(const RunsOptions& options);

}  // namespace moola::record
