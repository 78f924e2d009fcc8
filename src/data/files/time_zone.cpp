#include "data/files/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utc_time.h"

namespace moola::data {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

struct Abbreviation {
  std::string_view name, zone;
};
// Files say EST the year round and mean New York's clock; the fixed zone is called UTC-5.
constexpr std::array kAbbreviations{Abbreviation{"EST", "America/New_York"},
                                    Abbreviation{"EDT", "America/New_York"},
                                    Abbreviation{"CST", "America/Chicago"},
                                    Abbreviation{"CDT", "America/Chicago"},
                                    Abbreviation{"MST", "America/Denver"},
                                    Abbreviation{"MDT", "America/Denver"},
                                    Abbreviation{"PST", "America/Los_Angeles"},
                                    Abbreviation{"PDT", "America/Los_Angeles"},
                                    Abbreviation{"GMT", "UTC"},
                                    Abbreviation{"Z", "UTC"},
                                    Abbreviation{"Etc/UTC", "UTC"}};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

const date::tzdb& database() {
  try {
    return date::get_tzdb();
  } catch (const std::exception& error) {
    throw ConfigError(fmt::format(
        "the time zone database cannot be read ({}). Install the package tzdata, or give a fixed offset such as "
        "--timezone UTC-5.",
        error.what()));
  }
}

std::int64_t floor_seconds(std::int64_t nanoseconds) {
  return nanoseconds / kSecond - (nanoseconds % kSecond < 0 ? 1 : 0);
}

bool runs_backward(std::span<const std::int64_t> stamps) {
  std::int64_t balance = 0;
  for (std::size_t i = 1; i < stamps.size(); ++i) balance += (stamps[i] > stamps[i - 1]) - (stamps[i] < stamps[i - 1]);
  return balance < 0;
}

}  // namespace

std::string_view american_abbreviation(std::string_view name) {
  const auto found = std::find_if(kAbbreviations.begin(), kAbbreviations.end(),
                                  [&](const Abbreviation& each) { return each.name == name; });
  return found != kAbbreviations.end() && found->zone.starts_with("America/") ? name : std::string_view();
}

struct TimeZone::Zone {
  const date::time_zone* rules = nullptr;  // none: a fixed offset
  std::int64_t offset = 0;
};

TimeZone::TimeZone(std::string_view name) {
  Zone zone;
  std::string_view wanted = name;
  for (const Abbreviation& abbreviation : kAbbreviations) {
    if (wanted == abbreviation.name) wanted = abbreviation.zone;
  }
  std::string_view number = wanted;
  if (lower(number.substr(0, 3)) == "utc" || lower(number.substr(0, 3)) == "gmt") number.remove_prefix(3);
  if (number.empty()) {
    name_ = "UTC";
  } else if (const auto offset = parse_offset(number)) {
    zone.offset = *offset;
    name_ = *offset == 0 ? "UTC" : "UTC" + offset_text(*offset);
  } else {
    const date::tzdb& zones = database();
    const auto found = std::find_if(zones.zones.begin(), zones.zones.end(),
                                    [&](const date::time_zone& each) { return lower(each.name()) == lower(wanted); });
    std::string target = found != zones.zones.end() ? found->name() : std::string(wanted);
    try {
      zone.rules = date::locate_zone(target);  // understands old names, too
      name_ = target;
    } catch (const std::runtime_error&) {
      std::vector<std::string> names;
      for (const date::time_zone& each : zones.zones) names.push_back(each.name());
      for (const Abbreviation& each : kAbbreviations) names.emplace_back(each.name);
      std::string hint = did_you_mean(wanted, names);
      if (hint.empty()) {  // a bare city
        std::vector<std::string> cities;
        for (const std::string& each : names) cities.push_back(each.substr(each.rfind('/') + 1));
        if (const auto city = nearest(wanted, cities)) {
          const auto at = std::find(cities.begin(), cities.end(), *city);
          hint = fmt::format(" Did you mean '{}'?", names[static_cast<std::size_t>(at - cities.begin())]);
        }
      }
      throw ConfigError(fmt::format(
          "there is no time zone '{}'.{} Expected an IANA name such as America/New_York, or an offset such as UTC-5.",
          name, hint));
    }
  }
  zone_ = std::make_shared<const Zone>(zone);
}

