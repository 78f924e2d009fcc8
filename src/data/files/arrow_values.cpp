#include "data/files/arrow_values.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <string_view>

#include "base/error.h"

namespace moola::data {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kDayNanoseconds = 86'400'000'000'000;

double parsed(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : kNan;
}

template <class Array>
double plain(const arrow::Array& array, std::int64_t i) {
  return static_cast<double>(static_cast<const Array&>(array).Value(i));
}

}  // namespace

double number_at(const arrow::Array& array, std::int64_t i) {
  if (array.IsNull(i)) return kNan;
  switch (array.type_id()) {
    case arrow::Type::DOUBLE:
      return plain<arrow::DoubleArray>(array, i);
    case arrow::Type::FLOAT:
      return plain<arrow::FloatArray>(array, i);
    case arrow::Type::INT64:
      return plain<arrow::Int64Array>(array, i);
    case arrow::Type::INT32:
      return plain<arrow::Int32Array>(array, i);
    case arrow::Type::INT16:
      return plain<arrow::Int16Array>(array, i);
    case arrow::Type::INT8:
      return plain<arrow::Int8Array>(array, i);
    case arrow::Type::UINT64:
      return plain<arrow::UInt64Array>(array, i);
    case arrow::Type::UINT32:
      return plain<arrow::UInt32Array>(array, i);
    case arrow::Type::UINT16:
      return plain<arrow::UInt16Array>(array, i);
    case arrow::Type::UINT8:
      return plain<arrow::UInt8Array>(array, i);
    case arrow::Type::DECIMAL128:
      return parsed(static_cast<const arrow::Decimal128Array&>(array).FormatValue(i));
    case arrow::Type::STRING:
      return parsed(static_cast<const arrow::StringArray&>(array).GetView(i));
    case arrow::Type::LARGE_STRING:
      return parsed(static_cast<const arrow::LargeStringArray&>(array).GetView(i));
    default:
      return kNan;
  }
}

std::string text_at(const arrow::Array& array, std::int64_t i) {
  if (array.IsNull(i)) return "";
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(i);
    case arrow::Type::LARGE_STRING:
      return static_cast<const arrow::LargeStringArray&>(array).GetString(i);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return text_at(*dictionary.dictionary(), dictionary.GetValueIndex(i));
    }
    case arrow::Type::INT64:
      return std::to_string(static_cast<const arrow::Int64Array&>(array).Value(i));
    case arrow::Type::INT32:
      return std::to_string(static_cast<const arrow::Int32Array&>(array).Value(i));
    case arrow::Type::DOUBLE:
      return fmt::format("{}", static_cast<const arrow::DoubleArray&>(array).Value(i));
    default:
      return "";
  }
}

StampColumn::StampColumn(const arrow::DataType& type, const std::string& name, const std::string& file)
    : id_(type.id()) {
  switch (id_) {
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      zoned_ = !timestamp.timezone().empty();
      switch (timestamp.unit()) {
        case arrow::TimeUnit::SECOND:
          unit_ = 1'000'000'000;
          break;
        case arrow::TimeUnit::MILLI:
          unit_ = 1'000'000;
          break;
        case arrow::TimeUnit::MICRO:
          unit_ = 1'000;
          break;
        case arrow::TimeUnit::NANO:
          unit_ = 1;
          break;
      }
      break;
    }
    case arrow::Type::DATE32:
      unit_ = kDayNanoseconds;
      break;
    case arrow::Type::DATE64:
      unit_ = 1'000'000;
      break;
    case arrow::Type::INT64:
    case arrow::Type::INT32:
    case arrow::Type::DOUBLE:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::DICTIONARY:
      break;  // recognised by the first value
    default:
      throw DataError(
          fmt::format("{}: the time column '{}' has the type {}. Expected timestamp, date, integer or text.", file,
                      name, type.ToString()));
  }
  description_ = type.ToString();
}

std::optional<std::int64_t> StampColumn::at(const arrow::Array& array, std::int64_t i) {
  if (array.IsNull(i)) return std::nullopt;
  if (unit_ == 0) return as_text(array, i);
  std::int64_t value = 0;
  if (id_ == arrow::Type::TIMESTAMP) value = static_cast<const arrow::TimestampArray&>(array).Value(i);
  if (id_ == arrow::Type::DATE32) value = static_cast<const arrow::Date32Array&>(array).Value(i);
  if (id_ == arrow::Type::DATE64) value = static_cast<const arrow::Date64Array&>(array).Value(i);
  std::int64_t nanoseconds = 0;
  if (__builtin_mul_overflow(value, unit_, &nanoseconds)) return std::nullopt;
  return nanoseconds;
}

std::optional<std::int64_t> StampColumn::as_text(const arrow::Array& array, std::int64_t i) {
  const std::string text = text_at(array, i);
  if (!parser_) {
    parser_ = StampParser::recognise(text);
    if (!parser_) return std::nullopt;
    zoned_ = parser_->zoned();
    description_ += ", " + parser_->description();
  }
  return parser_->parse(text);
}

}  // namespace moola::data
