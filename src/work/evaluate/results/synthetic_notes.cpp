#include "work/evaluate/results/synthetic_notes.h"

#include <fmt/format.h>

#include <algorithm>

namespace moola::work {

std::vector<std::size_t> synthetic_rows_of(const EvaluationData& data, const std::vector<const FoldResult*>& folds) {
  std::vector<std::size_t> out;
  if (data.synthetic.size() == 0) return out;
  for (const FoldResult* const fold : folds)
    out.push_back(fold == nullptr ? 0 : fold->fit.value("synthetic_rows", std::size_t{0}));
  return out;
}

void note_synthetic(const LoadedEvaluateConfig& config, const EvaluationData& data, const EvaluationSplits& splits,
                    const std::vector<std::vector<const FoldResult*>>& folds, EvaluationResults& results) {
  if (!data.differs.empty()) results.warnings.push_back(data.differs);
  const SyntheticRows& synthetic = data.synthetic;
  if (synthetic.cache.content_sha256.empty()) return;
  const std::string id = to_string(synthetic.cache.id);
  std::size_t least = SIZE_MAX, most = 0;
  for (std::size_t c = 0; c < folds.size(); ++c) {
    if (config.configurations[c].baseline || config.configurations[c].is_predicted()) continue;
    for (const FoldResult* const fold : folds[c]) {
      if (fold == nullptr) continue;
      const std::size_t rows = fold->fit.value("synthetic_rows", std::size_t{0});
      least = std::min(least, rows);
      most = std::max(most, rows);
    }
  }
  if (least > most) return;  // no fold that could have learnt from them
  std::string note = fmt::format(
      "models learn from {} of {} synthetic rows ({}, '{}') in a fold, those made from rows that they are fitted on; "
      "baselines from none, and none is scored",
      least == most ? std::to_string(most) : fmt::format("{} to {}", least, most), synthetic.size(), id,
      synthetic.generator);
  if (synthetic.left_out > 0)
    note += fmt::format(". {} more are of rows or classes that are left out here", synthetic.left_out);
  results.notes.push_back(std::move(note));
  const auto seen = std::ranges::count_if(splits.splits, [&](const validation::Split& split) {
    return has_generator_seen(data, std::vector{split.test, splits.sealed});
  });
  if (seen > 0) {
    results.warnings.push_back(
        fmt::format("on {} of {} splits no synthetic row is learnt from: the generator of {} has seen what they test",
                    seen, splits.splits.size(), id));
  } else if (most == 0) {
    results.warnings.push_back(fmt::format("no synthetic row of {} is made from a row that models are fitted on", id));
  }
}

}  // namespace moola::work
