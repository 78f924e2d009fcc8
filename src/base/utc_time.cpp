#include "base/utc_time.h"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "base/error.h"

namespace moola {
namespace {

using Nanoseconds = std::chrono::nanoseconds;
using SysNanos = date::sys_time<Nanoseconds>;

// Takes exactly `digits` digits off the front of `text`; false when there are not so many.
bool take_number(std::string_view& text, std::size_t digits, int& number) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits || number < 0) return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// ".5" as nanoseconds; digits beyond the ninth are refused, not lost.
bool take_fraction(std::string_view& text, std::int64_t& nanoseconds) {
  if (!take(text, ".")) return true;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > 9) return false;
  for (std::size_t i = 0; i < 9; ++i) nanoseconds = nanoseconds * 10 + (i < digits ? text[i] - '0' : 0);
  text.remove_prefix(digits);
  return true;
}

std::optional<std::int64_t> read_utc(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::int64_t fraction = 0;
  if (!take_number(text, 4, year) || !take(text, "-") || !take_number(text, 2, month) || !take(text, "-") ||
      !take_number(text, 2, day)) {
    return std::nullopt;
  }
  if (take(text, "T ")) {
    if (!take_number(text, 2, hour) || !take(text, ":") || !take_number(text, 2, minute)) return std::nullopt;
    if (take(text, ":") && (!take_number(text, 2, second) || !take_fraction(text, fraction))) return std::nullopt;
  }
  take(text, "Z");
  const date::year_month_day date{date::year(year), date::month(static_cast<unsigned>(month)),
                                  date::day(static_cast<unsigned>(day))};
  // 64 bits of nanoseconds reach from September 1677 to April 2262.
  if (!text.empty() || !date.ok() || year < 1678 || year > 2261 || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const std::int64_t days = date::sys_days(date).time_since_epoch().count();
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1'000'000'000 + fraction;
}

}  // namespace

std::int64_t utc_now() {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string utc_text(std::int64_t nanoseconds) {
  const SysNanos time{Nanoseconds(nanoseconds)};
  const auto day = date::floor<date::days>(time);
  const date::year_month_day ymd(day);
  const date::hh_mm_ss clock(time - day);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(ymd.year()),
                                 static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    std::string digits = fmt::format("{:09}", fraction);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + "Z";
}

std::string utc_compact(std::int64_t nanoseconds) {
  return date::format("%Y%m%dT%H%M%SZ", date::floor<std::chrono::seconds>(SysNanos{Nanoseconds(nanoseconds)}));
}

std::int64_t parse_utc(std::string_view text) {
  if (const auto time = read_utc(text)) return *time;
  throw ConfigError(fmt::format(
      "'{}' is not a time. Expected UTC of the years 1678 to 2261, such as 2019-10-27 or 2019-10-27T19:59:00Z.", text));
}

}  // namespace moola
