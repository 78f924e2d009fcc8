#pragma once
#include <span>

#include "market/labels/forward_return.h"
#include "market/labels/triple_barrier.h"

namespace moola::market {

struct Directional {
  Holding holding = {};
  /// Moves of at most this either way are neutral: times the bar's scale, or a share of the entry price where there is
  /// no scale.
  double dead_band = 0;
  /// Of a round trip, in price, and as a share of the entry price: widens the dead band.
  double cost = 0, cost_share = 0;
};

/// Labels every bar by where the price is `holding.bars` bars later: 1 above its entry, -1 below, 0 within the dead
/// band, whose ends belong to it.
///
/// `bars` of every label is the holding's, `touch` 0, mae and mfe those of the whole holding. `scale`: per bar, known
/// at its close, or empty; a bar whose scale is not a finite number above 0 has no label, nor have the last
/// `holding.bars` bars. Cost: about 20 ns a bar, whatever the horizon. Throws ConfigError for a holding below one bar
/// or a dead band or cost below 0, std::invalid_argument for columns of unequal length.
BarrierLabels directional_labels(const PriceSpans& prices, std::span<const double> scale, const Directional& rule);

}  // namespace moola::market
