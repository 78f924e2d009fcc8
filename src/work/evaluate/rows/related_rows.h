#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "validation/split.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// Rows that must not be parted from some others whatever their times say: those of one group, and windows that hold
/// the same bars of their symbol, by the bars' numbers. Of a table there are none.
class RelatedRows {
 public:
  /// Cost O(rows log rows).
  RelatedRows(const EvaluationData& data, std::span<const std::size_t> rows);
  /// Whether `row` is of a group, or holds a bar, of any of the rows. Cost O(log rows).
  bool holds(std::size_t row) const;

 private:
  struct Bars {
    std::int32_t symbol;
    std::int64_t first, last;
  };
  const EvaluationData& data_;
  std::unordered_set<std::int64_t> groups_;
  std::vector<Bars> bars_;  // disjoint, in order

  Bars bars_of(std::size_t row) const { return {data_.symbol[row], data_.first_bar[row], data_.last_bar[row]}; }
};

/// Takes rows out of the train part that are related to a test row, or to one of `kept_back`; they count as purged.
/// Where none is left, the split has a fault.
void part_from_related(const EvaluationData& data, validation::Split& split,
                       std::span<const validation::RowRange> kept_back = {});

}  // namespace moola::work
