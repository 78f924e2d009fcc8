#include "data/tables/source_table.h"

#include <arrow/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "base/error.h"
#include "base/parse_number.h"
#include "data/bars/read_parquet.h"
#include "data/files/arrow_input.h"
#include "data/files/arrow_values.h"
#include "data/tables/table_rows.h"

namespace moola::data {
namespace {

using TablePointer = std::shared_ptr<arrow::Table>;

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return parse_number(text).has_value();
}

// Arrow ends some of its messages with a full stop.
std::string message_of(const arrow::Status& status) {
  std::string text = status.message();
  while (text.ends_with('.') || text.ends_with('\n')) text.pop_back();
  return text;
}

TablePointer read_parquet_table(const std::string& file) {
  const auto fail = [&](const std::string& why) {
    throw DataError(fmt::format("{} cannot be read as Parquet: {}. Is it cut short or damaged?", file, why));
  };
  try {
    const auto input = arrow::io::ReadableFile::Open(file);
    if (!input.ok()) fail(message_of(input.status()));
    parquet::arrow::FileReaderBuilder builder;
    if (const auto opened = builder.Open(*input); !opened.ok()) fail(message_of(opened));
    parquet::ArrowReaderProperties properties(true);  // on all cores
    properties.set_pre_buffer(false);                 // which would hold the whole file packed beside its columns
    auto reader = builder.properties(properties)->Build();
    if (!reader.ok()) fail(message_of(reader.status()));
    auto table = (*reader)->ReadTable();
    if (!table.ok()) fail(message_of(table.status()));
    return *table;
  } catch (const parquet::ParquetException& error) {
    fail(error.what());
  }
  return nullptr;
}

char delimiter_of(std::string_view beginning) {
  const std::string_view line = beginning.substr(0, beginning.find('\n'));
  static constexpr std::array kDelimiters{',', ';', '\t'};
  return *std::ranges::max_element(kDelimiters, {}, [&](char c) { return std::ranges::count(line, c); });
}

arrow::Result<TablePointer> parse_csv(const std::filesystem::path& file, const std::vector<std::string>& texts,
                                      bool threads, bool nameless = false) {
  InputFile source(file);
  auto parse = arrow::csv::ParseOptions::Defaults();
  parse.delimiter = delimiter_of(source.peek(std::size_t{64} << 10));
  auto read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = threads;
  read.autogenerate_column_names = nameless;
  auto convert = arrow::csv::ConvertOptions::Defaults();
  for (const std::string& name : texts) convert.column_types[name] = arrow::utf8();
  return read_through(source, [&](const std::shared_ptr<ArrowInput>& input) -> arrow::Result<TablePointer> {
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          arrow::csv::TableReader::Make(arrow::io::default_io_context(), input, read, parse, convert));
    return reader->Read();
  });
}

// The same table, its columns named "1", "2", …
TablePointer numbered(const TablePointer& table) {
  std::vector<std::string> names;
  for (int column = 1; column <= table->num_columns(); ++column) names.push_back(std::to_string(column));
  return table->RenameColumns(names).ValueOrDie();  // as many names as columns
}

TablePointer read_csv_table(const std::filesystem::path& file, const std::vector<std::string>& texts,
                            FirstLine first_line) {
  auto table = parse_csv(file, texts, true);
  if (!table.ok()) table = parse_csv(file, texts, false);  // on one thread Arrow knows the row
  if (!table.ok()) {
    throw DataError(fmt::format(
        "{} cannot be read as a table with names in its first line: {}. Rows count from 1 there, with the names.",
        file.string(), message_of(table.status())));
  }
  const std::vector<std::string> names = (*table)->ColumnNames();
  if (std::ranges::all_of(names, is_number)) {
    if (first_line == FirstLine::names_or_numbers) {
      const auto nameless = parse_csv(file, texts, false, true);
      if (nameless.ok()) return numbered(*nameless);
      throw DataError(fmt::format("{} cannot be read as a table of numbers: {}. Rows count from 1 there.",
                                  file.string(), message_of(nameless.status())));
    }
    throw DataError(fmt::format("the first line of {} holds numbers ('{}' …); expected the names of the columns there.",
                                file.string(), names.empty() ? "" : names.front()));
  }
  return *table;
}

ColumnType type_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return ColumnType::stamp;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::DICTIONARY:
      return ColumnType::text;
    case arrow::Type::BOOL:
    case arrow::Type::DECIMAL128:
      return ColumnType::number;
    default:
      return arrow::is_integer(type.id()) || type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE
                 ? ColumnType::number
                 : ColumnType::other;
  }
}

double value_at(const arrow::Array& array, std::int64_t i) {
  if (array.type_id() == arrow::Type::BOOL && !array.IsNull(i))
    return static_cast<const arrow::BooleanArray&>(array).Value(i) ? 1.0 : 0.0;
  return number_at(array, i);
}

template <class ArrayType>
void copy_raw(const arrow::Array& array, std::int64_t begin, std::int64_t count, double* out, std::size_t stride) {
  const auto* values = static_cast<const ArrayType&>(array).raw_values() + begin;
  for (std::int64_t i = 0; i < count; ++i) out[static_cast<std::size_t>(i) * stride] = static_cast<double>(values[i]);
}

void copy_numbers(const arrow::Array& array, std::int64_t begin, std::int64_t count, double* out, std::size_t stride) {
  if (array.null_count() == 0 && array.type_id() == arrow::Type::DOUBLE) {
    copy_raw<arrow::DoubleArray>(array, begin, count, out, stride);
  } else if (array.null_count() == 0 && array.type_id() == arrow::Type::FLOAT) {
    copy_raw<arrow::FloatArray>(array, begin, count, out, stride);
  } else {
    for (std::int64_t i = 0; i < count; ++i) out[static_cast<std::size_t>(i) * stride] = value_at(array, begin + i);
  }
}

