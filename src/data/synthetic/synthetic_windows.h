#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace moola::data {

/// Windows that a generator has made from labelled ones: a value per window, but x.
struct SyntheticWindows {
  std::size_t length = 0;                                         // bars of each
  std::vector<std::string> channel_names = {}, label_names = {};  // the labelled windows' own
  std::vector<float> x = {};                                      // (m, length, channels), finite
  std::vector<std::int32_t> y = {};                               // of label_names
  std::vector<std::int64_t> source = {};                          // row of the labelled windows; -1: of none

  std::size_t size() const { return y.size(); }
  std::size_t values() const { return length * channel_names.size(); }
};

}  // namespace moola::data
