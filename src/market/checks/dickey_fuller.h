#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace moola::market {

/// How many lagged differences the regression has.
enum class LagChoice : std::uint8_t {
  fixed,  // `lags`
  aic,    // the number up to `lags` with the least criterion of Akaike's, all compared on the same rows
  bic,    // of Schwarz's
};

struct DickeyFullerOptions {
  LagChoice choice = LagChoice::aic;
  std::optional<std::size_t> lags = {};  // at most; none: Schwert's 12 (n / 100)^(1/4), rounded up
};

/// Whether a series has a unit root, that is, walks off at random: the null hypothesis. A small p speaks for a series
/// that returns to its mean.
struct DickeyFuller {
  double statistic = 0;
  double p = 1;                                            // MacKinnon's approximation
  std::size_t lags = 0;                                    // that were used
  std::size_t observations = 0;                            // rows of the regression
  double critical_1 = 0, critical_5 = 0, critical_10 = 0;  // MacKinnon's values for that many rows: 1 %, 5 %, 10 %
};

/// The augmented test with a constant, as the t-value of the level in the regression of the differences. None where it
/// has no answer: a series that does not move, one that a regression explains without a rest, less than 8 values,
/// or than 2 (lags + 2). Lags that say nothing beyond those before them are left out.
///
/// Products of lagged differences follow from those at lag 0, so n values with p lags cost O(n p + p^3); sums and
/// factors are long doubles, as smooth series have nearly collinear lags. Agrees with statsmodels' adfuller to 1e-8
/// of the statistic. Throws std::invalid_argument for values that are not finite. Sources: Said and Dickey 1984;
/// MacKinnon 1994 (p) and 2010 (critical values); Schwert 1989.
std::optional<DickeyFuller> dickey_fuller(std::span<const double> series, const DickeyFullerOptions& options = {});

/// The chance of a statistic at most this large if there is a unit root, by MacKinnon 1994 for one series and a
/// constant.
double dickey_fuller_p(double statistic);

}  // namespace moola::market