void check_names(const std::string& file, const std::vector<std::string>& names) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second)
      throw DataError(fmt::format("{} has two columns '{}'; every column needs a name of its own.", file, name));
  }
}

}  // namespace

struct SourceTable::Content {
  TablePointer table;

  // Calls take(array, first row in it, rows) for the pieces of a column's rows [begin, begin + count).
  template <class Take>
  void pieces(std::size_t column, std::uint64_t begin, std::uint64_t count, Take&& take) const {
    auto first = static_cast<std::int64_t>(begin), rest = static_cast<std::int64_t>(count);
    for (const auto& chunk : table->column(static_cast<int>(column))->chunks()) {
      if (rest == 0) return;
      if (first >= chunk->length()) {
        first -= chunk->length();
        continue;
      }
      const std::int64_t here = std::min(rest, chunk->length() - first);
      take(*chunk, first, here);
      first = 0;
      rest -= here;
    }
  }
  template <class Take>
  void values(std::size_t column, Take&& take) const {
    pieces(column, 0, static_cast<std::uint64_t>(table->num_rows()),
           [&](const arrow::Array& array, std::int64_t begin, std::int64_t count) {
             for (std::int64_t i = begin; i < begin + count; ++i) take(array, i);
           });
  }
};

SourceTable::SourceTable(const std::filesystem::path& file, const std::vector<std::string>& texts, FirstLine first_line)
    : file_(file.string()), content_(std::make_unique<Content>()) {
  bool parquet = false;
  {
    InputFile input(file);  // also says what is wrong with a file that isn't there
    parquet = is_parquet(input.peek(4));
    if (input.peek(1).empty()) throw DataError(file_ + " is empty; expected a table.");
  }
  form_ = parquet ? "Parquet" : "CSV";
  content_->table = parquet ? read_parquet_table(file_) : read_csv_table(file, texts, first_line);
  rows_ = static_cast<std::uint64_t>(content_->table->num_rows());
  names_ = content_->table->ColumnNames();
  check_names(file_, names_);
  for (const auto& field : content_->table->schema()->fields()) types_.push_back(type_of(*field->type()));
}

SourceTable::SourceTable(SourceTable&&) noexcept = default;
SourceTable::~SourceTable() = default;

std::optional<std::size_t> SourceTable::find(std::string_view name) const {
  const auto found = std::ranges::find(names_, name);
  return found == names_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - names_.begin()));
}

std::optional<std::pair<std::uint64_t, std::string>> SourceTable::first_no_number(std::size_t column) const {
  if (types_[column] != ColumnType::text) return std::nullopt;
  std::optional<std::pair<std::uint64_t, std::string>> found;
  bool begins_with_number = false;
  std::uint64_t row = 0;
  content_->values(column, [&](const arrow::Array& array, std::int64_t i) {
    if (!found && !array.IsNull(i)) {
      std::string text = text_at(array, i);
      const bool number = is_number(text);
      begins_with_number = begins_with_number || number;
      if (!number && !text.empty()) found.emplace(row, std::move(text));
    }
    ++row;
  });
  return begins_with_number ? found : std::nullopt;
}

void SourceTable::numbers(std::size_t column, std::uint64_t begin, std::uint64_t count, double* out,
                          std::size_t stride) const {
  content_->pieces(column, begin, count, [&](const arrow::Array& array, std::int64_t first, std::int64_t here) {
    copy_numbers(array, first, here, out, stride);
    out += static_cast<std::size_t>(here) * stride;
  });
}

std::vector<double> SourceTable::numbers(std::size_t column) const {
  std::vector<double> values(rows_);
  numbers(column, 0, rows_, values.data(), 1);
  return values;
}

std::vector<std::string> SourceTable::texts(std::size_t column) const {
  std::vector<std::string> values;
  values.reserve(rows_);
  content_->values(column, [&](const arrow::Array& array, std::int64_t i) {
    if (type(column) != ColumnType::number) {
      values.push_back(text_at(array, i));
      return;
    }
    const double number = value_at(array, i);
    values.push_back(std::isnan(number) ? "" : fmt::format("{}", number));
  });
  return values;
}

std::vector<std::int64_t> SourceTable::stamps(std::size_t column, const TimeZone& zone) const {
  const arrow::DataType& type = *content_->table->field(static_cast<int>(column))->type();
  if (type.id() == arrow::Type::NA) return std::vector<std::int64_t>(rows_, kNoTime);  // an empty column
  StampColumn reader(type, names_[column], file_);
  std::vector<std::int64_t> stamps;
  stamps.reserve(rows_);
  content_->values(column, [&](const arrow::Array& array, std::int64_t i) {
    stamps.push_back(reader.at(array, i).value_or(kNoTime));
  });
  if (reader.zoned() || zone.name() == "UTC") return stamps;
  std::vector<std::int64_t> local;
  std::ranges::copy_if(stamps, std::back_inserter(local), [](std::int64_t stamp) { return stamp != kNoTime; });
  zone.to_utc(local);
  auto next = local.begin();
  for (std::int64_t& stamp : stamps) {
    if (stamp != kNoTime) stamp = *next++;
  }
  return stamps;
}

std::string SourceTable::shown(std::size_t column, std::uint64_t row) const {
  std::string text;
  content_->pieces(column, row, 1, [&](const arrow::Array& array, std::int64_t i, std::int64_t) {
    const auto scalar = array.GetScalar(i);
    text = scalar.ok() ? (*scalar)->ToString() : "?";
  });
  return text.substr(0, 60);
}

}  // namespace moola::data
