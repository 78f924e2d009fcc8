#include <algorithm>
#include <cmath>

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

// Labels of these rows, and the mean bars that they last.
struct Sample {
  std::vector<std::int8_t> labels;
  double mean_bars = 1;
};
Sample sample_labels(Workbench& bench, const TableLayout& layout, const std::vector<RowRange>& rows, std::size_t h) {
  Sample out;
  double bars = 0;
  std::size_t valid = 0;
  for (const RowRange& range : rows) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      const market::BarrierLabels& labels = bench.labels(layout.symbols[layout.symbol_of(row)])[h].labels;
      const std::uint32_t bar = layout.bar[row];
      out.labels.push_back(labels.label[bar]);
      if (labels.label[bar] == market::kInvalidLabel) continue;
      bars += labels.bars[bar];
      ++valid;
    }
  }
  if (valid > 0) out.mean_bars = bars / static_cast<double>(valid);
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
