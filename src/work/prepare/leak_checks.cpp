#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "base/parallel_pieces.h"
#include "market/checks/causality.h"
#include "market/checks/ranks.h"
#include "market/checks/return_correlation.h"
#include "market/checks/split_overlap.h"
#include "work/prepare/table_checks.h"

namespace moola::work {
namespace {

using market::CheckResult;

constexpr std::size_t kCausalRows = 4'000;  // beyond the warm-up: what looks ahead does so everywhere

Json result_json(const CheckResult& result) {
  return {{"name", result.name}, {"passed", result.passed}, {"detail", result.detail}, {"worst", result.worst}};
}

std::vector<market::Rows> rows_of(const std::vector<validation::RowRange>& ranges) {
  std::vector<market::Rows> out;
  for (const validation::RowRange& range : ranges) out.push_back({range.begin, range.end});
  return out;
}

market::Bars first_bars(const market::Bars& bars, std::size_t count) {
  market::Bars out = bars;
  out.resize(std::min(count, bars.size()));
  return out;
}

// The same features of corrupted bars: of the first stretch that is long enough to show all columns.
std::vector<CheckResult> check_causes(Workbench& bench, std::size_t symbol, std::size_t warm_up,
                                      const std::vector<std::string>& names) {
  const market::Bars bars = first_bars(bench.bars(symbol), warm_up + std::max(kCausalRows, warm_up / 2));
  const auto compute = [&](const market::Bars& given) {
    return market::matrix_of(
        market::compute_features(given, bench.bar_nanoseconds(), bench.feature_list(), bench.threads()));
  };
  // Where all columns have values: nothing can be seen to change before.
  market::CausalityOptions options;
  const double begin = static_cast<double>(std::min(warm_up, bars.size())) / static_cast<double>(bars.size());
  options.places = {begin + 0.3 * (1 - begin), begin + 0.7 * (1 - begin)};
  std::vector<CheckResult> out = market::check_causality(bars, compute, names, options);
  out.push_back(market::check_corrupted_tail(bars, compute, names, 0.2, options));
  return out;
}

// The clock's columns know nothing of bars, and nothing that is done to bars changes them.
bool of_prices(const market::Feature& feature) {
  return feature.column.kind() != market::ColumnKind::temporal;
}

std::vector<double> returns_of(const std::vector<double>& close) {
  std::vector<double> out(close.size());
  for (std::size_t i = 1; i < close.size(); ++i) out[i] = close[i] / close[i - 1] - 1;
  return out;
}

// By ranks: one crash and its recovery make any column of ranges look as if it knew the return. The last rows of the
// train part are enough, as what looks ahead does so everywhere.
CheckResult check_future(Workbench& bench, std::size_t symbol, market::Rows train,
                         const std::vector<std::string>& names) {
  train.begin = std::max(train.begin, train.end - std::min(train.end, kSampledRows));
  const market::FeatureTable& table = bench.features(symbol);
  const auto ranks_of = [&](std::span<const double> values) {
    return market::midranks(values.subspan(train.begin, train.size()));
  };
  const std::vector<double> returns = ranks_of(returns_of(bench.bars(symbol).close));
  const market::Rows rows{0, train.size()};
  std::vector<market::ReturnCorrelation> correlations(names.size());
  for_each_piece(names.size(), bench.threads(), [&](std::size_t column) {
    const std::vector<double> ranks = ranks_of(table.column(column));
    const std::span<const double> one = ranks;
    correlations[column] = market::return_correlations(std::span(&one, 1), std::span(&rows, 1), returns, 1).front();
  });
  return market::check_future_returns(correlations, names);
}

}  // namespace

void check_leaks(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                 TableFindings& found) {
  std::vector<std::string> names;
  for (const market::Feature& feature : bench.feature_list()) names.push_back(feature.name);
  std::vector<CheckResult> results;
  const std::vector<std::size_t> ends = train_ends(bench.config(), bench, layout);
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    const std::string& symbol = bench.symbols()[layout.symbols[s]].name();
    const auto add = [&](CheckResult result) {
      result.name = fmt::format("{}_{}", symbol, result.name);
      results.push_back(std::move(result));
    };
    if (std::any_of(bench.feature_list().begin(), bench.feature_list().end(), of_prices)) {
      for (CheckResult& result : check_causes(bench, layout.symbols[s], layout.first_bar[s], names))
        add(std::move(result));
    }
    add(check_future(bench, layout.symbols[s], {layout.first_bar[s], ends[s]}, names));
  }
  // All labels of a row: it depends on prices up to the latest end.
  std::vector<std::int64_t> last(layout.size(), INT64_MIN);
  for (std::size_t row = 0; row < layout.size(); ++row) {
    for (const HorizonLabels& labels : bench.labels(layout.symbols[layout.symbol_of(row)]))
      last[row] = std::max(last[row], labels.t1[layout.bar[row]]);
  }
  const std::vector<market::SplitPart> parts{
      {"train", rows_of(split.train)}, {"val", rows_of(split.val)}, {"test", rows_of(split.test)}};
  for (CheckResult& result : market::check_split(parts, {layout.time, last}, 1)) {
    if (result.name.ends_with("_distance") && result.passed)
      result.detail = fmt::format("{} lie between their nearest rows.", readable_seconds(result.worst * 1e-9));
    results.push_back(std::move(result));
  }

  Json all = Json::array();
  for (const CheckResult& result : results) {
    all.push_back(result_json(result));
    if (!result.passed) found.leaks.push_back(fmt::format("{}: {}", result.name, result.detail));
  }
  found.facts["leakage"] = all;
}

}  // namespace moola::work
