#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace moola::market {

struct TrendScan {
  std::int32_t least = 4, most = 19;  // how many bars ahead of the one that decides a trend may end
  double least_t = 0;                 // trends of a smaller |t| are neutral
};

/// One entry per bar; zeros beside an invalid label.
struct TrendLabels {
  std::vector<std::int8_t> label;  // 1, 0, -1, or kInvalidLabel
  std::vector<std::int32_t> bars;  // how far ahead the trend ends
  std::vector<float> t_value;      // of its slope
  std::vector<float> exit_return;  // of the close there over the close that decides, less 1

  std::size_t size() const { return label.size(); }
  /// The last bar whose close had a part in label `i` (t1): `most` bars ahead, however long the trend that won, which
  /// is known to have won only then. -1 where the label is invalid.
  std::int64_t last_bar(std::size_t i, const TrendScan& rule) const;
};

/// Labels every bar by the sign of the steepest trend that begins at its close: of the least-squares lines through the
/// closes of bars i … i + L, L from `least` to `most`, the one whose slope has the largest |t|, the shortest of equals.
///
/// t = slope / its standard error, with L - 1 degrees of freedom; a line that misses its closes by less than 1e-6 of
/// their deviation counts as one that misses by that much, so that t stays finite, and closes that do not move have
/// t = 0. The last `most` bars have no label. Cost: about 20 ns a bar and length, divided among `threads`; the same
/// bits on any number of them. Throws ConfigError unless 2 <= least <= most and least_t >= 0. Source: Lopez de Prado
/// 2020 (Machine Learning for Asset Managers), section 5.4; its spans count the deciding bar too: L + 1.
TrendLabels trend_scan(std::span<const double> close, const TrendScan& rule, unsigned threads = 1);

}  // namespace moola::market
