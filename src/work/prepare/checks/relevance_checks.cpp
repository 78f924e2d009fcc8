#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/parallel_pieces.h"
#include "market/checks/label_relevance.h"
#include "market/checks/stationarity.h"
#include "work/prepare/checks/table_checks.h"
#include "work/prepare/split_ranges.h"

namespace moola::work {
namespace {

using validation::RowRange;

Json relevance_json(const std::string& name, const market::LabelRelevance& relevance) {
  return {{"name", name},
          {"information", relevance.information},
          {"uncertainty", relevance.uncertainty},
          {"g_p", relevance.g_p},
          {"auc", relevance.auc},
          {"rank_correlation", relevance.rank_correlation},
          {"rank_t", relevance.rank_t}};
}

// Numbers as labels: 1 for the highest third of them, -1 for the lowest.
std::vector<std::int8_t> thirds(const std::vector<float>& targets) {
  std::vector<float> sorted;
  std::copy_if(targets.begin(), targets.end(), std::back_inserter(sorted), [](float x) { return !std::isnan(x); });
  std::vector<std::int8_t> out(targets.size(), market::kInvalidLabel);
  if (sorted.empty()) return out;
  std::sort(sorted.begin(), sorted.end());
  const float low = sorted[sorted.size() / 3], high = sorted[2 * sorted.size() / 3];
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!std::isnan(targets[i])) out[i] = static_cast<std::int8_t>((targets[i] >= high) - (targets[i] < low));
  }
  return out;
}

// Labels of these rows, and the mean bars that they last.
struct Sample {
  std::vector<std::int8_t> labels;
  double mean_bars = 1;
};
Sample sample_labels(Workbench& bench, const TableLayout& layout, const std::vector<RowRange>& rows, std::size_t h) {
  Sample out;
  std::vector<float> targets;
  double bars = 0;
  std::size_t valid = 0;
  // Of a trend the one that won is the shortest of those that had to be looked at.
  const HorizonLabels& any = bench.labels(layout.symbols.front())[h];
  const bool of_one_length = any.labels.bars.empty() || !any.t_value.empty();
  for (const RowRange& range : rows) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      const HorizonLabels& labels = bench.labels(layout.symbols[layout.symbol_of(row)])[h];
      const std::uint32_t bar = layout.bar[row];
      if (!labels.target.empty()) {
        targets.push_back(labels.target[bar]);
      } else {
        out.labels.push_back(labels.labels.label[bar]);
      }
      if (!labels.has(bar) || of_one_length) continue;
      bars += labels.labels.bars[bar];
      ++valid;
    }
  }
  if (!targets.empty()) out.labels = thirds(targets);
  if (valid > 0) out.mean_bars = bars / static_cast<double>(valid);
  if (of_one_length) out.mean_bars = static_cast<double>(bench.config().longest_label(h));
  return out;
}

Json stationarity_of(Workbench& bench, std::size_t symbol, market::Rows train) {
  const market::FeatureTable& table = bench.features(symbol);
  const std::vector<market::Feature>& features = bench.feature_list(symbol);
  std::vector<std::span<const double>> columns;
  for (std::size_t column = 0; column < features.size(); ++column) columns.push_back(table.column(column));
  const auto tested = market::test_stationarity(columns, std::span(&train, 1), {}, bench.threads());
  Json out = Json::array();
  for (std::size_t column = 0; column < features.size(); ++column) {
    Json entry = {{"name", features[column].name}};
    if (const auto& adf = tested[column].adf) {
      entry["adf"] = adf->statistic;
      entry["adf_p"] = adf->p;
    }
    if (const auto& kpss = tested[column].level) {
      entry["kpss"] = kpss->statistic;
      entry["kpss_p"] = kpss->p;
    }
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace

void check_relevance(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                     TableFindings& found) {
  const std::vector<market::Feature>& features = bench.feature_list(layout.symbols.front());
  const std::vector<RowRange> rows = thinned(split.train, kSampledRows);
  const std::size_t sampled = validation::count_rows(rows);
  const double stride = static_cast<double>(validation::count_rows(split.train)) / static_cast<double>(sampled);
  std::vector<std::vector<double>> values(features.size());
  for_each_piece(features.size(), bench.threads(),
                 [&](std::size_t column) { gather_rows(bench, layout, column, rows, values[column]); });
  const std::vector<std::span<const double>> columns(values.begin(), values.end());
  const market::Rows all{0, sampled};
  Json horizons = Json::object();
  for (std::size_t h = 0; h < bench.config().labels.horizons.size(); ++h) {
    const Sample sample = sample_labels(bench, layout, rows, h);
    const auto relevance =
        market::label_relevance(columns, sample.labels, std::span(&all, 1),
                                {.overlap = std::max(1.0, sample.mean_bars / stride)}, bench.threads());
    Json ranked = Json::array();
    for (const std::size_t column : market::rank_features(relevance))
      ranked.push_back(relevance_json(features[column].name, relevance[column]));
    horizons[std::to_string(bench.config().labels.horizons[h])] = std::move(ranked);
  }
  found.facts["relevance"] = {{"rows", sampled}, {"horizons", horizons}};

  const std::vector<std::size_t> ends = train_ends(bench.config(), bench, layout);
  Json stationarity = Json::object();
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    stationarity[bench.symbols()[layout.symbols[s]].name()] =
        stationarity_of(bench, layout.symbols[s], {layout.first_bar[s], ends[s]});
  }
  found.facts["stationarity"] = stationarity;
}

}  // namespace moola::work
