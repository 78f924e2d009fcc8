#include "market/indicators/trend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "market/indicators/moving_averages.h"
#include "market/indicators/rolling.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/stretch_sums.h"
#include "market/indicators/volatility.h"
#include "market/portable_atan.h"

namespace moola::market {
namespace {

// By value: by reference they become jumps.
double higher(double a, double b) {
  return a > b ? a : b;
}
double lower(double a, double b) {
  return a < b ? a : b;
}

}  // namespace

namespace {

// The parabolic stop on one side of the price. Seen in a mirror when it lies above: prices negated, high for low, so
// that it always lies below and rises.
struct Stop {
  double at, extreme, share;
};

template <bool kBelow>
class SideOfBars {
 public:
  SideOfBars(std::span<const double> high, std::span<const double> low) : high_(high), low_(low) {}
  double near(std::size_t i) const { return kBelow ? low_[i] : -high_[i]; }
  double far(std::size_t i) const { return kBelow ? high_[i] : -low_[i]; }
  // Where the stop has to keep to: under the last two bars. The first has none before it.
  double bound(std::size_t i) const { return lower(near(i), near(i == 1 ? 1 : i - 1)); }

 private:
  std::span<const double> high_, low_;
};

// Moves the stop from row `i` on until the price crosses it; returns that row.
template <bool kBelow>
std::size_t follow(const SideOfBars<kBelow>& bars, std::size_t i, double acceleration, double maximum, Stop& stop,
                   std::span<double> out, std::span<double> direction) {
  double before = i < out.size() ? bars.near(i == 1 ? 1 : i - 1) : 0;
  for (; i < out.size(); ++i) {
    const double near = bars.near(i), bound = lower(before, near);
    if (near <= stop.at) return i;
    before = near;
    out[i] = kBelow ? stop.at : -stop.at;
    if (!direction.empty()) direction[i] = kBelow ? 1 : -1;
    const double far = bars.far(i), faster = lower(stop.share + acceleration, maximum);
    stop.share = far > stop.extreme ? faster : stop.share;
    stop.extreme = higher(far, stop.extreme);
    stop.at = lower(stop.at * (1.0 - stop.share) + stop.extreme * stop.share, bound);
  }
  return i;
}

// Row `i`, on which the price crossed the stop of the other side: it becomes the extreme of that side.
template <bool kBelow>
void turn(const SideOfBars<kBelow>& bars, std::size_t i, double acceleration, Stop& stop, std::span<double> out,
          std::span<double> direction) {
  const double bound = bars.bound(i), at = lower(-stop.extreme, bound);
  out[i] = kBelow ? at : -at;
  if (!direction.empty()) direction[i] = kBelow ? 1 : -1;
  stop = {.at = 0, .extreme = bars.far(i), .share = acceleration};
  stop.at = lower(at * (1.0 - stop.share) + stop.extreme * stop.share, bound);
}

}  // namespace

void parabolic_sar(std::span<const double> high, std::span<const double> low, double acceleration, double maximum,
                   std::span<double> out, std::span<double> direction) {
  fill_before(1, out);
  fill_before(1, direction);
  const std::size_t n = out.size();
  if (n < 2) return;
  const double step = std::min(acceleration, maximum), rise = high[1] - high[0], fall = low[0] - low[1];
  const SideOfBars<true> rising(high, low);
  const SideOfBars<false> falling(high, low);
  bool below = !(fall > 0 && fall > rise);
  Stop stop = below ? Stop{low[0], high[1], step} : Stop{-high[0], -low[1], step};
  std::size_t i = 1;
  while (true) {
    i = below ? follow(rising, i, step, maximum, stop, out, direction)
              : follow(falling, i, step, maximum, stop, out, direction);
    if (i == n) return;
    below = !below;
    if (below) {
      turn(rising, i, step, stop, out, direction);
    } else {
      turn(falling, i, step, stop, out, direction);
    }
    ++i;
  }
}

void supertrend(const BarColumns& bars, int period, double multiple, std::span<double> level,
                std::span<double> direction, Scratch& scratch) {
  const auto first = static_cast<std::size_t>(period);
  const std::size_t n = bars.size();
  fill_before(first, level);
  fill_before(first, direction);
  if (n <= first) return;
  const Scratch::Column range(scratch);
  atr(bars.high, bars.low, bars.close, period, range);
  double upper = std::numeric_limits<double>::infinity(), under = -upper;
  const auto step = [&](std::size_t i) {
    const double middle = (bars.high[i] + bars.low[i]) * 0.5, width = multiple * range[i];
    const double over = middle + width, below = middle - width, before = bars.close[i - 1];
    const double least = lower(over, upper), most = higher(below, under);
    upper = before > upper ? over : least;
    under = before < under ? below : most;
  };
  // Bar after bar on one side, which nothing but a turn has to ask for.
  std::size_t i = first;
  const auto put = [&](double value, double side) {
    level[i] = value;
    if (!direction.empty()) direction[i] = side;
    ++i;
  };
  step(i);
  put(under, 1);
  while (i < n) {
    for (; i < n; put(under, 1)) {
      step(i);
      if (bars.close[i] < under) break;
    }
    if (i == n) return;
    put(upper, -1);
    for (; i < n; put(upper, -1)) {
      step(i);
      if (bars.close[i] > upper) break;
    }
    if (i < n) put(under, 1);
  }
}

void linear_regression(std::span<const double> x, int period, std::span<double> out) {
  window_line(x, period, 0, out);
}

void time_series_forecast(std::span<const double> x, int period, std::span<double> out) {
  window_line(x, period, 1, out);
}

void linear_regression_intercept(std::span<const double> x, int period, std::span<double> out) {
  window_line(x, period, 1.0 - period, out);
}

void linear_regression_slope(std::span<const double> x, int period, std::span<double> out) {
  window_slope(x, period, out);
}

void linear_regression_angle(std::span<const double> x, int period, std::span<double> out) {
  window_slope_angle(x, period, out);
}

void aroon(std::span<const double> high, std::span<const double> low, int period, std::span<double> down,
           std::span<double> up, std::span<double> oscillator) {
  const std::size_t rows_of = length(period) + 1, first = std::max(leading_nans(high), leading_nans(low)) + rows_of - 1;
  for (const auto& column : {down, up, oscillator}) fill_before(first, column);
  const RowBlocks blocks(first, high.size(), rows_of);
  BlockColumn falls(blocks), rises(blocks);
  BlockWindows windows(blocks, rows_of);
  blocks.each([&](RowBlock block) {
    double *const fall = falls.advance(block), *const rise = rises.advance(block);
    windows.since_min(low.data() + block.begin, block.rows(), rows_of, fall);
    windows.since_max(high.data() + block.begin, block.rows(), rows_of, rise);
    // In this order 100 is 100 for every period.
    for (std::size_t i = 0; i < block.rows(); ++i) {
      fall[i] = 100.0 * (period - fall[i]) / period;
      rise[i] = 100.0 * (period - rise[i]) / period;
    }
    if (!down.empty()) std::copy_n(fall, block.rows(), down.data() + block.begin);
    if (!up.empty()) std::copy_n(rise, block.rows(), up.data() + block.begin);
    if (oscillator.empty()) return;
    double* const out = oscillator.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) out[i] = rise[i] - fall[i];
  });
}

