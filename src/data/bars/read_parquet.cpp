#include "data/bars/read_parquet.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include "base/error.h"
#include "data/bars/csv_layout.h"
#include "data/files/arrow_values.h"

namespace moola::data {
namespace {

using market::Fault;

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
