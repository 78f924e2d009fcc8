#include "base/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace moola {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> kUnits{{{"w", 604'800'000'000'000},
                                                                           {"d", 86'400'000'000'000},
                                                                           {"h", 3'600'000'000'000},
                                                                           {"m", 60'000'000'000},
                                                                           {"s", 1'000'000'000},
                                                                           {"ms", 1'000'000},
                                                                           {"us", 1'000},
                                                                           {"ns", 1}}};

[[noreturn]] void refuse(std::string_view text) {
  throw ConfigError(fmt::format(
      "'{}' is not a length of time. Expected a number and a unit (ms, s, m, h, d, w), such as 10m.", text));
}

}  // namespace

Duration parse_duration(std::string_view text) {
  const char* const last = text.data() + text.size();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || !(number >= 0) || !std::isfinite(number)) refuse(text);
  // A double is exact for 104 days of nanoseconds only; a whole number stays one.
  std::int64_t whole = 0;
  const auto [whole_end, whole_error] = std::from_chars(text.data(), last, whole);
  const bool is_whole = whole_error == std::errc() && whole_end == end;
  std::string_view unit(end, static_cast<std::size_t>(last - end));
  if (unit == "min") unit = "m";
  if (unit.empty() && number == 0) return {};
  for (const auto& [name, nanoseconds] : kUnits) {
    if (unit != name) continue;
    std::int64_t exact = 0;
    if (is_whole) {
      if (__builtin_mul_overflow(whole, nanoseconds, &exact)) refuse(text);
      return {exact};
    }
    const double total = number * static_cast<double>(nanoseconds);
    if (total > 9.2e18) refuse(text);
    return {static_cast<std::int64_t>(std::llround(total))};
  }
  refuse(text);
}

std::string to_string(Duration duration) {
  if (duration.nanoseconds == 0) return "0s";
  for (const auto& [name, nanoseconds] : kUnits) {
    if (duration.nanoseconds % nanoseconds == 0) return fmt::format("{}{}", duration.nanoseconds / nanoseconds, name);
  }
  return fmt::format("{}ns", duration.nanoseconds);
}

std::string readable_seconds(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "unknown";
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 172'800) return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {:02} h", whole / 86'400, whole / 3600 % 24);
}

}  // namespace moola
