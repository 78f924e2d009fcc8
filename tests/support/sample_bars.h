#pragma once
// Bars for tests of indicators: a walk with flat stretches and bars without volume, and bars that never move.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/keyed_random.h"
#include "market/bars.h"

namespace moola::test {

inline constexpr std::int64_t kMinuteNs = 60'000'000'000;
inline constexpr std::int64_t kFirstStamp = 1'546'300'800'000'000'000;  // 2019-01-01

/// Five-minute bars around 100 with a volume of some thousands. `calm`: no stretch without moves or volume.
inline market::Bars walking_bars(std::uint64_t seed, std::size_t n, bool calm = false) {
  market::Bars bars;
  bars.resize(n);
  KeyedRandom random(seed, Stream::augmentation, 0, 0);
  double price = 100;
  std::size_t still = 0, silent = 0;  // bars left of a stretch
  for (std::size_t i = 0; i < n; ++i) {
    if (!calm && random.uniform() < 0.01) still = static_cast<std::size_t>(random.uniform() * 80);
    if (!calm && random.uniform() < 0.01) silent = static_cast<std::size_t>(random.uniform() * 80);
    const auto step = [&](double size) { return price * size * (random.uniform() - 0.5); };
    const bool moves = still == 0;
    bars.time[i] = kFirstStamp + static_cast<std::int64_t>(i) * 5 * kMinuteNs;
    bars.open[i] = price + (moves ? step(0.002) : 0.0);
    bars.close[i] = moves ? bars.open[i] + step(0.01) : price;
    bars.high[i] = std::max(bars.open[i], bars.close[i]) + (moves ? std::fabs(step(0.006)) : 0.0);
    bars.low[i] = std::min(bars.open[i], bars.close[i]) - (moves ? std::fabs(step(0.006)) : 0.0);
    bars.volume[i] = silent > 0 ? 0.0 : std::floor(500 + 4000 * random.uniform());
    price = bars.close[i];
    still -= still > 0;
    silent -= silent > 0;
  }
  return bars;
}

/// Every price the same; `volume` in every bar.
inline market::Bars flat_bars(std::size_t n, double price, double volume) {
  market::Bars bars = walking_bars(1, n);
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close})
    std::fill(column->begin(), column->end(), price);
  std::fill(bars.volume.begin(), bars.volume.end(), volume);
  return bars;
}

}  // namespace moola::test
