#include "work/evaluate/rows/telling_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "market/checks/label_relevance.h"

namespace moola::work {
namespace {

constexpr std::size_t kMostRows = 20'000, kLeastRows = 50;

// Rows with a label that the first usable split trains on, evenly thinned out.
std::vector<std::size_t> asked_rows(const EvaluationData& data, const EvaluationSplits& splits) {
  std::vector<std::size_t> all;
  const auto usable = std::ranges::find_if(splits.splits, [](const auto& split) { return split.fault.empty(); });
  if (usable == splits.splits.end()) return all;
  for (const validation::RowRange& range : usable->train) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (data.label[row] >= 0) all.push_back(row);
    }
  }
  if (all.size() <= kMostRows) return all;
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < kMostRows; ++i) out.push_back(all[i * all.size() / kMostRows]);
  return out;
}

struct Telling {
  double auc = 0.5;  // 0.5 or more: a feature may be large where the class is, or small
  std::size_t feature = 0, of_class = 0;
};

}  // namespace

std::vector<std::string> find_telling_features(const EvaluationData& data, const EvaluationSplits& splits,
                                               unsigned threads) {
  if (data.holds_windows() || data.x.empty()) return {};
  const std::vector<std::size_t> rows = asked_rows(data, splits);
  if (rows.size() < 2 * kLeastRows) return {};
  const std::size_t count = data.features.size();
  std::vector<std::vector<double>> values(count);
  std::vector<std::span<const double>> columns;
  for (std::size_t f = 0; f < count; ++f) {
    for (const std::size_t row : rows) values[f].push_back(static_cast<double>(data.x[data.position[row] * count + f]));
    columns.emplace_back(values[f]);
  }
  std::vector<Telling> most(count);
  for (std::size_t c = 0; c < data.classes(); ++c) {
    std::vector<std::int8_t> is_it;
    for (const std::size_t row : rows)
      is_it.push_back(static_cast<std::int8_t>(data.label[row] == static_cast<std::int32_t>(c) ? 1 : -1));
    const auto of_it = static_cast<std::size_t>(std::ranges::count(is_it, 1));
    if (of_it < kLeastRows || rows.size() - of_it < kLeastRows) continue;
    const market::Rows whole{0, rows.size()};
    const auto found = market::label_relevance(columns, is_it, {&whole, 1}, {}, threads);
    for (std::size_t f = 0; f < count; ++f) {
      const double auc = std::max(found[f].auc, 1 - found[f].auc);
      if (auc > most[f].auc) most[f] = {.auc = auc, .feature = f, .of_class = c};
    }
  }
  std::erase_if(most, [](const Telling& each) { return !(each.auc > kTellingAuc); });
  std::ranges::stable_sort(most, std::ranges::greater(), &Telling::auc);
  std::vector<std::string> out;
  for (const Telling& each : most) {
    out.push_back(fmt::format(
        "feature '{}' alone tells the label {} (AUC {:.3f} on {} train rows): does it know what is to come? "
        "Leave it out by data.exclude, or compute it from bars up to the row's own time",
        data.features[each.feature], data.class_names[each.of_class], each.auc, rows.size()));
  }
  return out;
}

}  // namespace moola::work
