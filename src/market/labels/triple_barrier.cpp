#include "market/labels/triple_barrier.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/named_choice.h"
#include "base/parallel_pieces.h"
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

void check(const PriceSpans& prices, const BarBarriers& barriers, const TripleBarrier& rule) {
  const std::size_t n = prices.close.size();
  const auto fits = [n](const auto& column) { return column.empty() || column.size() == n; };
  if (prices.open.size() != n || prices.high.size() != n || prices.low.size() != n || !fits(barriers.up) ||
      barriers.up.size() != barriers.down.size() || !fits(barriers.max_bars) || !fits(barriers.side)) {
    throw std::invalid_argument("prices and scale of a triple barrier are of unequal length");
  }
  check_barriers(rule);
}

// A bar whose last one reached both barriers.
void break_tie(const PriceSpans& prices, const BarBarriers& barriers, const TripleBarrier& rule, std::size_t i,
               BarrierLabels& out) {
  const double entry = rule.entry == BarrierEntry::close ? prices.close[i] : prices.open[i + 1];
  const double above = barriers.up.empty() ? entry : barriers.up[i];
  const double below = barriers.up.empty() ? entry : barriers.down[i];
  const double cost = rule.cost + rule.cost_share * entry;
  const double upper = entry + rule.up * above + cost, lower = entry - rule.down * below - cost;
  const double open = prices.open[i + static_cast<std::size_t>(out.bars[i])];
  const bool between = open > lower && open < upper;
  if (between && rule.tie == BarrierTie::invalid) return out.set_invalid(i);
  const bool nearer = std::fabs(open - upper) <= std::fabs(open - lower);
  const bool stop_above = !barriers.side.empty() && barriers.side[i] < 0;
  const bool up = !between ? open >= upper : rule.tie == BarrierTie::nearest_open ? nearer : stop_above;
  out.label[i] = out.touch[i] = up ? 1 : -1;
  const double exit = up ? std::max(upper, open) : std::min(lower, open);
  out.exit_return[i] = static_cast<float>(exit / entry - 1.0);
}

// Bars [begin, end), at most kPiece of them, each with `most` bars after it; `own`: fewer for some, one number per bar.
void label_piece(const PriceSpans& prices, const BarBarriers& barriers, const TripleBarrier& rule, std::int32_t most,
                 const double* own, std::int64_t begin, std::int64_t end, BarrierLabels& out) {
  const barrier_scan::Label label_bars = barrier_scan::label_bars(isa());
  std::array<std::int64_t, kPiece> ties;
  const std::int64_t tied = label_bars({.open = prices.open.data(),
                                        .high = prices.high.data(),
                                        .low = prices.low.data(),
                                        .close = prices.close.data(),
                                        .scale_up = barriers.up.empty() ? nullptr : barriers.up.data(),
                                        .scale_down = barriers.up.empty() ? nullptr : barriers.down.data(),
                                        .up = rule.up,
                                        .down = rule.down,
                                        .cost = rule.cost,
                                        .cost_share = rule.cost_share,
                                        .max_bars = most,
                                        .own_bars = own,
                                        .touch_by_close = rule.touch == BarrierTouch::close,
                                        .enter_at_open = rule.entry == BarrierEntry::next_open,
                                        .begin = begin,
                                        .end = end,
                                        .unknown_label = rule.unknown_scale_is_neutral ? std::int8_t{0} : kInvalidLabel,
                                        .unknown_bars = rule.unknown_scale_is_neutral ? most : 0,
                                        .label = out.label.data(),
                                        .touch = out.touch.data(),
                                        .bars = out.bars.data(),
                                        .mae = out.mae.data(),
                                        .mfe = out.mfe.data(),
                                        .exit_return = out.exit_return.data(),
                                        .ties = ties.data()});
  for (std::int64_t k = 0; k < tied; ++k)
    break_tie(prices, barriers, rule, static_cast<std::size_t>(ties[static_cast<std::size_t>(k)]), out);
}

