#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moola::data {

/// Reads the time stamps of one file. What they look like is settled by the first one, and a later one of another kind
/// is not a stamp of this file.
///
/// Understood:
///
/// - epochs, also with a fraction: seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else
/// nanoseconds
/// - 20180101 170000, 20180101 17:00:00, 20180101170000, 201801011700, 20180101 (HistData and others)
/// - 2018-01-01 17:00:00.123, 2018-01-01T17:00Z, 2018/01/01 17:00+02:00, 2018.01.01 17:00, 2018-01-01
/// - 01.01.2018 17:00:00.000 GMT+0100 (day first; dots only, because 01/02/2018 may be January or February)
class StampParser {
 public:
  /// The parser for a file whose first stamp this is; nothing when it is none.
  static std::optional<StampParser> recognise(std::string_view first);

  /// Nanoseconds: UTC when zoned(), else as if the local clock were UTC. Between the years 1900 and 2200.
  std::optional<std::int64_t> parse(std::string_view text) const;
  /// An epoch given as an integer, in the unit of this file.
  std::optional<std::int64_t> from_epoch(std::int64_t value) const;

  bool is_epoch() const { return epoch_unit_ != 0; }
  /// Whether a stamp says its instant by itself: an epoch, or one with an offset.
  bool zoned() const { return is_epoch() || has_offset_; }
  /// "epoch in milliseconds", "calendar".
  std::string description() const;

 private:
  std::int64_t epoch_unit_ = 0;  // nanoseconds
  bool has_offset_ = false;
};

}  // namespace moola::data
