#include "market/indicators/aligned_bars.h"

#include <limits>

namespace moola::market {

AlignedBars align(const BarTimes& ours, const BarTimes& other, std::span<const double> close, std::int64_t max_age) {
  const std::size_t n = ours.begin.size();
  AlignedBars out{.close = std::vector<double>(n), .fresh = std::vector<std::uint32_t>(n)};
  std::size_t ended = 0;  // bars of the other that have
  std::uint32_t run = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t end = ours.begin[i] + ours.length;
    while (ended < other.begin.size() && other.begin[ended] + other.length <= end) ++ended;
    run = ended > 0 && end - (other.begin[ended - 1] + other.length) <= max_age ? run + 1 : 0;
    out.close[i] = ended > 0 ? close[ended - 1] : std::numeric_limits<double>::quiet_NaN();
    out.fresh[i] = run;
  }
  return out;
}

}  // namespace moola::market
