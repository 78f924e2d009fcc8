#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "validation/row_range.h"
#include "validation/separation.h"

namespace moola::validation {

/// What a row knows and when: it decides at t0, and its label is known at t1.
struct LabelIntervals {
  std::span<const std::int64_t> t0;  // (n) nanoseconds UTC, in order; several rows may share a stamp
  std::span<const std::int64_t>
      t1;  // (n) t0 or later; kNoTime: the row has no label. Empty: labels end where they begin

  std::size_t size() const { return t0.size(); }
  /// kNoTime counts as t0.
  std::int64_t end(std::size_t row) const;
};

/// Throws DataError naming the first row that is out of order or whose label ends before it begins.
void check_intervals(const LabelIntervals& intervals);

struct PurgeOptions {
  Separation purge = {};      // at least so far from a test part on both sides, whatever the labels say
  Separation embargo = {};    // beyond that after a test part
  Separation look_back = {};  // how far features look back: intervals begin so much earlier; not a fraction
};

/// Which rows may train beside a test part.
struct TrainRows {
  std::vector<RowRange> rows;
  std::vector<RowRange> purged = {}, embargoed = {};  // rows of neither part, by why
};

/// Leaves out of training what overlaps with a test part.
///
/// Test rows that follow each other make one block, with S the t0 of its first row and E the largest t1 of any of them.
/// A row is purged when its closed interval [t0 - look_back, t1] and [S - look_back, E] have a moment in common, or
/// when it lies within `purge` of the block; and embargoed when it lies within `embargo` after what is purged behind
/// the block. Bars are rows: where several rows share a stamp, say separations in time.
///
/// Source: Lopez de Prado, Advances in Financial Machine Learning, 7.4, with closed intervals (its snippet 7.3 keeps
/// labels that end on the stamp on which the test part begins).
class Purger {
 public:
  /// `intervals` must outlive it. Cost O(n). Throws DataError as check_intervals, ConfigError for a look-back that is a
  /// share of the rows.
  Purger(const LabelIntervals& intervals, const PurgeOptions& options);

  /// `test`: disjoint, in order. Cost O(ranges + rows that reach over the beginnings of blocks).
  TrainRows beside(std::span<const RowRange> test) const;

 private:
  LabelIntervals intervals_;
  PurgeOptions options_;
  std::vector<std::int64_t> latest_;      // (n) the largest end of rows up to this one
  std::vector<std::int64_t> block_ends_;  // the largest end of each kBlock rows

  std::int64_t latest_end(const RowRange& rows) const;
  void purge_before(const RowRange& block, std::vector<RowRange>& out) const;
  RowRange purge_after(const RowRange& block) const;
  std::size_t embargo_after(std::size_t first, std::int64_t end) const;
};

}  // namespace moola::validation
