#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "market/bar_repair.h"
#include "market/bars.h"

namespace moola::data {

/// Rows of one file and one contract as they stand there: not in order, not repaired, stamps as the file gives them.
/// Numbers that are none are NaN.
struct RawBars {
  std::string month;  // empty where the file has no contracts
  market::Bars bars;
  std::vector<market::RowOrigin> origins;  // of every row, or empty where the file was read fast

  void add(std::int64_t time, double open, double high, double low, double close, double volume, std::uint8_t flags,
           market::RowOrigin origin);
};

/// Which rows of a file with several products or contracts are wanted.
struct RowChoice {
  std::string product;  // rows with another one are passed over
  std::string month;    // empty: all
};

/// Rows by name; searched without making a std::string.
using RowCounts = std::map<std::string, std::uint64_t, std::less<>>;

/// What a file held.
struct RawFile {
  std::vector<RawBars> contracts;
  bool zoned = false;                // stamps are UTC already
  std::uint64_t rows = 0;            // in the file, whatever became of them
  RowCounts products;                // rows of each, where the file says so
  RowCounts months;                  // rows of each delivery month of the wanted product
  RowCounts passed_over;             // rows not wanted: calendar_spread, other_product, other_contract
  std::string form, stamps;          // for people and the manifest: "named columns", "epoch in seconds"
  std::vector<std::string> ignored;  // columns that bars have no place for
  bool foreign_flags = false;        // a column `flags` that holds something else
  std::string bad_price;             // the first price that is no number, as it stands there

  /// The flags that a number in a column `flags` stands for; notes it when it is none of market::BarFlag.
  std::uint8_t flags_of(double number);

  /// The contract that a row belongs to; nothing when the row is not wanted (then it is counted). Empty texts where the
  /// file has no such column.
  RawBars* wanted(std::string_view product, std::string_view month, const RowChoice& choice);
};

}  // namespace moola::data
