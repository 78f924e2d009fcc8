#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace moola {

/// What stands where there is no stamp. NumPy reads it as NaT.
inline constexpr std::int64_t kNoTime = INT64_MIN;

/// Nanoseconds since 1970-01-01 UTC, now.
std::int64_t utc_now();

/// "2019-10-27T19:59:00Z"; with a fraction only when it is not zero.
std::string utc_text(std::int64_t nanoseconds);

/// "20191027T195900Z": for names of folders.
std::string utc_compact(std::int64_t nanoseconds);

/// "2019-10-27", "2019-10-27T19:59", "2019-10-27 19:59:00.5Z", all read as UTC; years 1678 to 2261. Throws ConfigError.
std::int64_t parse_utc(std::string_view text);

}  // namespace moola
