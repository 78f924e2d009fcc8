#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "market/labels/triple_barrier.h"
#include "validation/backtest_summary.h"

namespace moola::validation {

/// What barriers are away from the entry price.
enum class BarrierDistance : std::uint8_t {
  price,
  entry_share,  // 0.01: a hundredth of it
};
/// "price", "entry_share". Throws ConfigError naming the nearest.
BarrierDistance parse_barrier_distance(const std::string& name);
std::string_view to_string(BarrierDistance distance);

/// What a model said, one row per decision. Bars without a row change nothing.
struct Signals {
  std::span<const std::size_t> bar;         // the decision is known at its close; strictly increasing
  std::span<const std::int8_t> direction;   // 1 long, -1 short, 0 flat
  std::span<const double> confidence = {};  // 0 to 1; empty: 1

  /// How far the upper and the lower barrier are above and below the entry price, also of a short position; above 0,
  /// infinity for none. Both or neither. Rows of direction 0 may hold anything, here and in `horizon`.
  std::span<const double> up = {}, down = {};
  std::span<const std::int32_t> horizon = {};  // the position ends at the close so many bars after `bar`; 1 or more

  std::size_t size() const { return bar.size(); }
};

/// A horizon that is given always ends a position, and so do a roll and the end of the part.
struct BacktestOptions {
  bool exit_at_barriers = true;
  bool exit_on_signal = false;    // at the next open, when a signal is flat or opposite
  std::size_t max_positions = 1;  // at once; 1: one position
  double min_confidence = 0;      // signals below it are flat, and those of no size
  bool size_by_confidence = true;
  BarrierDistance distance = BarrierDistance::price;
  market::BarrierTie tie = market::BarrierTie::nearest_open;  // not invalid: a position cannot be left out
  market::TradeCost cost = {};                                // of a round trip, half of it at each fill
};

/// `returns` have an entry per bar of `part`.
struct Backtest {
  RowRange part = {0, 0};
  StrategyReturns returns = {};
  std::vector<Trade> trades = {};  // by entry_bar
  std::size_t skipped = 0;         // signals for a position while all were taken
  BacktestSummary summary = {};
};

/// Trades signals on the prices of one symbol, as it could have been done.
///
/// A signal at the close of bar i is filled at the open of i + 1, if that is in `part`: signals at bars outside of it,
/// and at its last bar, are not used. It opens a position when fewer than max_positions are open at that close, those
/// not counted that its own turn closes at that open; a position that the next open stops out was still open. It never
/// adds to a position or renews its barriers and horizon.
///
/// Each position is of at most 1/max_positions of the equity at its entry, so that no entry takes the sum of what was
/// put in beyond the highest equity since the oldest; none is made larger or smaller as prices move. Several may be
/// long and short at once, which makes the net exposure less than the sum.
///
/// Positions end, in this order: at an open, on the signal before it; at a barrier, from the bar of the entry on, at
/// the barrier's price or at the open of a bar that opens beyond it, ties by the rule of triple_barrier.h (stop_first:
/// the loss); and at a close, by their horizon, before a roll or at the end of the part. The bar of a roll is known
/// beforehand, as a contract's calendar is: nothing is held over the step between contracts, and nothing is entered
/// again after it without a signal. A signal at the close before a roll enters the new contract.
///
/// Only bars of `part` are read. Barriers are touched by highs and lows and filled in full; bars made up to fill gaps
/// count as others do. Cost O(bars + signals + bars held): 80 ns a bar with a trade every nine bars, 170 with one every
/// two, 250 with ten positions at once, of which half for summaries. Throws ConfigError for options that cannot be,
/// DataError naming the bar or the row of the signals that cannot be traded, std::invalid_argument for columns of
/// unequal length.
Backtest backtest(const BarSpans& bars, const RowRange& part, const Signals& signals,
                  const BacktestOptions& options = {});

}  // namespace moola::validation
