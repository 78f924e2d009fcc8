#include "market/indicators/wavelets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "market/indicators/families.h"
#include "market/indicators/rolling.h"
#include "market/indicators/wavelet_kernels.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTwoRootTwo = 0x1.6a09e667f3bcdp+1;  // what A3 makes of 1

// What each value of the window weighs in a coefficient: the transforms of windows that are 1 at one place.
struct Weights {
  double first_approx[wavelet::kWindow] = {}, approx[wavelet::kWindow] = {}, d1[wavelet::kWindow] = {},
         d2[wavelet::kWindow] = {}, d3[wavelet::kWindow] = {};
};

constexpr Weights weights_of_values() {
  const auto filtered = [](const double* x, std::size_t n, std::size_t k, const double* filter) {
    double total = 0;
    for (std::size_t j = 0; j < wavelet::kTaps; ++j) total += filter[j] * x[wavelet::tap(k, j, n)];
    return total;
  };
  Weights out;
  for (std::size_t at = 0; at < wavelet::kWindow; ++at) {
    double x[wavelet::kWindow] = {}, a1[wavelet::kCount1] = {}, a2[wavelet::kCount2] = {};
    x[at] = 1;
    for (std::size_t k = 0; k < wavelet::kCount1; ++k) a1[k] = filtered(x, wavelet::kWindow, k, wavelet::kLow);
    for (std::size_t k = 0; k < wavelet::kCount2; ++k) a2[k] = filtered(a1, wavelet::kCount1, k, wavelet::kLow);
    out.first_approx[at] = filtered(a2, wavelet::kCount2, 0, wavelet::kLow);
    out.approx[at] = filtered(a2, wavelet::kCount2, wavelet::kCount3 - 1, wavelet::kLow);
    out.d3[at] = filtered(a2, wavelet::kCount2, wavelet::kCount3 - 1, wavelet::kHigh);
    out.d2[at] = filtered(a1, wavelet::kCount1, wavelet::kCount2 - 1, wavelet::kHigh);
    out.d1[at] = filtered(x, wavelet::kWindow, wavelet::kCount1 - 1, wavelet::kHigh);
  }
  return out;
}

constexpr Weights kWeights = weights_of_values();

// How many values of the window a coefficient is made of.
constexpr std::size_t kSpan1 = 6, kSpan2 = 14, kSpan3 = 26, kSpanOfFirst = 24;

constexpr bool only_last(const double* weights, std::size_t count) {
  for (std::size_t i = 0; i < wavelet::kWindow - count; ++i) {
    if (weights[i] != 0) return false;
  }
  return weights[wavelet::kWindow - count] != 0;
}
constexpr bool only_first(const double* weights, std::size_t count) {
  for (std::size_t i = count; i < wavelet::kWindow; ++i) {
    if (weights[i] != 0) return false;
  }
  return weights[count - 1] != 0;
}
static_assert(only_last(kWeights.d1, kSpan1) && only_last(kWeights.d2, kSpan2) && only_last(kWeights.d3, kSpan3));
static_assert(only_last(kWeights.approx, kSpan3) && only_first(kWeights.first_approx, kSpanOfFirst));

// Calls compute(first value of the first window, its last row, rows) for all rows that have a whole window, and sets
// those before to NaN in every output that is not empty.
template <std::size_t kOutputs, class Compute>
void each_block(std::span<const double> x, const std::array<std::span<double>, kOutputs>& outs, Compute&& compute) {
  const std::size_t n = x.size(), first = std::min(n, leading_nans(x) + wavelet::kWindow - 1);
  for (const auto out : outs) {
    if (out.empty()) continue;
    if (out.size() != n) throw std::invalid_argument("a wavelet's output is not as long as its input");
    std::fill_n(out.begin(), first, kNaN);
  }
  for (std::size_t row = first; row < n; row += wavelet::kBlockRows)
    compute(x.data() + row + 1 - wavelet::kWindow, row, std::min(wavelet::kBlockRows, n - row));
}

const wavelet::Kernels& kernels() {
  return wavelet::kernels(isa());
}

