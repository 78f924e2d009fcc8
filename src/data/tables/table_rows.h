#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/utc_time.h"

namespace moola::data {

/// What stands in a label where there is none.
inline constexpr std::int8_t kInvalidLabel = -99;

/// What one horizon asks for, a value per row each; empty where the table has none of them. Either `label` or `target`
/// is there.
struct HorizonColumns {
  std::int32_t horizon = 0;             // in bars; part of the names: label_5, t1_5, weight_5, quality_5
  std::vector<std::int8_t> label = {};  // -1, 0, 1, or kInvalidLabel
  std::vector<float> target = {};       // a number to foretell: finite, or NaN where there is none
  std::vector<std::int64_t> t1 = {};    // last stamp that the label depends on, kNoTime where there is none
  std::vector<float> weight = {};       // of the sample, finite and >= 0
  std::vector<float> quality = {};      // of the label; NaN where there is none

  /// Whether there is a label or a target.
  bool has(std::size_t row) const { return target.empty() ? label[row] != kInvalidLabel : target[row] == target[row]; }
};

/// All of a feature table but its features: a value per row in every column.
///
/// Rows are in the order of (time, symbol), each pair once. In this order a split is a few ranges of rows whatever
/// number of symbols there is, and purging by time is a binary search. Rows of one segment are then not neighbours when
/// there are several symbols: rows_by_segment has them in order.
struct TableRows {
  std::vector<std::int64_t> time = {};        // ns UTC
  std::vector<std::int32_t> symbol = {};      // index into the table's symbols; empty: all rows are of the only one
  std::vector<std::int32_t> segment = {};     // of one symbol, without a gap; from 0; no window crosses one
  std::vector<HorizonColumns> horizons = {};  // ascending

  std::size_t size() const { return time.size(); }
};

/// What is wrong with the rows of a table of so many symbols, for the end of a message "FILE …"; nothing when they are
/// as TableRows says. Cost O(n) for each horizon.
std::optional<std::string> fault_of(const TableRows& rows, std::size_t symbols);

}  // namespace moola::data
