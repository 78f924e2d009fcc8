#pragma once
#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "base/utc_time.h"
#include "validation/purge.h"

namespace moola::test {

/// Rows with labels of different lengths, some none, and stamps that some rows share.
struct RandomIntervals {
  std::vector<std::int64_t> t0, t1;

  RandomIntervals(std::mt19937_64& random, std::size_t n, bool shared_stamps) {
    std::int64_t time = 1'000;
    for (std::size_t row = 0; row < n; ++row) {
      time += shared_stamps ? static_cast<std::int64_t>(random() % 3) : 1 + static_cast<std::int64_t>(random() % 4);
      t0.push_back(time);
      const bool none = random() % 20 == 0;
      const bool far = random() % 40 == 0;
      t1.push_back(none ? kNoTime : time + static_cast<std::int64_t>(random() % (far ? 60 : 9)));
    }
  }

  validation::LabelIntervals intervals() const { return {t0, t1}; }
  std::int64_t end(std::size_t row) const { return t1[row] == kNoTime ? t0[row] : t1[row]; }
};

inline std::set<std::size_t> row_set(const std::vector<validation::RowRange>& ranges) {
  std::set<std::size_t> out;
  for (const validation::RowRange& range : ranges) {
    for (std::size_t row = range.begin; row < range.end; ++row) out.insert(row);
  }
  return out;
}

}  // namespace moola::test
