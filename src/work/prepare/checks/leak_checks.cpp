#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "base/parallel_pieces.h"
#include "market/checks/causality.h"
#include "market/checks/ranks.h"
#include "market/checks/return_correlation.h"
#include "market/checks/split_overlap.h"
#include "work/prepare/checks/table_checks.h"
#include "work/prepare/checks/target_checks.h"

namespace moola::work {
namespace {

using market::CheckResult;

constexpr std::size_t kCausalRows = 4'000;  // beyond the warm-up: what looks ahead does so everywhere

Json result_json(const CheckResult& result) {
  return {{"name", result.name}, {"passed", result.passed}, {"detail", result.detail}, {"worst", result.worst}};
}

market::Bars first_bars(const market::Bars& bars, std::size_t count) {
  market::Bars out = bars;
  out.resize(std::min(count, bars.size()));
  return out;
}

// What both sides are corrupted in: a symbol's first bars, as many as show all columns, and where in them. Nothing can
// be seen to change before all columns have values.
struct Stretch {
  market::Bars bars;
  std::vector<double> places;  // shares of the bars
};
Stretch first_stretch(Workbench& bench, std::size_t symbol, std::size_t warm_up) {
  Stretch out{first_bars(bench.bars(symbol), warm_up + std::max(kCausalRows, warm_up / 2)), {}};
  const double begin = static_cast<double>(std::min(warm_up, out.bars.size())) / static_cast<double>(out.bars.size());
  out.places = {begin + 0.3 * (1 - begin), begin + 0.7 * (1 - begin)};
  return out;
}

// The same features of corrupted bars.
std::vector<CheckResult> check_causes(Workbench& bench, std::size_t symbol, const Stretch& stretch,
                                      const std::vector<std::string>& names) {
  const market::OtherAssets others = bench.others(symbol);
  const auto compute = [&](const market::Bars& given) {
    return market::matrix_of(market::compute_features(given, bench.bar_nanoseconds(), bench.feature_list(symbol),
                                                      bench.threads(), {}, others));
  };
  market::CausalityOptions options;
  options.places = stretch.places;
  std::vector<CheckResult> out = market::check_causality(stretch.bars, compute, names, options);
  out.push_back(market::check_corrupted_tail(stretch.bars, compute, names, 0.2, options));
  return out;
}

// Those beside which `time` are, and the one before them.
market::Bars bars_beside(const market::Bars& bars, const std::vector<std::int64_t>& time) {
  const auto first = std::lower_bound(bars.time.begin(), bars.time.end(), time.front());
  const auto last = std::upper_bound(first, bars.time.end(), time.back());
  const auto begin = static_cast<std::size_t>(first - bars.time.begin()) - (first > bars.time.begin() ? 1 : 0);
  market::Bars out = bars;
  const std::size_t count = static_cast<std::size_t>(last - bars.time.begin()) - begin;
  for (std::size_t i = 0; i < count; ++i) out.move_bar(begin + i, i);
  out.resize(count);
  return out;
}

// Whether a column says anything after the last place: an other that is not there any more cannot change it.
bool has_values(const market::FeatureTable& table, std::size_t begin) {
  for (std::size_t i = 0; i < table.features().size(); ++i) {
    const auto rows = table.column(i).subspan(begin);
    if (table.features()[i].column.kind() != market::ColumnKind::state &&
        std::any_of(rows.begin(), rows.end(), [](double value) { return value != 0; }))
      return true;
  }
  return false;
}

// The same columns beside corrupted bars of the symbol that they compare with.
std::vector<CheckResult> check_other_causes(Workbench& bench, std::size_t symbol, const Stretch& stretch,
                                            const market::OtherAssets::Asset& other, std::int64_t max_age) {
  std::vector<market::Feature> features;
  std::vector<std::string> names;
  for (const market::Feature& feature : bench.feature_list(symbol)) {
    if (feature.column.other != other.symbol) continue;
    features.push_back(feature);
    names.push_back(feature.name);
  }
  const std::vector<std::int64_t>& time = stretch.bars.time;
  const market::Bars beside = bars_beside(*other.bars, time);
  if (features.empty() || beside.empty()) return {};
  const auto computed = [&](const market::Bars& given) {
    return market::compute_features(stretch.bars, bench.bar_nanoseconds(), features, bench.threads(), {},
                                    {.assets = {{other.symbol, &given}}, .max_age = max_age});
  };
  const auto compute = [&](const market::Bars& given) { return market::matrix_of(computed(given)); };
  market::CausalityOptions options;
  options.row_time = time;
  options.bar_nanoseconds = bench.bar_nanoseconds();
  options.places.clear();
  for (const double place : stretch.places) {
    const std::int64_t stamp = time[static_cast<std::size_t>(place * static_cast<double>(time.size()))];
    const auto bar = std::lower_bound(beside.time.begin(), beside.time.end(), stamp) - beside.time.begin();
    // Half a bar further, so that rounding finds the same one.
    options.places.push_back((static_cast<double>(bar) + 0.5) / static_cast<double>(beside.size()));
  }
  const auto last_place = static_cast<std::size_t>(stretch.places.back() * static_cast<double>(time.size()));
  options.must_change = has_values(computed(beside), last_place + 1);
  return market::check_causality(beside, compute, names, options);
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
  for (const market::Feature& feature : bench.feature_list(layout.symbols.front())) names.push_back(feature.name);
  std::vector<CheckResult> results;
  const std::vector<std::size_t> ends = train_ends(bench.config(), bench, layout);
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    const std::string& symbol = bench.symbols()[layout.symbols[s]].name();
    const auto add = [&](CheckResult result) {
      result.name = fmt::format("{}_{}", symbol, result.name);
      results.push_back(std::move(result));
    };
    if (std::any_of(bench.feature_list(layout.symbols.front()).begin(),
                    bench.feature_list(layout.symbols.front()).end(), of_prices)) {
      const Stretch stretch = first_stretch(bench, layout.symbols[s], layout.first_bar[s]);
      for (CheckResult& result : check_causes(bench, layout.symbols[s], stretch, names)) add(std::move(result));
      const market::OtherAssets others = bench.others(layout.symbols[s]);
      for (const market::OtherAssets::Asset& other : others.assets) {
        for (CheckResult& result : check_other_causes(bench, layout.symbols[s], stretch, other, others.max_age)) {
          result.name = fmt::format("{}_{}", other.symbol, result.name);
          add(std::move(result));
        }
      }
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
      {"train", market_rows(split.train)}, {"val", market_rows(split.val)}, {"test", market_rows(split.test)}};
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
