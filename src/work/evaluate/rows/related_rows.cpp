#include "work/evaluate/rows/related_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace moola::work {

using validation::RowRange;

RelatedRows::RelatedRows(const EvaluationData& data, std::span<const std::size_t> rows) : data_(data) {
  std::vector<Bars> all;
  for (const std::size_t row : rows) {
    if (!data.group.empty()) groups_.insert(data.group[row]);
    if (!data.first_bar.empty() && data.first_bar[row] >= 0) all.push_back(bars_of(row));
  }
  std::ranges::sort(all, {}, [](const Bars& each) { return std::tuple(each.symbol, each.first, each.last); });
  for (const Bars& each : all) {
    if (!bars_.empty() && bars_.back().symbol == each.symbol && each.first <= bars_.back().last) {
      bars_.back().last = std::max(bars_.back().last, each.last);
    } else {
      bars_.push_back(each);
    }
  }
}

bool RelatedRows::holds(std::size_t row) const {
  if (!data_.group.empty() && groups_.contains(data_.group[row])) return true;
  if (data_.first_bar.empty() || data_.first_bar[row] < 0) return false;
  const Bars mine = bars_of(row);
  // The first stretch that ends at its first bar or later.
  const auto found = std::ranges::lower_bound(bars_, std::pair(mine.symbol, mine.first), {},
                                              [](const Bars& each) { return std::pair(each.symbol, each.last); });
  return found != bars_.end() && found->symbol == mine.symbol && found->first <= mine.last;
}

void part_from_related(const EvaluationData& data, validation::Split& split, std::span<const RowRange> kept_back) {
  if (data.group.empty() && data.first_bar.empty()) return;
  std::vector<std::size_t> others;
  for (const std::span<const RowRange> ranges : {std::span<const RowRange>(split.test), kept_back}) {
    for (const RowRange& range : ranges) {
      for (std::size_t row = range.begin; row < range.end; ++row) others.push_back(row);
    }
  }
  const RelatedRows related(data, others);
  std::vector<RowRange> kept, purged;
  for (const RowRange& range : split.train) {
    for (std::size_t row = range.begin; row < range.end; ++row)
      validation::append_row(related.holds(row) ? purged : kept, row);
  }
  if (purged.empty()) return;
  if (kept.empty() && split.fault.empty()) {
    split.fault = fmt::format("no row is left to train on: {} more are of a group with test rows, or hold their bars",
                              validation::count_rows(purged));
  }
  purged.insert(purged.end(), split.purged.begin(), split.purged.end());
  split.train = std::move(kept);
  split.purged = validation::united(std::move(purged));
}

}  // namespace moola::work
