#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "validation/split.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// Times that an encoder of a split may be trained on, in ns UTC.
struct EncoderTimes {
  /// Half-open [begin, end).
  struct Range {
    std::int64_t begin, end;
    bool operator==(const Range&) const = default;
  };
  std::optional<std::int64_t> to = {};  // windows end at or before it
  std::vector<Range> exclude = {};      // no window meets one of these
};

/// What the split's train part leaves: where `behind` (walk-forward), all until the last label of the train part is
/// known; else all but the test parts, each with everything from the last label before it that trains to the first row
/// after it that does, and so with whatever was purged and embargoed. A test part at an end of the rows keeps on its
/// outer side the distance that it has on the other. Cost O(rows).
EncoderTimes encoder_times(const EvaluationData& data, const validation::Split& split, bool behind);

}  // namespace moola::work
