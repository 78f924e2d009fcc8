#include "market/window_features/close_shape.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "market/portable_log.h"
#include "market/portable_sine.h"

namespace moola::market {
namespace {

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Population deviation. Sums are taken from the first value, so that equal ones give exactly 0.
double deviation_of(std::span<const double> values) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value - values.front();
  const double mean = sum / static_cast<double>(values.size());
  for (const double value : values) {
    const double off = (value - values.front()) - mean;
    squares += off * off;
  }
  return std::sqrt(squares / static_cast<double>(values.size()));
}

// Slope of the least-squares line; 2 points or more, not all of one x.
double slope_of(std::span<const double> x, std::span<const double> y) {
  const double mean_x = mean_of(x), mean_y = mean_of(y);
  double products = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    products += (x[i] - mean_x) * (y[i] - mean_y);
    squares += (x[i] - mean_x) * (x[i] - mean_x);
  }
  return products / squares;
}

std::vector<double> steps_of(std::span<const double> values) {
  std::vector<double> out;
  for (std::size_t i = 1; i < values.size(); ++i) out.push_back(values[i] - values[i - 1]);
  return out;
}

std::vector<double> standardised(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  const double deviation = deviation_of(values), mean = mean_of(values);
  for (double& value : out) value = deviation > 0 ? (value - mean) / deviation : 0.0;
  return out;
}

}  // namespace

double path_length(std::span<const double> closes) {
  double path = 0;
  for (std::size_t i = 1; i < closes.size(); ++i) path += std::fabs(closes[i] - closes[i - 1]);
  return path;
}

double mean_deviation(std::span<const double> closes) {
  const double mean = mean_of(closes);
  double sum = 0;
  for (const double close : closes) sum += std::fabs(close - mean);
  return sum / static_cast<double>(closes.size());
}

double box_slope(std::span<const double> prices, double low, double high) {
  if (prices.size() < 3 || !(high > low)) return 1.0;
  std::vector<double> scales, counts;
  for (const std::size_t scale : {2, 4, 8}) {
    const std::size_t boxes = (prices.size() + scale - 1) / scale;
    std::vector<bool> met(boxes);
    for (const double price : prices) {
      const double place = std::clamp((price - low) / (high - low), 0.0, 1.0) * static_cast<double>(boxes);
      met[std::min(static_cast<std::size_t>(place), boxes - 1)] = true;
    }
    scales.push_back(portable_log(static_cast<double>(scale)));
    counts.push_back(portable_log(static_cast<double>(std::ranges::count(met, true))));
  }
  return -slope_of(scales, counts);
}

double mirror_symmetry(std::span<const double> closes) {
  const std::size_t half = closes.size() / 2;
  if (half == 0) return 0.5;
  const std::vector<double> left = standardised(closes.first(half)), right = standardised(closes.last(half));
  double sum = 0;
  for (std::size_t i = 0; i < half; ++i) sum += std::fabs(left[i] - right[half - 1 - i]);
  return std::clamp(1 - sum / static_cast<double>(half) / 2, 0.0, 1.0);
}

double range_scaling(std::span<const double> closes) {
  constexpr double kRandomWalk = 0.5;
  if (closes.size() < 5) return kRandomWalk;
  std::vector<std::size_t> used;
  std::vector<double> scales, ranges;
  for (const std::size_t scale : {std::size_t{2}, std::size_t{4}, closes.size() / 2}) {
    if (std::ranges::find(used, scale) != used.end()) continue;
    used.push_back(scale);
    double sum = 0;
    const std::size_t blocks = closes.size() / scale;
    for (std::size_t block = 0; block < blocks; ++block) {
      const auto [low, high] = std::ranges::minmax(closes.subspan(block * scale, scale));
      sum += high - low;
    }
    if (!(sum > 0)) continue;
    scales.push_back(portable_log(static_cast<double>(scale)));
    ranges.push_back(portable_log(sum / static_cast<double>(blocks)));
  }
  return scales.size() < 2 ? kRandomWalk : slope_of(scales, ranges);
}

double slope_regularity(std::span<const double> closes) {
  if (closes.size() < 3) return 0.5;
  const std::vector<double> steps = steps_of(closes);
  const double deviation = deviation_of(steps);
  return deviation > 0 ? std::clamp(1 - deviation_of(steps_of(steps)) / deviation, 0.0, 1.0) : 1.0;
}

std::size_t turning_points(std::span<const double> closes) {
  std::size_t turns = 0;
  bool rising = false, known = false;
  for (std::size_t i = 1; i < closes.size(); ++i) {
    if (closes[i] == closes[i - 1]) continue;
    const bool rises = closes[i] > closes[i - 1];
    if (known && rises != rising) ++turns;
    rising = rises;
    known = true;
  }
  return turns;
}

double lagged_correlation(std::span<const double> closes, std::size_t lag) {
  if (closes.size() < lag + 2) return 0.0;
  const std::span<const double> early = closes.first(closes.size() - lag), late = closes.subspan(lag);
  const double scale = deviation_of(early) * deviation_of(late);
  if (!(scale > 0)) return 0.0;
  const double mean_early = mean_of(early), mean_late = mean_of(late);
  double products = 0;
  for (std::size_t i = 0; i < early.size(); ++i) products += (early[i] - mean_early) * (late[i] - mean_late);
  return std::clamp(products / static_cast<double>(early.size()) / scale, -1.0, 1.0);
}

double strongest_frequency(std::span<const double> closes) {
  const std::size_t n = closes.size();
  if (n < 7 || !(deviation_of(closes) > 0)) return 0.0;
  std::vector<SineCosine> turns;  // of parts of a whole turn; n of them serve all frequencies
  for (std::size_t part = 0; part < n; ++part)
    turns.push_back(portable_sine_cosine(static_cast<std::int64_t>(part), static_cast<std::int64_t>(n)));
  const double mean = mean_of(closes);
  double strongest = 0, all = 0;
  for (std::size_t frequency = 1; frequency < n / 2; ++frequency) {
    double real = 0, imaginary = 0;
    std::size_t part = 0;  // frequency * i, less whole turns
    for (const double close : closes) {
      real += (close - mean) * turns[part].cosine;
      imaginary -= (close - mean) * turns[part].sine;
      part = part + frequency < n ? part + frequency : part + frequency - n;
    }
    const double power = real * real + imaginary * imaginary;
    strongest = std::max(strongest, power);
    all += power;
  }
  return all > 0 ? strongest / all : 0.0;
}

}  // namespace moola::market
