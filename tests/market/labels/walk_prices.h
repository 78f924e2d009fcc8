#pragma once
// Prices for tests of labels.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/keyed_random.h"
#include "market/labels/triple_barrier.h"

namespace moola::test {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct WalkPrices {
  std::vector<double> open, high, low, close, scale;
  market::PriceSpans spans() const { return {open, high, low, close}; }
  std::size_t size() const { return close.size(); }
};

/// A walk on a coarse grid, so that barriers are met exactly, bars reach both and open beyond them. Its scale is not
/// known everywhere.
inline WalkPrices walk(std::uint64_t seed, std::size_t n) {
  WalkPrices out;
  KeyedRandom random(seed, Stream::augmentation, 0, 0);
  const auto step = [&](int most) { return static_cast<int>(random.uniform() * (2 * most + 1)) - most; };
  int price = 1000;
  for (std::size_t i = 0; i < n; ++i) {
    const int open = price + (random.uniform() < 0.2 ? step(6) : 0), close = open + step(4);
    const int high = std::max(open, close) + static_cast<int>(random.uniform() * 5);
    const int low = std::min(open, close) - static_cast<int>(random.uniform() * 5);
    price = std::max(200, close);
    out.open.push_back(open * 0.25);
    out.high.push_back(high * 0.25);
    out.low.push_back(low * 0.25);
    out.close.push_back(close * 0.25);
    out.scale.push_back(random.uniform() < 0.03 ? (random.uniform() < 0.5 ? kNaN : 0.0) : 0.5 + 0.25 * step(1));
  }
  return out;
}

}  // namespace moola::test