// The window's last values, less the very last, which says the same of details and keeps their digits.
void weigh_last(const double* window, std::size_t rows, const double* weights, std::size_t count, double* out) {
  const std::size_t begin = wavelet::kWindow - count;
  kernels().weigh(window + begin, window + wavelet::kWindow - 1, rows, weights + begin, count, out);
}

}  // namespace

namespace wavelet {

const Kernels& kernels(Isa isa) {
  return for_isa(isa, kKernels_v2, kKernels_v3, kKernels_v4);
}

}  // namespace wavelet

void wavelet_coefficients(std::span<const double> x, std::span<double> approx, std::span<double> d1,
                          std::span<double> d2, std::span<double> d3) {
  each_block(x, std::array{approx, d1, d2, d3}, [&](const double* window, std::size_t row, std::size_t rows) {
    if (!d1.empty()) weigh_last(window, rows, kWeights.d1, kSpan1, d1.data() + row);
    if (!d2.empty()) weigh_last(window, rows, kWeights.d2, kSpan2, d2.data() + row);
    if (!d3.empty()) weigh_last(window, rows, kWeights.d3, kSpan3, d3.data() + row);
    if (approx.empty()) return;
    weigh_last(window, rows, kWeights.approx, kSpan3, approx.data() + row);
    for (std::size_t i = row; i < row + rows; ++i) approx[i] += kTwoRootTwo * x[i];
  });
}

void wavelet_energies(std::span<const double> x, std::span<double> approx, std::span<double> d1, std::span<double> d2,
                      std::span<double> d3) {
  std::vector<double> work(wavelet::kWorkSize);
  each_block(x, std::array{approx, d1, d2, d3}, [&](const double* window, std::size_t row, std::size_t rows) {
    kernels().energies(window, rows, approx.data() + row, d1.data() + row, d2.data() + row, d3.data() + row,
                       work.data());
  });
}

void wavelet_volatility(std::span<const double> x, std::span<double> out) {
  std::vector<double> work(wavelet::kWorkSize);
  each_block(x, std::array{out}, [&](const double* window, std::size_t row, std::size_t rows) {
    kernels().median_deviation(window, rows, out.data() + row, work.data());
    for (std::size_t i = row; i < row + rows; ++i) out[i] /= 0.6745;
  });
}

std::int64_t wavelet_trend(std::span<const double> x, std::span<double> strength, std::span<double> direction) {
  std::int64_t still = 0;
  window_squares(x, wavelet::kWindow, strength);
  double first[wavelet::kBlockRows], last[wavelet::kBlockRows];
  each_block(x, std::array{direction}, [&](const double* window, std::size_t row, std::size_t rows) {
    weigh_last(window, rows, kWeights.approx, kSpan3, last);
    kernels().weigh(window, window + wavelet::kWindow - 1, rows, kWeights.first_approx, kSpanOfFirst, first);
    for (std::size_t i = 0; i < rows; ++i) {
      const double slope = (last[i] - first[i]) / wavelet::kCount3, squares = strength[row + i];
      const bool none = squares == 0.0;
      strength[row + i] = none ? 0.0 : std::fabs(slope) / std::sqrt(squares / wavelet::kWindow);
      direction[row + i] = none || slope == 0.0 ? 0.0 : slope > 0.0 ? 1.0 : -1.0;
      still += none;
    }
  });
  return still;
}

std::int64_t expanding_zscore(std::span<const double> x, int least, std::span<double> out) {
  if (out.size() != x.size()) throw std::invalid_argument("an output is not as long as its input");
  const std::size_t leading = leading_nans(x), before = leading + static_cast<std::size_t>(least) - 1;
  std::fill_n(out.begin(), std::min(before, x.size()), kNaN);
  double mean = 0, squares = 0, count = 0;
  std::int64_t same = 0;
  for (std::size_t i = leading; i < x.size(); ++i) {
    count += 1;
    const double share = 1.0 / count, apart = x[i] - mean;
    mean += apart * share;
    squares += apart * (x[i] - mean);
    if (i < before) continue;
    const bool none = !(squares > 0.0);
    out[i] = none ? 0.0 : (x[i] - mean) / std::sqrt(squares * share);
    same += none;
  }
  return same;
}

