#pragma once
#include <string_view>

#include "validation/split.h"

namespace moola::validation {

/// A stretch of time to train on or to test: rows, a share of all rows, a length of time, or months of the calendar.
struct Stretch {
  enum class Unit : std::uint8_t { rows, fraction, time, months };
  Unit unit = Unit::rows;
  double value = 0;
};

/// "5000bars", "0.1", "30d", "1month", "3months", "1quarter", "2years". Throws ConfigError that says what was expected;
/// `what` is the key ("test").
Stretch parse_stretch(std::string_view text, std::string_view what);
/// As `parse_stretch` reads it.
std::string to_string(const Stretch& stretch);

struct WalkForwardOptions {
  Stretch train;            // what the first test part has before it; of the later ones too unless `expanding`
  Stretch test;             // each test part; the next begins where it ends
  bool expanding = true;    // train on everything before; else on the last `train` before the test part
  bool short_last = true;   // also test what is left at the end, shorter than `test`
  PurgeOptions apart = {};  // both before a test part: nothing trains behind one
};

/// Trains on the past, tests what comes next, and goes on by what it has tested. Months begin on the first of a month
/// at 00:00 UTC. Rows that share a stamp stay together. Cost O(n) and what Purger costs, per split.
///
/// Between train and test lie `embargo` and then `purge`; a row whose label reaches into the test part goes in any
/// case. The first test part begins so much later that its train part is whole, but for test parts in months, which
/// begin with one: there the separations are taken from the train part. Throws ConfigError for stretches that leave no
/// test part, DataError as check_intervals.
std::vector<Split> walk_forward(const LabelIntervals& intervals, const WalkForwardOptions& options);

}  // namespace moola::validation
