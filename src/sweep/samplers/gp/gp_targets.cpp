#include "sweep/samplers/gp/gp_targets.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moola::sweep {
namespace {

// Beyond such a gap losses are outliers: so many times as far from the least as the next better one.
constexpr double kGap = 1e4;

// The most that is no outlier: what stands before a gap among the worst quarter.
double outlier_limit(std::span<const double> losses) {
  std::vector<double> sorted;
  for (const double loss : losses)
    if (std::isfinite(loss)) sorted.push_back(loss);
  if (sorted.empty()) return 0;
  std::ranges::sort(sorted);
  const auto above_least = [&](std::size_t i) { return sorted[i] / 2 - sorted[0] / 2; };
  for (std::size_t i = sorted.size() - sorted.size() / 4; i < sorted.size(); ++i) {
    if (above_least(i - 1) > 0 && above_least(i) / kGap > above_least(i - 1)) return sorted[i - 1];
  }
  return sorted.back();
}

// How far losses lie above the least one, as shares of the finite ones' range.
std::vector<double> shares_of(std::span<const double> losses) {
  const double most = outlier_limit(losses);
  double least = most;
  for (const double loss : losses)
    if (std::isfinite(loss)) least = std::min(least, loss);
  std::vector<double> out;
  for (const double loss : losses) {
    if (least < most) {
      // Halves, as the range may be more than a double holds.
      out.push_back((std::clamp(loss, least, most) / 2 - least / 2) / (most / 2 - least / 2));
    } else {
      out.push_back(std::isfinite(loss) ? 0.5 : loss > 0 ? 1.0 : 0.0);
    }
  }
  return out;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

GpTargets gp_targets(std::span<const double> losses, double bend) {
  const auto count = static_cast<double>(losses.size());
  const std::vector<double> shares = shares_of(losses);
  GpTargets out{.values = shares, .log_slopes = 0};
  double unit = median_of(shares);
  if (unit == 0) unit = std::accumulate(shares.begin(), shares.end(), 0.0) / count;
  if (bend > 0 && unit > 0) {
    const double by = bend / unit;
    for (double& each : out.values) {
      out.log_slopes += std::log(by / (1 + by * each));
      each = std::log1p(by * each);
    }
  }
  const double mean = std::accumulate(out.values.begin(), out.values.end(), 0.0) / count;
  double squares = 0;
  for (double& each : out.values) {
    each -= mean;
    squares += each * each;
  }
  const double deviation = std::sqrt(squares / count);
  if (deviation < 1e-12) {
    out.values.assign(losses.size(), 0.0);
    return out;
  }
  for (double& each : out.values) each /= deviation;
  out.log_slopes -= count * std::log(deviation);
  return out;
}

}  // namespace moola::sweep
