#include "market/labels/label_quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "market/percentile.h"
#include "market/portable_exp.h"

namespace moola::market {
namespace {

constexpr double kScaleShare = 0.95, kLowShare = 0.2, kHighShare = 0.8;

// What a trade went through, as shares of the entry price, at least 0.
struct Excursion {
  double adverse, favourable;
};

Excursion excursion(const BarrierLabels& labels, std::size_t i, QualityRule rule) {
  const double fall = std::fabs(static_cast<double>(labels.mae[i])), rise = labels.mfe[i];
  if (rule == QualityRule::factory_d28 || labels.label[i] == 1) return {fall, rise};
  if (labels.label[i] == -1) return {rise, fall};
  // No side was right: the larger move would have hurt whoever took the other.
  return {std::max(fall, rise), std::min(fall, rise)};
}

// As it is stored, so that whoever reads the file can compute the quality again.
float pain_to_gain(const BarrierLabels& labels, std::size_t i) {
  const double fall = std::fabs(static_cast<double>(labels.mae[i])), rise = labels.mfe[i];
  if (labels.label[i] == 1) return rise > 0 ? static_cast<float>(fall / rise) : 1.0F;
  if (labels.label[i] == -1) return fall > 0 ? static_cast<float>(rise / fall) : 1.0F;
  return 1.0F;
}

float drawdown(const BarrierLabels& labels, std::size_t i, double pain, int horizon) {
  if (labels.label[i] != 1 && labels.label[i] != -1) return 0.5F;
  return static_cast<float>(std::min(pain, 2.0) * labels.bars[i] / (3.0 * horizon));
}

double small(double value, double scale) {
  return 1.0 - std::clamp(value / scale, 0.0, 1.0);
}

float quality_of(const BarrierLabels& labels, std::size_t i, int horizon, const QualityScale& scale, QualityRule rule) {
  const double slow = (labels.bars[i] - 1.5 * horizon) / (1.5 * horizon);
  const double speed = labels.bars[i] > 0 ? portable_exp(-slow * slow) : 0.0;
  const Excursion moved = excursion(labels, i, rule);
  const double pain = pain_to_gain(labels, i);
  const double quality = 0.20 * speed + 0.25 * small(moved.adverse, scale.adverse) +
                         0.20 * (1.0 - small(moved.favourable, scale.favourable)) +
                         0.20 * small(pain, scale.pain_to_gain) +
                         0.15 * small(drawdown(labels, i, pain, horizon), scale.drawdown);
  return static_cast<float>(quality);
}

bool counts(const BarrierLabels& labels, std::size_t i, QualityRule rule) {
  return rule == QualityRule::factory_d28 || labels.label[i] != kInvalidLabel;
}

}  // namespace

QualityScale fit_quality(const BarrierLabels& labels, int horizon, std::size_t begin, std::size_t end,
                         QualityRule rule) {
  if (horizon < 1 || begin > end || end > labels.size()) throw std::invalid_argument("no rows to fit a quality on");
  std::vector<double> adverse, favourable, pain, down;
  for (std::size_t i = begin; i < end; ++i) {
    if (!counts(labels, i, rule)) continue;
    const Excursion moved = excursion(labels, i, rule);
    if (moved.adverse > 0) adverse.push_back(moved.adverse);
    if (moved.favourable > 0) favourable.push_back(moved.favourable);
    if (labels.label[i] == 0) continue;
    const double ratio = pain_to_gain(labels, i);
    pain.push_back(ratio);
    down.push_back(drawdown(labels, i, ratio, horizon));
  }
  if (adverse.empty() || favourable.empty() || pain.empty()) {
    throw DataError(fmt::format(
        "rows {} to {} have no labels to fit qualities on: none that is 1 or -1 with a move for and one against it.",
        begin, end));
  }
  // A scale that is 0 (nothing ever hurt) divides nothing: anything above it counts as large.
  const auto scale_of = [](std::vector<double>& values) { return std::max(percentile(values, kScaleShare), 1e-12); };
  QualityScale scale{.adverse = scale_of(adverse),
                     .favourable = scale_of(favourable),
                     .pain_to_gain = scale_of(pain),
                     .drawdown = scale_of(down)};
  std::vector<double> qualities;
  for (std::size_t i = begin; i < end; ++i) {
    if (counts(labels, i, rule)) qualities.push_back(quality_of(labels, i, horizon, scale, rule));
  }
  scale.low = percentile(qualities, kLowShare);
  scale.high = percentile(qualities, kHighShare);
  return scale;
}

LabelQuality score_quality(const BarrierLabels& labels, int horizon, const QualityScale& scale, QualityRule rule) {
  if (horizon < 1) throw std::invalid_argument("qualities for no horizon");
  const std::size_t n = labels.size();
  LabelQuality out{.pain_to_gain = std::vector<float>(n),
                   .drawdown = std::vector<float>(n),
                   .quality = std::vector<float>(n),
                   .weight = std::vector<float>(n)};
  for (std::size_t i = 0; i < n; ++i) {
    const float pain = pain_to_gain(labels, i);
    out.pain_to_gain[i] = pain;
    out.drawdown[i] = drawdown(labels, i, pain, horizon);
    if (!counts(labels, i, rule)) continue;
    out.quality[i] = quality_of(labels, i, horizon, scale, rule);
    out.weight[i] = out.quality[i] >= scale.high ? 1.5F : out.quality[i] <= scale.low ? 0.5F : 1.0F;
  }
  return out;
}

}  // namespace moola::market