std::int64_t vortex(const BarColumns& bars, int period, std::span<double> plus, std::span<double> minus) {
  const auto first = static_cast<std::size_t>(period);
  fill_before(first, plus);
  fill_before(first, minus);
  const auto high = bars.high, low = bars.low, close = bars.close;
  std::int64_t still = 0;
  stretch_sums<3>(
      1, bars.size(), first,
      [&](std::size_t i) {
        const double range = higher(high[i], close[i - 1]) - lower(low[i], close[i - 1]);
        return std::array{std::fabs(high[i] - low[i - 1]), std::fabs(low[i] - high[i - 1]), range};
      },
      [&](std::size_t i, const std::array<double, 3>& sums) {
        const bool moves = sums[2] > 0;
        const double share = moves ? 1.0 / sums[2] : 0.0;
        plus[i] = sums[0] * share;
        minus[i] = sums[1] * share;
        still += !moves;
      });
  return still;
}

void detrended_price(std::span<const double> x, int period, std::span<double> out) {
  const std::size_t n = x.size(), back = std::min(n, static_cast<std::size_t>(period / 2 + 1));
  window_mean(x.first(n - back), period, out.subspan(back));
  fill_before(back, out);
  for (std::size_t i = back; i < n; ++i) out[i] = x[i] - out[i];
}

}  // namespace moola::market
