#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "validation/row_range.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// Barriers that every split of a walk-forward searches anew in its own past, and the labels that they make: the rows
/// of a table of `moola prepare` are labelled as if it had been made on the day before each test part.
class BarrierRefit {
 public:
  /// Reads and cleans the bars of the table's symbols again. Gives `data` the classes -1, 0 and 1, and takes the
  /// table's own barriers from what was fitted before. Throws ConfigError for a table that `moola prepare` has not made
  /// from triple barriers; DataError where its rows are not those of its bars.
  BarrierRefit(const std::filesystem::path& workspace, EvaluationData& data, unsigned threads);
  ~BarrierRefit();

  /// Of each symbol {"rule", "found_by", "fitness", "evaluations", "seen"}: searched as the table's [barriers] say, in
  /// the bars of these rows, from the first to the last. The same on any number of threads. Throws DataError where they
  /// are too few.
  Json search(const validation::RowRange& rows) const;
  /// Hash of all that determines what `search` finds.
  std::string key(const validation::RowRange& rows) const;

  /// What was found for every split, null where the search failed.
  void take(std::vector<Json> found) { found_ = std::move(found); }
  const std::vector<Json>& found() const { return found_; }

  /// Labels all rows by the barriers of a split that has some: `label`, `t1` and `run_begin`. Cost: 30 ns a bar.
  void label_as(EvaluationData& data, std::size_t split) const;
  /// Labels rows as the split says that tests them; those before the first test part as the first does, all others not
  /// at all.
  void label_as_tested(EvaluationData& data, const std::vector<std::vector<validation::RowRange>>& tests) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
  std::vector<Json> found_;
};

}  // namespace moola::work
