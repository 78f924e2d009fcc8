#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace moola {

/// A length of time in nanoseconds.
struct Duration {
  std::int64_t nanoseconds = 0;

  static constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
  double in_seconds() const { return static_cast<double>(nanoseconds) / 1e9; }
  auto operator<=>(const Duration&) const = default;
};

/// "250ms", "90s", "10m", "1.5h", "1d", "2w"; "0" needs no unit. Throws ConfigError that says what was expected.
Duration parse_duration(std::string_view text);

/// The shortest exact form that `parse_duration` reads back: "10m", "90s", "1d".
std::string to_string(Duration duration);

/// For people: "4.2 s", "12 min 30 s", "3 h 05 min".
std::string readable_seconds(double seconds);

}  // namespace moola
