#include "validation/walk_forward.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "base/duration.h"
#include "base/error.h"
#include "base/utc_time.h"

namespace moola::validation {
namespace {

using Times = std::span<const std::int64_t>;

// The first row of those that share its stamp.
std::size_t whole_stamp(Times t0, std::size_t row) {
  return row < t0.size() ? first_at_or_after(t0, t0[row]) : t0.size();
}

std::int64_t month_begin(std::chrono::year_month month) {
  return std::chrono::nanoseconds(std::chrono::sys_days(month / 1).time_since_epoch()).count();
}

std::chrono::year_month month_of(std::int64_t time) {
  const std::chrono::sys_time<std::chrono::nanoseconds> at{std::chrono::nanoseconds(time)};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
  return date.year() / date.month();
}

// The first of a month that is not before `time`.
std::int64_t next_month(std::int64_t time) {
  const std::int64_t begin = month_begin(month_of(time));
  return begin == time ? begin : month_begin(month_of(time) + std::chrono::months(1));
}

std::int64_t months_on(std::int64_t first_of_month, double months) {
  return month_begin(month_of(first_of_month) + std::chrono::months(static_cast<int>(months)));
}

std::size_t rows_in(const Stretch& stretch, std::size_t n) {
  const double rows = stretch.unit == Stretch::Unit::rows ? stretch.value : stretch.value * static_cast<double>(n);
  return static_cast<std::size_t>(rows);
}

// The first row that is not within `apart` after the rows before `at`.
std::size_t after(Times t0, std::size_t at, const Separation& apart) {
  if (apart.unit != Separation::Unit::time) return std::min(t0.size(), at + apart.rows(t0.size()));
  if (apart.value <= 0) return at;
  return std::max(at, first_at_or_after(t0, later_by(t0[at - 1], apart.value + 1)));
}

// Where test parts begin and end: rows, and moments where they go by the clock.
class Steps {
 public:
  Steps(Times t0, const WalkForwardOptions& options) : t0_(t0), options_(options) {
    row_ = first_row();
    time_ = calendar() ? next_month(t0[row_ < t0.size() ? row_ : t0.size() - 1]) : row_ < t0.size() ? t0[row_] : 0;
  }

  // The next test part that has rows; false after the last.
  bool next(RowRange& test) {
    const std::size_t n = t0_.size();
    while (row_ < n) {
      const std::size_t end = end_row();
      test = {row_, std::min(end, n)};
      row_ = test.end;
      if (test.begin < test.end) return whole_ || options_.short_last;
    }
    return false;
  }

  // The first row of what a test part that begins at `begin` trains on, whose last is before `end`.
  std::size_t train_begin(std::size_t begin, std::size_t end) const {
    if (options_.expanding) return 0;
    const Stretch& train = options_.train;
    switch (train.unit) {
      case Stretch::Unit::rows:
      case Stretch::Unit::fraction:
        return whole_stamp(t0_, end - std::min(end, rows_in(train, t0_.size())));
      case Stretch::Unit::time:
        return end == 0 ? 0 : first_at_or_after(t0_, earlier_by(t0_[end - 1], train.value - 1));
      case Stretch::Unit::months:
        return first_at_or_after(t0_, months_on(month_begin(month_of(t0_[begin])), -train.value));
    }
    return 0;
  }

 private:
  bool calendar() const { return options_.test.unit == Stretch::Unit::months; }

  std::size_t first_row() const {
    const std::size_t n = t0_.size();
    std::size_t row = 0;
    switch (options_.train.unit) {
      case Stretch::Unit::rows:
      case Stretch::Unit::fraction:
        row = std::min(n, rows_in(options_.train, n));
        break;
      case Stretch::Unit::time:
        row = first_at_or_after(t0_, later_by(t0_.front(), options_.train.value));
        break;
      case Stretch::Unit::months:
        row = first_at_or_after(t0_, months_on(next_month(t0_.front()), options_.train.value));
        break;
    }
    if (row == 0 || row >= n) return n;
    if (calendar()) return first_at_or_after(t0_, next_month(t0_[row]));
    return whole_stamp(t0_, after(t0_, after(t0_, row, options_.apart.embargo), options_.apart.purge));
  }

