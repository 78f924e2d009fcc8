#pragma once
// Oscillators: how far and how steadily prices have gone lately. Every function: inputs and outputs have n rows,
// outputs overlap nothing; rows of an output before its first value hold NaN; leading NaNs of the input (of the close
// where there are several) put the first value off. Those that can meet rows without a definition say what they write
// there, and return on how many rows from the first value on they did. Windows cost what rolling.h says.
#include <cstdint>
#include <span>

namespace moola::market {

/// Relative strength: 100 g / (g + l), with Wilder's averages g of the rises and l of the falls of x from row to row.
/// First value after `period` rows. 0 where both averages are 0, as TA-Lib has it. TA-Lib RSI; Wilder 1978.
std::int64_t rsi(std::span<const double> x, int period, std::span<double> out);
/// The same, and whether it is above 70 and below 30; what is empty is not wanted. Where both averages are 0, neither.
std::int64_t rsi_and_flags(std::span<const double> x, int period, std::span<double> out, std::span<double> overbought,
                           std::span<double> oversold);

/// Chande's momentum oscillator with Wilder's averages, as TA-Lib has it: 100 (g - l) / (g + l), see rsi. 0 where
/// both averages are 0. First value after `period` rows. TA-Lib CMO; Chande 1994.
std::int64_t cmo(std::span<const double> x, int period, std::span<double> out);

/// Rows of the range, of the mean that %K is, and of the mean that %D is.
struct StochasticLengths {
  int range, k, d;
};
/// Rows on which the newest range was flat, from the first value on.
struct StochasticUndefined {
  std::int64_t k, d;
};
/// Where the close lies in the range of the last bars, in percent: %K is the mean of the last `k` of these, %D the mean
/// of the last `d` %K. A flat range counts as `flat`. First values after range + k - 2 and range + k + d - 3 rows.
/// TA-Lib STOCH, and STOCHF with k = 1, both with flat = 0 and %K put off to %D's first row; Lane 1984.
StochasticUndefined stochastic(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                               StochasticLengths lengths, double flat, std::span<double> k, std::span<double> d);

/// Rows of the two averages, and of the average of what lies between them.
struct MacdLengths {
  int fast, slow, signal;
};
/// Convergence of averages: `line` is the fast exponential average less the slow, `signal` the exponential average of
/// it, `histogram` their difference. Each average begins with the mean of its first values. First values after
/// max(fast, slow) - 1 rows, the signal's and the histogram's signal - 1 rows later. Appel 1979.
/// An empty span: not wanted.
void macd(std::span<const double> x, MacdLengths lengths, std::span<double> line, std::span<double> signal,
          std::span<double> histogram);
/// The same as TA-Lib MACD has it: the lesser period is the fast one, the fast average begins with the mean of the last
/// `fast` values before the slow one's first, and all three begin with the signal.
void talib_macd(std::span<const double> x, MacdLengths lengths, std::span<double> line, std::span<double> signal,
                std::span<double> histogram);

/// Difference of a fast and a slow simple average; the lesser period is the fast one. First value after
/// max(fast, slow) - 1 rows. TA-Lib APO with simple averages.
void apo(std::span<const double> x, int fast, int slow, std::span<double> out);
/// The same in percent of the slow average; 0 where that is 0. TA-Lib PPO with simple averages.
void ppo(std::span<const double> x, int fast, int slow, std::span<double> out);

/// Commodity channel: the distance of the typical price (high + low + close) / 3 from its mean, over 0.015 of its mean
/// deviation. 0 where the window does not move, as TA-Lib has it. First value after period - 1 rows; cost grows with
/// the period. TA-Lib CCI; Lambert 1980.
std::int64_t cci(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
                 std::span<double> out);

/// Change of a threefold exponential average from row to row, in percent. First value after 3 period - 2 rows. x > 0.
/// TA-Lib TRIX; Hutson 1983.
void trix(std::span<const double> x, int period, std::span<double> out);

/// Ultimate oscillator: buying pressure, close less the lesser of low and last close, over true range in three windows,
/// the shortest weighing 4, the next 2, the longest 1, in percent. A window without range counts as 0, as TA-Lib has
/// it. First value after as many rows as the longest window has. TA-Lib ULTOSC; Williams 1985.
std::int64_t ultimate_oscillator(std::span<const double> high, std::span<const double> low,
                                 std::span<const double> close, int period_1, int period_2, int period_3,
                                 std::span<double> out);

/// Williams' %R: how far the close is below the highest high, in percent of the range of the last bars, negative. 0
/// where the range is flat, as TA-Lib has it. First value after period - 1 rows. TA-Lib WILLR; Williams 1973.
std::int64_t williams_r(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                        int period, std::span<double> out);

/// Balance of power: (close - open) / (high - low); 0 where high and low are equal, as TA-Lib has it. TA-Lib BOP;
/// Livshin 2001.
std::int64_t balance_of_power(std::span<const double> open, std::span<const double> high, std::span<const double> low,
                              std::span<const double> close, std::span<double> out);

/// Intraday momentum: what bars rose from open to close, in percent of what they rose and fell in the window. 50 where
/// no bar did either, as TA-Lib has it. First value after period - 1 rows. TA-Lib IMI; Chande 1994.
std::int64_t imi(std::span<const double> open, std::span<const double> close, int period, std::span<double> out);

/// True strength: 100 times the change from row to row over its size, both averaged exponentially over `first` rows and
/// then over `second`. 0 where that size is 0. First value after first + second - 1 rows. TA-Lib TSI;
/// Blau 1991.
std::int64_t tsi(std::span<const double> x, int first, int second, std::span<double> out);

/// Know sure thing: the simple averages over 10, 10, 10 and 15 rows of the percent changes over 10, 15, 20 and 30,
/// weighing 1, 2, 3 and 4; and the simple average of that over `signal` rows. First values after 44 and 43 + signal
/// rows. x > 0. Pring 1992.
void kst(std::span<const double> x, int signal, std::span<double> line, std::span<double> signal_line);

/// Rows on which the range was flat, and on whose row before it was, from the first value on.
struct FisherUndefined {
  std::int64_t now, before;
};
/// Fisher transform of where the bar's middle lies in the range of middles of the last bars, from -1/2 to 1/2:
/// v = 0.66 place + 0.67 v, set to +-0.999 beyond +-0.99; out = (log((1 + v) / (1 - v)) + out) / 2, both from 0 on. The
/// place in a flat range is 0. `before` is `out` of the row before. First values after period - 1 and `period` rows.
/// An empty span: not wanted. Ehlers 2002.
FisherUndefined fisher_transform(std::span<const double> high, std::span<const double> low, int period,
                                 std::span<double> out, std::span<double> before);

/// Coppock's curve: the weighted average (see wma) of the sum of the percent changes over two numbers of rows. First
/// value after max(change_1, change_2) + average - 1 rows. x > 0. TA-Lib COPPOCK; Coppock 1962.
void coppock(std::span<const double> x, int average, int change_1, int change_2, std::span<double> out);

/// Awesome oscillator: a fast less a slow simple average of the bars' middles. First value after max(fast, slow) - 1
/// rows. TA-Lib AO; Williams 1995.
void awesome_oscillator(std::span<const double> high, std::span<const double> low, int fast, int slow,
                        std::span<double> out);

}  // namespace moola::market
