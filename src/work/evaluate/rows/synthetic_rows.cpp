#include "work/evaluate/rows/synthetic_rows.h"

#include <algorithm>

#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

bool has_generator_seen(const EvaluationData& data, std::span<const std::vector<validation::RowRange>> test) {
  const auto seen = [&](std::size_t row) {
    return std::ranges::any_of(data.synthetic.seen, [&](const data::FittedPart::Seen& each) {
      return each.first <= data.intervals().end(row) && each.last >= data.time[row];
    });
  };
  for (const std::vector<validation::RowRange>& ranges : test) {
    for (const validation::RowRange& range : ranges) {
      for (std::size_t row = range.begin; row < range.end; ++row) {
        if (seen(row)) return true;
      }
    }
  }
  return false;
}

std::vector<std::size_t> synthetic_beside(const EvaluationData& data, std::span<const std::size_t> fit,
                                          std::span<const std::vector<validation::RowRange>> test) {
  std::vector<std::size_t> out;
  if (data.synthetic.size() == 0 || has_generator_seen(data, test)) return out;
  for (std::size_t i = 0; i < data.synthetic.size(); ++i) {
    const std::int64_t source = data.synthetic.source[i];
    if (source < 0 || std::ranges::binary_search(fit, static_cast<std::size_t>(source))) out.push_back(data.size() + i);
  }
  return out;
}

}  // namespace moola::work
