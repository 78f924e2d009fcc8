#include "market/clean/session_calendar.h"

#include <date/tz.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <sstream>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::market {
namespace {

using std::chrono::minutes;
using std::chrono::nanoseconds;

std::int64_t parse_day(const std::string& text) {
  std::istringstream in(text);
  date::sys_days day;
  if (!(in >> date::parse("%F", day)) || in.peek() != std::istringstream::traits_type::eof())
    throw ConfigError(fmt::format("'{}' is no day. Expected one such as 2024-12-25.", text));
  return day.time_since_epoch().count();
}

const date::time_zone& zone_of(const std::string& name) {
  try {
    return *date::locate_zone(name);
  } catch (const std::exception& error) {
    throw ConfigError(
        fmt::format("the time zone {} cannot be read ({}). Install the package tzdata.", name, error.what()));
  }
}

}  // namespace

std::vector<std::string> SessionCalendar::names() {
  return {"crypto", "cme", "fx", "taifex", "nyse"};
}

SessionCalendar::SessionCalendar(std::string_view name, const std::vector<std::string>& holidays) : name_(name) {
  constexpr int kHour = 60;
  if (name == "cme") {
    zone_ = "America/Chicago";
    for (int day = 0; day < 5; ++day) weekly_.push_back({day, 17 * kHour, 23 * kHour});
  } else if (name == "fx") {
    zone_ = "America/New_York";
    weekly_.push_back({0, 17 * kHour, 5 * 24 * kHour});
  } else if (name == "taifex") {
    zone_ = "Asia/Taipei";
    for (int day = 1; day < 6; ++day) {
      weekly_.push_back({day, 8 * kHour + 45, 5 * kHour});
      weekly_.push_back({day, 15 * kHour, 14 * kHour});
    }
  } else if (name == "nyse") {
    zone_ = "America/New_York";
    for (int day = 1; day < 6; ++day) weekly_.push_back({day, 9 * kHour + 30, 6 * kHour + 30});
  } else if (name != "crypto") {
    throw ConfigError(fmt::format("there is no calendar '{}', only {}.{}", name, fmt::join(names(), ", "),
                                  did_you_mean(name, names())));
  }
  for (const std::string& day : holidays) holidays_.push_back(parse_day(day));
  std::sort(holidays_.begin(), holidays_.end());
}

std::vector<OpenInterval> SessionCalendar::intervals(std::int64_t first, std::int64_t last) const {
  if (always_open()) return {{INT64_MIN, INT64_MAX}};
  const date::time_zone& zone = zone_of(zone_);
  const auto day_of = [](std::int64_t time) {
    return date::floor<date::days>(date::sys_time<nanoseconds>(nanoseconds(time)));
  };
  const auto utc = [&](date::local_days day, int minute) {
    // No session opens or closes in the hour that clocks change; if one did, the earlier reading would be as good.
    const auto local = date::local_time<minutes>(day.time_since_epoch()) + minutes(minute);
    return nanoseconds(zone.to_sys(local, date::choose::earliest).time_since_epoch()).count();
  };
  // A week more on both sides: intervals last up to five days.
  const std::int64_t begin = day_of(first).time_since_epoch().count() - 8,
                     end = day_of(last).time_since_epoch().count() + 2;
  std::vector<OpenInterval> out;
  for (std::int64_t day = begin; day <= end; ++day) {
    if (std::binary_search(holidays_.begin(), holidays_.end(), day)) continue;
    const date::local_days local{date::days(day)};
    const unsigned weekday = date::weekday(local).c_encoding();
    for (const Weekly& each : weekly_) {
      if (static_cast<unsigned>(each.weekday) != weekday) continue;
      // The length is by the clock on the wall: a night when it is put forward is an hour shorter.
      const OpenInterval interval{utc(local, each.open), utc(local, each.open + each.length)};
      if (interval.close > first && interval.open <= last) out.push_back(interval);
    }
  }
  return out;
}

}  // namespace moola::market
