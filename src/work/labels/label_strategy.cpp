#include "work/labels/label_strategy.h"

#include <fmt/format.h>

#include <cmath>

#include "base/duration.h"
#include "base/error.h"
#include "base/utc_time.h"
#include "market/features/feature_table.h"
#include "market/labels/signal_rule.h"
#include "work/labels/label_signal.h"

namespace moola::work {
namespace {

using market::BarrierLabels;
using market::PriceSpans;

template <class... Each>
struct Visitor : Each... {
  using Each::operator()...;
};
template <class... Each>
Visitor(Each...) -> Visitor<Each...>;  // C++20 deduces it, and clang 16 does not yet

PriceSpans prices_of(const market::Bars& bars) {
  return {bars.open, bars.high, bars.low, bars.close};
}

// Features by name, as they stood a bar before.
class Columns {
 public:
  Columns(const TimedBars& series, const std::vector<std::string>& names, unsigned threads)
      : table_(market::compute_features(series.bars, series.nanoseconds, features(names), threads)) {}

  std::vector<std::span<const double>> all() const {
    std::vector<std::span<const double>> out;
    for (std::size_t i = 0; i < table_.features().size(); ++i) out.push_back(table_.column(i));
    return out;
  }

 private:
  static std::vector<market::Feature> features(const std::vector<std::string>& names) {
    std::vector<market::Feature> out;
    for (const std::string& name : names) out.push_back(market::parse_feature(name));
    return out;
  }
  market::FeatureTable table_;
};

// What barriers are multiples of; empty for shares of the entry price.
std::vector<double> scale_of(const TimedBars& series, const std::string& scale, unsigned threads) {
  if (scale == "price") return {};
  const Columns columns(series, {scale}, threads);
  const std::span<const double> column = columns.all().front();
  return {column.begin(), column.end()};
}

std::vector<std::int64_t> exit_bars(const BarrierLabels& labels) {
  std::vector<std::int64_t> out(labels.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = labels.exit_bar(i);
  return out;
}

// The columns of a trade besides its label.
void add_trade(LabelTable& table, BarrierLabels& labels, bool with_touch) {
  if (with_touch) table.columns.push_back({"touch", std::move(labels.touch)});
  table.columns.push_back({"bars", std::move(labels.bars)});
  table.columns.push_back({"mae", std::move(labels.mae)});
  table.columns.push_back({"mfe", std::move(labels.mfe)});
  table.columns.push_back({"exit_return", std::move(labels.exit_return)});
}

Json json_of(const market::TripleBarrier& rule) {
  return {{"up", rule.up},
          {"down", rule.down},
          {"max_bars", rule.max_bars},
          {"touch", to_string(rule.touch)},
          {"entry", to_string(rule.entry)},
          {"tie", to_string(rule.tie)},
          {"cost", rule.cost},
          {"cost_share", rule.cost_share},
          {"unknown_scale_is_neutral", rule.unknown_scale_is_neutral}};
}

Json json_of(const market::Directional& rule) {
  return {{"horizon", rule.holding.bars},
          {"entry", to_string(rule.holding.entry)},
          {"dead_band", rule.dead_band},
          {"cost", rule.cost},
          {"cost_share", rule.cost_share}};
}

LabelTable label(const TimedBars& series, const BarrierStrategy& strategy, unsigned threads) {
  std::vector<double> scale = scale_of(series, strategy.scale, threads);
  BarrierLabels labels =
      market::triple_barrier_per_bar(prices_of(series.bars), {.up = scale, .down = scale}, strategy.rule, threads);
  LabelTable table{.last_bar = exit_bars(labels), .parameters = json_of(strategy.rule)};
  table.parameters["scale"] = strategy.scale;
  table.columns.push_back({"label", std::move(labels.label)});
  add_trade(table, labels, true);
  // Shares are of the entry price: the column says what of.
  if (scale.empty()) scale = market::entry_prices(prices_of(series.bars), strategy.rule.entry);
  table.columns.push_back({"scale", std::move(scale)});
  return table;
}

LabelTable label(const TimedBars& series, const AdaptiveStrategy& strategy, unsigned threads) {
  const PriceSpans prices = prices_of(series.bars);
  std::vector<double> scale = scale_of(series, strategy.scale, threads);
  if (scale.empty()) scale = market::entry_prices(prices, strategy.rule.entry);
  const std::vector<std::string> features = market::regime_features(strategy.regimes);
  std::optional<Columns> columns;
  if (!features.empty()) columns.emplace(series, features, threads);
  market::AdaptiveBarriers barriers =
      market::adapt_barriers(scale, strategy.rule.max_bars, strategy.regimes,
                             columns ? columns->all() : std::vector<std::span<const double>>());
  BarrierLabels labels = market::triple_barrier_per_bar(prices, barriers.spans(), strategy.rule, threads);
  LabelTable table{.last_bar = exit_bars(labels), .parameters = json_of(strategy.rule)};
  table.parameters["scale"] = strategy.scale;
  table.parameters["regimes"] = Json::array();
  for (const market::RegimeFactors& line : strategy.regimes) {
    table.parameters["regimes"].push_back({{"feature", line.feature},
                                           {"state", line.state},
                                           {"up", line.factors.up},
                                           {"down", line.factors.down},
                                           {"bars", line.factors.bars}});
  }
  table.parameters["longest"] = market::longest_adaptive(strategy.rule.max_bars, strategy.regimes);
  table.columns.push_back({"label", std::move(labels.label)});
  add_trade(table, labels, true);
  table.columns.push_back({"scale_up", std::move(barriers.up)});
  table.columns.push_back({"scale_down", std::move(barriers.down)});
  table.columns.push_back({"max_bars", std::move(barriers.max_bars)});
  return table;
}

std::vector<std::int8_t> sides_of(const TimedBars& series, const MetaStrategy& strategy, unsigned threads) {
  if (!strategy.signal_file.empty()) return sides_of_file(strategy.signal_file, strategy.signal, series.bars);
  const market::SignalRule rule = market::parse_signal_rule(strategy.signal);
  const Columns columns(series, rule.features(), threads);
  return market::signal_sides(rule, columns.all());
}

LabelTable label(const TimedBars& series, const MetaStrategy& strategy, unsigned threads) {
  const PriceSpans prices = prices_of(series.bars);
  std::vector<std::int8_t> side = sides_of(series, strategy, threads);
  const auto* const barriers = std::get_if<market::TripleBarrier>(&strategy.judge);
  // Without barriers there is nothing to scale: the sign alone is looked at.
  const std::vector<double> scale =
      barriers != nullptr ? scale_of(series, strategy.scale, threads) : std::vector<double>();
  market::MetaLabels labels =
      barriers != nullptr ? market::meta_labels(prices, scale, side, *barriers, strategy.timeout, threads)
                          : market::meta_labels(prices, scale, side, std::get<market::Directional>(strategy.judge));
  LabelTable table{.last_bar = exit_bars(labels.trade),
                   .parameters = std::visit([](const auto& rule) { return json_of(rule); }, strategy.judge)};
  table.parameters["judge"] = barriers != nullptr ? "barriers" : "return";
  table.parameters["signal"] = strategy.signal;
  // Which file stated the sides is told by what it stated: they are a column.
  table.parameters["signal_from_file"] = !strategy.signal_file.empty();
  if (barriers != nullptr) {
    table.parameters["scale"] = strategy.scale;
    table.parameters["timeout"] = to_string(strategy.timeout);
  }
  table.columns.push_back({"label", std::move(labels.label)});
  table.columns.push_back({"side", std::move(side)});
  add_trade(table, labels.trade, true);
  if (barriers != nullptr)
    table.columns.push_back({"scale", scale.empty() ? market::entry_prices(prices, barriers->entry) : scale});
  return table;
}

LabelTable label(const TimedBars& series, const DirectionalStrategy& strategy, unsigned threads) {
  const std::vector<double> scale = scale_of(series, strategy.scale, threads);
  BarrierLabels labels = market::directional_labels(prices_of(series.bars), scale, strategy.rule);
  LabelTable table{.last_bar = exit_bars(labels), .parameters = json_of(strategy.rule)};
  table.parameters["scale"] = strategy.scale;
  table.columns.push_back({"label", std::move(labels.label)});
  add_trade(table, labels, false);
  return table;
}

Json pedigree(const market::ReturnLimits& limits, const std::vector<market::FitRows>& ranges,
              const market::Bars& bars) {
  Json rows = Json::array(), times = Json::array();
  for (const auto& [begin, end] : ranges) {
    rows.push_back({begin, end});
    times.push_back({utc_text(bars.time[begin]), utc_text(bars.time[end - 1])});
  }
  return {{"low", limits.low}, {"high", limits.high}, {"returns", limits.fitted}, {"rows", rows}, {"times", times}};
}

LabelTable label(const TimedBars& series, const RegressionStrategy& strategy, unsigned) {
  const market::RegressionTarget& rule = strategy.rule;
  const std::size_t n = series.bars.size();
  for (const auto& [begin, end] : strategy.fit_rows) {
    if (begin >= end || end > n) {
      throw ConfigError(fmt::format("--fit-rows {}:{}: the {} bars have no such rows; the last range may end at {}.",
                                    begin, end, n, n));
    }
  }
  const std::vector<double> returns = market::forward_returns(prices_of(series.bars), rule.holding, rule.kind);
  market::ReturnLimits limits{.low = -HUGE_VAL, .high = HUGE_VAL, .fitted = 0};
  LabelTable table;
  table.parameters = {{"horizon", rule.holding.bars},
                      {"entry", to_string(rule.holding.entry)},
                      {"returns", rule.kind == market::ReturnKind::simple ? "simple" : "log"},
                      {"multiple", rule.multiple},
                      {"winsor", nullptr}};
  if (!strategy.fit_rows.empty()) {
    limits = market::fit_return_limits(returns, rule, strategy.fit_rows);
    table.parameters["winsor"] = {rule.low, rule.high};
    table.fitted["return_limits"] = pedigree(limits, strategy.fit_rows, series.bars);
  }
  std::vector<float> exit_return(n);
  table.last_bar.assign(n, -1);
  for (std::size_t i = 0; i < n; ++i) {
    exit_return[i] = static_cast<float>(returns[i]);
    if (returns[i] == returns[i]) table.last_bar[i] = static_cast<std::int64_t>(i) + rule.holding.bars;
  }
  table.columns.push_back({"target", market::regression_targets(returns, rule, limits)});
  table.columns.push_back({"exit_return", std::move(exit_return)});
  return table;
}

LabelTable label(const TimedBars& series, const TrendStrategy& strategy, unsigned threads) {
  market::TrendLabels labels = market::trend_scan(series.bars.close, strategy.rule, threads);
  LabelTable table;
  table.parameters = {
      {"min_bars", strategy.rule.least}, {"max_bars", strategy.rule.most}, {"min_t", strategy.rule.least_t}};
  for (std::size_t i = 0; i < labels.size(); ++i) table.last_bar.push_back(labels.last_bar(i, strategy.rule));
  table.columns.push_back({"label", std::move(labels.label)});
  table.columns.push_back({"bars", std::move(labels.bars)});
  table.columns.push_back({"t_value", std::move(labels.t_value)});
  table.columns.push_back({"exit_return", std::move(labels.exit_return)});
  return table;
}

}  // namespace

std::string_view name_of(const LabelStrategy& strategy) {
  return std::visit(Visitor{[](const BarrierStrategy& it) -> std::string_view { return it.name; },
                            [](const AdaptiveStrategy&) -> std::string_view { return "adaptive"; },
                            [](const MetaStrategy&) -> std::string_view { return "meta"; },
                            [](const DirectionalStrategy&) -> std::string_view { return "directional"; },
                            [](const RegressionStrategy&) -> std::string_view { return "regression"; },
                            [](const TrendStrategy&) -> std::string_view { return "trend_scan"; }},
                    strategy);
}

namespace {

// Six digits are enough for people.
std::string readable(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  if (!value.is_array()) return value.dump();
  std::string out;
  for (const Json& each : value) out += (out.empty() ? "" : " to ") + readable(each);
  return out;
}

}  // namespace

std::string describe_parameters(const Json& parameters) {
  std::string out;
  for (const auto& [key, value] : parameters.items()) {
    const bool nothing = value.is_null() || value == Json(false) || value == Json(0.0);
    if (key == "strategy" || key == "regimes" || nothing) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", key, readable(value));
  }
  return out;
}

std::vector<std::string> columns_of(const LabelStrategy& strategy) {
  std::vector<std::string> out;
  const auto add_scale = [&](const std::string& scale) {
    if (scale != "price") out.push_back(scale);
  };
  std::visit(Visitor{[&](const BarrierStrategy& it) { add_scale(it.scale); },
                     [&](const AdaptiveStrategy& it) {
                       add_scale(it.scale);
                       for (std::string& name : market::regime_features(it.regimes)) out.push_back(std::move(name));
                     },
                     [&](const MetaStrategy& it) {
                       if (std::holds_alternative<market::TripleBarrier>(it.judge)) add_scale(it.scale);
                       if (!it.signal_file.empty()) return;
                       for (std::string& name : market::parse_signal_rule(it.signal).features())
                         out.push_back(std::move(name));
                     },
                     [&](const DirectionalStrategy& it) { add_scale(it.scale); }, [](const RegressionStrategy&) {},
                     [](const TrendStrategy&) {}},
             strategy);
  return out;
}

void check_strategy(const LabelStrategy& strategy) {
  for (const std::string& name : columns_of(strategy)) static_cast<void>(market::parse_feature(name));
  std::visit(Visitor{[](const BarrierStrategy& it) { market::check_barriers(it.rule); },
                     [](const AdaptiveStrategy& it) {
                       market::check_barriers(it.rule);
                       market::longest_adaptive(it.rule.max_bars, it.regimes);
                     },
                     [](const MetaStrategy& it) {
                       if (const auto* const rule = std::get_if<market::TripleBarrier>(&it.judge))
                         market::check_barriers(*rule);
                       else
                         market::directional_labels({}, {}, std::get<market::Directional>(it.judge));
                     },
                     [](const DirectionalStrategy& it) { market::directional_labels({}, {}, it.rule); },
                     [](const RegressionStrategy& it) { market::check_holding({}, it.rule.holding); },
                     [](const TrendStrategy& it) { market::trend_scan({}, it.rule); }},
             strategy);
}

std::int64_t longest_label(const LabelStrategy& strategy) {
  return std::visit(Visitor{[](const BarrierStrategy& it) -> std::int64_t { return it.rule.max_bars; },
                            [](const AdaptiveStrategy& it) -> std::int64_t {
                              return market::longest_adaptive(it.rule.max_bars, it.regimes);
                            },
                            [](const MetaStrategy& it) -> std::int64_t {
                              const auto* const barriers = std::get_if<market::TripleBarrier>(&it.judge);
                              return barriers != nullptr ? barriers->max_bars
                                                         : std::get<market::Directional>(it.judge).holding.bars;
                            },
                            [](const DirectionalStrategy& it) -> std::int64_t { return it.rule.holding.bars; },
                            [](const RegressionStrategy& it) -> std::int64_t { return it.rule.holding.bars; },
                            [](const TrendStrategy& it) -> std::int64_t { return it.rule.most; }},
                    strategy);
}

LabelTable compute_labels(const TimedBars& series, const LabelStrategy& strategy, unsigned threads) {
  LabelTable table = std::visit([&](const auto& each) { return label(series, each, threads); }, strategy);
  table.parameters["strategy"] = name_of(strategy);
  return table;
}

}  // namespace moola::work
