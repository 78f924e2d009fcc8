// The arithmetic of window_transform.h alone, in a file that can be compiled for speed.
#include <algorithm>
#include <cmath>
#include <vector>

#include "market/portable_log.h"
#include "market/window_transform.h"

namespace moola::market {
namespace {

constexpr double kEpsilon = 1e-8;

// What is not a number or infinite counts as zero, as in the Python system.
float finite_or_zero(double value) {
  return std::isfinite(value) ? static_cast<float>(value) : 0.0F;
}

}  // namespace

void relative_shape(const double* previous, const double* bar, float* out) {
  for (std::size_t c = 0; c < 4; ++c) {
    out[c] = previous == nullptr ? 0.0F : finite_or_zero(portable_log(bar[c]) - portable_log(previous[c]));
  }
  const double open = bar[0], high = bar[1], low = bar[2], close = bar[3];
  const double range = high - low + kEpsilon;
  out[4] = finite_or_zero(std::clamp(std::fabs(close - open) / range, 0.0, 1.0));
  out[5] = finite_or_zero(std::clamp((high - std::max(open, close)) / range, 0.0, 1.0));
  out[6] = finite_or_zero(std::clamp((std::min(open, close) - low) / range, 0.0, 1.0));
}

void relative_level(const double* bars, std::size_t count, float* out) {
  if (count > kRelativeTrailing) {
    bars += (count - kRelativeTrailing) * 4;
    count = kRelativeTrailing;
  }
  if (count == 1) {
    std::fill_n(out, 4, 0.0F);
    return;
  }
  const auto n = static_cast<double>(count);
  double mean[4] = {}, square[4] = {};
  for (std::size_t t = 0; t < count; ++t) {
    for (std::size_t c = 0; c < 4; ++c) mean[c] += bars[t * 4 + c];
  }
  for (double& m : mean) m /= n;
  for (std::size_t t = 0; t < count; ++t) {
    for (std::size_t c = 0; c < 4; ++c) {
      const double d = bars[t * 4 + c] - mean[c];
      square[c] += d * d;
    }
  }
  for (std::size_t c = 0; c < 4; ++c) {
    const double z = (bars[(count - 1) * 4 + c] - mean[c]) / (std::sqrt(square[c] / n) + kEpsilon);
    out[c] = finite_or_zero(std::clamp(z, -10.0, 10.0));
  }
}

namespace {

// Sums run down each channel by itself and are added up at the end, so that they go on side by side; the order is the
// same for any number of channels, whether it is known when this is compiled or not.
template <std::size_t kChannels>
void zscore_channels(std::span<const double> window, std::size_t stride, const std::size_t* group, std::size_t size,
                     std::span<float> out) {
  const std::size_t channels = kChannels != 0 ? kChannels : size;
  const std::size_t bars = window.size() / stride;
  std::vector<double> many(kChannels != 0 ? 0 : size);
  double few[kChannels != 0 ? kChannels : 1] = {};
  double* const sums = kChannels != 0 ? few : many.data();
  const auto at = [&](std::size_t t, std::size_t c) { return t * stride + (kChannels != 0 ? group[0] + c : group[c]); };
  const auto total = [&] {
    double sum = 0.0;
    for (std::size_t c = 0; c < channels; ++c) sum += sums[c];
    return sum;
  };
  const auto n = static_cast<double>(bars * channels);
  for (std::size_t t = 0; t < bars; ++t) {
    for (std::size_t c = 0; c < channels; ++c) sums[c] += window[at(t, c)];
  }
  const double mean = total() / n;
  std::fill_n(sums, channels, 0.0);
  for (std::size_t t = 0; t < bars; ++t) {
    for (std::size_t c = 0; c < channels; ++c) {
      const double d = window[at(t, c)] - mean;
      sums[c] += d * d;
    }
  }
  const double deviation = std::sqrt(total() / n);
  // A deviation that is only the rounding of the mean says that nothing moved.
  const double scale = deviation > 1e-12 * std::fabs(mean) ? 1.0 / deviation : 0.0;
  for (std::size_t t = 0; t < bars; ++t) {
    for (std::size_t c = 0; c < channels; ++c) out[at(t, c)] = static_cast<float>((window[at(t, c)] - mean) * scale);
  }
}

void zscore_visible(std::span<const double> window, std::size_t channels, std::span<const std::size_t> group,
                    std::span<const std::uint8_t> hidden, std::span<float> out) {
  double sum = 0.0, squares = 0.0;
  std::size_t values = 0;
  for (std::size_t t = 0; t < hidden.size(); ++t) {
    if (hidden[t] != 0) continue;
    for (const std::size_t c : group) sum += window[t * channels + c];
    values += group.size();
  }
  const double mean = sum / static_cast<double>(values);
  for (std::size_t t = 0; t < hidden.size(); ++t) {
    if (hidden[t] != 0) continue;
    for (const std::size_t c : group) {
      const double d = window[t * channels + c] - mean;
      squares += d * d;
    }
  }
  const double deviation = std::sqrt(squares / static_cast<double>(values));
  const double scale = deviation > 1e-12 * std::fabs(mean) ? 1.0 / deviation : 0.0;
  for (std::size_t t = 0; t < hidden.size(); ++t) {
    for (const std::size_t c : group)
      out[t * channels + c] = static_cast<float>((window[t * channels + c] - mean) * scale);
  }
}

}  // namespace

void zscore_group(std::span<const double> window, std::size_t channels, std::span<const std::size_t> group,
                  std::span<const std::uint8_t> hidden, std::span<float> out) {
  if (!hidden.empty()) {
    zscore_visible(window, channels, group, hidden, out);
    return;
  }
  if (group.size() == 4 && group[3] == group[0] + 3 && group[2] == group[0] + 2 && group[1] == group[0] + 1) {
    zscore_channels<4>(window, channels, group.data(), 4, out);
  } else {
    zscore_channels<0>(window, channels, group.data(), group.size(), out);
  }
}

}  // namespace moola::market
