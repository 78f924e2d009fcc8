#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "market/symbol_table.h"
#include "validation/row_range.h"

namespace moola::validation {

/// The bars of one symbol, columns of equal length: stamps that increase strictly, prices finite and above 0, low <=
/// open, close <= high.
struct BarSpans {
  std::span<const std::int64_t> time;  // nanoseconds UTC
  std::span<const double> open, high, low, close;
  std::span<const std::uint8_t> flags = {};  // market::BarFlag, of which kRoll matters; empty: none is set

  std::size_t size() const { return time.size(); }
};

/// Throws DataError naming the first bar of `part` that is not as BarSpans says, or a part without bars;
/// std::invalid_argument for columns of unequal length and a part that is not of them. Bars outside are not read.
void check_bars(const BarSpans& bars, const RowRange& part);

/// Why a position was closed.
enum class TradeEnd : std::uint8_t {
  target,   // the barrier on the side of the gain
  stop,     // the other one
  horizon,  // at a close, as are the last two
  signal,   // at the open after the prediction turned
  roll,     // the next bar is the first of a new contract
  end,      // the next bar is outside the evaluated part
};
std::string_view to_string(TradeEnd end);

/// One position, from its fill to its closing fill. What it earned and cost are shares of the equity at its entry.
struct Trade {
  std::size_t entry_bar = 0, exit_bar = 0;  // entered at the open of the first
  double entry_price = 0, exit_price = 0;
  double share = 0;  // of the equity that was put into it, 0 to 1
  double gross = 0;  // share * direction * (exit / entry - 1)
  double cost = 0;   // of both fills
  std::int8_t direction = 0;
  TradeEnd end = TradeEnd::end;

  double net() const { return gross - cost; }
};

/// The trade with what it earned and cost.
Trade with_result(Trade trade, const market::TradeCost& cost);

/// The furthest that equity at closes fell below an earlier close. Rows are those of summarise_path.
struct Drawdown {
  double depth = 0;                   // share of the highest
  std::size_t begin = 0, bottom = 0;  // the last row at the highest (the first row where that is the start); lowest
  std::optional<std::size_t> recovery = {};  // the first row after that is as high again

  bool operator==(const Drawdown&) const = default;
};

/// What returns that compound add up to. Nothing is annualised.
struct PathSummary {
  std::size_t rows = 0;
  double total = 0;                     // product of (1 + return), less 1
  double mean = 0, deviation = 0;       // per row; n - 1
  double sharpe = 0;                    // mean / deviation; 0 without a variance
  double sortino = 0;                   // mean / sqrt(mean(min(return, 0)^2)); without a loss 0, or infinity for a gain
  bool no_variance = true;              // all returns are the same
  Drawdown drawdown = {};               // the deepest, the first of equals
  std::size_t longest_under_water = 0;  // most rows on end that are below an earlier one
  std::optional<std::size_t> lost = {};  // the row whose return was -1 or below
};
/// `first_row` is added to the numbers of rows. Returns may be of several parts on end. Cost O(n). Throws DataError
/// naming the first return that is not finite.
PathSummary summarise_path(std::span<const double> returns, std::size_t first_row = 0);

/// Equity after each return, from 1.
std::vector<double> compound(std::span<const double> returns);

/// What trades make of an equity of 1, per bar of the evaluated part, marked at closes and compounded: the equity at a
/// close is the product of (1 + return) until there.
///
/// A position buys `share` of the equity at the open that fills it, marked at that open and after the exits filled at
/// it, and then holds that number of units. Costs are cash, half of a round trip at each fill: so of positions that
/// follow each other the product of (1 + net) is the final equity. At a close without equity all ends: the return is
/// -1 and those after it 0.
struct StrategyReturns {
  std::vector<double> net = {};
  std::vector<double> gross = {};  // what the same trades make without costs: its equity, and so its sizes, are its own
  double break_even_cost = 0;      // of a round trip, share of the entry price: with it the equity ends where it began;
                                   // below 0 where trades lose without costs, NaN without trades or where all was lost
};
/// `trades` by entry_bar, at most one a bar, entered after the first bar of `part` and closed in it; only their bars,
/// prices, direction, share and end are read. Cost O(bars + trades). Throws std::invalid_argument for others.
StrategyReturns strategy_returns(const BarSpans& bars, const RowRange& part, std::span<const Trade> trades,
                                 const market::TradeCost& cost);

/// Of a strategy, net of costs. NaN is what cannot be said, as the hit rate without a trade.
struct BacktestSummary {
  PathSummary path = {};
  double gross_total = 0;
  std::size_t trades = 0;
  double turnover = 0;       // sum of what both fills of trades were worth at entry, in multiples of the equity then
  double exposure = 0;       // share of bars in which there was a position, be it only at their open
  double hit_rate = 0;       // share of trades with a net above 0
  double profit_factor = 0;  // gains / losses, sums of trades' net; infinite without a loss
  double average_win = 0, average_loss = 0;  // of trades' net; the latter is below 0
  double break_even_cost = 0;                // StrategyReturns
};
/// `first_bar`: of the returns. Cost O(bars + trades).
BacktestSummary summarise_backtest(const StrategyReturns& returns, std::span<const Trade> trades,
                                   std::size_t first_bar);

/// What to compare with, over the same bars and with the same costs: a long position of the whole equity, entered at
/// the open of the second bar, closed at the last close before a roll and entered again at the open after; and none.
struct ReferenceSummaries {
  BacktestSummary buy_and_hold, flat;
};
std::vector<Trade> buy_and_hold_trades(const BarSpans& bars, const RowRange& part, const market::TradeCost& cost);
ReferenceSummaries reference_summaries(const BarSpans& bars, const RowRange& part, const market::TradeCost& cost);

/// The result at a multiple of the costs.
struct CostPoint {
  double multiple = 0, total = 0, sharpe = 0;  // PathSummary
};
inline constexpr std::array<double, 5> kCostMultiples{0, 0.5, 1, 2, 4};
/// Settles the same trades again: no decision of a backtest looks at costs or equity. Cost O(bars + trades) for each.
/// Throws ConfigError for a multiple that is negative or not finite.
std::vector<CostPoint> cost_sensitivity(const BarSpans& bars, const RowRange& part, std::span<const Trade> trades,
                                        const market::TradeCost& cost,
                                        std::span<const double> multiples = kCostMultiples);

}  // namespace moola::validation
