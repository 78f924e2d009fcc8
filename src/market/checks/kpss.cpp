#include "market/checks/kpss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "market/checks/lane_sum.h"

namespace moola::market {
namespace {

double lagged_product(std::span<const double> x, std::size_t lag) {
  constexpr std::size_t kLanes = LaneSum::kLanes;
  LaneSum sum;
  const std::size_t count = x.size() - lag;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) sum.lanes[k] += x[i + k] * x[i + k + lag];
  }
  for (; i < count; ++i) sum.add(i, x[i] * x[i + lag]);
  return sum.total();
}

// The largest c with c^9 <= n^2.
std::size_t lags_of_choice(std::size_t n) {
  const auto square = static_cast<double>(n) * static_cast<double>(n);
  std::size_t c = 0;
  for (double power = 1; power <= square; ++c) {
    const auto next = static_cast<double>(c + 2);
    power = next * next * next;
    power = power * power * power;
  }
  return c;
}

std::size_t automatic_lags(std::span<const double> x, double square) {
  const auto n = static_cast<double>(x.size());
  double level = square / n, slope = 0;
  for (std::size_t lag = 1; lag <= std::min(lags_of_choice(x.size()), x.size() - 1); ++lag) {
    const double product = lagged_product(x, lag) / (n / 2);
    level += product;
    slope += static_cast<double>(lag) * product;
  }
  const double ratio = slope / level;
  const double lags = 1.1447 * std::cbrt(ratio * ratio) * std::cbrt(n);
  return lags < n - 1 ? static_cast<std::size_t>(lags) : x.size() - 1;
}

// Kwiatkowski and others 1992, table 1, around a level.
double chance(double statistic) {
  constexpr std::array<double, 4> kCritical{0.347, 0.463, 0.574, 0.739}, kP{0.10, 0.05, 0.025, 0.01};
  if (statistic <= kCritical.front()) return kP.front();
  for (std::size_t i = 1; i < kCritical.size(); ++i) {
    if (statistic > kCritical[i]) continue;
    const double part = (statistic - kCritical[i - 1]) / (kCritical[i] - kCritical[i - 1]);
    return kP[i - 1] + part * (kP[i] - kP[i - 1]);
  }
  return kP.back();
}

}  // namespace

std::optional<Kpss> kpss(std::span<const double> series) {
  double low = 0, high = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (!std::isfinite(series[i])) throw std::invalid_argument("a test for a level of values that are not finite");
    low = i == 0 ? series[i] : std::min(low, series[i]);
    high = i == 0 ? series[i] : std::max(high, series[i]);
  }
  if (series.size() < 3 || low == high) return std::nullopt;
  const auto n = static_cast<double>(series.size());
  LaneSum sum;
  for (std::size_t i = 0; i < series.size(); ++i) sum.add(i, series[i] - series[0]);
  const double mean = series[0] + sum.total() / n;
  std::vector<double> x(series.begin(), series.end());
  for (double& value : x) value -= mean;
  const double square = lagged_product(x, 0);
  Kpss out{.lags = automatic_lags(x, square)};
  double variance = square;
  for (std::size_t lag = 1; lag <= out.lags; ++lag)
    variance += 2 * lagged_product(x, lag) * (1 - static_cast<double>(lag) / static_cast<double>(out.lags + 1));
  variance /= n;
  if (!(variance > 0)) return std::nullopt;
  double partial = 0, squares = 0;
  for (const double value : x) {
    partial += value;
    squares += partial * partial;
  }
  out.statistic = squares / (n * n) / variance;
  out.p = chance(out.statistic);
  return out;
}

}  // namespace moola::market
