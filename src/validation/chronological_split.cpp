#include "validation/chronological_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::validation {
namespace {

// The first row that `embargo` allows after row `at`.
std::size_t after(std::span<const std::int64_t> time, std::size_t at, const Separation& embargo) {
  if (embargo.unit != Separation::Unit::time) return std::min(time.size(), at + embargo.rows(time.size()));
  return first_at_or_after(time, later_by(time[at], embargo.value));
}

// Rows [begin, end) whose label is known before `boundary`.
std::vector<RowRange> known_before(std::span<const std::int64_t> t1, std::size_t begin, std::size_t end,
                                   std::int64_t boundary) {
  if (begin >= end) return {};
  if (t1.empty()) return {{begin, end}};
  std::vector<RowRange> rows;
  for (std::size_t row = begin; row < end; ++row) {
    if (t1[row] == kNoTime || t1[row] < boundary) append_row(rows, row);
  }
  return rows;
}

}  // namespace

ChronologicalSplit chronological_split(std::span<const std::int64_t> time, std::span<const std::int64_t> t1,
                                       const ChronologicalOptions& options) {
  const std::size_t n = time.size();
  if (!t1.empty() && t1.size() != n) throw std::invalid_argument("rows and their labels are of unequal number");
  if (!std::is_sorted(time.begin(), time.end())) throw std::invalid_argument("rows to split are not in order of time");
  if (!(options.train > 0) || !(options.val > 0) || !(options.train + options.val < 1)) {
    throw ConfigError(fmt::format(
        "train = {} and val = {} of the rows: both must be above 0, and together below 1 so that a test part is left.",
        options.train, options.val));
  }
  const auto count = static_cast<double>(n);
  const auto a = static_cast<std::size_t>(options.train * count);
  const auto b = static_cast<std::size_t>((options.train + options.val) * count);
  ChronologicalSplit split;
  if (n > 0 && a < b && b < n) {
    // A stamp may be shared by several symbols; the boundary goes before all of its rows.
    const std::size_t val_begin = after(time, a, options.embargo), test_begin = after(time, b, options.embargo);
    const std::size_t train_end = end_before(time, a, options.purge), val_end = end_before(time, b, options.purge);
    split.train = known_before(t1, 0, train_end, time[a]);
    split.val = known_before(t1, val_begin, val_end, time[b]);
    split.purged = rows_between(split.train, 0, a);
    for (const RowRange& range : rows_between(split.val, std::min(val_begin, b), b)) split.purged.push_back(range);
    if (a < val_begin) split.embargoed.push_back({a, std::min(val_begin, b)});
    if (b < test_begin) split.embargoed.push_back({b, test_begin});
    if (test_begin < n) split.test = {{test_begin, n}};
  }
  for (const auto& [part, name] : {std::pair{&split.train, "train"}, {&split.val, "val"}, {&split.test, "test"}}) {
    if (count_rows(*part) > 0) continue;
    throw LeakError(fmt::format(
        "no row is left for {} of {} rows at train = {}, val = {}, purge = {}, embargo = {}. Take more data, smaller "
        "separations or a larger share.",
        name, n, options.train, options.val, to_string(options.purge), to_string(options.embargo)));
  }
  return split;
}

}  // namespace moola::validation
