#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/files/time_zone.h"

namespace moola::data {

/// What the values of a column are, as far as a feature table cares.
enum class ColumnType : std::uint8_t { number, stamp, text, other };

/// What the first line of a CSV must be.
enum class FirstLine : std::uint8_t {
  names,
  names_or_numbers,  // columns of a file without names are called "1", "2", …
};

/// A table of somebody's file, whole in memory: Parquet, or CSV with names in its first line (delimiter , ; or tab;
/// plain, .gz, .xz or .zst). Columns go by their numbers, rows from 0.
class SourceTable {
 public:
  /// Throws ConfigError (no such file), DataError that says what is wrong (cut short, ragged rows with their number, no
  /// UTF-8, no names, a name twice), IoError. Columns of a CSV named in `texts` are text, whatever they look like.
  explicit SourceTable(const std::filesystem::path& file, const std::vector<std::string>& texts = {},
                       FirstLine first_line = FirstLine::names);
  SourceTable(SourceTable&&) noexcept;
  ~SourceTable();

  const std::string& file() const { return file_; }
  std::string_view form() const { return form_; }
  std::uint64_t rows() const { return rows_; }
  const std::vector<std::string>& names() const { return names_; }
  std::optional<std::size_t> find(std::string_view name) const;
  ColumnType type(std::size_t column) const { return types_[column]; }
  /// A column of text that begins with a number: then one value that is none has made it text. Its row and value.
  std::optional<std::pair<std::uint64_t, std::string>> first_no_number(std::size_t column) const;

  /// Values of rows [begin, begin + count) into out[0], out[stride], …; NaN where there is none.
  void numbers(std::size_t column, std::uint64_t begin, std::uint64_t count, double* out, std::size_t stride) const;
  std::vector<double> numbers(std::size_t column) const;
  /// Text as it is, whole numbers in decimal (also those that are stored as doubles); empty where there is none.
  std::vector<std::string> texts(std::size_t column) const;
  /// Nanoseconds UTC; kNoTime where there is none or it is no stamp. Stamps that say no zone are of `zone`. Throws
  /// DataError when the column can't hold stamps.
  std::vector<std::int64_t> stamps(std::size_t column, const TimeZone& zone) const;
  /// A value as it stands there, for messages.
  std::string shown(std::size_t column, std::uint64_t row) const;

 private:
  struct Content;
  std::string file_, form_;
  std::unique_ptr<Content> content_;
  std::uint64_t rows_ = 0;
  std::vector<std::string> names_;
  std::vector<ColumnType> types_;
};

}  // namespace moola::data
