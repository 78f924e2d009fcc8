#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/store/dataset.h"

namespace moola::data {

/// Labelled windows as they are stored: docs/formats.md says what each part is. What the set does not have is empty.
struct LabelledWindows {
  std::size_t length = 0;  // bars of a window
  std::vector<std::string> channel_names = {}, feature_names = {};
  std::vector<float> x = {};      // (n, length, channels)
  std::vector<float> feats = {};  // (n, features)
  std::vector<std::string> label_names = {}, symbols = {};
  std::vector<std::int32_t> y = {};                        // (n) of label_names
  std::vector<std::int32_t> symbol = {};                   // (n) of symbols
  std::vector<std::int64_t> t0 = {}, t1 = {};              // (n) ns UTC, both ends included
  std::vector<std::int64_t> group = {};                    // (n) what no split takes apart shares a number
  std::vector<std::int64_t> raw_start = {}, raw_end = {};  // (n) bars of the series, both included; kNoValue: not known
  std::vector<float> weight = {};                          // (n)

  std::size_t size() const { return y.size(); }
  std::size_t channels() const { return channel_names.size(); }
};

/// All of them, 4 bytes per value. Throws DataError for a file that is damaged or not as formats.md says: parts of
/// unequal number, classes without a name, t1 before t0, one of t0 and t1 alone.
LabelledWindows read_labelled_windows(const DatasetReader& reader);

}  // namespace moola::data
