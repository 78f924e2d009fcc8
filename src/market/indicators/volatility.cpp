#include "market/indicators/volatility.h"

#include <algorithm>
#include <limits>

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double range_at(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                std::size_t i) {
  const double before = close[i - 1];
  return (high[i] > before ? high[i] : before) - (low[i] < before ? low[i] : before);
}

}  // namespace

void true_range(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                std::span<double> out) {
  if (!out.empty()) out[0] = kNaN;
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = range_at(high, low, close, i);
}

void atr(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
         std::span<double> out) {
  const auto length = static_cast<std::size_t>(period);
  std::fill_n(out.begin(), std::min(out.size(), length), kNaN);
  if (out.size() <= length) return;
  double value = 0;
  for (std::size_t i = 1; i <= length; ++i) value += range_at(high, low, close, i);
  value /= period;
  out[length] = value;
  const double share = 1.0 / period, kept = 1.0 - share;
  for (std::size_t i = length + 1; i < out.size(); ++i) {
    value = value * kept + range_at(high, low, close, i) * share;
    out[i] = value;
  }
}

}  // namespace moola::market
