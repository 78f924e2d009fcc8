#pragma once
#include <cstdint>
#include <optional>

#include "market/labels/triple_barrier.h"

namespace moola::market {

/// What the labels of a pair of barriers look like as a whole: all that their fitness looks at, from one pass.
struct LabelSummary {
  std::int64_t longs = 0, shorts = 0, neutrals = 0;  // valid labels
  double signal_bars = 0;                            // that longs and shorts took, summed
  // Of longs and shorts, summed, as shares of the entry price: the furthest that the price went for them, and against
  // them.
  double gain = 0, pain = 0;

  std::int64_t valid() const { return longs + shorts + neutrals; }
  std::int64_t signals() const { return longs + shorts; }
};

/// Of rows [begin, end). Cost O(n).
LabelSummary summarise_labels(const BarrierLabels& labels, std::size_t begin, std::size_t end);

/// Rewards barriers whose labels can be learnt from and traded: neutral labels a fifth to three tenths, as many longs
/// as shorts, ends within two horizons, no class rarer than 15 %, and gains that costs are a small part of. Asymmetry
/// is neither rewarded nor punished: what it was meant to bring, even shares, is rewarded itself. The sum of
///   10 for neutral shares in [0.2, 0.3]; below, -40 per unit and below 0.15 another -50; above, -20 per unit
///   2 - 8 |longs / signals - 0.5|, less 3 outside [0.3, 0.7]
///   1 - mean bars of a signal / (2 horizon), within [-2, 1.5]
///   0.5, or -30 per unit that the rarest class falls short of 0.15
///   0.5 while `cost` is at most 0.2 of the mean gain; above, -10 per unit, not below -10.
/// Labels that nothing can be learnt from (neutral outside [0.1, 0.4], longs or shorts below 0.1 of all, shorts outside
/// [0.1, 0.9] of the signals) score below -1000, the less the further off they are, so that a search finds its way
/// back. `cost`: of a round trip, as a share of the entry price.
///
/// `margin`: by how much the neutral share of other rows may well be smaller. Shares below 0.2 + margin lose 40 per
/// unit that they fall short of it, as far down as 0.2: without that the terms for speed and cost, which ask for nearer
/// barriers, put the best exactly on the edge at 0.2, and other rows beyond it.
double barrier_fitness(const LabelSummary& labels, int horizon, double cost, double margin = 0);

/// What the factory's state D28 computes instead, for comparing with it: the same shares, then a profit factor, a cost
/// that mixes dollars with shares of a price, and a term for asymmetry.
struct FactoryCosts {
  double ticks = 1.5;        // of a round trip: commission and twice the slippage
  double tick_value = 1.25;  // dollars
  double mean_scale = 1;     // mean ATR, in price
};
struct FactoryAsymmetry {
  double up, down;      // the barriers, in ATR
  bool wants_symmetry;  // gold futures do, in the factory's view, index futures don't
};
double factory_d28_fitness(const LabelSummary& labels, int horizon, const FactoryCosts& costs,
                           const std::optional<FactoryAsymmetry>& asymmetry = std::nullopt);

}  // namespace moola::market
