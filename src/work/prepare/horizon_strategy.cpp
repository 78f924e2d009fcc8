#include "work/prepare/horizon_strategy.h"

#include <algorithm>

#include "market/labels/signal_rule.h"
#include "work/prepare/barrier_rules.h"
#include "work/prepare/label_costs.h"

namespace moola::work {
namespace {

// A list with one value for all horizons, or one for each.
double of_horizon(const std::vector<double>& values, std::size_t horizon) {
  return values.size() == 1 ? values.front() : values.at(horizon);
}

std::int32_t bars_of(const std::vector<std::int64_t>& values, std::size_t horizon, std::int64_t otherwise) {
  return static_cast<std::int32_t>(values.empty() ? otherwise : values.at(horizon));
}

market::Holding holding(const PrepareConfig::Labels& labels, std::size_t horizon) {
  return {.bars = static_cast<std::int32_t>(labels.horizons[horizon]),
          .entry = market::parse_barrier_entry(labels.entry)};
}

market::Directional directional(const PrepareConfig& config, const std::string& symbol, std::size_t horizon) {
  market::Directional rule{.holding = holding(config.labels, horizon)};
  if (config.labels.strategy == "directional") rule.dead_band = of_horizon(config.labels.dead_band, horizon);
  if (config.labels.subtract_cost) {
    const market::TradeCost cost = round_trip_cost(config, symbol);
    rule.cost = cost.price;
    rule.cost_share = cost.share;
  }
  return rule;
}

std::vector<market::RegimeFactors> regimes(const std::vector<std::string>& factors) {
  if (factors.empty()) return market::usual_regime_factors();
  std::vector<market::RegimeFactors> out;
  naming_key("labels.factors", [&] {
    for (const std::string& line : factors) out.push_back(market::parse_regime_factors(line));
  });
  return out;
}

MetaStrategy meta(const PrepareConfig& config, const std::string& symbol, std::size_t horizon) {
  const auto& labels = config.labels;
  MetaStrategy out{.scale = labels.scale, .timeout = market::parse_timeout_is(labels.timeout), .signal = labels.signal};
  if (labels.judge == "barriers") {
    out.judge = configured_rule(config, symbol, horizon);
  } else {
    out.judge = directional(config, symbol, horizon);
  }
  return out;
}

RegressionStrategy regression(const PrepareConfig::Labels& labels, std::size_t horizon) {
  RegressionStrategy out;
  out.rule.holding = holding(labels, horizon);
  out.rule.kind = labels.returns == "log" ? market::ReturnKind::logarithmic : market::ReturnKind::simple;
  out.rule.multiple = labels.multiple;
  if (!labels.winsor.empty()) {
    out.rule.low = labels.winsor.at(0);
    out.rule.high = labels.winsor.at(1);
  }
  return out;
}

std::vector<LabelClass> moves(bool with_neutral) {
  return {{1, "up", true}, {-1, "down", true}, {0, "neutral", with_neutral}};
}

}  // namespace

LabelStrategy configured_strategy(const PrepareConfig& config, const std::string& symbol, std::size_t horizon) {
  const auto& labels = config.labels;
  const std::int64_t bars = labels.horizons.at(horizon);
  switch (parse_strategy_kind(labels.strategy)) {
    case StrategyKind::triple_barrier:
      return BarrierStrategy{.rule = configured_rule(config, symbol, horizon), .scale = labels.scale};
    case StrategyKind::threshold: {
      const double share = of_horizon(labels.threshold, horizon);
      const std::int32_t most = bars_of(labels.max_bars, horizon, bars);
      return BarrierStrategy{.rule = with_manner(config, symbol, {.up = share, .down = share, .max_bars = most}),
                             .scale = "price",
                             .name = "threshold"};
    }
    case StrategyKind::adaptive:
      return AdaptiveStrategy{
          .rule = configured_rule(config, symbol, horizon), .scale = labels.scale, .regimes = regimes(labels.factors)};
    case StrategyKind::meta:
      return meta(config, symbol, horizon);
    case StrategyKind::directional:
      return DirectionalStrategy{.rule = directional(config, symbol, horizon), .scale = labels.scale};
    case StrategyKind::regression:
      return regression(labels, horizon);
    case StrategyKind::trend_scan: {
      const std::int32_t most = bars_of(labels.max_bars, horizon, bars);
      // A fifth of the longest, as the usual 4 to 19 bars are; two bars at least make a line that can miss.
      const std::int32_t least = bars_of(labels.min_bars, horizon, std::max(2, most / 5));
      return TrendStrategy{.rule = {.least = least, .most = most, .least_t = labels.min_t}};
    }
  }
  throw std::logic_error("a strategy that is none");
}

bool has_quality(StrategyKind kind) {
  using enum StrategyKind;
  return kind == triple_barrier || kind == threshold || kind == adaptive || kind == directional;
}

std::vector<LabelClass> label_classes(const LabelStrategy& strategy) {
  struct Classes {
    std::vector<LabelClass> operator()(const BarrierStrategy&) const { return moves(true); }
    std::vector<LabelClass> operator()(const AdaptiveStrategy&) const { return moves(true); }
    std::vector<LabelClass> operator()(const MetaStrategy&) const { return {{1, "right", true}, {0, "wrong", true}}; }
    std::vector<LabelClass> operator()(const DirectionalStrategy& it) const {
      return moves(it.rule.dead_band > 0 || it.rule.cost > 0 || it.rule.cost_share > 0);
    }
    std::vector<LabelClass> operator()(const RegressionStrategy&) const { return {}; }
    std::vector<LabelClass> operator()(const TrendStrategy& it) const { return moves(it.rule.least_t > 0); }
  };
  return std::visit(Classes{}, strategy);
}

}  // namespace moola::work
