#include "market/indicators/hilbert.h"

#include <algorithm>
#include <array>
#include <limits>

#include "market/indicators/rolling.h"
#include "market/portable_atan.h"

namespace moola::market {
namespace {

// The Hilbert transform's weights, of a value less that six rows back and of one two rows back less that of four.
constexpr double kOuter = 0.0962, kInner = 0.5769;

// By value: by reference they become jumps.
double higher(double a, double b) {
  return a > b ? a : b;
}
double lower(double a, double b) {
  return a < b ? a : b;
}

// The last 16 values of a signal.
class Recent {
 public:
  void put(std::size_t row, double value) { values_[row % 16] = value; }
  double at(std::size_t row) const { return values_[row % 16]; }
  // The transform less its newest term.
  double transformed_past(std::size_t row) const { return kInner * (at(row - 2) - at(row - 4)) - kOuter * at(row - 6); }

 private:
  std::array<double, 16> values_{};
};

// The length of the dominant cycle, row by row. A row's length decides the next one's amplitude, so what counts is how
// many operations lie between the two: all else is computed before they need it.
class DominantCycle {
 public:
  // Given the smoothed series at `row`, which rises by one from at least 16 on.
  double next(std::size_t row, double smooth) {
    const double detrended = (kOuter * smooth + smooth_.transformed_past(row)) * amplitude_;
    const double quadrature = (kOuter * detrended + detrended_.transformed_past(row)) * amplitude_;
    const double ahead_quadrature = (kOuter * quadrature + quadrature_.transformed_past(row)) * amplitude_;
    const double in_phase = detrended_.at(row - 3);
    const double ahead_in_phase = (kOuter * in_phase + detrended_.transformed_past(row - 3)) * amplitude_;
    smooth_.put(row, smooth);
    detrended_.put(row, detrended);
    quadrature_.put(row, quadrature);

    const double i = (0.2 * in_phase + 0.8 * i_) - 0.2 * ahead_quadrature;
    const double q = 0.2 * (quadrature + ahead_in_phase) + 0.8 * q_;
    real_ = i * (0.2 * i_) + (q * (0.2 * q_) + 0.8 * real_);
    imaginary_ = i * (0.2 * q_) + (0.8 * imaginary_ - q * (0.2 * i_));
    i_ = i;
    q_ = q;

    const double least = within(0.67 * length_), most = within(1.5 * length_);
    double length = length_;
    if (imaginary_ != 0 && real_ != 0) length = kFullTurn / portable_atan(imaginary_, real_);
    length = higher(least, lower(most, length));
    amplitude_ = (0.075 * 0.2) * length + (0.075 * 0.8 * length_ + 0.54);
    length_ = 0.2 * length + 0.8 * length_;
    smoothed_ = 0.33 * length_ + 0.67 * smoothed_;
    return smoothed_;
  }

 private:
  static constexpr double kFullTurn = 0x1.921fb54442d18p+2;  // 2 pi
  static double within(double length) {
    const double enough = portable::choose(length > 6.0, length, 6.0);
    return portable::choose(enough < 50.0, enough, 50.0);
  }

  Recent smooth_, detrended_, quadrature_;
  double i_ = 0, q_ = 0, real_ = 0, imaginary_ = 0, length_ = 0, smoothed_ = 0, amplitude_ = 0.54;
};

// Replaces the lengths in `out`, at most 50, by the means of as many x, rounded to whole rows, from row `begin` on. The
// difference of two sums from a block's beginning on makes any; as they are of differences from one value, they hardly
// cancel.
void average_over(std::span<const double> x, std::size_t leading, std::size_t begin, std::span<double> out) {
  constexpr std::size_t kBlock = 256, kBefore = 50;
  std::array<double, kBefore + kBlock + 1> sum;
  for (std::size_t row = begin; row < x.size(); row += kBlock) {
    const std::size_t end = std::min(x.size(), row + kBlock), from = std::max(leading, row - std::min(row, kBefore));
    const double level = x[from];
    sum[0] = 0;
    for (std::size_t i = from; i < end; ++i) sum[i + 1 - from] = sum[i - from] + (x[i] - level);
    for (std::size_t i = row; i < end; ++i) {
      const double rounded = out[i] + 0.5;
      const std::size_t length = std::max(static_cast<std::size_t>(rounded), std::size_t{1});
      const std::size_t at = i + 1 - from;
      out[i] = level + (sum[at] - sum[at - length]) / static_cast<double>(length);
    }
  }
}

}  // namespace

void hilbert_trendline(std::span<const double> x, std::span<double> out) {
  // TA-Lib's start: what comes before this row counts as 0.
  constexpr std::size_t kBegin = 37;
  const std::size_t leading = leading_nans(x), begin = std::min(x.size(), leading + kBegin);
  const std::size_t first = std::min(x.size(), leading + kHilbertTrendlineWarmUp);
  DominantCycle cycle;
  for (std::size_t row = begin; row < x.size(); ++row)
    out[row] = cycle.next(row, 0.1 * ((4.0 * x[row] + 3.0 * x[row - 1]) + (2.0 * x[row - 2] + x[row - 3])));
  average_over(x, leading, begin, out);
  double mean1 = 0, mean2 = 0, mean3 = 0;
  for (std::size_t row = begin; row < x.size(); ++row) {
    const double mean = out[row];
    out[row] = 0.1 * ((4.0 * mean + 3.0 * mean1) + (2.0 * mean2 + mean3));
    mean3 = mean2;
    mean2 = mean1;
    mean1 = mean;
  }
  std::fill_n(out.begin(), first, std::numeric_limits<double>::quiet_NaN());
}

}  // namespace moola::market
