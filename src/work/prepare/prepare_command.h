#pragma once
#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "work/prepare/prepare.h"

namespace moola::work {

/// The command line of `moola prepare`: read by the front, which checks it and starts the ranks, and again by each
/// rank.
struct PrepareOptions {
  CommonOptions common;
  std::string config_file, preset;
  std::vector<std::string> settings;  // --set
  std::int64_t ranks = 1;
  std::string from, to, resume;
  bool fresh = false, dry_run = false, print_config = false, config_reference = false;
  std::vector<std::string> compare;  // prepare compare RUN RUN

  void add_to(CLI::App& app);
  LoadedPrepareConfig load() const;
  PrepareRequest request() const;
};

/// Does what does not need ranks: --print-config, --config-reference, --dry-run, compare. False: the stages are to run.
bool answer_without_ranks(const PrepareOptions& options);

/// Runs the stages and prints the result on rank 0; the exit code.
int run_prepare(const PrepareOptions& options, const Team& team);

}  // namespace moola::work
