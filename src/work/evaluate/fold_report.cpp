#include "work/evaluate/fold_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/trial_reports.h"
#include "validation/forecast_scores.h"

namespace moola::work {

void report_fold(const LoadedEvaluateConfig& config, const EvaluationData& data, const FoldTask& task,
                 const FoldResult& fold) {
  const char* const wanted = std::getenv(kTrialMetric);
  if (wanted == nullptr) return;
  const std::string_view metric = wanted;
  const std::string begin = fmt::format("models.{}.scores.", config.configurations[task.configuration].name);
  if (!metric.starts_with(begin)) return;
  const std::string name(metric.substr(begin.size()));
  const std::vector<std::string> names = validation::forecast_score_names();
  if (std::ranges::find(names, name) == names.end()) return;
  const std::size_t classes = data.classes();
  std::vector<double> probability;
  std::vector<std::int32_t> truth;
  for (std::size_t i = 0; i < fold.row.size(); ++i) {
    const std::int32_t label = data.label[fold.row[i]];
    if (label < 0) continue;
    truth.push_back(label);
    const float* const p = fold.probability.data() + i * classes;
    double sum = 0;  // float32 rounds what summed to 1
    for (std::size_t c = 0; c < classes; ++c) sum += static_cast<double>(p[c]);
    for (std::size_t c = 0; c < classes; ++c) probability.push_back(static_cast<double>(p[c]) / sum);
  }
  if (truth.empty()) return;
  const validation::ForecastScorer scorer({.classes = classes, .probability = probability, .truth = truth});
  report_to_sweep(static_cast<std::int64_t>(task.split), validation::forecast_score(scorer.scores(), name));
}

}  // namespace moola::work
