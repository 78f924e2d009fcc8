#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "data/windows/window_table.h"

namespace moola::data {
namespace {

// Rows of one list array, whichever of Arrow's three kinds it is.
class Lists {
 public:
  explicit Lists(const arrow::Array& array) {
    switch (array.type_id()) {
      case arrow::Type::LIST:
        list_ = static_cast<const arrow::ListArray*>(&array);
        break;
      case arrow::Type::LARGE_LIST:
        large_ = static_cast<const arrow::LargeListArray*>(&array);
        break;
      case arrow::Type::FIXED_SIZE_LIST:
        fixed_ = static_cast<const arrow::FixedSizeListArray*>(&array);
        break;
      default:
        throw std::logic_error("an array of Arrow that is no list was taken for one");
    }
  }
  static bool is_list(const arrow::DataType& type) {
    return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
           type.id() == arrow::Type::FIXED_SIZE_LIST;
  }
  std::int64_t begin(std::int64_t row) const {
    return list_ != nullptr    ? list_->value_offset(row)
           : large_ != nullptr ? large_->value_offset(row)
                               : fixed_->value_offset(row);
  }
  std::int64_t length(std::int64_t row) const {
    return list_ != nullptr    ? list_->value_length(row)
           : large_ != nullptr ? large_->value_length(row)
                               : fixed_->value_length(row);
  }
  const arrow::Array& values() const {
    return list_ != nullptr ? *list_->values() : large_ != nullptr ? *large_->values() : *fixed_->values();
  }

 private:
  const arrow::ListArray* list_ = nullptr;
  const arrow::LargeListArray* large_ = nullptr;
  const arrow::FixedSizeListArray* fixed_ = nullptr;
};

template <class ArrayType>
void append_raw(const arrow::Array& array, std::int64_t begin, std::int64_t count, std::vector<float>& out) {
  const auto* values = static_cast<const ArrayType&>(array).raw_values() + begin;
  std::transform(values, values + count, std::back_inserter(out), [](auto value) { return static_cast<float>(value); });
}

class ParquetReader {
 public:
  ParquetReader(const std::filesystem::path& file, TableShape shape) : file_(file.string()), shape_(shape) {}

