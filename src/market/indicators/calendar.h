#pragma once
// What the clock says of a bar, in UTC. Every function: `time` and outputs have n rows; `time` is the bar's open in
// nanoseconds since 1970, which may be before it. There is a value in every row. Angles come out of tables that are the
// same on every machine (portable_sine.h).
#include <cstdint>
#include <span>

namespace moola::market {

/// The hour (0 to 23) as an angle, a day being the whole turn.
void hour_angle(std::span<const std::int64_t> time, std::span<double> sine, std::span<double> cosine);
/// The minute (0 to 59) of the hour as an angle.
void minute_angle(std::span<const std::int64_t> time, std::span<double> sine, std::span<double> cosine);
/// The day of the week (Monday is 0) as an angle.
void day_of_week_angle(std::span<const std::int64_t> time, std::span<double> sine, std::span<double> cosine);
/// 1 in the hours [first, last) of the day, else 0.
void hours_flag(std::span<const std::int64_t> time, int first, int last, std::span<double> out);

}  // namespace moola::market
