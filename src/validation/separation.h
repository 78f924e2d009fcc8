#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace moola::validation {

/// How far apart two parts of a split are kept: in rows, in time, or as a share of all rows.
struct Separation {
  enum class Unit : std::uint8_t { bars, time, fraction };
  Unit unit = Unit::bars;
  double value = 0;  // rows; nanoseconds; 0 to 1

  static Separation bars(std::int64_t rows) { return {Unit::bars, static_cast<double>(rows)}; }
  static Separation time(std::int64_t nanoseconds) { return {Unit::time, static_cast<double>(nanoseconds)}; }
  static Separation fraction(double share) { return {Unit::fraction, share}; }
  /// In rows of `n`, rounded up for shares; only where the unit is not time.
  std::size_t rows(std::size_t n) const;
};

/// `time` and so many nanoseconds, 0 or more: where no clock reaches, the last moment there is, and the first.
std::int64_t later_by(std::int64_t time, double nanoseconds);
std::int64_t earlier_by(std::int64_t time, double nanoseconds);

/// The first of the rows, in order of `time`, at `when` or later; and the first after it.
std::size_t first_at_or_after(std::span<const std::int64_t> time, std::int64_t when);
std::size_t first_after(std::span<const std::int64_t> time, std::int64_t when);
/// The end of the rows that lie further before row `at` than `apart`.
std::size_t end_before(std::span<const std::int64_t> time, std::size_t at, const Separation& apart);

/// "60bars", "1d", "12h", "0.01". Throws ConfigError that says what was expected; `what` is the key ("embargo").
Separation parse_separation(std::string_view text, std::string_view what);
/// As `parse_separation` reads it.
std::string to_string(const Separation& separation);

}  // namespace moola::validation
