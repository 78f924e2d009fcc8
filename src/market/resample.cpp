#include "market/resample.h"

#include <stdexcept>

namespace moola::market {
namespace {

// Towards the past, before 1970 too.
std::int64_t floored(std::int64_t time, std::int64_t step) {
  const std::int64_t rest = time % step;
  return time - (rest < 0 ? rest + step : rest);
}

}  // namespace

ResampledBars resample(const Bars& bars, std::int64_t step) {
  if (step <= 0) throw std::invalid_argument("bars cannot be put together into bars of no length");
  ResampledBars out;
  out.holder.resize(bars.size());
  Bars& to = out.bars;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const std::int64_t begin = floored(bars.time[i], step);
    if (to.empty() || to.time.back() != begin) {
      to.push_back(bars, i);
      to.time.back() = begin;
    } else {
      to.extend_last(bars, i);
    }
    out.holder[i] = static_cast<std::uint32_t>(to.size() - 1);
  }
  return out;
}

}  // namespace moola::market
