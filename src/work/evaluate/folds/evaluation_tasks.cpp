#include "work/evaluate/folds/evaluation_tasks.h"

#include "base/sha256.h"
#include "base/version.h"
#include "data/tables/split_file.h"

namespace moola::work {
namespace {

// What a fold's numbers depend on, besides its own configuration and split.
std::string common_identity(const LoadedEvaluateConfig& config, const EvaluationData& data) {
  const EvaluateConfig& values = config.values;
  return json_text({{"code", code_version()},
                    {"table", data.table.content_sha256},
                    {"chosen", data.chosen},
                    {"horizon", data.horizon},
                    {"features", data.features},
                    {"first_row", data.first_row},
                    {"rows", data.size()},
                    {"window", values.data.window},
                    {"stride", values.data.stride},
                    {"held_out", values.fit.held_out},
                    {"weights", values.fit.weights},
                    {"scaling", values.fit.scaling},
                    {"clip", values.fit.clip},
                    {"calibration", values.fit.calibration},
                    {"prices", !data.last_return.empty()},
                    {"seed", values.run.seed}});
}

// Where no synthetic row can be learnt from, a fold is what it is without any.
bool has_synthetic_beside(const EvaluationData& data, const validation::Split& split,
                          const std::vector<validation::RowRange>& sealed) {
  if (data.synthetic.size() == 0) return false;
  return !synthetic_beside(data, rows_with_windows(data, split.train, 1), std::vector{split.test, sealed}).empty();
}

// How long a configuration takes per row and feature, very roughly: what is longest begins first.
double effort(const Configuration& configuration) {
  if (configuration.baseline) return 0.001;
  if (configuration.parameters.contains("trees")) return 0.02 * configuration.parameters["trees"].get<double>();
  if (configuration.own != nullptr) return configuration.is_predicted() ? 0.001 : 50;
  return configuration.kind->takes == models::Takes::windows ? 20 : 1;
}

}  // namespace

SplitsByConfiguration::SplitsByConfiguration(const LoadedEvaluateConfig& config, const EvaluationData& data) {
  for (const Configuration& each : config.configurations) {
    const std::size_t steps = steps_of(config, each, data);
    if (!by_steps_.contains(steps)) by_steps_.emplace(steps, make_splits(config, data, steps));
    of_.push_back(&by_steps_.at(steps));
  }
}

SplitsByConfiguration::SplitsByConfiguration(const LoadedEvaluateConfig& config, EvaluationSplits splits) {
  of_.assign(config.configurations.size(), &by_steps_.emplace(0, std::move(splits)).first->second);
}

std::vector<FoldTask> make_tasks(const LoadedEvaluateConfig& config, const EvaluationData& data,
                                 const std::vector<const EvaluationSplits*>& splits,
                                 const std::vector<Json>& refitted) {
  const std::string common = common_identity(config, data);
  std::vector<FoldTask> out;
  for (std::size_t c = 0; c < config.configurations.size(); ++c) {
    const Configuration& configuration = config.configurations[c];
    for (std::size_t s = 0; s < splits[c]->splits.size(); ++s) {
      const validation::Split& split = splits[c]->splits[s];
      if (!split.fault.empty()) continue;
      Json what = {{"common", common},
                   {"model", configuration.model},
                   {"parameters", configuration.parameters},
                   {"train", data::ranges_json(split.train)},
                   {"test", data::ranges_json(split.test)}};
      if (!refitted.empty()) what["refitted"] = refitted.at(s);
      if (!configuration.baseline && has_synthetic_beside(data, split, splits[c]->sealed)) {
        what["synthetic"] = {{"content_sha256", data.synthetic.cache.content_sha256},
                             {"weight", config.values.data.synthetic_weight}};
      }
      FoldTask task{.configuration = c,
                    .split = s,
                    .key = sha256_hex(json_text(what)),
                    .may_change = configuration.own != nullptr};
      task.seed = std::stoull(task.key.substr(0, 16), nullptr, 16);
      task.cost = effort(configuration) * static_cast<double>(validation::count_rows(split.train)) *
                  static_cast<double>(data.features.size());
      out.push_back(std::move(task));
    }
  }
  return out;
}

}  // namespace moola::work
