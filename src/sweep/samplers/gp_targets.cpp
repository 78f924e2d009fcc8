#include "sweep/samplers/gp_targets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace moola::sweep {
namespace {

// In units of the median's distance from the least: beyond it losses are all the same.
constexpr double kMostDistance = 1e4;

}  // namespace

GpTargets gp_targets(std::span<const double> losses, double bend) {
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double loss : losses) {
    if (!std::isfinite(loss)) continue;
    least = std::min(least, loss);
    most = std::max(most, loss);
  }
  GpTargets out{.values = std::vector<double>(losses.size(), 0.0), .log_slopes = 0};
  if (!(least < most)) {
    // All finite ones are equal, or there are none.
    if (std::ranges::none_of(losses, [](double x) { return std::isinf(x); })) return out;
    least = 0, most = 1;
  }
  // Halves, as the difference may be larger than a double.
  const double range = most / 2 - least / 2;
  std::vector<double> distances;
  for (const double loss : losses) distances.push_back((std::clamp(loss, least, most) / 2 - least / 2) / range);
  std::vector<double> sorted = distances;
  std::ranges::sort(sorted);
  double unit = sorted[sorted.size() / 2];
  if (unit == 0) unit = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
  const auto count = static_cast<double>(losses.size());
  for (std::size_t i = 0; i < distances.size(); ++i) {
    const double u = std::min(distances[i] / unit, kMostDistance);
    out.values[i] = bend == 0 ? u : std::log1p(bend * u);
    out.log_slopes += bend == 0 ? 0 : std::log(bend / (1 + bend * u));
  }
  const double mean = std::accumulate(out.values.begin(), out.values.end(), 0.0) / count;
  double squares = 0;
  for (double& each : out.values) {
    each -= mean;
    squares += each * each;
  }
  const double deviation = std::sqrt(squares / count);
  for (double& each : out.values) each /= deviation;
  out.log_slopes -= count * std::log(deviation);
  return out;
}

}  // namespace moola::sweep
