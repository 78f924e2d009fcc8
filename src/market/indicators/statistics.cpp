#include "market/indicators/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "market/indicators/rolling.h"
#include "market/indicators/rolling_blocks.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

using rolling::Block;
using rolling::each_block;
using rolling::kernels;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kPairRows = 192;  // of two series a dozen columns are at work

// Rows that a block can have, and those that its windows reach back over.
std::vector<double> block_column(int period) {
  const auto length = static_cast<std::size_t>(period);
  return std::vector<double>(rolling::block_rows(length) + length);
}

// Apart from the loops over values, which it would keep from becoming vectors.
std::int64_t count_zeros(const double* x, std::size_t count) {
  std::int64_t zeros = 0;
  for (std::size_t i = 0; i < count; ++i) zeros += x[i] == 0 ? 1 : 0;
  return zeros;
}

}  // namespace

void stddev(std::span<const double> x, int period, double deviations, std::span<double> out) {
  const double share = 1.0 / period;
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    double* const value = out.data() + b.row;
    kernels().squares(x.data() + b.begin, b.rows, b.period, value, b.work);
    for (std::size_t i = 0; i < b.rows; ++i) value[i] = std::sqrt(value[i] * share) * deviations;
  });
}

void variance(std::span<const double> x, int period, std::span<double> out) {
  const double share = 1.0 / period;
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    double* const value = out.data() + b.row;
    kernels().squares(x.data() + b.begin, b.rows, b.period, value, b.work);
    for (std::size_t i = 0; i < b.rows; ++i) value[i] *= share;
  });
}

std::int64_t zscore(std::span<const double> x, int period, std::span<double> out) {
  std::vector<double> mean = block_column(period);
  const double share = 1.0 / period;
  std::int64_t still = 0;
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    const double* const first = x.data() + b.begin;
    double* const z = out.data() + b.row;
    kernels().mean_and_squares(first, b.rows, b.period, mean.data(), z, b.work);
    const double* const newest = x.data() + b.row;
    still += count_zeros(z, b.rows);
    for (std::size_t i = 0; i < b.rows; ++i) {
      const double score = (newest[i] - mean[i]) / std::sqrt(z[i] * share);
      z[i] = z[i] > 0 ? score : 0.0;
    }
  });
  return still;
}

void average_deviation(std::span<const double> x, int period, std::span<double> out) {
  std::vector<double> mean = block_column(period);
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    const double* const first = x.data() + b.begin;
    kernels().mean(first, b.rows, b.period, mean.data(), b.work);
    kernels().mean_deviation(first, mean.data(), b.rows, b.period, out.data() + b.row);
  });
}

std::int64_t correlation(std::span<const double> x, std::span<const double> y, int period, std::span<double> out) {
  if (x.size() != y.size()) throw std::invalid_argument("a correlation's inputs are of unequal length");
  std::int64_t still = 0;
  const auto compute = [&](const Block& b) {
    still +=
        kernels().correlation(x.data() + b.begin, y.data() + b.begin, b.rows, b.period, out.data() + b.row, b.work);
  };
  each_block(x, std::max(leading_nans(x), leading_nans(y)), period, out, compute, kPairRows);
  return still;
}

std::int64_t beta(std::span<const double> x, std::span<const double> y, int period, std::span<double> out) {
  if (x.size() != y.size()) throw std::invalid_argument("a slope's inputs are of unequal length");
  std::vector<double> returns_x = block_column(period), returns_y = block_column(period);
  std::vector<double> squares_x = block_column(period), squares_y = block_column(period);
  const auto returns = [](const double* prices, std::size_t count, double* to) {
    for (std::size_t i = 0; i < count; ++i) {
      const double before = prices[static_cast<std::ptrdiff_t>(i) - 1], change = prices[i] - before;
      const double value = change / before;
      to[i] = before != 0 ? value : 0.0;
    }
  };
  std::int64_t still = 0;
  const auto compute = [&](const Block& b) {
    double *const slope = out.data() + b.row, *const xx = squares_x.data();
    returns(x.data() + b.begin, b.rows + b.period - 1, returns_x.data());
    returns(y.data() + b.begin, b.rows + b.period - 1, returns_y.data());
    kernels().pair(returns_x.data(), returns_y.data(), b.rows, b.period, xx, squares_y.data(), slope, b.work);
    for (std::size_t i = 0; i < b.rows; ++i) {
      const double value = slope[i] / xx[i];
      slope[i] = xx[i] > 0 ? value : 0.0;
    }
    still += count_zeros(xx, b.rows);
  };
  // The first row has no return.
  const std::size_t leading = std::min(x.size(), std::max(leading_nans(x), leading_nans(y)) + 1);
  each_block(x, leading, period, out, compute, kPairRows);
  return still;
}

std::int64_t skew_and_kurtosis(std::span<const double> x, int period, std::span<double> skew,
                               std::span<double> kurtosis, std::span<double> work) {
  if (period < 4) throw std::invalid_argument("a kurtosis of fewer than 4 values");
  window_moments(x, period, work, skew, kurtosis);
  const double n = period;
  const double skewed = n * std::sqrt(n - 1) / (n - 2);
  const double peaked = n * (n + 1) * (n - 1) / ((n - 2) * (n - 3)),
               normal = 3 * (n - 1) * (n - 1) / ((n - 2) * (n - 3));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double square = work[i], divisor = square == 0 ? 1.0 : square;  // NaNs at the start stay
    const double s = skew[i] / (divisor * std::sqrt(divisor)) * skewed;
    const double k = kurtosis[i] / (divisor * divisor) * peaked - normal;
    skew[i] = square == 0 ? 0.0 : s;
    kurtosis[i] = square == 0 ? 0.0 : k;
  }
  return count_zeros(work.data(), work.size());
}

