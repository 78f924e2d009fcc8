#include "validation/separation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "base/duration.h"
#include "base/error.h"

namespace moola::validation {

std::size_t Separation::rows(std::size_t n) const {
  if (unit == Unit::time) throw std::logic_error("a separation in time has no number of rows");
  return static_cast<std::size_t>(unit == Unit::bars ? value : std::ceil(value * static_cast<double>(n)));
}

std::int64_t later_by(std::int64_t time, double nanoseconds) {
  std::int64_t out = 0;
  const bool beyond =
      nanoseconds >= 0x1p63 || __builtin_add_overflow(time, static_cast<std::int64_t>(nanoseconds), &out);
  return beyond ? INT64_MAX : out;
}

std::int64_t earlier_by(std::int64_t time, double nanoseconds) {
  std::int64_t out = 0;
  const bool beyond =
      nanoseconds >= 0x1p63 || __builtin_sub_overflow(time, static_cast<std::int64_t>(nanoseconds), &out);
  return beyond ? INT64_MIN : out;
}

std::size_t first_at_or_after(std::span<const std::int64_t> time, std::int64_t when) {
  return static_cast<std::size_t>(std::ranges::lower_bound(time, when) - time.begin());
}

std::size_t first_after(std::span<const std::int64_t> time, std::int64_t when) {
  return static_cast<std::size_t>(std::ranges::upper_bound(time, when) - time.begin());
}

std::size_t end_before(std::span<const std::int64_t> time, std::size_t at, const Separation& apart) {
  if (apart.unit != Separation::Unit::time) return at - std::min(at, apart.rows(time.size()));
  return first_at_or_after(time, earlier_by(time[at], apart.value));
}

Separation parse_separation(std::string_view text, std::string_view what) {
  double value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, wrong] = std::from_chars(text.data(), last, value);
  const std::string_view unit(end, static_cast<std::size_t>(last - end));
  const bool number = wrong == std::errc() && std::isfinite(value) && value >= 0;
  if (number && (unit == "bars" || unit == "bar") && value == std::floor(value))
    return Separation::bars(static_cast<std::int64_t>(value));
  if (number && unit.empty() && value < 1) return Separation::fraction(value);
  if (number && !unit.empty() && unit != "bars" && unit != "bar") {
    try {
      return Separation::time(parse_duration(text).nanoseconds);
    } catch (const ConfigError&) {
      // Said below, with all that would do.
    }
  }
  throw ConfigError(
      fmt::format("{} = \"{}\" is no separation. Expected bars (60bars), a length of time (1d, 12h) or a "
                  "share of all rows below 1 (0.01).",
                  what, text));
}

std::string to_string(const Separation& separation) {
  if (separation.unit == Separation::Unit::bars) return fmt::format("{:.0f}bars", separation.value);
  if (separation.unit == Separation::Unit::fraction) return fmt::format("{}", separation.value);
  return moola::to_string(Duration{static_cast<std::int64_t>(separation.value)});
}

}  // namespace moola::validation
