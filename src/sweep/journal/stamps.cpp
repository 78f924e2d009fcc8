#include "sweep/journal/stamps.h"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace moola::sweep {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kQuarter = 900, kDay = 86'400;

std::int64_t floor_of(std::int64_t value, std::int64_t unit) {
  return value / unit - (value % unit < 0 ? 1 : 0);
}

// Days since 1970-01-01.
std::int64_t day_number(int year, int month, int day) {
  return date::sys_days(date::year(year) / month / day).time_since_epoch().count();
}

// What the clock on the wall shows at a time UTC, both in seconds since 1970.
std::int64_t local_of(std::int64_t utc) {
  const std::time_t time = utc;
  std::tm wall{};
  ::localtime_r(&time, &wall);
  return day_number(wall.tm_year + 1900, wall.tm_mon + 1, wall.tm_mday) * kDay + wall.tm_hour * 3600 +
         wall.tm_min * 60 + std::min(wall.tm_sec, 59);
}

// The inverse; there may be two times with the same reading, or none.
std::int64_t utc_of(std::int64_t local) {
  const std::int64_t first_guess = local - (local_of(local) - local);
  const std::int64_t shown = local_of(first_guess);
  if (shown == local) {
    // An earlier time that shows the same? Clocks are set back by a day at most.
    const std::int64_t before = first_guess - kDay;
    const std::int64_t offset_before = local_of(before) - before;
    const std::int64_t earlier = local - offset_before;
    return earlier < first_guess && local_of(earlier) == local ? earlier : first_guess;
  }
  const std::int64_t second_guess = local - (shown - first_guess);
  return local_of(second_guess) == local ? second_guess : std::max(first_guess, second_guess);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes exactly `digits` digits off the front.
bool take_number(std::string_view& text, std::size_t digits, int& out) {
  if (text.size() < digits) return false;
  out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, std::int64_t& nanoseconds) {
  if (!take(text, '.')) return true;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || digits > 9) return false;
  for (std::size_t i = 0; i < 9; ++i) nanoseconds = nanoseconds * 10 + (i < digits ? text[i] - '0' : 0);
  text.remove_prefix(digits);
  return true;
}

// "+05:30" or "Z" as seconds.
bool take_zone(std::string_view& text, std::int64_t& seconds) {
  if (take(text, 'Z')) return true;
  const bool west = !text.empty() && text.front() == '-';
  int hours = 0, minutes = 0, rest = 0;
  if (!take(text, west ? '-' : '+') || !take_number(text, 2, hours)) return false;
  take(text, ':');
  if (!take_number(text, 2, minutes)) return false;
  if (take(text, ':') && !take_number(text, 2, rest)) return false;
  if (hours > 23 || minutes > 59 || rest > 59) return false;
  seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60 + rest);
  return true;
}

}  // namespace

std::optional<Stamp> parse_stamp(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::int64_t fraction = 0, zone = 0;
  if (!take_number(text, 4, year) || !take(text, '-') || !take_number(text, 2, month) || !take(text, '-') ||
      !take_number(text, 2, day) || !(take(text, 'T') || take(text, ' ')) || !take_number(text, 2, hour) ||
      !take(text, ':') || !take_number(text, 2, minute)) {
    return std::nullopt;
  }
  if (take(text, ':') && (!take_number(text, 2, second) || !take_fraction(text, fraction))) return std::nullopt;
  Stamp out{.is_local = text.empty()};
  if (!out.is_local && (!take_zone(text, zone) || !text.empty())) return std::nullopt;
  if (year < 1678 || year > 2261 || hour > 23 || minute > 59 || second > 59 ||
      !date::year_month_day(date::year(year) / month / day).ok()) {
    return std::nullopt;
  }
  const std::int64_t seconds = day_number(year, month, day) * kDay + hour * 3600 + minute * 60 + second - zone;
  out.nanoseconds = seconds * kSecond + fraction;
  return out;
}

std::int64_t LocalClock::to_utc(Stamp stamp) {
  if (!stamp.is_local) return stamp.nanoseconds;
  const std::int64_t seconds = floor_of(stamp.nanoseconds, kSecond);
  // Clocks are set at whole quarters of an hour, in all zones and years that a journal can be of.
  if (const std::int64_t quarter = floor_of(seconds, kQuarter); quarter != quarter_) {
    quarter_ = quarter;
    offset_ = seconds - utc_of(seconds);
  }
  return stamp.nanoseconds - offset_ * kSecond;
}

std::string stamp_text(std::int64_t nanoseconds, StampForm form) {
  const std::int64_t utc = floor_of(nanoseconds, kSecond);
  const std::int64_t shown = form == StampForm::utc ? utc : local_of(utc);
  const std::int64_t day = floor_of(shown, kDay), clock = shown - day * kDay;
  const date::year_month_day ymd{date::sys_days(date::days(day))};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}{}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()), clock / 3600,
                     clock / 60 % 60, clock % 60, (nanoseconds - utc * kSecond) / 1000,
                     form == StampForm::utc ? "+00:00" : "");
}

}  // namespace moola::sweep
