#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/tables/source_table.h"

namespace moola::data {

/// Several files with the same columns as one table: their rows one after the other, columns by name.
class JoinedTables {
 public:
  /// Throws as SourceTable does, and DataError for a file without rows.
  JoinedTables(const std::vector<std::filesystem::path>& files, const std::vector<std::string>& texts);

  const std::vector<SourceTable>& tables() const { return tables_; }
  std::uint64_t rows() const { return rows_; }
  /// Where a row of all is: the table's number, and the row in it.
  std::pair<std::size_t, std::uint64_t> place(std::uint64_t row) const;
  /// The same for messages: "FILE, row 7 (counted from 0)".
  std::string place_text(std::uint64_t row) const;

  /// The number of a column in one table. Throws DataError when only others have it.
  std::size_t column(std::size_t table, const std::string& name) const;
  /// Values of all rows, as SourceTable has them.
  std::vector<std::int64_t> stamps(const std::string& name, const TimeZone& zone) const;
  std::vector<std::string> texts(const std::string& name) const;
  std::vector<double> numbers(const std::string& name) const;
  /// Throws DataError "FILE, row, column: WHAT (the value)."
  [[noreturn]] void refuse(const std::string& column, std::uint64_t row, const std::string& what) const;
  /// A value as it stands in its file.
  std::string shown(const std::string& name, std::uint64_t row) const;

 private:
  std::vector<SourceTable> tables_;
  std::vector<std::uint64_t> first_;
  std::uint64_t rows_ = 0;
};

/// Columns of numbers as rows in another order, straight from the files' columns.
class OrderedRows {
 public:
  /// `order`: the row of `tables` that each row is; empty: as they come. Both must outlive this.
  OrderedRows(const JoinedTables& tables, const std::vector<std::string>& names, std::span<const std::uint64_t> order);

  /// Rows [begin, begin + count) into `out` (count, names), row-major. Thread-safe.
  void operator()(std::uint64_t begin, std::uint64_t count, std::span<double> out) const;

 private:
  std::uint64_t source_row(std::uint64_t row) const { return order_.empty() ? row : order_[row]; }

  const JoinedTables& tables_;
  std::size_t count_;
  std::span<const std::uint64_t> order_;
  std::vector<std::size_t> columns_;  // (tables, names)
};

}  // namespace moola::data