namespace {

constexpr int kFirstRow = wavelet::kWindow - 1;
constexpr int kLeastValues = 20;

int first_row(const ParameterValues&) {
  return kFirstRow;
}
int first_expanding_row(const ParameterValues&) {
  return kFirstRow + kLeastValues - 1;
}
int first_rolling_row(const ParameterValues& values) {
  return kFirstRow + values.whole(0) - 1;
}

constexpr std::array kLevels{"approx", "d1", "d2", "d3"};
constexpr std::array kScales{"slower than 16 bars", "of 2 to 4 bars", "of 4 to 8 bars", "of 8 to 16 bars"};

template <bool kOfVolume>
std::span<const double> series(const IndicatorCall& call) {
  return kOfVolume ? call.bars.volume : call.bars.close;
}

// Calls normalise(level, coefficients) for the levels that are wanted.
template <bool kOfVolume, class Normalise>
void each_level(IndicatorCall& call, Normalise&& normalise) {
  Scratch::Column column(call.scratch);
  for (std::size_t level = 0; level < kLevels.size(); ++level) {
    if (!call.wanted(level)) continue;
    std::array<std::span<double>, 4> outs;
    outs[level] = column;
    wavelet_coefficients(series<kOfVolume>(call), outs[0], outs[1], outs[2], outs[3]);
    normalise(level, column.span());
  }
}

template <bool kOfVolume>
void expanding_coefficients(IndicatorCall& call) {
  each_level<kOfVolume>(call, [&](std::size_t level, std::span<const double> coefficients) {
    call.note_undefined(level, expanding_zscore(coefficients, kLeastValues, call.out(level)));
  });
}

template <bool kOfVolume>
void rolling_coefficients(IndicatorCall& call) {
  const int period = call.whole(0);
  Scratch::Column mean(call.scratch);
  each_level<kOfVolume>(call, [&](std::size_t level, std::span<const double> coefficients) {
    const auto out = call.out(level);
    window_mean(coefficients, period, mean);
    window_squares(coefficients, period, out);
    const double share = 1.0 / period;
    std::int64_t same = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const bool none = out[i] == 0.0;
      out[i] = none ? 0.0 : (coefficients[i] - mean[i]) / std::sqrt(out[i] * share);
      same += none;
    }
    call.note_undefined(level, same);
  });
}

template <bool kOfVolume>
void energies(IndicatorCall& call) {
  const std::array<Scratch::Column, 4> columns{Scratch::Column(call.scratch), Scratch::Column(call.scratch),
                                               Scratch::Column(call.scratch), Scratch::Column(call.scratch)};
  const auto& [approx, d1, d2, d3] = columns;
  wavelet_energies(series<kOfVolume>(call), approx, d1, d2, d3);
  for (std::size_t level = 0; level < columns.size(); ++level) {
    if (!call.wanted(level)) continue;
    const auto out = call.out(level);
    const std::size_t first = leading_nans(columns[level]);
    std::fill_n(out.begin(), first, kNaN);
    for (std::size_t i = first; i < out.size(); ++i) out[i] = portable_log1p(columns[level][i]);
  }
  if (!call.wanted(kLevels.size())) return;
  const auto out = call.out(kLevels.size());
  std::int64_t none = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double total = approx[i] + d1[i] + d2[i] + d3[i];
    out[i] = total == 0.0 ? 1.0 : approx[i] / total;
    none += total == 0.0;
  }
  call.note_undefined(kLevels.size(), none);
}

constexpr const char* kTransform = "db4 (Daubechies 1992) in three levels of the last 64 bars, mirrored at their ends";

Indicator entry(std::string name, std::string title, std::string inputs, std::vector<IndicatorParameter> parameters,
                std::vector<IndicatorOutput> outputs, const std::string& definition, void (*compute)(IndicatorCall&)) {
  return {.name = std::move(name),
          .title = std::move(title),
          .family = "wavelets",
          .inputs = std::move(inputs),
          .parameters = std::move(parameters),
          .outputs = std::move(outputs),
          .definition = fmt::format("{}: {}", kTransform, definition),
          .compute = compute};
}

