#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "market/bars.h"

namespace moola::market {

/// What can be wrong with a row of bars. Rows with the first group are dropped, those with the second are put right.
enum class Fault : std::uint8_t {
  wrong_columns,     // more or fewer fields than the first rows
  unparsable_time,   // no stamp, or not one of the file's form
  nonexistent_time,  // a local time that the spring change of clocks skips
  unparsable_price,  // a price is no finite number
  price_not_positive,
  duplicate_row,      // stamp and numbers of an earlier row; the first is kept
  duplicate_stamp,    // stamp of an earlier row with other numbers; the first is kept
  high_below_low,     // exchanged
  high_below_body,    // raised to open and close
  low_above_body,     // lowered to open and close
  unparsable_volume,  // becomes 0
  negative_volume,    // becomes 0
  backward_stamp,     // stands after a later one; moved to its place
};
inline constexpr std::size_t kFaults = 13;

/// "high_below_low".
std::string_view name_of(Fault fault);
/// "high below low: exchanged".
std::string_view description_of(Fault fault);
/// Whether a row with this fault is dropped; otherwise it is put right.
bool is_dropped(Fault fault);

/// Where a row stood: which of the input files, and its line there (or row, where a file has no lines), from 1. 0: not
/// known.
struct RowOrigin {
  std::uint32_t file = 0, line = 0;
  auto operator<=>(const RowOrigin&) const = default;
};

/// Counts of every cause, and where the first cases are.
class FaultReport {
 public:
  static constexpr std::size_t kListed = 20;
  struct Case {
    RowOrigin origin;
    Fault fault;
    std::string detail;
  };

  /// `detail` may say what was found ("abc", or a stamp).
  void add(Fault fault, RowOrigin origin, std::string detail = {});
  std::uint64_t count(Fault fault) const { return counts_[static_cast<std::size_t>(fault)]; }
  /// Rows dropped; rows put right count once per fault.
  std::uint64_t dropped() const;
  std::uint64_t repaired() const;
  bool empty() const { return dropped() + repaired() == 0; }
  /// The first 20 in the order of files and lines.
  const std::vector<Case>& first_cases() const { return cases_; }

 private:
  std::array<std::uint64_t, kFaults> counts_{};
  std::vector<Case> cases_;
};

/// Puts bars in order and right, in place: afterwards stamps increase strictly, prices are finite and positive, low <=
/// open, close <= high, and volumes are finite and not negative. What was changed carries kRepaired.
///
/// Order of the rules: drop rows without a stamp (kNoTime: a nonexistent_time), with a price that is no finite number,
/// or with one <= 0; exchange high and low where high < low; raise high and lower low to hold open and close; a volume
/// that is no number or negative becomes 0; sort (a file that runs backward as a whole is turned round, which is no
/// fault); of equal stamps the first row of the file stays.
///
/// Prices and volumes arrive as NaN where a file holds no number. `origins` (n, or empty) says where the rows stood,
/// and is reordered with them. Cost O(n), O(n log n) when they are out of order.
///
/// Source: reference/factory.md 1.2.
void repair(Bars& bars, std::vector<RowOrigin>& origins, FaultReport& report);

}  // namespace moola::market
