#include "market/labels/directional.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "market/indicators/rolling.h"

namespace moola::market {
namespace {

void check(const PriceSpans& prices, std::span<const double> scale, const Directional& rule) {
  check_holding(prices, rule.holding);
  if (!scale.empty() && scale.size() != prices.close.size())
    throw std::invalid_argument("prices and scale of directional labels are of unequal length");
  const auto bad = [](double value) { return !(value >= 0) || !std::isfinite(value); };
  if (bad(rule.dead_band))
    throw ConfigError(fmt::format("a dead band of {}: must be 0 or above, and finite.", rule.dead_band));
  if (bad(rule.cost) || bad(rule.cost_share)) {
    throw ConfigError(fmt::format("a cost of {} and of {} of the price: both must be 0 or above, and finite.",
                                  rule.cost, rule.cost_share));
  }
}

}  // namespace

BarrierLabels directional_labels(const PriceSpans& prices, std::span<const double> scale, const Directional& rule) {
  check(prices, scale, rule);
  const std::size_t n = prices.close.size(), ahead = static_cast<std::size_t>(rule.holding.bars);
  BarrierLabels out;
  out.resize(n);
  std::fill(out.label.begin(), out.label.end(), kInvalidLabel);
  if (n <= ahead) return out;
  const std::vector<double> entries = entry_prices(prices, rule.holding.entry);
  std::vector<double> highest(n), lowest(n);
  window_max(prices.high, rule.holding.bars, highest);
  window_min(prices.low, rule.holding.bars, lowest);
  for (std::size_t i = 0; i + ahead < n; ++i) {
    const double entry = entries[i], unit = scale.empty() ? entry : scale[i];
    if (!(unit > 0) || !std::isfinite(unit)) continue;
    const double exit = prices.close[i + ahead], move = exit - entry;
    const double band = rule.dead_band * unit + rule.cost + rule.cost_share * entry;
    out.label[i] = static_cast<std::int8_t>((move > band) - (move < -band));
    out.bars[i] = rule.holding.bars;
    out.mae[i] = static_cast<float>((std::min(lowest[i + ahead], entry) - entry) / entry);
    out.mfe[i] = static_cast<float>((std::max(highest[i + ahead], entry) - entry) / entry);
    out.exit_return[i] = static_cast<float>(exit / entry - 1.0);
  }
  return out;
}

}  // namespace moola::market
