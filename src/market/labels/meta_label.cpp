#include "market/labels/meta_label.h"

#include <array>
#include <limits>
#include <stdexcept>

#include "base/named_choice.h"
#include "market/labels/forward_return.h"

namespace moola::market {
namespace {

constexpr auto kTimeouts =
    std::to_array<NamedChoice<TimeoutIs>>({{"by_return", TimeoutIs::by_return}, {"wrong", TimeoutIs::wrong}});

void check(std::span<const std::int8_t> side, std::size_t bars) {
  if (side.size() != bars) throw std::invalid_argument("sides and prices are of unequal length");
  for (const std::int8_t each : side) {
    if (each < -1 || each > 1) throw std::invalid_argument("a side that is none of -1, 0 and 1");
  }
}

}  // namespace

TimeoutIs parse_timeout_is(const std::string& name) {
  return parse_choice("timeout =", name, kTimeouts);
}

std::string_view to_string(TimeoutIs what) {
  return name_of(what, kTimeouts);
}

MetaLabels meta_labels(const PriceSpans& prices, std::span<const double> scale, std::span<const std::int8_t> side,
                       const TripleBarrier& rule, TimeoutIs timeout, unsigned threads) {
  check_barriers(rule);
  const std::size_t n = prices.close.size();
  check(side, n);
  const std::vector<double> entries = entry_prices(prices, rule.entry);
  const std::span<const double> unit = scale.empty() ? entries : scale;
  if (unit.size() != n) throw std::invalid_argument("prices and scale of meta labels are of unequal length");
  // The rule's distances are in the columns, which know the side.
  std::vector<double> up(n, std::numeric_limits<double>::quiet_NaN()), down = up;
  for (std::size_t i = 0; i < n; ++i) {
    if (side[i] == 0) continue;
    up[i] = unit[i] * (side[i] > 0 ? rule.up : rule.down);
    down[i] = unit[i] * (side[i] > 0 ? rule.down : rule.up);
  }
  TripleBarrier by_column = rule;
  by_column.up = by_column.down = 1;
  by_column.unknown_scale_is_neutral = false;  // a bar without a side has no label
  MetaLabels out{.label = std::vector<std::int8_t>(n, kInvalidLabel),
                 .trade = triple_barrier_per_bar(prices, {.up = up, .down = down, .side = side}, by_column, threads)};
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t exit = out.trade.exit_bar(i);
    if (exit < 0) continue;
    bool right = out.trade.touch[i] == side[i];
    if (out.trade.touch[i] == 0 && timeout == TimeoutIs::by_return) {
      const double gain = side[i] * (prices.close[static_cast<std::size_t>(exit)] - entries[i]);
      right = gain > rule.cost + rule.cost_share * entries[i];
    }
    out.label[i] = right ? 1 : 0;
  }
  return out;
}

MetaLabels meta_labels(const PriceSpans& prices, std::span<const double> scale, std::span<const std::int8_t> side,
                       const Directional& rule) {
  check(side, prices.close.size());
  MetaLabels out{.label = std::vector<std::int8_t>(side.size(), kInvalidLabel),
                 .trade = directional_labels(prices, scale, rule)};
  for (std::size_t i = 0; i < side.size(); ++i) {
    if (side[i] == 0) out.trade.set_invalid(i);
    if (out.trade.label[i] != kInvalidLabel) out.label[i] = out.trade.label[i] == side[i] ? 1 : 0;
  }
  return out;
}

}  // namespace moola::market