  // The first row behind the test part that begins at row_.
  std::size_t end_row() {
    const Stretch& test = options_.test;
    if (test.unit == Stretch::Unit::rows || test.unit == Stretch::Unit::fraction) {
      const std::size_t end = row_ + rows_in(test, t0_.size());
      whole_ = end <= t0_.size();
      // A stamp that is larger than the part is tested as a whole.
      const std::size_t cut = end < t0_.size() ? whole_stamp(t0_, end) : end;
      return cut > row_ ? cut : first_at_or_after(t0_, t0_[row_] + 1);
    }
    if (calendar()) {
      time_ = months_on(time_, test.value);
    } else {
      // Stretches without rows are passed over at once.
      const auto step = static_cast<std::int64_t>(test.value);
      time_ = later_by(time_ + (t0_[row_] - time_) / step * step, test.value);
    }
    // Whether there are bars up to its end is not known: the last row lies before it, or it does not.
    whole_ = time_ <= t0_.back();
    return first_at_or_after(t0_, time_);
  }

  Times t0_;
  const WalkForwardOptions& options_;
  std::size_t row_ = 0;
  std::int64_t time_ = 0;
  bool whole_ = true;
};

std::vector<RowRange> ending_before(const LabelIntervals& intervals, RowRange rows, std::int64_t time) {
  std::vector<RowRange> out;
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    if (intervals.end(row) < time) append_row(out, row);
  }
  return out;
}

}  // namespace

Stretch parse_stretch(std::string_view text, std::string_view what) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, wrong] = std::from_chars(text.data(), last, value);
  const std::string_view unit(end, static_cast<std::size_t>(last - end));
  const bool whole = wrong == std::errc() && value >= 1 && value <= 1e15 && value == std::floor(value);
  if (whole && (unit == "bars" || unit == "bar" || unit == "rows")) return {Stretch::Unit::rows, value};
  if (wrong == std::errc() && unit.empty() && value > 0 && value < 1) return {Stretch::Unit::fraction, value};
  if (whole && value <= 1200) {
    for (const auto& [name, months] : {std::pair{"month", 1}, {"quarter", 3}, {"year", 12}}) {
      if (unit == name || unit == std::string(name) + "s") return {Stretch::Unit::months, value * months};
    }
  }
  if (wrong == std::errc() && !unit.empty() && value > 0) {
    try {
      return {Stretch::Unit::time, static_cast<double>(parse_duration(text).nanoseconds)};
    } catch (const ConfigError&) {
      // Said below, with all that would do.
    }
  }
  throw ConfigError(
      fmt::format("{} = \"{}\" is no stretch of time. Expected bars (5000bars), a length of time (30d), months of the "
                  "calendar (1month, 2quarters, 1year) or a share of all rows below 1 (0.1).",
                  what, text));
}

std::string to_string(const Stretch& stretch) {
  switch (stretch.unit) {
    case Stretch::Unit::rows:
      return fmt::format("{:.0f}bars", stretch.value);
    case Stretch::Unit::fraction:
      return fmt::format("{}", stretch.value);
    case Stretch::Unit::time:
      return moola::to_string(Duration{static_cast<std::int64_t>(stretch.value)});
    case Stretch::Unit::months:
      return fmt::format("{:.0f}month{}", stretch.value, stretch.value == 1 ? "" : "s");
  }
  return "";
}

std::vector<Split> walk_forward(const LabelIntervals& intervals, const WalkForwardOptions& options) {
  check_intervals(intervals);
  std::vector<Split> out;
  if (intervals.size() > 0) {
    Steps steps(intervals.t0, options);
    for (RowRange test{}; steps.next(test);) {
      const std::size_t purged = end_before(intervals.t0, test.begin, options.apart.purge);
      const std::size_t end = purged == 0 ? 0 : end_before(intervals.t0, purged, options.apart.embargo);
      const std::size_t begin = std::min(end, steps.train_begin(test.begin, end));
      Split split{.test = {test}};
      split.train = ending_before(intervals, {begin, end}, intervals.t0[test.begin]);
      if (end < purged) split.embargoed = {{end, purged}};
      split.purged = rows_outside(rows_between(split.train, begin, test.begin), split.embargoed);
      split.groups = {out.size()};
      if (split.train.empty())
        split.fault = "no row before the test part is left to train on";
      else if (2 * count_rows(split.train) < test.begin - begin)
        split.warning = fmt::format(
            "{} of {} rows before the test part are left to train on: {} are purged and {} embargoed",
            count_rows(split.train), test.begin - begin, count_rows(split.purged), count_rows(split.embargoed));
      out.push_back(std::move(split));
    }
  }
  if (out.empty()) {
    throw ConfigError(fmt::format(
        "{} rows hold no train part of {}, the separations and a test part of {}. Give more rows or shorter stretches.",
        intervals.size(), to_string(options.train), to_string(options.test)));
  }
  return out;
}

}  // namespace moola::validation
