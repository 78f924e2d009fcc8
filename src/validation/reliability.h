#pragma once
#include <cstdint>
#include <vector>

#include "validation/forecast_scores.h"

namespace moola::validation {

/// Bins of probabilities, as the calibration errors of ForecastScorer have them: of equal width, each open below and
/// closed above; or of equal weight, each to the last row that is as confident as the one that fills it.
enum class ReliabilityBins : std::uint8_t { equal_width, equal_mass };

struct ReliabilityOptions {
  std::size_t bins = 10;
  ReliabilityBins by = ReliabilityBins::equal_width;
  double level = 0.95;  // of the intervals
};

struct ReliabilityBin {
  double low = 0, high = 0;  // equal width: the edges; equal mass: the least and the largest probability in it
  double weight = 0;         // above 0
  double confidence = 0;     // the mean probability
  double share = 0;          // that came
  double share_low = 0, share_high = 0;  // Wilson's interval of the share
};

struct ReliabilityCurve {
  std::vector<ReliabilityBin> bins;  // from the least probability; without the empty ones
  double ece = 0;                    // sum over bins of weight |confidence - share|, over all weight
};

struct Reliability {
  ReliabilityCurve predicted;              // its ece is ForecastScores::ece_width or ece_mass, to the bit
  std::vector<ReliabilityCurve> by_class;  // each class against the rest
};

/// How often what was given a probability came. Intervals take a bin for (sum w)^2 / sum w^2 rows, and rows for
/// independent: of rows whose labels overlap they are too narrow.
///
/// Cost O(classes n log n). Throws DataError as check_forecasts; ConfigError for no bins and a level outside 0 to 1.
/// Source: Wilson, Probable inference (1927).
Reliability measure_reliability(const Forecasts& forecasts, const ReliabilityOptions& options = {});

}  // namespace moola::validation
