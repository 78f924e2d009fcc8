#include "data/windows/window_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::data {
namespace {

using Range = WindowSelection::Range;

// Windows [begin, end) of one run, counted from its first.
struct Piece {
  std::int64_t run, begin, end;
  WindowTimeline::Run in;
};

// What of every run a selection holds, in order.
std::vector<Piece> pieces_of(const WindowTimeline& timeline, const WindowSelection& selection) {
  std::vector<Piece> pieces;
  const std::span<const Range> ranges = selection.ranges();
  std::size_t next = 0;
  for (std::int64_t r = 0; r < timeline.runs(); ++r) {
    const WindowTimeline::Run run = timeline.run(r);
    const std::int64_t run_end = run.first_window + run.windows;
    while (next < ranges.size() && ranges[next].end <= run.first_window) ++next;
    for (std::size_t i = next; i < ranges.size() && ranges[i].begin < run_end; ++i) {
      pieces.push_back({r, std::max(ranges[i].begin, run.first_window) - run.first_window,
                        std::min(ranges[i].end, run_end) - run.first_window, run});
    }
  }
  return pieces;
}

// The first window of [begin, end) for which `holds` is true; it stays true from there on.
template <class Predicate>
std::int64_t first_where(std::int64_t begin, std::int64_t end, Predicate holds) {
  while (begin < end) {
    const std::int64_t middle = begin + (end - begin) / 2;
    if (holds(middle)) {
      end = middle;
    } else {
      begin = middle + 1;
    }
  }
  return begin;
}

std::int64_t first_beginning_at(const WindowTimeline& timeline, const Piece& piece, std::int64_t time) {
  return first_where(piece.begin, piece.end, [&](std::int64_t w) { return timeline.time(piece.run, w).begin >= time; });
}

std::int64_t first_ending_after(const WindowTimeline& timeline, const Piece& piece, std::int64_t time) {
  return first_where(piece.begin, piece.end, [&](std::int64_t w) { return timeline.time(piece.run, w).end > time; });
}

std::vector<TimeRange> merged(std::vector<TimeRange> ranges) {
  std::ranges::sort(ranges, {}, &TimeRange::begin);
  std::vector<TimeRange> out;
  for (const TimeRange& range : ranges) {
    if (range.begin >= range.end) continue;
    if (!out.empty() && range.begin <= out.back().end) {
      out.back().end = std::max(out.back().end, range.end);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

void check_range(std::int64_t begin, std::int64_t end, const char* what) {
  if (begin < end) return;
  throw ConfigError(
      fmt::format("{} runs from {} to {}: its end must come after its begin.", what, utc_text(begin), utc_text(end)));
}

std::string described(const TimeSelection& times) {
  std::string text;
  if (times.from) text += " from " + utc_text(*times.from);
  if (times.to) text += " to " + utc_text(*times.to);
  if (!times.exclude.empty()) text += fmt::format(" without {} excluded range(s)", times.exclude.size());
  return text;
}

// The selected windows that begin at `time` or later.
std::int64_t count_from(const WindowTimeline& timeline, const std::vector<Piece>& pieces,
                        const std::vector<TimeRange>& begins, std::int64_t time) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (begins[i].begin >= time) {
      count += piece.end - piece.begin;
    } else if (begins[i].end >= time) {
      count += piece.end - first_beginning_at(timeline, piece, time);
    }
  }
  return count;
}

}  // namespace

WindowSelection::WindowSelection(std::span<const Range> ranges) {
  std::vector<std::int64_t> sizes;
  for (const Range& range : ranges) {
    if (range.begin >= range.end) continue;
    if (!ranges_.empty() && range.begin < ranges_.back().end)
      throw std::invalid_argument("ranges of windows overlap or go back");
    if (!ranges_.empty() && range.begin == ranges_.back().end) {
      ranges_.back().end = range.end;
      sizes.back() = ranges_.back().end - ranges_.back().begin;
    } else {
      ranges_.push_back(range);
      sizes.push_back(range.end - range.begin);
    }
  }
  index_ = PrefixIndex(sizes);
}

bool WindowSelection::contains(std::int64_t window) const {
  const auto after = std::ranges::upper_bound(ranges_, window, {}, &Range::begin);
  return after != ranges_.begin() && window < std::prev(after)->end;
}

WindowSelection select_windows(const WindowTimeline& timeline, const WindowSelection& among,
                               const TimeSelection& times) {
  if (times.from && times.to) check_range(*times.from, *times.to, "the time to use");
  for (const TimeRange& range : times.exclude) check_range(range.begin, range.end, "an excluded range");
  const std::vector<TimeRange> excluded = merged(times.exclude);

  std::vector<Range> kept;
  for (Piece piece : pieces_of(timeline, among)) {
    if (times.from) piece.begin = first_beginning_at(timeline, piece, *times.from);
    if (times.to) piece.end = first_ending_after(timeline, piece, *times.to);
    const auto keep = [&](std::int64_t begin, std::int64_t end) {
      if (begin < end) kept.push_back({piece.in.first_window + begin, piece.in.first_window + end});
    };
    std::int64_t next = piece.begin;
    if (piece.begin < piece.end && !excluded.empty()) {
      const std::int64_t begins = timeline.time(piece.run, piece.begin).begin;
      const std::int64_t ends = timeline.time(piece.run, piece.end - 1).end;
      auto range = std::ranges::upper_bound(excluded, begins, {}, &TimeRange::end);
      for (; range != excluded.end() && range->begin < ends; ++range) {
        const std::int64_t meets = first_ending_after(timeline, piece, range->begin);
        keep(next, meets);
        next = std::max(next, first_beginning_at(timeline, piece, range->end));
      }
    }
    keep(next, piece.end);
  }
  WindowSelection selection(kept);
  if (selection.size() == 0 && among.size() > 0) {
    throw ConfigError(fmt::format("none of {} windows is left{}. Widen windows.from and windows.to, or exclude less.",
                                  among.size(), described(times)));
  }
  return selection;
}

HoldoutSplit hold_out(const WindowTimeline& timeline, const WindowSelection& among, double fraction) {
  if (!(fraction >= 0.0 && fraction < 1.0)) {
    throw ConfigError(fmt::format("windows.holdout is a share of the windows from 0 to below 1; it is {}.", fraction));
  }
  if (fraction == 0.0 || among.size() == 0) return {among, {}, std::nullopt, 0};

  const std::vector<Piece> pieces = pieces_of(timeline, among);
  std::vector<TimeRange> begins;  // when the first and the last window of each piece begin
  std::int64_t earliest = std::numeric_limits<std::int64_t>::max(), latest = std::numeric_limits<std::int64_t>::min();
  for (const Piece& piece : pieces) {
    begins.push_back({timeline.time(piece.run, piece.begin).begin, timeline.time(piece.run, piece.end - 1).begin});
    earliest = std::min(earliest, begins.back().begin);
    latest = std::max(latest, begins.back().end);
  }
  // The latest moment from which on enough windows begin. Half of the way is taken unsigned: times may stand on both
  // sides of 1970.
  const auto wanted = std::max<std::int64_t>(1, std::llround(fraction * static_cast<double>(among.size())));
  std::int64_t low = earliest, high = latest;
  while (low < high) {
    const auto width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const auto middle = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + width / 2 + (width & 1));
    if (count_from(timeline, pieces, begins, middle) >= wanted) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const std::int64_t cut = low;

  std::vector<std::int64_t> limits;
  for (std::size_t s = 0; s < timeline.symbols().size(); ++s) {
    limits.push_back(timeline.purge_limit(static_cast<std::int32_t>(s), cut));
  }
  std::vector<Range> train, kept;
  for (const Piece& piece : pieces) {
    const std::int64_t train_end =
        first_ending_after(timeline, piece, limits[static_cast<std::size_t>(piece.in.symbol)]);
    const std::int64_t first = piece.in.first_window, keep = first_beginning_at(timeline, piece, cut);
    train.push_back({first + piece.begin, first + train_end});
    kept.push_back({first + keep, first + piece.end});
  }
  HoldoutSplit split{WindowSelection(train), WindowSelection(kept), cut, 0};
  split.purged = among.size() - split.train.size() - split.holdout.size();
  if (split.train.size() == 0) {
    throw LeakError(fmt::format(
        "no training window is left: the hold-out of {} begins at {}, {} windows begin from there on, and the other {} "
        "end less than one window length before it. Take a smaller windows.holdout, shorter windows, or more bars.",
        fraction, utc_text(cut), split.holdout.size(), split.purged));
  }
  return split;
}

std::vector<SymbolSpan> window_span(const WindowTimeline& timeline, const WindowSelection& selection) {
  std::vector<SymbolSpan> spans;
  for (const std::string& symbol : timeline.symbols()) spans.push_back({symbol, {}});
  std::int32_t last_symbol = -1;
  std::int64_t next = -1;  // the window number that would go on with the range before
  for (const Piece& piece : pieces_of(timeline, selection)) {
    std::vector<TimeRange>& times = spans[static_cast<std::size_t>(piece.in.symbol)].times;
    const TimeRange seen{timeline.time(piece.run, piece.begin).begin, timeline.time(piece.run, piece.end - 1).end};
    const bool goes_on = piece.in.symbol == last_symbol && piece.in.first_window + piece.begin == next &&
                         seen.begin >= times.back().begin;
    if (goes_on) {
      times.back().end = std::max(times.back().end, seen.end);
    } else {
      times.push_back(seen);
    }
    last_symbol = piece.in.symbol;
    next = piece.in.first_window + piece.end;
  }
  for (SymbolSpan& span : spans) span.times = merged(std::move(span.times));
  std::erase_if(spans, [](const SymbolSpan& span) { return span.times.empty(); });
  return spans;
}

}  // namespace moola::data
