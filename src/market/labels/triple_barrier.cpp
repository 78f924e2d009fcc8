#include "market/labels/triple_barrier.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/nearest.h"
#include "market/labels/barrier_scan.h"

namespace moola::market {
namespace {

constexpr std::int64_t kPiece = 2048;  // rows whose barriers stay in the cache between the steps

struct Piece {
  std::array<double, kPiece> entry, upper, lower, highest, lowest, exit;
  std::array<std::int32_t, kPiece> bars;
  std::array<std::uint8_t, kPiece> reached;
};

template <class Choice>
Choice parse_choice(const std::string& key, const std::string& name,
                    std::span<const std::pair<const char*, Choice>> choices) {
  std::vector<std::string> known;
  for (const auto& [text, choice] : choices) {
    if (name == text) return choice;
    known.emplace_back(text);
  }
  throw ConfigError(
      fmt::format("{} = \"{}\" is none of {}.{}", key, name, fmt::join(known, ", "), did_you_mean(name, known)));
}

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

// Labels of the rows [from, to) from what the search has found.
class Judge {
 public:
  Judge(const PriceSpans& prices, const TripleBarrier& rule, const barrier_scan::Kernels& kernels, BarrierLabels& out)
      : prices_(prices), rule_(rule), kernels_(kernels), out_(out) {}

  void operator()(Piece& piece, std::int64_t from, std::int64_t to) const {
    const auto rows = static_cast<std::size_t>(to - from), first = static_cast<std::size_t>(from);
    // Which barrier it was is as good as random, so it chooses by index and not by branches.
    static constexpr std::array<std::int8_t, 4> kSide{0, 1, -1, 0};
    const bool at_open = rule_.touch == BarrierTouch::high_low;  // a bar that opens beyond a barrier ends there
    // Pointers of this function's own: a label's byte may alias anything else.
    const double* const close = prices_.close.data() + first;
    const double* const reopened = (at_open ? prices_.open.data() : prices_.close.data()) + first;
    std::int8_t* const label = out_.label.data() + first;
    std::int8_t* const touch = out_.touch.data() + first;
    std::int32_t* const bars = out_.bars.data() + first;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t j = row + static_cast<std::size_t>(piece.bars[row]);
      const std::uint8_t reached = piece.reached[row];
      const double last = close[j], open = reopened[j];
      const double up = at_open ? std::max(piece.upper[row], open) : last;
      const double down = at_open ? std::min(piece.lower[row], open) : last;
      const std::array<double, 4> exits{last, up, down, last};
      piece.exit[row] = exits[reached];
      label[row] = touch[row] = kSide[reached];
      bars[row] = piece.bars[row];
    }
    kernels_.shares({.rows = to - from,
                     .entry = piece.entry.data(),
                     .highest = piece.highest.data(),
                     .lowest = piece.lowest.data(),
                     .exit = piece.exit.data(),
                     .mae = out_.mae.data() + first,
                     .mfe = out_.mfe.data() + first,
                     .exit_return = out_.exit_return.data() + first});
    for (std::size_t row = 0; row < rows; ++row) {
      if (piece.reached[row] == 3) decide(first + row, piece.entry[row], piece.upper[row], piece.lower[row]);
      if (!(piece.upper[row] > 0)) unknown(first + row);
    }
  }

  void invalid(std::size_t i) const {
    out_.label[i] = kInvalidLabel;
    out_.touch[i] = 0;
    out_.bars[i] = 0;
    out_.mae[i] = out_.mfe[i] = out_.exit_return[i] = 0;
  }

 private:
  const PriceSpans& prices_;
  const TripleBarrier& rule_;
  const barrier_scan::Kernels& kernels_;
  BarrierLabels& out_;

  void unknown(std::size_t i) const {
    invalid(i);
    if (!rule_.unknown_scale_is_neutral) return;
    out_.label[i] = 0;
    out_.bars[i] = rule_.max_bars;
  }