template <bool kOfVolume>
void list_series(std::vector<Indicator>& all) {
  const std::string of = kOfVolume ? "volume" : "close";
  std::vector<IndicatorOutput> expanding, rolling, energy;
  for (std::size_t level = 0; level < kLevels.size(); ++level) {
    const std::string help = fmt::format("how unusual the latest part {} is", kScales[level]);
    expanding.push_back({.names = {fmt::format("wavelet_{}_{}", of, kLevels[level])},
                         .kind = ColumnKind::signed_sum,
                         .help = help,
                         .warm_up = first_expanding_row,
                         .undefined = "0 where all coefficients so far are the same"});
    rolling.push_back({.names = {fmt::format("wavelet_{}_{}_z_{{period}}", of, kLevels[level])},
                       .kind = ColumnKind::signed_sum,
                       .help = help,
                       .warm_up = first_rolling_row,
                       .undefined = "0 where the coefficients of the last `period` bars are the same"});
    energy.push_back({.names = {fmt::format("wavelet_{}_energy_{}", of, kLevels[level])},
                      .kind = ColumnKind::volatility,
                      .help = fmt::format("log of 1 + the energy of the part {}", kScales[level]),
                      .warm_up = first_row});
  }
  energy.push_back({.names = {fmt::format("wavelet_{}_energy_ratio", of)},
                    .kind = ColumnKind::oscillator,
                    .help = "the slow part's share of the energy",
                    .warm_up = first_row,
                    .undefined = kOfVolume ? "1 where no bar of the window has volume" : ""});
  all.push_back(entry("wavelet_" + of, "Wavelet coefficients of the " + of + " among all so far", of, {},
                      std::move(expanding),
                      "each level's last coefficient, less the mean of all so far, over their population deviation. "
                      "Values depend on where the series begins: those of a part of it are others",
                      &expanding_coefficients<kOfVolume>));
  all.push_back(entry("wavelet_" + of + "_z", "Wavelet coefficients of the " + of + " among the last", of,
                      {{.name = "period", .usual = 500, .least = 2, .most = 100'000}}, std::move(rolling),
                      "each level's last coefficient, less the mean of the last `period`, over their population "
                      "deviation. Values depend on the last 63 + `period` bars alone",
                      &rolling_coefficients<kOfVolume>));
  all.push_back(entry("wavelet_" + of + "_energy", "Wavelet energies of the " + of, of, {}, std::move(energy),
                      "log(1 + sum of each level's squared coefficients), and the share of the last approximation",
                      &energies<kOfVolume>));
}

}  // namespace

std::vector<Indicator> wavelet_indicators() {
  std::vector<Indicator> all;
  list_series<false>(all);
  list_series<true>(all);
  all.push_back(entry("wavelet_close_volatility", "Wavelet volatility", "close", {},
                      {{.names = {"wavelet_close_volatility"},
                        .kind = ColumnKind::volatility,
                        .help = "deviation of the noise of 2 to 4 bars, in prices",
                        .warm_up = first_row}},
                      "median distance of the first level's details from their median, over 0.6745; Donoho and "
                      "Johnstone 1994",
                      [](IndicatorCall& call) { wavelet_volatility(call.bars.close, call.out(0)); }));
  all.push_back(entry("wavelet_close_trend", "Wavelet trend", "close", {},
                      {{.names = {"wavelet_close_trend_strength"},
                        .kind = ColumnKind::volatility,
                        .help = "slope of the slow part, in deviations of the close",
                        .warm_up = first_row,
                        .undefined = "0 where the closes of the window are the same"},
                       {.names = {"wavelet_close_trend_direction"},
                        .kind = ColumnKind::state,
                        .help = "where it goes: 1 up, -1 down",
                        .warm_up = first_row,
                        .undefined = "0 where the closes of the window are the same"}},
                      "|last - first| coefficient of the approximation / 14 / population deviation of the window, and "
                      "the sign of the difference",
                      [](IndicatorCall& call) {
                        const std::int64_t still = wavelet_trend(call.bars.close, call.out(0), call.out(1));
                        call.note_undefined(0, still);
                        call.note_undefined(1, still);
                      }));
  return all;
}

}  // namespace moola::market