  WindowTable read() {
    try {
      open();
      const int features = features_column();
      for (const auto& chunk : table_->column(features)->chunks()) append_windows(*chunk);
      if (result_.windows == 0) fail("has no rows");
      read_others(features);
    } catch (const parquet::ParquetException& error) {
      fail(error.what());
    }
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail(std::string what) const {
    while (what.ends_with('.')) what.pop_back();  // Arrow ends some of its messages so
    throw DataError(fmt::format("{} {}.", file_, what));
  }

  template <class T>
  T taken(arrow::Result<T> result) const {
    if (!result.ok()) fail("can't be read as Parquet: " + result.status().message());
    return std::move(result).ValueOrDie();
  }

  void open() {
    const auto input = arrow::io::ReadableFile::Open(file_);
    if (!input.ok()) throw IoError(fmt::format("cannot open {}", file_), ENOENT);
    const auto reader = taken(parquet::arrow::OpenFile(*input, arrow::default_memory_pool()));
    table_ = taken(reader->ReadTable());
  }

  int features_column() const {
    std::vector<std::string> names, lists;
    for (int c = 0; c < table_->num_columns(); ++c) {
      const auto& field = *table_->field(c);
      names.push_back(field.name());
      if (Lists::is_list(*field.type())) lists.push_back(field.name());
    }
    for (const char* name : {"features", "X", "x", "window"}) {
      const int found = table_->schema()->GetFieldIndex(name);
      if (found < 0) continue;
      const arrow::DataType& type = *table_->field(found)->type();
      if (Lists::is_list(type)) return found;
      if (type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY) {
        fail(fmt::format(
            "has bytes in its column '{}': pickled arrays, which would run code when read. Save nested lists: "
            "frame['features'] = [list(map(list, window)) for window in windows]",
            name));
      }
    }
    if (lists.size() == 1) return table_->schema()->GetFieldIndex(lists.front());
    fail(fmt::format("has no column 'features' of nested lists; its columns are {}", fmt::join(names, ", ")));
  }

  void append_windows(const arrow::Array& chunk) {
    const Lists windows(chunk);
    const arrow::Array& bars = windows.values();
    const bool nested = Lists::is_list(*bars.type());
    for (std::int64_t row = 0; row < chunk.length(); ++row) {
      if (chunk.IsNull(row)) fail(fmt::format("has no window in row {}", result_.windows));
      const std::int64_t begin = windows.begin(row), length = windows.length(row);
      if (nested) {
        append_bars(bars, begin, length);
      } else {
        append_flat(bars, begin, length);
      }
      ++result_.windows;
    }
  }

  void append_bars(const arrow::Array& bars, std::int64_t begin, std::int64_t length) {
    const Lists channels(bars);
    if (Lists::is_list(*channels.values().type())) fail("has lists of lists of lists; expected bars of channels");
    check_length(static_cast<std::uint64_t>(length));
    for (std::int64_t bar = begin; bar < begin + length; ++bar) {
      if (bars.IsNull(bar)) fail(fmt::format("has no bar {} in row {}", bar - begin, result_.windows));
      const auto count = static_cast<std::uint64_t>(channels.length(bar));
      if (result_.channels == 0) result_.channels = count;
      if (count != result_.channels) {
        fail(fmt::format("has {} values in bar {} of row {}, where {} channels are expected: the rows are ragged",
                         count, bar - begin, result_.windows, result_.channels));
      }
      append_values(channels.values(), channels.begin(bar), channels.length(bar));
    }
  }

  void append_flat(const arrow::Array& values, std::int64_t begin, std::int64_t length) {
    result_.channels = std::max<std::uint64_t>(1, shape_.channels);
    const auto count = static_cast<std::uint64_t>(length);
    if (count % result_.channels != 0) {
      fail(fmt::format("has {} values in row {}, which are no whole number of bars of {} channels", count,
                       result_.windows, result_.channels));
    }
    check_length(count / result_.channels);
    append_values(values, begin, length);
  }

  void check_length(std::uint64_t length) {
    if (result_.windows == 0) result_.length = length;
    if (length != result_.length) {
      fail(
          fmt::format("has {} bars in row {}, where {} are expected: the rows are ragged, and windows are equally long",
                      length, result_.windows, result_.length));
    }
  }

  void append_values(const arrow::Array& values, std::int64_t begin, std::int64_t count) {
    const std::size_t first = result_.x.size();
    switch (values.type_id()) {
      case arrow::Type::FLOAT:
        append_raw<arrow::FloatArray>(values, begin, count, result_.x);
        break;
      case arrow::Type::DOUBLE:
        append_raw<arrow::DoubleArray>(values, begin, count, result_.x);
        break;
      case arrow::Type::INT64:
        append_raw<arrow::Int64Array>(values, begin, count, result_.x);
        break;
      case arrow::Type::INT32:
        append_raw<arrow::Int32Array>(values, begin, count, result_.x);
        break;
      case arrow::Type::HALF_FLOAT:
        for (std::int64_t i = begin; i < begin + count; ++i) {
          result_.x.push_back(
              arrow::util::Float16::FromBits(static_cast<const arrow::HalfFloatArray&>(values).Value(i)).ToFloat());
        }
        break;
      default:
        fail("has lists of " + values.type()->ToString() + "; expected numbers (float, double, int32, int64)");
    }
    if (values.null_count() == 0) return;
    for (std::int64_t i = 0; i < count; ++i) {
      if (values.IsNull(begin + i))
        result_.x[first + static_cast<std::size_t>(i)] = std::numeric_limits<float>::quiet_NaN();
    }
  }

  void read_others(int features) {
    for (int c = 0; c < table_->num_columns(); ++c) {
      if (c == features) continue;
      const std::string& name = table_->field(c)->name();
      if (std::vector<std::string>* const into = text_column(result_, name)) {
        *into = texts(c);
      } else if (std::vector<std::int64_t>* const numbers = integer_column(result_, name)) {
        *numbers = integers(c, may_be_missing(name));
      } else {
        result_.ignored.push_back(name);
      }
    }
  }

  // Every value of a column as Arrow writes it: text as it is, integers in decimal.
  std::vector<std::string> texts(int column) const {
    std::vector<std::string> values;
    for_each_scalar(column, [&](const arrow::Scalar& scalar) {
      if (arrow::is_floating(scalar.type->id())) {
        fail(fmt::format("has floating-point numbers in column '{}'; classes are text or integers",
                         table_->field(column)->name()));
      }
      const auto* dictionary = dynamic_cast<const arrow::DictionaryScalar*>(&scalar);
      values.push_back(dictionary != nullptr ? taken(dictionary->GetEncodedValue())->ToString() : scalar.ToString());
    });
    return values;
  }

  std::vector<std::int64_t> integers(int column, bool gaps) const {
    std::vector<std::int64_t> values;
    const auto visit = [&](const arrow::Scalar& scalar) { values.push_back(integer(scalar, column, gaps)); };
    for_each_scalar(column, visit, gaps ? [&] { values.push_back(kNoValue); } : std::function<void()>());
    return values;
  }

  std::int64_t integer(const arrow::Scalar& scalar, int column, bool gaps) const {
    if (const auto* time = dynamic_cast<const arrow::TimestampScalar*>(&scalar)) {
      constexpr std::int64_t kToNs[] = {1'000'000'000, 1'000'000, 1'000, 1};
      return time->value * kToNs[static_cast<const arrow::TimestampType&>(*scalar.type).unit()];
    }
    if (const auto* wide = dynamic_cast<const arrow::Int64Scalar*>(&scalar)) return wide->value;
    if (const auto* narrow = dynamic_cast<const arrow::Int32Scalar*>(&scalar)) return narrow->value;
    // pandas makes doubles of integers where one is missing.
    if (const auto* real = dynamic_cast<const arrow::DoubleScalar*>(&scalar); real != nullptr && gaps) {
      if (std::isnan(real->value)) return kNoValue;
      if (real->value == std::floor(real->value) && std::fabs(real->value) < 9e15)
        return static_cast<std::int64_t>(real->value);
    }
    fail(fmt::format("has {} in column '{}'; expected int64, int32 or time stamps", scalar.type->ToString(),
                     table_->field(column)->name()));
  }

  template <class Visit>
  void for_each_scalar(int column, Visit visit, const std::function<void()>& missing = {}) const {
    for (const auto& chunk : table_->column(column)->chunks()) {
      for (std::int64_t row = 0; row < chunk->length(); ++row) {
        if (!chunk->IsNull(row)) {
          visit(*taken(chunk->GetScalar(row)));
        } else if (missing) {
          missing();
        } else {
          fail(fmt::format("has no value in column '{}' of row {}", table_->field(column)->name(), row));
        }
      }
    }
  }

  std::string file_;
  TableShape shape_;
  std::shared_ptr<arrow::Table> table_;
  WindowTable result_;
};

}  // namespace

WindowTable read_parquet_windows(const std::filesystem::path& file, const TableShape& shape) {
  return ParquetReader(file, shape).read();
}

}  // namespace moola::data