void TimeZone::set_exceptions(std::vector<OffsetException> exceptions) {
  std::sort(exceptions.begin(), exceptions.end(),
            [](const OffsetException& a, const OffsetException& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < exceptions.size(); ++i) {
    if (exceptions[i].begin < exceptions[i - 1].end) throw ConfigError("two of the --utc-offset ranges overlap.");
  }
  exceptions_ = std::move(exceptions);
}

std::optional<std::pair<std::int64_t, std::int64_t>> TimeZone::readings(std::int64_t local, Interval& plain) const {
  if (local >= plain.begin && local < plain.end) return std::pair{local - plain.offset, local - plain.offset};
  for (const OffsetException& exception : exceptions_) {
    if (local >= exception.begin && local < exception.end)
      return std::pair{local - exception.offset, local - exception.offset};
  }
  if (zone_->rules == nullptr) return std::pair{local - zone_->offset, local - zone_->offset};

  const date::local_info info = zone_->rules->get_info(date::local_seconds{std::chrono::seconds(floor_seconds(local))});
  const auto reading = [&](const date::sys_info& sys) { return local - sys.offset.count() * kSecond; };
  if (info.result == date::local_info::nonexistent) return std::nullopt;
  if (info.result == date::local_info::ambiguous) return std::pair{reading(info.first), reading(info.second)};
  // Keeping a day off both changes of clocks, every stamp between has this offset and no other.
  const std::int64_t offset = info.first.offset.count() * kSecond;
  const auto bound = [](date::sys_seconds time) {
    constexpr std::int64_t kLimit = INT64_MAX / kSecond - 4 * std::int64_t{86'400};
    return std::clamp<std::int64_t>(time.time_since_epoch().count(), -kLimit, kLimit) * kSecond;
  };
  plain = {bound(info.first.begin) + offset + kDay, bound(info.first.end) + offset - kDay, offset};
  for (const OffsetException& exception : exceptions_) {
    if (exception.end <= local) plain.begin = std::max(plain.begin, exception.end);
    if (exception.begin > local) plain.end = std::min(plain.end, exception.begin);
  }
  return std::pair{local - offset, local - offset};
}

void TimeZone::to_utc(std::span<std::int64_t> stamps) const {
  Interval plain;
  std::int64_t before = kNoTime;
  const auto convert = [&](std::int64_t& stamp) {
    const auto both = readings(stamp, plain);
    if (!both) {
      stamp = kNoTime;
      return;
    }
    const auto [first, second] = *both;
    stamp = first <= before && second > before ? second : first;
    before = stamp;
  };
  if (runs_backward(stamps)) {
    for (std::size_t i = stamps.size(); i-- > 0;) convert(stamps[i]);
  } else {
    for (std::int64_t& stamp : stamps) convert(stamp);
  }
}

std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const std::int64_t sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':' && i + 3 == text.size() && i >= 1 && i <= 2) continue;
    if (!std::isdigit(static_cast<unsigned char>(text[i]))) return std::nullopt;
    digits += text[i];
  }
  if (digits.size() == 3) digits = "0" + digits;
  if (digits.size() != 1 && digits.size() != 2 && digits.size() != 4) return std::nullopt;
  const int value = std::atoi(digits.c_str());
  const int hours = digits.size() == 4 ? value / 100 : value, minutes = digits.size() == 4 ? value % 100 : 0;
  if (hours > 15 || minutes > 59) return std::nullopt;
  return sign * (hours * 60 + minutes) * 60 * kSecond;
}

std::string offset_text(std::int64_t offset) {
  const std::int64_t minutes = std::abs(offset) / kSecond / 60;
  return fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

OffsetException parse_offset_exception(std::string_view text) {
  const std::size_t slash = text.find('/'), equals = text.find('=');
  if (slash != std::string_view::npos && equals != std::string_view::npos && slash < equals) {
    const std::int64_t begin = parse_utc(text.substr(0, slash)),
                       end = parse_utc(text.substr(slash + 1, equals - slash - 1));
    const auto offset = parse_offset(text.substr(equals + 1));
    if (offset && begin < end) return {begin, end, *offset};
  }
  throw ConfigError(fmt::format(
      "'{}' is not a stretch of time with an offset. Expected FROM/TO=OFFSET in the file's own stamps, FROM before TO, "
      "such as 2019-10-27/2019-11-03=-05:00.",
      text));
}

}  // namespace moola::data
