#include "validation/split.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::validation {
namespace {

void check_part(const char* name, const std::vector<RowRange>& ranges, std::size_t n) {
  std::size_t last = 0;
  for (const RowRange& range : ranges) {
    if (range.begin >= range.end || range.end > n || range.begin < last) {
      throw LeakError(fmt::format(
          "the {} part has rows [{}, {}), which are empty, out of order, there twice or beyond the {} rows.", name,
          range.begin, range.end, n));
    }
    last = range.end;
  }
}

// When the features of a row begin to look.
std::int64_t looks_from(const LabelIntervals& intervals, std::size_t row, const Separation& look_back) {
  if (look_back.unit != Separation::Unit::time) return intervals.t0[row - std::min(row, look_back.rows(0))];
  return earlier_by(intervals.t0[row], look_back.value);
}

}  // namespace

Split split_beside(const Purger& purger, std::vector<RowRange> test, std::size_t n) {
  TrainRows train = purger.beside(test);
  Split out{.train = std::move(train.rows),
            .test = std::move(test),
            .purged = std::move(train.purged),
            .embargoed = std::move(train.embargoed)};
  const std::size_t left = count_rows(out.train), possible = n - count_rows(out.test);
  const std::size_t purged = count_rows(out.purged), embargoed = count_rows(out.embargoed);
  if (left == 0) {
    out.fault = fmt::format("no row is left to train on: of {} beside the test part {} are purged and {} embargoed",
                            possible, purged, embargoed);
  } else if (2 * left < possible) {
    out.warning = fmt::format("{} of {} rows beside the test part are left to train on: {} are purged and {} embargoed",
                              left, possible, purged, embargoed);
  }
  return out;
}

void mark_missing_classes(Split& split, std::span<const std::int32_t> classes, std::span<const std::string> names) {
  std::vector<std::size_t> all(names.size()), train(names.size());
  for (const std::int32_t each : classes) {
    if (each >= 0) ++all.at(static_cast<std::size_t>(each));
  }
  for (const RowRange& range : split.train) {
    for (const std::int32_t each : classes.subspan(range.begin, range.size())) {
      if (each >= 0) ++train[static_cast<std::size_t>(each)];
    }
  }
  std::string missing, present;
  std::size_t found = 0;
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (train[c] > 0) {
      ++found;
      present = names[c];
    } else if (all[c] > 0) {
      missing += (missing.empty() ? "" : ", ") + names[c];
    }
  }
  if (!split.fault.empty()) return;
  if (found == 0) {
    split.fault = "no row of the train part has a label";
  } else if (found == 1) {
    split.fault = fmt::format("all labelled rows of the train part are of class {}", present);
  } else if (!missing.empty()) {
    split.warning +=
        fmt::format("{}class {} never comes in the train part", split.warning.empty() ? "" : "; ", missing);
  }
}

void prove_split(const Split& split, const LabelIntervals& intervals, const Separation& look_back) {
  const std::size_t n = intervals.size();
  check_part("train", split.train, n);
  check_part("test", split.test, n);
  // Test rows by when they begin to look, with the latest end among those that begin no later.
  std::vector<std::int64_t> begins, ends;
  std::vector<char> tests(n, 0);
  for (const RowRange& range : split.test) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      tests[row] = 1;
      begins.push_back(looks_from(intervals, row, look_back));
      ends.push_back(ends.empty() ? intervals.end(row) : std::max(ends.back(), intervals.end(row)));
    }
  }
  for (const RowRange& range : split.train) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      if (tests[row] != 0) throw LeakError(fmt::format("row {} is to be trained on and to be tested.", row));
      const auto later = std::upper_bound(begins.begin(), begins.end(), intervals.end(row));
      if (later == begins.begin()) continue;
      if (ends[static_cast<std::size_t>(later - begins.begin()) - 1] < looks_from(intervals, row, look_back)) continue;
      throw LeakError(fmt::format("train row {}, from {} to {}, knows moments of a test row's label.", row,
                                  utc_text(looks_from(intervals, row, look_back)), utc_text(intervals.end(row))));
    }
  }
}

std::vector<RowRange> time_groups(std::span<const std::int64_t> t0, std::size_t count) {
  const std::size_t n = t0.size();
  if (count == 0 || n < count)
    throw ConfigError(fmt::format("{} rows make no {} groups: give fewer groups or more rows.", n, count));
  std::vector<RowRange> out;
  std::size_t begin = 0, even = 0;
  for (std::size_t group = 0; group < count; ++group) {
    even += n / count + (group < n % count ? 1 : 0);
    std::size_t end = even;
    while (end < n && end > begin && t0[end - 1] == t0[end]) --end;
    if (end == begin) {
      throw ConfigError(
          fmt::format("{} groups of {} rows: so many share the stamp {} that group {} would be empty. "
                      "Give fewer groups.",
                      count, n, utc_text(t0[begin]), group));
    }
    out.push_back({begin, end});
    begin = end;
  }
  return out;
}

}  // namespace moola::validation
