#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/store/hdf5.h"

namespace moola::data {

/// One column of a table to be written: numbers, or classes that are written by name where the format can.
struct TableColumn {
  std::string name;
  hdf5::Type type;
  std::vector<std::string> names;          // of the classes 0, 1, …; empty: numbers
  std::uint64_t length = 0, channels = 0;  // of windows, float32 and row-major; 0: a plain column
};

/// Rows of a column as little-endian bytes.
using ColumnBytes = std::span<const std::byte>;

/// A file that a table is written to piece by piece: every call of `write` brings the next rows of all columns.
class TableSink {
 public:
  virtual ~TableSink() = default;
  virtual void write(std::uint64_t rows, std::span<const ColumnBytes> columns) = 0;
  /// Completes the file. Throws IoError.
  virtual void finish() = 0;
};

/// `file` is written at once; its suffix is not looked at. `rows` is the number to come. Throws IoError.
std::unique_ptr<TableSink> make_npy_sink(const std::filesystem::path& file, std::vector<TableColumn> columns,
                                         std::uint64_t rows);
std::unique_ptr<TableSink> make_csv_sink(const std::filesystem::path& file, std::vector<TableColumn> columns,
                                         const std::vector<std::string>& channel_names);
std::unique_ptr<TableSink> make_parquet_sink(const std::filesystem::path& file, std::vector<TableColumn> columns);

}  // namespace moola::data
