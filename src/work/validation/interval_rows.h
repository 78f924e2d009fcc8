#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/store/dataset.h"
#include "validation/purge.h"

namespace moola::work {

/// Rows to be split: when each decides and when its label is known, and which class that is.
struct IntervalRows {
  std::string source = {};                     // the file or the ID, for messages
  std::vector<std::int64_t> t0 = {}, t1 = {};  // (n) ns UTC, in order of t0; t1 is kNoTime where there is no label
  bool counted = false;                        // they are numbers of bars instead of moments
  std::vector<std::int32_t> classes = {};      // (n) numbers of class_names, -1 where there is none; or empty
  std::vector<std::string> class_names = {};
  std::optional<data::Parent> data = {};  // the data set that they are rows of

  std::size_t size() const { return t0.size(); }
  validation::LabelIntervals intervals() const { return {t0, t1}; }
};

/// Which columns of a table hold what.
struct IntervalColumns {
  std::string t0 = "t0", t1 = "t1";
  std::string label = {};  // of classes; empty: not looked at
};

/// Of a CSV or Parquet file. Stamps in any form that `moola data import` reads, epochs too; whole numbers below 1e8 are
/// numbers of bars. An empty t1 is of a row without a label. Throws ConfigError for a file or column that is not there,
/// DataError naming the first row that has no t0, is out of order, or whose label ends before it begins.
IntervalRows read_interval_file(const std::filesystem::path& file, const IntervalColumns& columns);

/// Of a feature table, at one of its horizons (needed where it has several), or of labelled windows. Throws ConfigError
/// for another kind of data set or a horizon that is not there, DataError for windows without times.
IntervalRows read_interval_dataset(const std::filesystem::path& workspace, const data::DatasetId& id,
                                   std::optional<std::int32_t> horizon);

}  // namespace moola::work