// Bars [begin, end) that share one max_bars.
void label_rows(const PriceSpans& prices, const BarBarriers& barriers, const TripleBarrier& rule, std::int64_t begin,
                std::int64_t end, BarrierLabels& out) {
  const auto n = static_cast<std::int64_t>(prices.close.size());
  const std::int64_t whole = std::max(begin, std::min(end, n - rule.max_bars));  // bars from here on have no label
  for (std::int64_t from = begin; from < whole; from += kPiece)
    label_piece(prices, barriers, rule, rule.max_bars, nullptr, from, std::min(from + kPiece, whole), out);
  for (std::int64_t i = whole; i < end; ++i) out.set_invalid(static_cast<std::size_t>(i));
}

// The same where each has its own.
void label_rows_by_own(const PriceSpans& prices, const BarBarriers& barriers, const TripleBarrier& rule,
                       std::int64_t begin, std::int64_t end, BarrierLabels& out) {
  const auto n = static_cast<std::int64_t>(prices.close.size());
  std::array<double, kPiece> own;
  for (std::int64_t from = begin; from < end; from += kPiece) {
    const std::int64_t to = std::min(from + kPiece, end);
    const auto first = barriers.max_bars.begin() + from, last = barriers.max_bars.begin() + to;
    std::copy(first, last, own.begin());
    const std::int32_t most = *std::max_element(first, last);
    const std::int64_t whole = std::max(from, std::min(to, n - most));
    if (whole > from) label_piece(prices, barriers, rule, most, own.data(), from, whole, out);
    // Near the end of the data some have enough bars after them, and some have not.
    for (std::int64_t i = whole; i < to; ++i) {
      const std::int32_t bars = barriers.max_bars[static_cast<std::size_t>(i)];
      if (i + bars < n) {
        label_piece(prices, barriers, rule, bars, nullptr, i, i + 1, out);
      } else {
        out.set_invalid(static_cast<std::size_t>(i));
      }
    }
  }
}

}  // namespace

namespace barrier_scan {

Label label_bars(Isa isa) {
  return for_isa(isa, label_bars_v2, label_bars_v3, label_bars_v4);
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

void BarrierLabels::set_invalid(std::size_t i) {
  label[i] = kInvalidLabel;
  touch[i] = 0;
  bars[i] = 0;
  mae[i] = mfe[i] = exit_return[i] = 0;
}

void check_barriers(const TripleBarrier& rule) {
  if (!(rule.up > 0) || !(rule.down > 0) || !std::isfinite(rule.up) || !std::isfinite(rule.down)) {
    throw ConfigError(fmt::format("barriers at {} up and {} down: both must be above 0.", rule.up, rule.down));
  }
  if (rule.max_bars < 1) throw ConfigError(fmt::format("max_bars = {} must be 1 or more.", rule.max_bars));
  for (const double cost : {rule.cost, rule.cost_share}) {
    if (!(cost >= 0) || !std::isfinite(cost)) throw ConfigError(fmt::format("a cost of {} is none.", cost));
  }
}

void triple_barrier(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule,
                    std::int64_t begin, std::int64_t end, BarrierLabels& out) {
  const BarBarriers barriers{.up = scale, .down = scale};
  check(prices, barriers, rule);
  const auto n = static_cast<std::int64_t>(prices.close.size());
  if (begin < 0 || begin > end || end > n || out.size() != prices.close.size())
    throw std::invalid_argument("the rows of a triple barrier are not those of its prices");
  label_rows(prices, barriers, rule, begin, end, out);
}

BarrierLabels triple_barrier(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule) {
  return triple_barrier_per_bar(prices, {.up = scale, .down = scale}, rule);
}

BarrierLabels triple_barrier_per_bar(const PriceSpans& prices, const BarBarriers& barriers, const TripleBarrier& rule,
                                     unsigned threads) {
  check(prices, barriers, rule);
  for (const std::int32_t bars : barriers.max_bars) {
    if (bars < 1) throw std::invalid_argument("a bar whose barriers stand for less than one bar");
  }
  BarrierLabels out;
  out.resize(prices.close.size());
  const auto rows = static_cast<std::int64_t>(out.size());
  const std::int64_t parts = std::max(1U, threads);
  for_each_piece(static_cast<std::size_t>(parts), threads, [&](std::size_t piece) {
    const auto part = static_cast<std::int64_t>(piece);
    const auto label_these = barriers.max_bars.empty() ? label_rows : label_rows_by_own;
    label_these(prices, barriers, rule, rows * part / parts, rows * (part + 1) / parts, out);
  });
  return out;
}

}  // namespace moola::market
