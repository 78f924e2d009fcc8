#include "market/labels/triple_barrier.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/named_choice.h"
#include "market/labels/barrier_scan.h"

namespace moola::market {
namespace {

constexpr std::int64_t kPiece = 4096;  // bars of one call of the kernel

constexpr auto kTouches =
    std::to_array<NamedChoice<BarrierTouch>>({{"high_low", BarrierTouch::high_low}, {"close", BarrierTouch::close}});
constexpr auto kEntries =
    std::to_array<NamedChoice<BarrierEntry>>({{"close", BarrierEntry::close}, {"next_open", BarrierEntry::next_open}});
constexpr auto kTies = std::to_array<NamedChoice<BarrierTie>>({{"nearest_open", BarrierTie::nearest_open},
                                                               {"stop_first", BarrierTie::stop_first},
                                                               {"invalid", BarrierTie::invalid}});

void check(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule) {
  const std::size_t n = prices.close.size();
  if (prices.open.size() != n || prices.high.size() != n || prices.low.size() != n ||
      (!scale.empty() && scale.size() != n)) {
    throw std::invalid_argument("prices and scale of a triple barrier are of unequal length");
  }
  if (!(rule.up > 0) || !(rule.down > 0) || !std::isfinite(rule.up) || !std::isfinite(rule.down)) {
    throw ConfigError(fmt::format("barriers at {} up and {} down: both must be above 0.", rule.up, rule.down));
  }
  if (rule.max_bars < 1) throw ConfigError(fmt::format("max_bars = {} must be 1 or more.", rule.max_bars));
  if (!(rule.cost >= 0) || !std::isfinite(rule.cost))
    throw ConfigError(fmt::format("a cost of {} is none.", rule.cost));
}

void set_invalid(BarrierLabels& out, std::size_t i) {
  out.label[i] = kInvalidLabel;
  out.touch[i] = 0;
  out.bars[i] = 0;
  out.mae[i] = out.mfe[i] = out.exit_return[i] = 0;
}

// A bar whose last one reached both barriers.
void break_tie(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule, std::size_t i,
               BarrierLabels& out) {
  const double entry = rule.entry == BarrierEntry::close ? prices.close[i] : prices.open[i + 1];
  const double unit = scale.empty() ? entry : scale[i];
  const double upper = entry + rule.up * unit + rule.cost, lower = entry - rule.down * unit - rule.cost;
  const double open = prices.open[i + static_cast<std::size_t>(out.bars[i])];
  const bool between = open > lower && open < upper;
  if (between && rule.tie == BarrierTie::invalid) return set_invalid(out, i);
  const bool up = between ? rule.tie == BarrierTie::nearest_open && std::fabs(open - upper) <= std::fabs(open - lower)
                          : open >= upper;
  out.label[i] = out.touch[i] = up ? 1 : -1;
  const double exit = up ? std::max(upper, open) : std::min(lower, open);
  out.exit_return[i] = static_cast<float>(exit / entry - 1.0);
}

}  // namespace

namespace barrier_scan {

Label label_bars(Isa isa) {
  return isa == Isa::v4 ? label_bars_v4 : isa == Isa::v3 ? label_bars_v3 : label_bars_v2;
}

}  // namespace barrier_scan

BarrierTouch parse_barrier_touch(const std::string& name) {
  return parse_choice("touch =", name, kTouches);
}

BarrierEntry parse_barrier_entry(const std::string& name) {
  return parse_choice("entry =", name, kEntries);
}

BarrierTie parse_barrier_tie(const std::string& name) {
  return parse_choice("tie =", name, kTies);
}

std::string_view to_string(BarrierTouch touch) {
  return name_of(touch, kTouches);
}

std::string_view to_string(BarrierEntry entry) {
  return name_of(entry, kEntries);
}

std::string_view to_string(BarrierTie tie) {
  return name_of(tie, kTies);
}

void BarrierLabels::resize(std::size_t n) {
  label.resize(n);
  touch.resize(n);
  bars.resize(n);
  mae.resize(n);
  mfe.resize(n);
  exit_return.resize(n);
}

void triple_barrier(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule,
                    std::int64_t begin, std::int64_t end, BarrierLabels& out) {
  check(prices, scale, rule);
  const auto n = static_cast<std::int64_t>(prices.close.size());
  if (begin < 0 || begin > end || end > n || out.size() != prices.close.size())
    throw std::invalid_argument("the rows of a triple barrier are not those of its prices");
  const barrier_scan::Label label_bars = barrier_scan::label_bars(isa());
  const std::int64_t whole = std::max(begin, std::min(end, n - rule.max_bars));  // bars from here on have no label
  std::array<std::int64_t, kPiece> ties;
  for (std::int64_t from = begin; from < whole; from += kPiece) {
    const std::int64_t tied =
        label_bars({.open = prices.open.data(),
                    .high = prices.high.data(),
                    .low = prices.low.data(),
                    .close = prices.close.data(),
                    .scale = scale.empty() ? nullptr : scale.data(),
                    .up = rule.up,
                    .down = rule.down,
                    .cost = rule.cost,
                    .max_bars = rule.max_bars,
                    .touch_by_close = rule.touch == BarrierTouch::close,
                    .enter_at_open = rule.entry == BarrierEntry::next_open,
                    .begin = from,
                    .end = std::min(from + kPiece, whole),
                    .unknown_label = rule.unknown_scale_is_neutral ? std::int8_t{0} : kInvalidLabel,
                    .unknown_bars = rule.unknown_scale_is_neutral ? rule.max_bars : 0,
                    .label = out.label.data(),
                    .touch = out.touch.data(),
                    .bars = out.bars.data(),
                    .mae = out.mae.data(),
                    .mfe = out.mfe.data(),
                    .exit_return = out.exit_return.data(),
                    .ties = ties.data()});
    for (std::int64_t k = 0; k < tied; ++k)
      break_tie(prices, scale, rule, static_cast<std::size_t>(ties[static_cast<std::size_t>(k)]), out);
  }
  for (std::int64_t i = whole; i < end; ++i) set_invalid(out, static_cast<std::size_t>(i));
}

BarrierLabels triple_barrier(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule) {
  BarrierLabels out;
  out.resize(prices.close.size());
  triple_barrier(prices, scale, rule, 0, static_cast<std::int64_t>(prices.close.size()), out);
  return out;
}

}  // namespace moola::market
