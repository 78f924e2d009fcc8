#include "market/indicators/hilbert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
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

constexpr double kFullTurn = 0x1.921fb54442d18p+2;  // 2 pi
// A transform's amplitude is kBase + kGrowth length, of a length that takes kShare of every measured one.
constexpr double kBase = 0.54, kGrowth = 0.075, kShare = 0.2;

// kGrowth kShare 2 pi / acot(u), what a measured length adds to the amplitude, by Taylor series around the middles of
// 32 stretches per octave of u; the terms that are left out are below the rounding. It asks for no quotient of its own,
// where an arc tangent takes two and its selection before them. The lengths that count, 6 to 50, are those of u from
// 0.58 to 7.9: below the table a length is 0, above it any that is too long.
class MeasuredLengths {
 public:
  MeasuredLengths() {
    for (std::size_t s = 0; s < kStretches; ++s)
      terms_[s + 1] = series(__builtin_bit_cast(double, ((kFirst + s) << kShift) | kHalf));
    terms_[0] = {};
    terms_[kStretches + 1] = {1.0};
  }

  /// `plus` and this. `u` is finite.
  double add_to(double plus, double u) const {
    const std::uint64_t bits = portable::bits(u);
    const double t = u - __builtin_bit_cast(double, (bits & ~(2 * kHalf - 1)) | kHalf);
    std::int64_t at = (static_cast<std::int64_t>(bits) >> kShift) - static_cast<std::int64_t>(kFirst) + 1;
    at = at > 0 ? at : 0;
    at = at < kStretches + 1 ? at : kStretches + 1;
    const Terms& a = terms_[static_cast<std::size_t>(at)];
    const double t2 = t * t, t4 = t2 * t2;
    const double near = ((a[0] + plus) + a[1] * t) + t2 * (a[2] + a[3] * t);
    return near + t4 * ((a[4] + a[5] * t) + t2 * (a[6] + a[7] * t));
  }

 private:
  static constexpr std::size_t kTerms = 8;
  static constexpr int kShift = 52 - 5;
  static constexpr std::int64_t kStretches = 4 * 32;  // from 1/2 to 8
  static constexpr std::uint64_t kFirst = __builtin_bit_cast(std::uint64_t, 0.5) >> kShift;
  static constexpr std::uint64_t kHalf = std::uint64_t{1} << (kShift - 1);
  using Terms = std::array<double, kTerms>;

  static Terms series(double middle) {
    // acot' = -1 / (1 + u u), whose series is that of a quotient by a square polynomial; then one over acot's.
    const double square = 1.0 + middle * middle;
    Terms slope{}, angle{}, out{};
    for (std::size_t k = 0; k < kTerms; ++k) {
      const double before = k > 0 ? slope[k - 1] : 0.0, earlier = k > 1 ? slope[k - 2] : 0.0;
      slope[k] = ((k == 0 ? -1.0 : 0.0) - 2.0 * middle * before - earlier) / square;
    }
    angle[0] = portable_atan(1.0, middle);
    for (std::size_t k = 1; k < kTerms; ++k) angle[k] = slope[k - 1] / static_cast<double>(k);
    for (std::size_t k = 0; k < kTerms; ++k) {
      double sum = k == 0 ? kGrowth * kShare * kFullTurn : 0.0;
      for (std::size_t j = 1; j <= k; ++j) sum -= angle[j] * out[k - j];
      out[k] = sum / angle[0];
    }
    return out;
  }

  alignas(64) std::array<Terms, kStretches + 2> terms_;
};

// The length of the dominant cycle, row by row. A row's length decides the next one's amplitude, so what counts is how
// many operations lie between the two. So the signals are polynomials of the amplitude, whose coefficients are there
// before it is.
class DominantCycle {
 public:
  explicit DominantCycle(const MeasuredLengths& lengths) : lengths_(lengths) {}

  // Given the smoothed series at `row`, which rises by one from at least 16 on.
  double next(std::size_t row, double smooth) {
    const double trend = kOuter * smooth + smooth_.transformed_past(row);
    const double past = detrended_.transformed_past(row), past_quadrature = quadrature_.transformed_past(row);
    const double in_phase = detrended_.at(row - 3), past_in_phase = detrended_.transformed_past(row - 3);
    // i and q are a fifth of the new phasor and four of the last one: of the terms without the amplitude, with it, …
    const double i0 = 0.2 * in_phase + 0.8 * i_, i1 = -0.2 * past_quadrature, i2 = (-0.2 * kOuter) * past;
    const double i3 = (-0.2 * kOuter * kOuter) * trend;
    const double q0 = 0.8 * q_, q1 = 0.2 * (past + (kOuter * in_phase + past_in_phase)), q2 = (0.2 * kOuter) * trend;
    const double fifth_i = 0.2 * i_, fifth_q = 0.2 * q_;
    const double real0 = (i0 * fifth_i + q0 * fifth_q) + 0.8 * real_, real1 = i1 * fifth_i + q1 * fifth_q;
    const double real2 = i2 * fifth_i + q2 * fifth_q, real3 = i3 * fifth_i;
    const double imaginary0 = (i0 * fifth_q - q0 * fifth_i) + 0.8 * imaginary_,
                 imaginary1 = i1 * fifth_q - q1 * fifth_i;
    const double imaginary2 = i2 * fifth_q - q2 * fifth_i, imaginary3 = i3 * fifth_q;
    const double kept = kGrowth * (1.0 - kShare) * length_ + kBase;
    const double least = kept + kGrowth * kShare * within(0.67 * length_);
    const double most = kept + kGrowth * kShare * within(1.5 * length_), same = kept + kGrowth * kShare * length_;

    const double a = amplitude_, a2 = a * a;
    real_ = (real0 + real1 * a) + a2 * (real2 + real3 * a);
    imaginary_ = (imaginary0 + imaginary1 * a) + a2 * (imaginary2 + imaginary3 * a);
    const double u = real_ / imaginary_;
    double amplitude = same;
    if (std::fabs(u) <= std::numeric_limits<double>::max() && u != 0) [[likely]] {
      amplitude = lengths_.add_to(kept, u);
    } else if (imaginary_ != 0 && real_ != 0) {
      amplitude = u > 0 ? most : least;
    }
    amplitude_ = higher(least, lower(most, amplitude));

    i_ = (i0 + i1 * a) + a2 * (i2 + i3 * a);
    q_ = (q0 + q1 * a) + a2 * q2;
    smooth_.put(row, smooth);
    detrended_.put(row, trend * a);
    quadrature_.put(row, past * a + a2 * (kOuter * trend));
    length_ = (amplitude_ - kBase) * (1.0 / kGrowth);
    smoothed_ = 0.33 * length_ + 0.67 * smoothed_;
    return smoothed_;
  }

 private:
  static double within(double length) {
    const double enough = portable::choose(length > 6.0, length, 6.0);
    return portable::choose(enough < 50.0, enough, 50.0);
  }

  const MeasuredLengths& lengths_;
  Recent smooth_, detrended_, quadrature_;
  double i_ = 0, q_ = 0, real_ = 0, imaginary_ = 0, length_ = 0, smoothed_ = 0, amplitude_ = kBase;
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
  static const MeasuredLengths lengths;
  DominantCycle cycle(lengths);
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
