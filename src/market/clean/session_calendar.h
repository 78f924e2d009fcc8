#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moola::market {

/// A stretch of time that a market is open without a break, [open, close) in nanoseconds UTC.
struct OpenInterval {
  std::int64_t open, close;
};

/// When a market is open: the week of its exchange by the exchange's own clock, so that daylight saving moves it as it
/// moves the exchange.
class SessionCalendar {
 public:
  /// "crypto": always. "cme": index and metal futures, Chicago, 17:00 to 16:00 from Sunday to Friday. "fx": New York,
  /// Sunday 17:00 to Friday 17:00. "taifex": the Taiwan index future, Taipei, 8:45 to 13:45 and, from Monday to Friday,
  /// 15:00 to 5:00. "nyse": New York, 9:30 to 16:00. Days of `holidays` ("2024-12-25", by the exchange's clock) are
  /// closed: no interval opens on them. Throws ConfigError that names the nearest name, or a date that is none.
  explicit SessionCalendar(std::string_view name, const std::vector<std::string>& holidays = {});

  static std::vector<std::string> names();
  const std::string& name() const { return name_; }
  bool always_open() const { return weekly_.empty(); }

  /// Those that meet [first, last], in order. Cost: one step per interval. Throws ConfigError when the machine has no
  /// time zone database.
  std::vector<OpenInterval> intervals(std::int64_t first, std::int64_t last) const;

 private:
  struct Weekly {
    int weekday, open, length;  // Sunday is 0; minutes after local midnight; minutes
  };
  std::string name_, zone_;
  std::vector<Weekly> weekly_;
  std::vector<std::int64_t> holidays_;  // days since 1970-01-01
};

}  // namespace moola::market
