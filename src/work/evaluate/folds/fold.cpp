#include "work/evaluate/folds/fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace moola::work {

FoldResult forecast(const FittedModel& model, const EvaluationData& data, std::span<const float> table,
                    const std::vector<std::size_t>& rows, unsigned threads) {
  const std::vector<double> probability = model.predict(data, table, rows, threads);
  FoldResult out{.fit = model.told};
  out.row.reserve(rows.size());
  for (const std::size_t row : rows) out.row.push_back(data.first_row + row);
  out.probability.reserve(probability.size());
  for (const double p : probability) {
    if (!std::isfinite(p)) {
      throw DataError(fmt::format("row {} was predicted with a probability of {}.",
                                  out.row[out.probability.size() / data.classes()], p));
    }
    out.probability.push_back(static_cast<float>(p));
  }
  return out;
}

FoldResult forecast(const PredictedRows& predicted, const EvaluationData& data, const FoldTask& task,
                    const validation::Split& split) {
  const std::size_t classes = data.classes();
  FoldResult out;
  auto range = split.test.begin();
  for (std::size_t i = 0; i < predicted.row.size(); ++i) {
    if (!predicted.split.empty() && static_cast<std::size_t>(predicted.split[i]) != task.split) continue;
    while (range != split.test.end() && range->end <= predicted.row[i]) ++range;
    if (range == split.test.end() || predicted.row[i] < range->begin) continue;
    out.row.push_back(data.first_row + predicted.row[i]);
    const auto from = predicted.probability.begin() + static_cast<std::ptrdiff_t>(i * classes);
    out.probability.insert(out.probability.end(), from, from + static_cast<std::ptrdiff_t>(classes));
  }
  if (out.row.empty()) throw DataError(fmt::format("none of the rows that split {} tests is predicted.", task.split));
  out.fit = {{"predicted", out.row.size()}, {"tested", validation::count_rows(split.test)}};
  return out;
}

}  // namespace moola::work
