#include "market/clean/threshold_bars.h"

#include <fmt/format.h>

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
    if (begun) {
      out.extend_last(bars, i);
    } else {
      out.push_back(bars, i);
      traded = 0;
    }
    traded += kind == ThresholdKind::volume ? bars.volume[i] : bars.volume[i] * bars.close[i];
    begun = traded < threshold;
  }
  if (begun && !keep_last) out.resize(out.size() - 1);
  return out;
}

}  // namespace moola::market
