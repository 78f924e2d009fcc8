#include "data/bars/read_parquet.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <charconv>
#include <limits>

#include "base/error.h"
#include "data/bars/csv_layout.h"

namespace moola::data {
namespace {

using market::Fault;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kDayNanoseconds = 86'400'000'000'000;

template <class T>
T checked(arrow::Result<T> result, const std::string& file) {
  if (result.ok()) return std::move(*result);
  throw DataError(
      fmt::format("{} cannot be read as Parquet: {}. Is it cut short or damaged?", file, result.status().message()));
}

void check(const arrow::Status& status, const std::string& file) {
  if (!status.ok()) {
    throw DataError(
        fmt::format("{} cannot be read as Parquet: {}. Is it cut short or damaged?", file, status.message()));
  }
}

double parsed(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : kNan;
}

template <class Array>
double plain(const arrow::Array& array, std::int64_t i) {
  return static_cast<double>(static_cast<const Array&>(array).Value(i));
}

// NaN where the type is none of numbers, or the value none.
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

/// Stamps of a column, whatever its type.
class StampColumn {
 public:
  StampColumn(const arrow::DataType& type, const std::string& name, const std::string& file) : id_(type.id()) {
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

  bool zoned() const { return zoned_; }
  const std::string& description() const { return description_; }

  std::optional<std::int64_t> at(const arrow::Array& array, std::int64_t i) {
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

 private:
  std::optional<std::int64_t> as_text(const arrow::Array& array, std::int64_t i) {
    const std::string text = text_at(array, i);
    if (!parser_) {
      parser_ = StampParser::recognise(text);
      if (!parser_) return std::nullopt;
      zoned_ = parser_->zoned();
      description_ += ", " + parser_->description();
    }
    return parser_->parse(text);
  }

  arrow::Type::type id_;
  std::int64_t unit_ = 0;  // nanoseconds; 0: read as text
  bool zoned_ = false;
  std::string description_;
  std::optional<StampParser> parser_;
};

// Where each kind of column stands in the file.
ColumnNames find_columns(const arrow::Schema& schema, const std::string& file) {
  ColumnNames columns(schema.field_names());
  if (columns[BarColumn::time] < 0) {
    const int index = schema.GetFieldIndex("__index_level_0__");
    if (index >= 0 && schema.field(index)->type()->id() == arrow::Type::TIMESTAMP) columns[BarColumn::time] = index;
  }
  if (const auto missing = columns.missing(); !missing.empty()) {
    throw DataError(
        fmt::format("{} holds no bars: no column for {} among {}. Expected columns named time, open, high, low, close "
                    "and volume, or "
                    "their usual abbreviations.",
                    file, fmt::join(missing, ", "), fmt::join(schema.field_names(), ", ")));
  }
  return columns;
}

using Row = std::array<const arrow::Array*, kBarColumns>;

// Calls `each` for every row of a table whose columns may be cut into chunks differently.
void for_each_row(const arrow::Table& table, const std::array<int, kBarColumns>& position, const auto& each) {
  std::array<int, kBarColumns> chunk{};
  std::array<std::int64_t, kBarColumns> at{};
  for (std::int64_t row = 0; row < table.num_rows(); ++row) {
    Row arrays{};
    for (std::size_t c = 0; c < kBarColumns; ++c) {
      if (position[c] < 0) continue;
      const auto& column = *table.column(position[c]);
      while (at[c] >= column.chunk(chunk[c])->length()) ++chunk[c], at[c] = 0;
      arrays[c] = column.chunk(chunk[c]).get();
    }
    each(arrays, at);
    for (std::int64_t& index : at) ++index;
  }
}

}  // namespace

bool is_parquet(std::string_view first_bytes) {
  return first_bytes.starts_with("PAR1") || first_bytes.starts_with("PARE");
}

RawFile read_parquet(const std::filesystem::path& path, std::uint32_t file, const RowChoice& choice,
                     market::FaultReport& report) {
  const std::string name = path.string();
  auto input = checked(arrow::io::ReadableFile::Open(name), name);
  auto reader = checked(parquet::arrow::OpenFile(input, arrow::default_memory_pool()), name);
  std::shared_ptr<arrow::Schema> schema;
  check(reader->GetSchema(&schema), name);
  const ColumnNames columns = find_columns(*schema, name);
  StampColumn stamps(*schema->field(columns[BarColumn::time])->type(), schema->field(columns[BarColumn::time])->name(),
                     name);

  // A leaf column's number is that of its field only when no field before it is nested.
  std::vector<int> wanted;
  std::array<int, kBarColumns> position{};
  position.fill(-1);
  for (std::size_t c = 0; c < kBarColumns; ++c) {
    if (columns.index[c] < 0) continue;
    const std::string& field = schema->field(columns.index[c])->name();
    const int leaf = reader->parquet_reader()->metadata()->schema()->ColumnIndex(field);
    if (leaf < 0)
      throw DataError(fmt::format("{}: the column '{}' is nested; plain columns were expected.", name, field));
    wanted.push_back(leaf);
  }

  RawFile result;
  result.form = "Parquet";
  result.ignored = columns.others(schema->field_names());
  market::RowOrigin origin{file, 0};
  for (int group = 0; group < reader->num_row_groups(); ++group) {
    const auto table = checked(reader->ReadRowGroup(group, wanted), name);
    for (std::size_t c = 0; c < kBarColumns; ++c) {
      if (columns.index[c] >= 0) position[c] = table->schema()->GetFieldIndex(schema->field(columns.index[c])->name());
    }
    for_each_row(*table, position, [&](const Row& arrays, const std::array<std::int64_t, kBarColumns>& at) {
      const auto array = [&](BarColumn column) { return arrays[static_cast<std::size_t>(column)]; };
      const auto row = [&](BarColumn column) { return at[static_cast<std::size_t>(column)]; };
      const auto text = [&](BarColumn c) { return array(c) == nullptr ? std::string() : text_at(*array(c), row(c)); };
      const auto number = [&](BarColumn c) { return number_at(*array(c), row(c)); };
      ++origin.line;
      ++result.rows;
      RawBars* const contract = result.wanted(text(BarColumn::product), text(BarColumn::month), choice);
      if (contract == nullptr) return;
      const auto time = stamps.at(*array(BarColumn::time), row(BarColumn::time));
      if (!time) {
        report.add(Fault::unparsable_time, origin);
        return;
      }
      contract->add(*time, number(BarColumn::open), number(BarColumn::high), number(BarColumn::low),
                    number(BarColumn::close), array(BarColumn::volume) == nullptr ? 0.0 : number(BarColumn::volume),
                    array(BarColumn::flags) == nullptr ? std::uint8_t{0} : result.flags_of(number(BarColumn::flags)),
                    origin);
    });
  }
  result.zoned = stamps.zoned();
  result.stamps = stamps.description();
  return result;
}

}  // namespace moola::data
