#pragma once
// Oscillators of averages: how far apart they are, and where they go. Conventions: momentum.h.
#include <span>

namespace moola::market {

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

/// Change of a threefold exponential average from row to row, in percent. First value after 3 period - 2 rows. x > 0.
/// TA-Lib TRIX; Hutson 1983.
void trix(std::span<const double> x, int period, std::span<double> out);

/// Know sure thing: the simple averages over 10, 10, 10 and 15 rows of the percent changes over 10, 15, 20 and 30,
/// weighing 1, 2, 3 and 4; and the simple average of that over `signal` rows. First values after 44 and 43 + signal
/// rows. x > 0. Pring 1992.
void kst(std::span<const double> x, int signal, std::span<double> line, std::span<double> signal_line);

/// Coppock's curve: the weighted average (see wma) of the sum of the percent changes over two numbers of rows. First
/// value after max(change_1, change_2) + average - 1 rows. x > 0. TA-Lib COPPOCK; Coppock 1962.
void coppock(std::span<const double> x, int average, int change_1, int change_2, std::span<double> out);

/// Awesome oscillator: a fast less a slow simple average of the bars' middles. First value after max(fast, slow) - 1
/// rows. TA-Lib AO; Williams 1995.
void awesome_oscillator(std::span<const double> high, std::span<const double> low, int fast, int slow,
                        std::span<double> out);

}  // namespace moola::market
