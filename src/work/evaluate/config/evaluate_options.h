#pragma once
#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "work/evaluate/config/evaluate_config.h"

namespace moola::work {

/// The command line of `moola cv`, `walk-forward` and `cpcv-pbo`: read by the front, which checks it and starts the
/// ranks, and again by each rank.
struct EvaluateOptions {
  SplitStrategy strategy = SplitStrategy::combinatorial;
  CommonOptions common = {};
  std::string config_file = {};
  std::vector<std::string> settings = {};  // --set
  std::int64_t ranks = 0;
  std::string resume = {};
  bool fresh = false, print_config = false, config_reference = false;

  void add_to(CLI::App& app);
  LoadedEvaluateConfig load() const;
};

/// Does what does not need ranks: --print-config, --config-reference. False: there is work to do; the configuration and
/// the table or the windows that it names are there, and so are synthetic ones.
bool answer_without_ranks(const EvaluateOptions& options);

/// "cv", "walk-forward", "cpcv-pbo" as the name of a program says it. Throws std::invalid_argument for another.
SplitStrategy strategy_of_job(std::string_view job);

}  // namespace moola::work
