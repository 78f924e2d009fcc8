#include "data/files/timestamps.h"

#include <date/date.h>

#include <charconv>
#include <cmath>

#include "base/text_ends.h"
#include "data/files/time_zone.h"

namespace moola::data {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kEarliest = -2'208'988'800 * kSecond;  // 1900-01-01
constexpr std::int64_t kLatest = 7'258'118'400 * kSecond;     // 2200-01-01

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes a stamp apart from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// Exactly `digits` of them.
  bool number(std::size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(rest_[i])) return false;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return true;
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// The digits at the front.
  std::size_t digits() const {
    std::size_t n = 0;
    while (n < rest_.size() && is_digit(rest_[n])) ++n;
    return n;
  }
  std::string_view rest() const { return rest_; }
  void skip(std::size_t n) { rest_.remove_prefix(n); }

 private:
  std::string_view rest_;
};

struct Calendar {
  std::int64_t nanoseconds = 0;  // local, or UTC when an offset was given
  bool has_offset = false;
};

bool read_date(Reader& in, int& year, int& month, int& day) {
  if (in.digits() >= 8) return in.number(4, year) && in.number(2, month) && in.number(2, day);
  if (in.digits() == 2)
    return in.number(2, day) && in.take('.') && in.number(2, month) && in.take('.') && in.number(4, year);
  if (!in.number(4, year)) return false;
  for (const char separator : {'-', '/', '.'}) {
    if (in.take(separator)) return in.number(2, month) && in.take(separator) && in.number(2, day);
  }
  return false;
}

// "17:00", "17:00:30.25", "170000", "1700".
bool read_clock(Reader& in, std::int64_t& nanoseconds) {
  int hour = 0, minute = 0, second = 0;
  if (in.digits() == 1 || in.digits() == 2) {
    if (!in.number(in.digits(), hour) || !in.take(':') || !in.number(2, minute)) return false;
    if (in.take(':') && !in.number(2, second)) return false;
  } else {
    if (!in.number(2, hour) || !in.number(2, minute)) return false;
    if (in.digits() > 0 && !in.number(2, second)) return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  nanoseconds = (hour * 3600LL + minute * 60LL + second) * kSecond;
  if (in.take('.') || in.take(',')) {
    std::int64_t unit = kSecond / 10;
    if (in.digits() == 0) return false;
    for (int digit = 0; in.digits() > 0 && in.number(1, digit); unit /= 10) nanoseconds += digit * unit;
  }
  return true;
}

bool read_zone(Reader& in, Calendar& result) {
  if (in.take(' ') && in.rest().empty()) return true;
  if (in.rest().empty()) return true;
  result.has_offset = true;
  if (in.rest() == "Z" || in.rest() == "UTC" || in.rest() == "GMT") return true;
  if (in.rest().starts_with("GMT") || in.rest().starts_with("UTC")) in.skip(3);
  const auto offset = parse_offset(in.rest());
  if (!offset) return false;
  result.nanoseconds -= *offset;
  return true;
}

std::optional<Calendar> read_calendar(std::string_view text) {
  Reader in(text);
  int year = 0, month = 0, day = 0;
  if (!read_date(in, year, month, day)) return std::nullopt;
  const date::year_month_day ymd{date::year(year), date::month(static_cast<unsigned>(month)),
                                 date::day(static_cast<unsigned>(day))};
  if (!ymd.ok() || year < 1900 || year >= 2200) return std::nullopt;
  Calendar result{.nanoseconds = date::sys_days(ymd).time_since_epoch().count() * 86'400LL * kSecond};
  if (in.rest().empty()) return result;
  if (!is_digit(in.rest().front())) {
    if (!in.take(' ') && !in.take('T') && !in.take('_') && !in.take('-')) return std::nullopt;
  }
  std::int64_t clock = 0;
  if (!read_clock(in, clock)) return std::nullopt;
  result.nanoseconds += clock;
  return read_zone(in, result) ? std::optional(result) : std::nullopt;
}

// 20180101, 201801011700 and 20180101170000 are dates, though they are numbers as well.
bool looks_like_date(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == text.size() && digits != 8 && digits != 12 && digits != 14) return false;
  return read_calendar(text).has_value();
}

std::optional<std::int64_t> in_range(std::int64_t nanoseconds) {
  return nanoseconds >= kEarliest && nanoseconds < kLatest ? std::optional(nanoseconds) : std::nullopt;
}

}  // namespace

std::optional<StampParser> StampParser::recognise(std::string_view first) {
  first = trimmed(first);
  StampParser parser;
  if (looks_like_date(first)) {
    parser.has_offset_ = read_calendar(first)->has_offset;
    return parser;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(first.data(), first.data() + first.size(), value);
  if (error != std::errc() || end != first.data() + first.size() || !std::isfinite(value)) return std::nullopt;
  const double size = std::abs(value);
  parser.epoch_unit_ = size < 1e11 ? kSecond : size < 1e14 ? 1'000'000 : size < 1e17 ? 1'000 : 1;
  return parser.parse(first) ? std::optional(parser) : std::nullopt;
}

std::optional<std::int64_t> StampParser::from_epoch(std::int64_t value) const {
  std::int64_t nanoseconds = 0;
  if (__builtin_mul_overflow(value, epoch_unit_, &nanoseconds)) return std::nullopt;
  return in_range(nanoseconds);
}

std::optional<std::int64_t> StampParser::parse(std::string_view text) const {
  text = trimmed(text);
  if (!is_epoch()) {
    const std::optional<Calendar> calendar = read_calendar(text);
    if (!calendar || calendar->has_offset != has_offset_) return std::nullopt;
    return in_range(calendar->nanoseconds);
  }
  std::int64_t whole = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, whole);
  if (error != std::errc()) return std::nullopt;
  if (end == last) return from_epoch(whole);
  // With a fraction, or in the form 1.36e9; rounded to a microsecond, which is what a double holds.
  double value = 0;
  const auto [rest, failed] = std::from_chars(text.data(), last, value);
  if (failed != std::errc() || rest != last || !(std::abs(value) * static_cast<double>(epoch_unit_) < 9e18))
    return std::nullopt;
  return in_range(std::llround(value * static_cast<double>(epoch_unit_) / 1000) * 1000);
}

std::string StampParser::description() const {
  switch (epoch_unit_) {
    case 0:
      return has_offset_ ? "calendar with offset" : "calendar";
    case 1:
      return "epoch in nanoseconds";
    case 1'000:
      return "epoch in microseconds";
    case 1'000'000:
      return "epoch in milliseconds";
    default:
      return "epoch in seconds";
  }
}

}  // namespace moola::data
