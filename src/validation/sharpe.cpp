#include "validation/sharpe.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "market/checks/tail_probabilities.h"
#include "validation/normal.h"

namespace moola::validation {
namespace {

// What the variance of a Sharpe ratio is, times T - 1. Negative for skews that no sample of this kurtosis has.
double spread(const ReturnMoments& r) {
  return 1 - r.skew * r.sharpe + (r.kurtosis - 1) / 4 * r.sharpe * r.sharpe;
}

std::vector<double> centred(std::span<const double> returns, double mean) {
  std::vector<double> out;
  out.reserve(returns.size());
  for (const double each : returns) out.push_back(each - mean);
  return out;
}

// sum over t of x_t x_(t + lag).
double lagged(const std::vector<double>& x, std::size_t lag) {
  double out = 0;
  for (std::size_t t = lag; t < x.size(); ++t) out += x[t] * x[t - lag];
  return out;
}

}  // namespace

ReturnMoments measure_returns(std::span<const double> returns, double risk_free) {
  const std::size_t n = returns.size();
  if (n < 3) throw DataError(fmt::format("{} returns: three at least have a Sharpe ratio and its uncertainty.", n));
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(returns[i]))
      throw DataError(fmt::format("return {} is {}: every return must be a number.", i, returns[i]));
    sum += returns[i];
  }
  const auto count = static_cast<double>(n);
  ReturnMoments out{.observations = n, .mean = sum / count};
  double second = 0, third = 0, fourth = 0;
  for (const double each : returns) {
    const double off = each - out.mean, square = off * off;
    second += square;
    third += square * off;
    fourth += square * square;
  }
  if (std::all_of(returns.begin(), returns.end(), [&](double each) { return each == returns[0]; }))
    throw DataError(fmt::format("all {} returns are {}: without risk there is no Sharpe ratio.", n, returns[0]));
  const double variance = second / count;
  out.deviation = std::sqrt(second / (count - 1));
  out.skew = third / count / (variance * std::sqrt(variance));
  out.kurtosis = fourth / count / (variance * variance);
  out.sharpe = (out.mean - risk_free) / out.deviation;
  return out;
}

double probabilistic_sharpe(const ReturnMoments& returns, double benchmark) {
  return market::normal_cdf((returns.sharpe - benchmark) * std::sqrt(static_cast<double>(returns.observations) - 1) /
                            std::sqrt(spread(returns)));
}

double expected_maximum(double trials) {
  if (!(trials >= 1)) throw ConfigError(fmt::format("{} trials: one at least was made.", trials));
  if (trials == 1) return 0;
  return (1 - std::numbers::egamma) * normal_quantile(1 - 1 / trials) +
         std::numbers::egamma * normal_quantile(1 - 1 / (trials * std::numbers::e));
}

double variance_of_trials(std::span<const double> sharpes, std::size_t observations) {
  if (sharpes.size() < 2) return 1.0 / static_cast<double>(observations - 1);
  const auto n = static_cast<double>(sharpes.size());
  double mean = 0, squares = 0;
  for (const double sharpe : sharpes) mean += sharpe / n;
  for (const double sharpe : sharpes) squares += (sharpe - mean) * (sharpe - mean);
  return squares / (n - 1);
}

double deflation_benchmark(double variance_of_trials, double trials) {
  return std::sqrt(variance_of_trials) * expected_maximum(trials);
}

double deflated_sharpe(const ReturnMoments& returns, double variance_of_trials, double trials) {
  return probabilistic_sharpe(returns, deflation_benchmark(variance_of_trials, trials));
}

double min_track_record(const ReturnMoments& returns, double benchmark, double confidence) {
  const double above = returns.sharpe - benchmark;
  if (!(above > 0)) return std::numeric_limits<double>::infinity();
  const double needed = normal_quantile(confidence) / above;
  return 1 + spread(returns) * needed * needed;
}

double min_backtest_years(double trials, double annual_sharpe) {
  const double years = expected_maximum(trials) / annual_sharpe;
  return years * years;
}

double annual_sharpe(std::span<const double> returns, std::size_t periods, double risk_free, std::size_t lags) {
  if (periods < 1) throw ConfigError("a Sharpe ratio over 0 periods.");
  const ReturnMoments moments = measure_returns(returns, risk_free);
  const std::vector<double> x = centred(returns, moments.mean);
  const double variance = lagged(x, 0);
  const auto q = static_cast<double>(periods);
  double sum = q;
  for (std::size_t lag = 1; lag < periods && lag <= lags && lag + 2 <= x.size(); ++lag)
    sum += 2 * (q - static_cast<double>(lag)) * lagged(x, lag) / variance;
  if (!(sum > 0)) {
    throw DataError(fmt::format(
        "the autocorrelations of {} returns leave no variance over {} periods: there are too few returns for so many.",
        x.size(), periods));
  }
  return moments.sharpe * q / std::sqrt(sum);
}

std::size_t usual_lags(std::size_t observations) {
  return static_cast<std::size_t>(4 * std::pow(static_cast<double>(observations) / 100, 2.0 / 9));
}

double sharpe_standard_error(std::span<const double> returns, double risk_free) {
  return sharpe_standard_error(returns, risk_free, usual_lags(returns.size()));
}

double sharpe_standard_error(std::span<const double> returns, double risk_free, std::size_t lags) {
  const ReturnMoments moments = measure_returns(returns, risk_free);
  const auto n = static_cast<double>(returns.size());
  std::vector<double> influence = centred(returns, moments.mean);
  for (double& each : influence) {
    each /= moments.deviation;
    each -= moments.sharpe / 2 * (each * each - 1);
  }
  double variance = lagged(influence, 0);
  const std::size_t most = std::min(lags, influence.size() - 1);
  for (std::size_t lag = 1; lag <= most; ++lag)
    variance += 2 * (1 - static_cast<double>(lag) / static_cast<double>(most + 1)) * lagged(influence, lag);
  return std::sqrt(std::max(0.0, variance)) / n;
}

}  // namespace moola::validation
