#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "market/checks/rows.h"

namespace moola::market {

// Of labels 1, 0 and -1; any other value (kInvalidLabel) is no label.

/// How many rows have which label.
struct LabelCounts {
  std::size_t down = 0, neutral = 0, up = 0, invalid = 0;

  std::size_t valid() const { return down + neutral + up; }
  /// Of the valid ones; 0 where there are none.
  double down_share() const { return share(down); }
  double neutral_share() const { return share(neutral); }
  double up_share() const { return share(up); }

 private:
  double share(std::size_t count) const {
    return valid() == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(valid());
  }
};

/// Throws std::invalid_argument for rows that there are not, as all of these do.
LabelCounts count_labels(std::span<const std::int8_t> labels, std::span<const Rows> rows);

/// The same of `chunks` stretches of all rows, equally long but for one row: how the classes change over time.
std::vector<LabelCounts> count_labels_over_time(std::span<const std::int8_t> labels, std::size_t chunks);

/// How a label goes together with the one `lag` rows later.
struct LabelAutocorrelation {
  std::size_t lag = 0;
  std::size_t pairs = 0;   // both valid, in one range
  double correlation = 0;  // Pearson's, of these pairs; 0 where either side is always the same
};

/// Counted exactly, hence the same on every machine. Cost: about 1 ns a row and lag. Throws std::invalid_argument for a
/// lag of 0.
std::vector<LabelAutocorrelation> label_autocorrelation(std::span<const std::int8_t> labels, std::span<const Rows> rows,
                                                        std::span<const std::size_t> lags);

/// The same of numbers, where both of a pair are finite: added up in the rows' order, hence the same on every machine.
std::vector<LabelAutocorrelation> value_autocorrelation(std::span<const double> values, std::span<const Rows> rows,
                                                        std::span<const std::size_t> lags);

/// Runs of rows with the same valid label; an invalid one and a range's end end a run.
struct LabelRuns {
  std::size_t runs = 0, longest = 0;
  double mean_length = 0;  // 0 where there are none
};
LabelRuns label_runs(std::span<const std::int8_t> labels, std::span<const Rows> rows);

}  // namespace moola::market
