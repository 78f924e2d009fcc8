#include "validation/purge.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::validation {
namespace {

constexpr std::size_t kBlock = 512;

}  // namespace

std::int64_t LabelIntervals::end(std::size_t row) const {
  return t1.empty() || t1[row] == kNoTime ? t0[row] : t1[row];
}

void check_intervals(const LabelIntervals& intervals) {
  if (!intervals.t1.empty() && intervals.t1.size() != intervals.t0.size())
    throw std::invalid_argument("rows and their labels are of unequal number");
  for (std::size_t row = 0; row < intervals.size(); ++row) {
    if (row > 0 && intervals.t0[row] < intervals.t0[row - 1]) {
      throw DataError(fmt::format("row {} begins at {}, before row {} ({}): rows must be in order of time.", row,
                                  utc_text(intervals.t0[row]), row - 1, utc_text(intervals.t0[row - 1])));
    }
    if (intervals.end(row) < intervals.t0[row]) {
      throw DataError(fmt::format("row {} begins at {} and its label ends before, at {}.", row,
                                  utc_text(intervals.t0[row]), utc_text(intervals.t1[row])));
    }
  }
}

Purger::Purger(const LabelIntervals& intervals, const PurgeOptions& options)
    : intervals_(intervals), options_(options) {
  check_intervals(intervals);
  if (options.look_back.unit == Separation::Unit::fraction)
    throw ConfigError("how far features look back is a number of bars or a length of time, not a share of the rows.");
  const std::size_t n = intervals.size();
  latest_.resize(n);
  block_ends_.resize((n + kBlock - 1) / kBlock, kNoTime);
  for (std::size_t row = 0; row < n; ++row) {
    const std::int64_t end = intervals.end(row);
    latest_[row] = row == 0 ? end : std::max(latest_[row - 1], end);
    block_ends_[row / kBlock] = std::max(block_ends_[row / kBlock], end);
  }
}

std::int64_t Purger::latest_end(const RowRange& rows) const {
  std::int64_t out = kNoTime;
  std::size_t row = rows.begin;
  while (row < rows.end) {
    if (row % kBlock == 0 && row + kBlock <= rows.end) {
      out = std::max(out, block_ends_[row / kBlock]);
      row += kBlock;
    } else {
      out = std::max(out, intervals_.end(row++));
    }
  }
  return out;
}

void Purger::purge_before(const RowRange& block, std::vector<RowRange>& out) const {
  const std::span<const std::int64_t> t0 = intervals_.t0;
  const bool back_in_time = options_.look_back.unit == Separation::Unit::time;
  // Where the block's features begin to look.
  const std::size_t looks =
      back_in_time ? block.begin : block.begin - std::min(block.begin, options_.look_back.rows(0));
  const std::int64_t start = back_in_time ? earlier_by(t0[looks], options_.look_back.value) : t0[looks];
  const std::size_t near = end_before(t0, block.begin, options_.purge);
  if (near < block.begin) out.push_back({near, block.begin});
  auto row = static_cast<std::size_t>(std::lower_bound(latest_.begin(), latest_.end(), start) - latest_.begin());
  for (const std::size_t end = std::min(near, block.begin); row < end; ++row) {
    if (intervals_.end(row) >= start) append_row(out, row);
  }
}

RowRange Purger::purge_after(const RowRange& block) const {
  const std::span<const std::int64_t> t0 = intervals_.t0;
  const std::size_t n = intervals_.size();
  std::size_t end = first_after(t0, latest_end(block));
  end = options_.look_back.unit == Separation::Unit::time
            ? first_after(t0, later_by(latest_end(block), options_.look_back.value))
            : std::min(n, end + options_.look_back.rows(0));
  const std::size_t near = options_.purge.unit == Separation::Unit::time
                               ? first_after(t0, later_by(t0[block.end - 1], options_.purge.value))
                               : std::min(n, block.end + options_.purge.rows(n));
  return {block.end, std::max({block.end, end, near})};
}

std::size_t Purger::embargo_after(std::size_t first, std::int64_t end) const {
  const std::size_t n = intervals_.size();
  if (options_.embargo.unit != Separation::Unit::time) return std::min(n, first + options_.embargo.rows(n));
  const std::int64_t from = std::max(end, intervals_.t0[first - 1]);
  return std::max(first, first_after(intervals_.t0, later_by(from, options_.embargo.value)));
}

TrainRows Purger::beside(std::span<const RowRange> test) const {
  const std::size_t n = intervals_.size();
  for (std::size_t i = 0; i < test.size(); ++i) {
    if (test[i].begin >= test[i].end || test[i].end > n || (i > 0 && test[i].begin < test[i - 1].end))
      throw std::invalid_argument("ranges of test rows that are empty, out of order or beyond the rows");
  }
  const std::vector<RowRange> blocks = united({test.begin(), test.end()});
  std::vector<RowRange> purged, embargoed;
  for (const RowRange& block : blocks) {
    purge_before(block, purged);
    const RowRange after = purge_after(block);
    purged.push_back(after);
    embargoed.push_back({after.end, embargo_after(after.end, latest_end(block))});
  }
  const auto left_out = [&](std::vector<RowRange> more, const std::vector<RowRange>& before) {
    more.insert(more.end(), before.begin(), before.end());
    return united(std::move(more));
  };
  const std::vector<RowRange> with_purged = left_out(std::move(purged), blocks);
  const std::vector<RowRange> with_all = left_out(std::move(embargoed), with_purged);
  TrainRows out{.rows = rows_between(with_all, 0, n)};
  out.purged = rows_outside(with_purged, blocks);
  out.embargoed = rows_outside(with_all, with_purged);
  return out;
}

}  // namespace moola::validation
