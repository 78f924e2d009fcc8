#include "market/labels/barrier_fitness.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace moola::market {
namespace {

struct Shares {
  double longs, shorts, neutrals, shorts_of_signals;
};

Shares shares_of(const LabelSummary& labels) {
  const auto all = static_cast<double>(labels.valid());
  const double signals = static_cast<double>(labels.signals());
  return {.longs = static_cast<double>(labels.longs) / all,
          .shorts = static_cast<double>(labels.shorts) / all,
          .neutrals = static_cast<double>(labels.neutrals) / all,
          .shorts_of_signals = signals > 0 ? static_cast<double>(labels.shorts) / signals : 0.5};
}

// How far `value` lies outside [low, high].
double outside(double value, double low, double high) {
  return std::max({0.0, low - value, value - high});
}

double neutral_score(double share) {
  if (share < 0.2) return -40.0 * (0.2 - share) - 50.0 * std::max(0.0, 0.15 - share);
  if (share > 0.3) return -20.0 * (share - 0.3);
  return 10.0;
}

// What the repaired fitness takes off within `margin` above the edge of neutral_score.
double margin_loss(double share, double margin) {
  return 40.0 * std::clamp(0.2 + margin - share, 0.0, margin);
}

double balance_score(double long_share) {
  return 2.0 - 8.0 * std::fabs(long_share - 0.5) - (outside(long_share, 0.3, 0.7) > 0 ? 3.0 : 0.0);
}

double speed_score(const LabelSummary& labels, int horizon) {
  const double mean = labels.signal_bars / static_cast<double>(labels.signals());
  return std::clamp(1.0 - mean / (2.0 * horizon), -2.0, 1.5);
}

double class_score(const Shares& shares) {
  const double rarest = std::min({shares.longs, shares.shorts, shares.neutrals});
  return rarest < 0.15 ? -30.0 * (0.15 - rarest) : 0.5;
}

double cost_score(double cost, double gain) {
  const double ratio = gain > 0 ? cost / gain : 1e300;
  return ratio <= 0.2 ? 0.5 : std::max(-10.0, -10.0 * (ratio - 0.2));
}

double profit_factor_score(const LabelSummary& labels) {
  const double factor = labels.pain > 0 ? labels.gain / labels.pain : 1e300;
  if (factor > 2) return 1.5;
  if (factor >= 1) return 2.0;
  return factor >= 0.8 ? 0.5 : -2.0;
}

double asymmetry_score(const FactoryAsymmetry& barriers) {
  const double difference = barriers.up - barriers.down, mean = (barriers.up + barriers.down) / 2;
  if (barriers.wants_symmetry)
    return std::fabs(difference) <= 0.1 * mean ? 0.5 : std::max(-5.0, -5.0 * std::fabs(difference));
  const double ratio = barriers.up / barriers.down;
  if (ratio < 1) return std::max(-5.0, -3.0 * std::fabs(difference));
  if (ratio < 1.2) return std::min(2.0, difference);
  return ratio <= 1.8 ? std::min(3.0, 2.0 * difference) : std::min(1.5, 0.5 * difference);
}

}  // namespace

LabelSummary summarise_labels(const BarrierLabels& labels, std::size_t begin, std::size_t end) {
  if (begin > end || end > labels.size()) throw std::invalid_argument("rows to summarise that labels do not have");
  LabelSummary out;
  std::int64_t bars = 0;
  for (std::size_t i = begin; i < end; ++i) {
    const std::int8_t label = labels.label[i];
    if (label == kInvalidLabel) continue;
    const double fall = std::fabs(static_cast<double>(labels.mae[i])), rise = labels.mfe[i];
    out.longs += label == 1;
    out.shorts += label == -1;
    out.neutrals += label == 0;
    if (label == 0) continue;
    bars += labels.bars[i];
    out.gain += label == 1 ? rise : fall;
    out.pain += label == 1 ? fall : rise;
  }
  out.signal_bars = static_cast<double>(bars);
  return out;
}

double barrier_fitness(const LabelSummary& labels, int horizon, double cost, double margin) {
  if (labels.valid() == 0) return -3000.0;
  const Shares shares = shares_of(labels);
  const double off = outside(shares.neutrals, 0.1, 0.4) + outside(shares.longs, 0.1, 1.0) +
                     outside(shares.shorts, 0.1, 1.0) + outside(shares.shorts_of_signals, 0.1, 0.9);
  if (off > 0) return -1000.0 - 1000.0 * off;
  const double gain = labels.gain / static_cast<double>(labels.signals());
  return neutral_score(shares.neutrals) - margin_loss(shares.neutrals, margin) +
         balance_score(1.0 - shares.shorts_of_signals) + speed_score(labels, horizon) + class_score(shares) +
         cost_score(cost, gain);
}

double factory_d28_fitness(const LabelSummary& labels, int horizon, const FactoryCosts& costs,
                           const std::optional<FactoryAsymmetry>& asymmetry) {
  if (labels.valid() == 0) return -10'000.0;
  const Shares shares = shares_of(labels);
  const bool unusable = outside(shares.neutrals, 0.1, 0.4) > 0 || shares.longs < 0.1 || shares.shorts < 0.1 ||
                        outside(shares.shorts_of_signals, 0.1, 0.9) > 0;
  if (unusable) return -10'000.0 + 10.0 * shares.neutrals;
  const double gain = labels.gain / static_cast<double>(labels.signals());
  return neutral_score(shares.neutrals) + balance_score(1.0 - shares.shorts_of_signals) + speed_score(labels, horizon) +
         profit_factor_score(labels) + cost_score(costs.ticks * costs.tick_value / costs.mean_scale, gain) +
         class_score(shares) + (asymmetry ? asymmetry_score(*asymmetry) : 0.0);
}

}  // namespace moola::market
