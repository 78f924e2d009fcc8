#include "market/checks/dickey_fuller.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "market/checks/tail_probabilities.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

// Below this share of itself, what is left of a sum of squares is rounding.
constexpr long double kNothingLeft = 1e-15L;

// Sums of products over the rows t from `lags` to n - 2 of a regression of d[t] = x[t + 1] - x[t].
struct Products {
  std::size_t lags, rows;
  std::vector<long double> differences;  // (lags + 1, lags + 1): of d[t - i] and d[t - j]
  std::vector<long double> with_level;   // (lags + 1): of d[t - i] and x[t]
  std::vector<long double> sums;         // (lags + 1): of d[t - i]
  long double level_sum = 0, level_square = 0;

  long double at(std::size_t i, std::size_t j) const { return differences[i * (lags + 1) + j]; }
};

// Sums over t from `lags` on of d[t] d[t - lag] for four lags from `lag` on, none above `lags`: four chains of
// additions that do not wait for each other.
std::array<long double, 4> four_lags(std::span<const double> d, std::size_t lags, std::size_t lag) {
  std::array<const double*, 4> earlier;
  for (std::size_t k = 0; k < 4; ++k) earlier[k] = d.data() + (lags - std::min(lag + k, lags));
  std::array<long double, 4> sums{};
  for (std::size_t t = lags; t < d.size(); ++t) {
    const long double now = d[t];
    for (std::size_t k = 0; k < 4; ++k) sums[k] += now * earlier[k][t - lags];
  }
  return sums;
}

Products products_of(std::span<const double> x, std::span<const double> d, std::size_t lags) {
  const std::size_t width = lags + 1, last = d.size() - 1;
  Products out{.lags = lags,
               .rows = d.size() - lags,
               .differences = std::vector<long double>(width * width),
               .with_level = std::vector<long double>(width),
               .sums = std::vector<long double>(width)};
  const auto at = [&](std::size_t i, std::size_t j) -> long double& { return out.differences[i * width + j]; };
  for (std::size_t j = 0; j < width; j += 4) {
    const auto sums = four_lags(d, lags, j);
    for (std::size_t k = 0; k < 4 && j + k < width; ++k) at(0, j + k) = sums[k];
  }
  // A row further down is the row above, one step earlier: the first step is new, the last one gone.
  const auto product = [&](std::size_t a, std::size_t b) { return static_cast<long double>(d[a]) * d[b]; };
  for (std::size_t i = 1; i < width; ++i) {
    for (std::size_t j = i; j < width; ++j)
      at(i, j) = at(i - 1, j - 1) + product(lags - i, lags - j) - product(last + 1 - i, last + 1 - j);
  }
  for (std::size_t i = 1; i < width; ++i) {
    for (std::size_t j = 0; j < i; ++j) at(i, j) = at(j, i);
  }
  for (std::size_t t = lags; t <= last; ++t) {
    out.level_sum += x[t];
    out.level_square += static_cast<long double>(x[t]) * x[t];
    out.with_level[0] += static_cast<long double>(x[t]) * d[t];
  }
  for (std::size_t i = 0; i < width; ++i) {
    out.sums[i] = static_cast<long double>(x[last + 1 - i]) - x[lags - i];
    // x[t] d[t - i] = (x[t - 1] + d[t - 1]) d[t - i]
    if (i == 0) continue;
    const auto pair = [&](std::size_t a, std::size_t b) { return static_cast<long double>(x[a]) * d[b]; };
    out.with_level[i] = out.with_level[i - 1] + pair(lags - 1, lags - i) - pair(last, last + 1 - i) + at(1, i);
  }
  return out;
}

// Least squares by Cholesky's factors of a matrix of products, of which one more row at a time is made: the last
// regressor's row tells what it adds to those before it.
class Factors {
 public:
  // `products`: of the new regressor with those before it and with itself. False, and nothing changed, when it says
  // nothing beyond them.
  bool add(std::vector<long double> products) {
    const long double square = products.back();
    const long double left = eliminate(products);
    if (!(left > kNothingLeft * square)) return false;
    products.back() = std::sqrt(left);
    rows_.push_back(std::move(products));
    return true;
  }
  // What is left of a response's square after the regressors; `row` becomes what each of them takes of it.
  long double eliminate(std::vector<long double>& row) const {
    long double left = row.back();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) row[i] -= row[k] * rows_[i][k];
      row[i] /= rows_[i][i];
      left -= row[i] * row[i];
    }
    return left;
  }

 private:
  std::vector<std::vector<long double>> rows_;
};

