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
  throw ConfigError(fmt::format("'{}' is not a length of time. Expected a number and a unit (ms, s, m, h, d, w), such as 10m.", text));
}

}  // namespace

Duration parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number >= 0) || !std::isfinite(number)) refuse(text);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "min") unit = "m";
  if (unit.empty() && number == 0) return {};
  for (const auto& [name, nanoseconds] : kUnits) {
    if (unit != name) continue;
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
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 172'800) return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {:02} h", whole / 86'400, whole / 3600 % 24);
}

}  // namespace moola
