#include "work/evaluate/refit/encoder_times.h"

#include <algorithm>

namespace moola::work {
namespace {

using validation::RowRange;

// The last moment that a row of `range` or its label depends on.
std::int64_t end_of(const EvaluationData& data, const RowRange& range) {
  std::int64_t out = data.intervals().end(range.begin);
  for (std::size_t row = range.begin; row < range.end; ++row) out = std::max(out, data.intervals().end(row));
  return out;
}

// Test ranges between which nothing trains.
struct Block {
  std::size_t begin, end;  // rows
  std::int64_t last;       // moment
};

std::vector<Block> blocks_of(const EvaluationData& data, const validation::Split& split) {
  std::vector<Block> out;
  for (const RowRange& test : split.test) {
    const bool apart = out.empty() || std::ranges::any_of(split.train, [&](const RowRange& train) {
                         return train.begin >= out.back().end && train.begin < test.begin;
                       });
    if (apart) out.push_back({test.begin, test.end, end_of(data, test)});
    out.back().end = test.end;
    out.back().last = std::max(out.back().last, end_of(data, test));
  }
  return out;
}

}  // namespace

EncoderTimes encoder_times(const EvaluationData& data, const validation::Split& split, bool behind) {
  EncoderTimes out;
  if (behind) {
    for (const RowRange& train : split.train) out.to = std::max(out.to.value_or(INT64_MIN), end_of(data, train) + 1);
    return out;
  }
  for (const Block& block : blocks_of(data, split)) {
    std::optional<std::int64_t> before, after;
    for (const RowRange& train : split.train) {
      if (train.end <= block.begin) before = std::max(before.value_or(INT64_MIN), end_of(data, train));
      if (train.begin >= block.end && !after) after = data.time[train.begin];
    }
    const std::int64_t first = data.time[block.begin];
    EncoderTimes::Range range{before.value_or(first - 1) + 1, after.value_or(block.last + 1)};
    if (!before) range.begin = first - (range.end - 1 - block.last);
    if (!after) range.end = block.last + 1 + (first - range.begin);
    out.exclude.push_back({std::min(range.begin, first), std::max(range.end, block.last + 1)});
  }
  return out;
}

}  // namespace moola::work
