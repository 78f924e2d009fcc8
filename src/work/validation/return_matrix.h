#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace moola::work {

/// Returns of one or more configurations over the same rows.
struct ReturnMatrix {
  std::string source = {};                 // the file, for messages
  std::vector<std::string> names = {};     // (columns)
  std::vector<std::int64_t> time = {};     // (rows) ns UTC, strictly increasing; empty: the file says no times
  std::vector<double> values = {};         // (rows, columns) row by row, finite
  std::vector<std::string> left_out = {};  // columns of the file that hold no returns, with why

  std::size_t columns() const { return names.size(); }
  std::size_t rows() const { return names.empty() ? 0 : values.size() / names.size(); }
  std::vector<double> column(std::size_t which) const;
  /// Without the columns for which `leave_out` holds true, which go to `left_out` with `why`.
  void drop_columns(const std::vector<bool>& leave_out, const std::string& why);
};

/// What of a file is meant.
struct ReturnSource {
  std::filesystem::path file = {};
  std::string dataset = {};               // of an HDF5 file; empty: "returns", or its only table of numbers
  std::string time = {};                  // the column of times; empty: the first that is called as one and holds them
  std::vector<std::string> columns = {};  // these alone, in this order; empty: all that hold numbers
};

/// Reads a CSV (with or without names in its first line; plain, .gz, .xz, .zst), a Parquet file, a NumPy array (.npy,
/// of one or two axes) or an HDF5 file. Dates and date-times may be mixed; those that say no zone are UTC. Rows must be
/// in order of time: a stamp that comes twice or goes back is an error, as is a row without one, a value that is
/// missing or not finite, text where numbers are expected, and a column called "time" without times; each names row
/// (from 1) and column. Throws ConfigError for a file or column that is not there, naming the nearest; DataError;
/// IoError.
ReturnMatrix read_returns(const ReturnSource& source);

/// Which columns hold the same value in every row.
std::vector<bool> constant_columns(const ReturnMatrix& returns);

}  // namespace moola::work