void percent_rank(std::span<const double> x, int period, std::span<double> out) {
  window_count_below(x, period + 1, out);
  for (double& value : out) value = value / period * 100.0;
}

std::int64_t autocorrelation(std::span<const double> x, int lag, int pairs, std::span<double> out) {
  const std::size_t shift = std::min(x.size(), static_cast<std::size_t>(lag));
  std::fill_n(out.begin(), shift, kNaN);
  return correlation(x.first(x.size() - shift), x.subspan(shift), pairs, out.subspan(shift));
}

std::int64_t hurst_exponent(std::span<const double> x, int period, int longest, std::span<double> out) {
  if (longest < 3 || longest >= period) throw std::invalid_argument("a Hurst exponent of such lengths");
  std::vector<double> ranges = block_column(period), total = block_column(period), moving = block_column(period);
  std::vector<double> n = block_column(period), sum_x = n, sum_y = n, sum_xy = n, sum_xx = n, log_range = n;
  std::int64_t undefined = 0;
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    for (auto* sum : {&n, &sum_x, &sum_y, &sum_xy, &sum_xx}) std::fill(sum->begin(), sum->end(), 0.0);
    for (int length = 2; length <= longest; ++length) {
      const auto piece = static_cast<std::size_t>(length), pieces = b.period / piece;
      const std::size_t starts = b.rows + (pieces - 1) * piece;
      kernels().rescaled_range(x.data() + b.begin, starts, piece, ranges.data());
      std::fill_n(total.begin(), b.rows, 0.0);
      for (std::size_t p = 0; p < pieces; ++p) {
        const double* const range = ranges.data() + p * piece;
        for (std::size_t i = 0; i < b.rows; ++i) total[i] += range[i];
      }
      // A range of 0 says that the piece does not move; mostly there is none.
      const auto end = ranges.begin() + static_cast<std::ptrdiff_t>(starts);
      const bool all_move = std::find(ranges.begin(), end, 0.0) == end;
      std::fill_n(moving.begin(), b.rows, all_move ? static_cast<double>(pieces) : 0.0);
      for (std::size_t p = 0; p < pieces && !all_move; ++p) {
        const double* const range = ranges.data() + p * piece;
        for (std::size_t i = 0; i < b.rows; ++i) moving[i] += range[i] > 0 ? 1.0 : 0.0;
      }
      const double log_length = portable_log(length);
      for (std::size_t i = 0; i < b.rows; ++i) total[i] = moving[i] > 0 ? total[i] / moving[i] : 1.0;
      kernels().log(total.data(), b.rows, log_range.data());
      // A length whose pieces do not move at all adds nothing.
      for (std::size_t i = 0; i < b.rows; ++i) {
        const double one = moving[i] > 0 ? 1.0 : 0.0, y = log_range[i], at = one * log_length;
        n[i] += one;
        sum_x[i] += at;
        sum_y[i] += y;
        sum_xy[i] += at * y;
        sum_xx[i] += at * at;
      }
    }
    for (std::size_t i = 0; i < b.rows; ++i) {
      const bool defined = n[i] >= 2;
      undefined += defined ? 0 : 1;
      double slope = 0.5;
      if (defined) slope = (n[i] * sum_xy[i] - sum_x[i] * sum_y[i]) / (n[i] * sum_xx[i] - sum_x[i] * sum_x[i]);
      out[b.row + i] = std::clamp(slope, 0.0, 1.0);
    }
  });
  return undefined;
}

std::int64_t shannon_entropy(std::span<const double> x, int period, int bins, std::span<double> out) {
  if (bins < 2) throw std::invalid_argument("an entropy of fewer than 2 bins");
  std::vector<double> lowest = block_column(period), highest = block_column(period);
  std::vector<double> information(static_cast<std::size_t>(period) + 1);  // c log(c)
  for (std::size_t c = 2; c < information.size(); ++c) {
    const auto of = static_cast<double>(c);
    information[c] = of * portable_log(of);
  }
  const double log_period = portable_log(period), log_bins = portable_log(bins);
  std::vector<std::size_t> counts(static_cast<std::size_t>(bins));
  std::int64_t still = 0;
  each_block(x, leading_nans(x), period, out, [&](const Block& b) {
    const double* const first = x.data() + b.begin;
    kernels().min(first, b.rows, b.period, lowest.data(), b.work);
    kernels().max(first, b.rows, b.period, highest.data(), b.work);
    for (std::size_t i = 0; i < b.rows; ++i) {
      const double low = lowest[i], width = highest[i] - low;
      const auto bin = [&](double value) { return std::min(static_cast<int>((value - low) / width * bins), bins - 1); };
      if (!(width > 0)) {
        ++still;
        out[b.row + i] = 0;
        continue;
      }
      const double* const window = first + i;
      if (i > 0 && low == lowest[i - 1] && highest[i] == highest[i - 1]) {
        --counts[static_cast<std::size_t>(bin(window[-1]))];
        ++counts[static_cast<std::size_t>(bin(window[b.period - 1]))];
      } else {
        std::fill(counts.begin(), counts.end(), 0U);
        for (std::size_t k = 0; k < b.period; ++k) ++counts[static_cast<std::size_t>(bin(window[k]))];
      }
      double known = 0;
      for (const std::size_t c : counts) known += information[c];
      out[b.row + i] = (log_period - known / period) / log_bins;
    }
  });
  return still;
}

std::vector<double> fractional_weights(double order, double threshold) {
  std::vector<double> weights{1.0};
  for (;;) {
    const auto k = static_cast<double>(weights.size());
    const double next = weights.back() * ((k - 1.0 - order) / k);
    if (!(std::fabs(next) >= threshold)) return weights;
    weights.push_back(next);
  }
}

}  // namespace moola::market
