#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "market/labels/triple_barrier.h"

namespace moola::market {

/// Whose idea of a label's quality.
enum class QualityRule : std::uint8_t {
  /// A short trade's pain is the rise and its gain the fall; scales come from valid labels of the rows that fit them;
  /// an invalid label has quality and weight 0.
  moola,
  /// The Python factory's state D28: every trade is seen as a long one but for its pain to gain, and invalid labels
  /// count as shorts without moves.
  factory_d28,
};

/// What qualities are measured by: 95th percentiles of the rows that they were fitted on, and where the lowest and the
/// highest fifth of the qualities begin. A fitted thing: it has seen those rows.
struct QualityScale {
  double adverse = 1, favourable = 1, pain_to_gain = 1, drawdown = 1;
  double low = 0, high = 1;
};

/// How clean a trade each label was, and what it should weigh.
struct LabelQuality {
  std::vector<float> pain_to_gain;  // adverse excursion over the favourable one; 1 where the label is 0 or invalid
  std::vector<float> drawdown;      // it (at most 2) times the share of 3 horizons that the label took; 0.5 likewise
  std::vector<float> quality;       // 0 to 1
  std::vector<float> weight;        // 1.5 for the best fifth, 0.5 for the worst, 1
};

/// The scale of `labels` for `horizon` bars, from rows [begin, end) alone. Throws DataError when they hold no valid
/// label that moves. Cost O(n).
QualityScale fit_quality(const BarrierLabels& labels, int horizon, std::size_t begin, std::size_t end,
                         QualityRule rule = QualityRule::moola);

/// 0.20 speed + 0.25 small adverse excursion + 0.20 large favourable one + 0.20 small pain to gain + 0.15 small
/// drawdown, each within 0 and 1 by `scale`; speed = exp(-((bars - 1.5 h) / (1.5 h))^2). Source: reference factory.md
/// 1.7.
LabelQuality score_quality(const BarrierLabels& labels, int horizon, const QualityScale& scale,
                           QualityRule rule = QualityRule::moola);

}  // namespace moola::market