  // A bar that reached both.
  void decide(std::size_t i, double entry, double upper, double lower) const {
    const double open = prices_.open[i + static_cast<std::size_t>(out_.bars[i])];
    const bool between = open > lower && open < upper;
    if (between && rule_.tie == BarrierTie::invalid) return invalid(i);
    const bool up = between
                        ? rule_.tie == BarrierTie::nearest_open && std::fabs(open - upper) <= std::fabs(open - lower)
                        : open >= upper;
    out_.label[i] = out_.touch[i] = up ? 1 : -1;
    const double exit = up ? std::max(upper, open) : std::min(lower, open);
    out_.exit_return[i] = static_cast<float>(exit / entry - 1.0);
  }
};

}  // namespace

namespace barrier_scan {

const Kernels& kernels(Isa isa) {
  return isa == Isa::v4 ? kKernels_v4 : isa == Isa::v3 ? kKernels_v3 : kKernels_v2;
}

}  // namespace barrier_scan

BarrierTouch parse_barrier_touch(const std::string& name) {
  static constexpr std::array<std::pair<const char*, BarrierTouch>, 2> kNames{
      {{"high_low", BarrierTouch::high_low}, {"close", BarrierTouch::close}}};
  return parse_choice<BarrierTouch>("touch", name, kNames);
}

BarrierEntry parse_barrier_entry(const std::string& name) {
  static constexpr std::array<std::pair<const char*, BarrierEntry>, 2> kNames{
      {{"close", BarrierEntry::close}, {"next_open", BarrierEntry::next_open}}};
  return parse_choice<BarrierEntry>("entry", name, kNames);
}

BarrierTie parse_barrier_tie(const std::string& name) {
  static constexpr std::array<std::pair<const char*, BarrierTie>, 3> kNames{{{"nearest_open", BarrierTie::nearest_open},
                                                                             {"stop_first", BarrierTie::stop_first},
                                                                             {"invalid", BarrierTie::invalid}}};
  return parse_choice<BarrierTie>("tie", name, kNames);
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
  const barrier_scan::Kernels& kernels = barrier_scan::kernels(isa());
  const Judge judge(prices, rule, kernels, out);
  const std::int64_t whole = std::max(begin, std::min(end, n - rule.max_bars));  // rows from here on have no label
  Piece piece;
  for (std::int64_t from = begin; from < whole; from += kPiece) {
    const std::int64_t to = std::min(from + kPiece, whole);
    for (std::int64_t i = from; i < to; ++i) {
      const auto row = static_cast<std::size_t>(i - from), at = static_cast<std::size_t>(i);
      const double entry = rule.entry == BarrierEntry::close ? prices.close[at] : prices.open[at + 1];
      const double unit = scale.empty() ? entry : scale[at];
      const bool known = unit > 0 && unit <= std::numeric_limits<double>::max();
      piece.entry[row] = entry;
      piece.upper[row] = known ? entry + rule.up * unit + rule.cost : std::numeric_limits<double>::quiet_NaN();
      piece.lower[row] = entry - rule.down * unit - rule.cost;
      piece.highest[row] = piece.lowest[row] = entry;  // of rows that the search passes over
    }
    kernels.search({.high = prices.high.data(),
                    .low = prices.low.data(),
                    .close = rule.touch == BarrierTouch::close ? prices.close.data() : nullptr,
                    .upper = piece.upper.data(),
                    .lower = piece.lower.data(),
                    .begin = from,
                    .end = to,
                    .max_bars = rule.max_bars,
                    .bars = piece.bars.data(),
                    .reached = piece.reached.data(),
                    .highest = piece.highest.data(),
                    .lowest = piece.lowest.data()});
    judge(piece, from, to);
  }
  for (std::int64_t i = whole; i < end; ++i) judge.invalid(static_cast<std::size_t>(i));
}

BarrierLabels triple_barrier(const PriceSpans& prices, std::span<const double> scale, const TripleBarrier& rule) {
  BarrierLabels out;
  out.resize(prices.close.size());
  triple_barrier(prices, scale, rule, 0, static_cast<std::int64_t>(prices.close.size()), out);
  return out;
}

}  // namespace moola::market
