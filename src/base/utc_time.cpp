#include "base/utc_time.h"

#include <date/date.h>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <sstream>

#include "base/error.h"

namespace moola {
namespace {

using Nanoseconds = std::chrono::nanoseconds;
using SysNanos = date::sys_time<Nanoseconds>;

// 64 bits of nanoseconds reach from September 1677 to April 2262; beyond, the arithmetic would wrap.
bool year_fits(std::string_view text) {
  int year = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + std::min<std::size_t>(4, text.size()), year);
  return error == std::errc() && end == text.data() + 4 && text.substr(4, 1) == "-" && year >= 1678 && year <= 2261;
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
  std::string plain(text);
  if (plain.ends_with('Z')) plain.pop_back();
  for (const char* format : {"%FT%T", "%F %T", "%FT%R", "%F %R", "%F"}) {
    if (!year_fits(plain)) break;
    std::istringstream in(plain);
    SysNanos time;
    in >> date::parse(format, time);
    if (!in.fail() && in.peek() == std::istringstream::traits_type::eof()) return time.time_since_epoch().count();
  }
  throw ConfigError(fmt::format(
      "'{}' is not a time. Expected UTC of the years 1678 to 2261, such as 2019-10-27 or 2019-10-27T19:59:00Z.", text));
}

}  // namespace moola