// The number of lags with the least criterion.
std::size_t best_lags(const Products& p, LagChoice choice) {
  Factors factors;
  const auto rows = static_cast<double>(p.rows);
  std::vector<long double> response{p.sums[0], p.with_level[0]};
  static_cast<void>(factors.add({static_cast<long double>(p.rows)}));
  if (!factors.add({p.level_sum, p.level_square})) return 0;
  std::size_t lags = 0;
  while (lags < p.lags) {
    const std::size_t lag = lags + 1;
    std::vector<long double> products{p.sums[lag], p.with_level[lag]};
    for (std::size_t k = 1; k <= lag; ++k) products.push_back(p.at(k, lag));
    if (!factors.add(std::move(products))) break;
    response.push_back(p.at(0, lag));
    lags = lag;
  }
  response.push_back(p.at(0, 0));
  static_cast<void>(factors.eliminate(response));
  const double penalty = choice == LagChoice::bic ? portable_log(rows) : 2.0;
  long double left = response.back() - response[0] * response[0] - response[1] * response[1];
  double least = std::numeric_limits<double>::infinity();
  std::size_t best = 0;
  for (std::size_t lag = 0; lag <= lags; ++lag) {
    if (lag > 0) left -= response[lag + 1] * response[lag + 1];
    if (!(left > kNothingLeft * response.back())) return lag;
    const double criterion =
        rows * portable_log(static_cast<double>(left) / rows) + penalty * static_cast<double>(lag + 2);
    if (criterion >= least) continue;
    least = criterion;
    best = lag;
  }
  return best;
}

// The level last: its share of the response over what is left is its t-value.
std::optional<DickeyFuller> regress(const Products& p) {
  Factors factors;
  std::vector<std::size_t> used;
  static_cast<void>(factors.add({static_cast<long double>(p.rows)}));
  for (std::size_t lag = 1; lag <= p.lags; ++lag) {
    std::vector<long double> products{p.sums[lag]};
    for (const std::size_t other : used) products.push_back(p.at(other, lag));
    products.push_back(p.at(lag, lag));
    if (factors.add(std::move(products))) used.push_back(lag);
  }
  std::vector<long double> level{p.level_sum}, response{p.sums[0]};
  for (const std::size_t lag : used) {
    level.push_back(p.with_level[lag]);
    response.push_back(p.at(0, lag));
  }
  level.push_back(p.level_square);
  if (!factors.add(level)) return std::nullopt;
  response.push_back(p.with_level[0]);
  response.push_back(p.at(0, 0));
  const long double left = factors.eliminate(response);
  const std::size_t regressors = used.size() + 2;
  if (!(left > kNothingLeft * response.back()) || p.rows <= regressors) return std::nullopt;
  const long double taken = response[response.size() - 2];
  const auto freedom = static_cast<long double>(p.rows - regressors);
  return DickeyFuller{
      .statistic = static_cast<double>(taken / std::sqrt(left / freedom)), .lags = used.size(), .observations = p.rows};
}

// MacKinnon 2010, table 2, one series and a constant: powers of 1 / observations.
double critical(const std::array<double, 4>& beta, std::size_t observations) {
  const double step = 1 / static_cast<double>(observations);
  return beta[0] + step * (beta[1] + step * (beta[2] + step * beta[3]));
}

}  // namespace

double dickey_fuller_p(double statistic) {
  if (std::isnan(statistic)) return statistic;
  if (statistic > 2.74) return 1;
  if (statistic < -18.83) return 0;
  const double z = statistic <= -1.61 ? 2.1659 + statistic * (1.4412 + statistic * 0.038269)
                                      : 1.7339 + statistic * (0.93202 + statistic * (-0.12745 + statistic * -0.010368));
  return normal_cdf(z);
}

std::optional<DickeyFuller> dickey_fuller(std::span<const double> series, const DickeyFullerOptions& options) {
  for (const double value : series) {
    if (!std::isfinite(value)) throw std::invalid_argument("a unit root test of values that are not finite");
  }
  constexpr std::size_t kFewest = 8;
  const std::size_t n = series.size();
  if (n < kFewest || (options.lags && *options.lags > n / 2 - 2)) return std::nullopt;
  const auto schwert = static_cast<std::size_t>(std::ceil(12 * std::sqrt(std::sqrt(static_cast<double>(n) / 100))));
  const std::size_t most = options.lags.value_or(std::min(schwert, n / 2 - 2));
  // Distances from the mean: the constant takes it out anyway, and squares of prices would cost digits.
  long double total = 0;
  for (const double value : series) total += value;
  const auto mean = static_cast<double>(total / static_cast<long double>(n));
  std::vector<double> x(n), d(n - 1);
  for (std::size_t i = 0; i < n; ++i) x[i] = series[i] - mean;
  for (std::size_t i = 0; i + 1 < n; ++i) d[i] = series[i + 1] - series[i];
  Products products = products_of(x, d, most);
  if (options.choice != LagChoice::fixed) {
    const std::size_t lags = best_lags(products, options.choice);
    if (lags != most) products = products_of(x, d, lags);
  }
  std::optional<DickeyFuller> out = regress(products);
  if (!out) return out;
  out->p = dickey_fuller_p(out->statistic);
  out->critical_1 = critical({-3.43035, -6.5393, -16.786, -79.433}, out->observations);
  out->critical_5 = critical({-2.86154, -2.8903, -4.234, -40.040}, out->observations);
  out->critical_10 = critical({-2.56677, -1.5384, -2.809, 0}, out->observations);
  return out;
}

}  // namespace moola::market
