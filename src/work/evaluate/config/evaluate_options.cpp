#include "work/evaluate/config/evaluate_options.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <stdexcept>

#include "data/store/dataset_id.h"

namespace moola::work {
namespace {

const char* describe(SplitStrategy strategy) {
  switch (strategy) {
    case SplitStrategy::purged_k_fold:
      return "Purged k-fold cross-validation: every model on every fold, each row predicted once by models that know "
             "nothing of its time.";
    case SplitStrategy::walk_forward:
      return "Walk-forward evaluation: every model trained on the past and tested on what comes next, again and again.";
    case SplitStrategy::combinatorial:
      return "Combinatorial purged cross-validation: every model on every choice of test groups, the paths that they "
             "make, and the probability that the best of them is luck.";
    case SplitStrategy::chronological:
      return "Trains models on the first part of time, compares them on the next and keeps the best; the last part, "
             "the "
             "test part, stays sealed until `moola evaluate` opens it.";
  }
  return "";
}

}  // namespace

void EvaluateOptions::add_to(CLI::App& app) {
  const std::string job(job_name(strategy));
  app.description(fmt::format(
      "{}\nA fold that is done is not done again: the same command goes on. Examples:\n"
      "  moola {} --set data.table=btc/v1 --set data.horizon=20\n"
      "  moola {} configs/evaluate/{}.toml --set data.table=btc/v1 --ranks 2\n"
      "  moola {} --set data.table=btc/v1 --set models.names='[\"prior\",\"xgboost\"]' --set xgboost.depth='[3,6]'\n"
      "  moola {} --set data.windows=btc/v1",
      describe(strategy), job, job, job, job, job));
  app.add_option("CONFIG", config_file, "configuration (TOML); docs/reference/evaluate.md lists every key")
      ->type_name("FILE");
  app.add_option("--set", settings, "set a key of the configuration, e.g. --set splits.embargo=1d; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--resume", resume, "go on with this run (its id or folder) and no other")->type_name("RUN");
  app.add_flag("--fresh", fresh, "a new run in which every fold is done again")->excludes("--resume");
  app.add_option("--ranks", ranks, "processes that share the folds; 0: one per core")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{100'000}))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--print-config", print_config, "print the resolved configuration and stop");
  app.add_flag("--config-reference", config_reference, "print the reference page of all keys (Markdown) and stop");
  add_common_options(app, common);
}

LoadedEvaluateConfig EvaluateOptions::load() const {
  return load_evaluate_config(
      strategy, config_file.empty() ? std::nullopt : std::optional<std::filesystem::path>(config_file), settings);
}

bool answer_without_ranks(const EvaluateOptions& options) {
  if (options.config_reference) {
    std::cout << evaluate_config_reference();
    return true;
  }
  const LoadedEvaluateConfig config = options.load();
  if (options.print_config) {
    std::cout << (options.common.json ? Json{{"config", config.resolved}}.dump() + "\n" : config.resolved);
    return true;
  }
  require_workspace(options.common.workspace);
  const EvaluateConfig::Data& rows = config.values.data;
  const bool table = rows.windows.empty();
  static_cast<void>(data::find_dataset(options.common.workspace, table ? rows.table : rows.windows,
                                       table ? "feature_table" : "labeled_windows"));
  if (!rows.synthetic.empty())
    static_cast<void>(data::find_dataset(options.common.workspace, rows.synthetic, "synthetic_cache"));
  if (!rows.embeddings.empty())
    static_cast<void>(data::find_dataset(options.common.workspace, rows.embeddings, "embeddings"));
  return false;
}

SplitStrategy strategy_of_job(std::string_view job) {
  for (const SplitStrategy each : {SplitStrategy::purged_k_fold, SplitStrategy::walk_forward,
                                   SplitStrategy::combinatorial, SplitStrategy::chronological}) {
    if (job_name(each) == job) return each;
  }
  throw std::invalid_argument("no evaluation is called " + std::string(job));
}

}  // namespace moola::work
