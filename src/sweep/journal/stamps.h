#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moola::sweep {

/// A time as a journal has it: nanoseconds since 1970-01-01 by a clock on the wall (`is_local`) or by UTC.
struct Stamp {
  std::int64_t nanoseconds = 0;
  bool is_local = true;
};

/// "2026-11-20T10:00:00.000000" is local time, "2026-11-20T10:00:00.000000+00:00" is not; 'Z', other offsets, a space
/// for the T, and fewer digits are read too. Years 1678 to 2261. None for other texts.
std::optional<Stamp> parse_stamp(std::string_view text);

/// Nanoseconds UTC. A local time that a clock shows twice is the first of the two, one that it jumps over is as if it
/// had not jumped, both as Python's datetime has it. The zone's offset is kept for the quarter of an hour asked last.
class LocalClock {
 public:
  std::int64_t to_utc(Stamp stamp);

 private:
  std::int64_t quarter_ = INT64_MIN, offset_ = 0;  // both of local time: quarters of an hour since 1970, seconds
};

enum class StampForm { local, utc };

/// As Optuna writes it: six digits; local time until Optuna 4.9 (any version reads it), UTC with "+00:00" from 5.0 on.
std::string stamp_text(std::int64_t nanoseconds, StampForm form);

}  // namespace moola::sweep
