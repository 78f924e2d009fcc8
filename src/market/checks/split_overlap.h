#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "market/checks/check_result.h"
#include "market/checks/rows.h"

namespace moola::market {

/// One part of a split.
struct SplitPart {
  std::string name;  // "train"
  std::vector<Rows> rows;
};

/// When every row's label starts and stops depending on prices, closed on both sides; any unit, such as nanoseconds
/// where rows are of several symbols, or the bars' numbers. A row whose last is before its first has no label and is
/// left out.
struct LabelSpans {
  std::span<const std::int64_t> first, last;  // (rows of the table)
};

/// Checks of every two parts, A before B in `parts`, and of all of them:
/// - "rows_in_two_parts": rows that are in more than one; `worst` counts them;
/// - "A_labels_reach_B": rows of A whose label depends on a price that a label of B depends on too; `worst` counts
/// them;
/// - "A_B_distance": the smallest distance of the first prices of a row of A and one of B, at least `least_distance`;
///   `worst` is that distance; passed where either part has no rows.
/// Cost O(n log n), O(n) where rows come in the order of their first prices. Throws std::invalid_argument for rows that
/// there are not and spans of unequal length.
std::vector<CheckResult> check_split(std::span<const SplitPart> parts, const LabelSpans& labels,
                                     std::int64_t least_distance);

}  // namespace moola::market
