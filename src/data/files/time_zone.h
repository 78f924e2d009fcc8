#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moola::data {

/// Local stamps in [begin, end) that are `offset` ahead of UTC whatever the zone says; all in nanoseconds, `begin` and
/// `end` as if the local clock were UTC.
struct OffsetException {
  std::int64_t begin, end, offset;
};

/// The clock that local stamps were read from.
class TimeZone {
 public:
  /// An IANA name ("America/New_York"), a fixed offset ("UTC", "UTC+8", "-05:00"), or one of the abbreviations EST/EDT,
  /// CST/CDT, MST/MDT, PST/PDT (the American zones, with daylight saving) and GMT. Case matters only for abbreviations.
  /// Throws ConfigError that names the nearest zone.
  explicit TimeZone(std::string_view name);

  /// What was understood: "America/New_York", "UTC", "UTC-05:00".
  const std::string& name() const { return name_; }
  /// Exceptions go before the zone's own rules. Throws ConfigError when two overlap.
  void set_exceptions(std::vector<OffsetException> exceptions);

  /// Turns local stamps of one series into UTC, in place; their order is the file's.
  ///
  /// A stamp that the autumn change makes ambiguous means its first occurrence, unless that does not come after the
  /// stamp before it and the second does. One that the spring change skips becomes kNoTime. A series that runs
  /// backward (more steps down than up) is walked from its end. Cost: a few ns a stamp.
  void to_utc(std::span<std::int64_t> stamps) const;

 private:
  struct Zone;
  struct Interval {  // UTC = local - offset for local stamps in [begin, end)
    std::int64_t begin = 0, end = 0, offset = 0;
  };
  /// Both readings of a local stamp: equal where it is unambiguous, none where it does not exist.
  std::optional<std::pair<std::int64_t, std::int64_t>> readings(std::int64_t local, Interval& plain) const;

  std::string name_;
  std::shared_ptr<const Zone> zone_;
  std::vector<OffsetException> exceptions_;
};

/// The name itself when it is EST, CST, MST or PST, or their summer forms, which read as if they stood for one offset
/// and here mean the zone; else nothing.
std::string_view american_abbreviation(std::string_view name);

/// "2019-10-27T16:00/2019-11-03=-05:00". Throws ConfigError.
OffsetException parse_offset_exception(std::string_view text);

/// "+05:30", "-5", "+0800" in nanoseconds; nothing when it is none.
std::optional<std::int64_t> parse_offset(std::string_view text);

/// "-05:00".
std::string offset_text(std::int64_t offset);

}  // namespace moola::data
