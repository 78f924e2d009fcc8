#pragma once
#include <arrow/api.h>

#include <cstdint>
#include <optional>
#include <string>

#include "data/files/timestamps.h"

namespace moola::data {

/// A value of any column of numbers, or of text that is one; NaN where it is none, or nothing.
double number_at(const arrow::Array& array, std::int64_t i);

/// A value of a column of text (also in a dictionary), whole numbers or doubles, as text; empty where there is none.
std::string text_at(const arrow::Array& array, std::int64_t i);

/// Stamps of a column, whatever its type: time stamps, dates, epochs, text that StampParser knows.
class StampColumn {
 public:
  /// `name` and `file` are named in the DataError when the type can't hold stamps.
  StampColumn(const arrow::DataType& type, const std::string& name, const std::string& file);

  /// Whether stamps say their instant by themselves. Of text and integers it is known after the first one.
  bool zoned() const { return zoned_; }
  /// "timestamp[ns]", "string, calendar": for people and the manifest.
  const std::string& description() const { return description_; }
  /// Nanoseconds; nothing where there is no stamp, or none of this column's form.
  std::optional<std::int64_t> at(const arrow::Array& array, std::int64_t i);

 private:
  std::optional<std::int64_t> as_text(const arrow::Array& array, std::int64_t i);

  arrow::Type::type id_;
  std::int64_t unit_ = 0;  // nanoseconds; 0: read as text
  bool zoned_ = false;
  std::string description_;
  std::optional<StampParser> parser_;
};

}  // namespace moola::data
