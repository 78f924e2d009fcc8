#include "market/clean/threshold_bars.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace moola::market {

Bars threshold_bars(const Bars& bars, ThresholdKind kind, double threshold, bool keep_last) {
  if (!(threshold > 0)) throw ConfigError(fmt::format("bars of {} traded: must be above 0.", threshold));
  if (std::all_of(bars.volume.begin(), bars.volume.end(), [](double volume) { return volume == 0; }))
    throw DataError("bars by what is traded cannot be made of bars without volume.");
  Bars out;
  double traded = 0;
  bool begun = false;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (!begun) {
      out.resize(out.size() + 1);
      out.time.back() = bars.time[i];
      out.open.back() = bars.open[i];
      out.high.back() = bars.high[i];
      out.low.back() = bars.low[i];
      out.volume.back() = 0;
      out.flags.back() = 0;
      traded = 0;
    }
    out.high.back() = std::max(out.high.back(), bars.high[i]);
    out.low.back() = std::min(out.low.back(), bars.low[i]);
    out.close.back() = bars.close[i];
    out.volume.back() += bars.volume[i];
    out.flags.back() |= bars.flags[i];
    traded += kind == ThresholdKind::volume ? bars.volume[i] : bars.volume[i] * bars.close[i];
    begun = traded < threshold;
  }
  if (begun && !keep_last) out.resize(out.size() - 1);
  return out;
}

}  // namespace moola::market
