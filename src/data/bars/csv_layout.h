#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/files/timestamps.h"

namespace moola::data {

/// What a column of bars can be.
enum class BarColumn { time, open, high, low, close, volume, clock, product, month, flags };
inline constexpr std::size_t kBarColumns = 10;

/// "time", "open", …; `clock` is the time of day where the date has a column of its own, `month` a future's delivery
/// month, `flags` what market::BarFlag says, as an export of bars has it.
std::string_view name_of(BarColumn column);

/// Which columns of a file mean what, by their names.
///
/// Names are compared in lower case, without quotes, <>, blanks and words for units and zones (timestamp_ms_utc is
/// timestamp). Known: datetime timestamp time date dt "open time" unix epoch; open o; high h; low l; close c last;
/// volume v vol trade_volume tick_volume tickvol; product: symbol product ticker; month: exp_month expiry contract
/// delivery. Source: reference/factory.md 1.2.
struct ColumnNames {
  std::array<int, kBarColumns> index{};  // -1 where there is none

  ColumnNames() { index.fill(-1); }
  explicit ColumnNames(const std::vector<std::string>& names);
  int operator[](BarColumn column) const { return index[static_cast<std::size_t>(column)]; }
  int& operator[](BarColumn column) { return index[static_cast<std::size_t>(column)]; }
  /// Of time, open, high, low and close, those that are missing.
  std::vector<std::string> missing() const;
  /// Of all `names`, those that are none of these columns.
  std::vector<std::string> others(const std::vector<std::string>& names) const;
};

/// How a CSV file is laid out, found out from its beginning.
struct CsvLayout {
  char delimiter = ',';
  bool quoted = false;              // some of the first lines hold quotes
  std::vector<std::string> header;  // empty when the file has none
  std::size_t columns = 0;          // fields of every row
  ColumnNames index;
  StampParser stamps;
  std::string form;  // for people: "named columns", "HistData", "Binance klines", …

  bool has_header() const { return !header.empty(); }
  bool is_histdata() const { return form == "HistData"; }
};

/// Looks at the first lines (`beginning`: some 64 KiB, or the whole file). Throws DataError that says what was found
/// and what was expected: no text at all, a header and no rows, columns that are missing, a first row whose time is no
/// stamp.
CsvLayout recognise_csv(std::string_view beginning, const std::string& file);

/// The fields of a line, by the usual rules of quotes. Views into `line`, or into `unquoted` where quotes were doubled.
void split_fields(std::string_view line, char delimiter, std::vector<std::string_view>& fields,
                  std::vector<std::string>& unquoted);

}  // namespace moola::data
