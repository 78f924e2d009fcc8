#include <arrow/api.h>
#include <arrow/csv/api.h>
#include <fmt/format.h>

#include <array>
#include <future>

#include "data/bars/read_csv.h"
#include "data/files/arrow_input.h"

namespace moola::data {
namespace {

std::string column_name(int index) {
  return fmt::format("f{}", index);
}

using ColumnPointer = std::shared_ptr<arrow::ChunkedArray>;

// Takes the column, so that it is freed as soon as it is copied: at no time do all columns exist twice.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
bool copy_numbers(ColumnPointer column, std::vector<double>& out) {
  if (column == nullptr || column->null_count() > 0) return false;
  out.reserve(static_cast<std::size_t>(column->length()));
  for (const auto& chunk : column->chunks()) {
    const auto& numbers = static_cast<const arrow::DoubleArray&>(*chunk);
    out.insert(out.end(), numbers.raw_values(), numbers.raw_values() + numbers.length());
  }
  return true;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param)
bool copy_stamps(ColumnPointer column, const StampParser& stamps, std::vector<std::int64_t>& out) {
  if (column == nullptr || column->null_count() > 0) return false;
  out.reserve(static_cast<std::size_t>(column->length()));
  for (const auto& chunk : column->chunks()) {
    for (std::int64_t i = 0; i < chunk->length(); ++i) {
      const auto time = stamps.is_epoch() ? stamps.from_epoch(static_cast<const arrow::Int64Array&>(*chunk).Value(i))
                                          : stamps.parse(static_cast<const arrow::StringArray&>(*chunk).GetView(i));
      if (!time) return false;
      out.push_back(*time);
    }
  }
  return true;
}

arrow::Result<std::shared_ptr<arrow::Table>> read_table(const std::shared_ptr<ArrowInput>& input,
                                                        const CsvLayout& layout) {
  auto read = arrow::csv::ReadOptions::Defaults();
  read.block_size = 1 << 20;
  read.skip_rows = layout.has_header() ? 1 : 0;
  for (std::size_t i = 0; i < layout.columns; ++i) read.column_names.push_back(column_name(static_cast<int>(i)));
  auto parse = arrow::csv::ParseOptions::Defaults();
  parse.delimiter = layout.delimiter;
  parse.quoting = false;
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.check_utf8 = false;
  convert.null_values = {};  // "NaN" and empty fields are faults to be counted, not nulls
  convert.strings_can_be_null = false;
  for (const BarColumn column : {BarColumn::time, BarColumn::open, BarColumn::high, BarColumn::low, BarColumn::close,
                                 BarColumn::volume, BarColumn::flags}) {
    const int index = layout.index[column];
    if (index < 0) continue;
    convert.include_columns.push_back(column_name(index));
    convert.column_types[column_name(index)] = column != BarColumn::time  ? arrow::float64()
                                               : layout.stamps.is_epoch() ? arrow::int64()
                                                                          : arrow::utf8();
  }
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        arrow::csv::TableReader::Make(arrow::io::default_io_context(), input, read, parse, convert));
  return reader->Read();
}

}  // namespace

std::optional<RawFile> read_csv_fast(ByteSource& source, const CsvLayout& layout) {
  auto read = read_through(source, [&](const std::shared_ptr<ArrowInput>& input) { return read_table(input, layout); });
  if (!read.ok()) return std::nullopt;
  std::shared_ptr<arrow::Table> table = std::move(*read);
  read = arrow::Status::Cancelled("taken");

  RawFile result;
  result.zoned = layout.stamps.zoned();
  result.form = layout.form;
  result.stamps = layout.stamps.description();
  result.ignored = layout.index.others(layout.header);
  result.rows = static_cast<std::uint64_t>(table->num_rows());
  market::Bars bars;
  std::vector<double> flags;
  const ColumnNames& index = layout.index;
  std::array<ColumnPointer, kBarColumns> columns;
  for (std::size_t c = 0; c < kBarColumns; ++c) {
    if (index.index[c] >= 0) columns[c] = table->GetColumnByName(column_name(index.index[c]));
  }
  table.reset();
  const auto take = [&](BarColumn column) { return std::move(columns[static_cast<std::size_t>(column)]); };
  const auto numbers = [&](BarColumn column, std::vector<double>& out) {
    return index[column] < 0 || copy_numbers(take(column), out);
  };
  // Half of the columns on another thread: copying is what the parser's threads would otherwise wait for.
  auto half = std::async(std::launch::async, [&] {
    return numbers(BarColumn::low, bars.low) && numbers(BarColumn::close, bars.close) &&
           numbers(BarColumn::volume, bars.volume) && numbers(BarColumn::flags, flags);
  });
  const bool first = copy_stamps(take(BarColumn::time), layout.stamps, bars.time) &&
                     numbers(BarColumn::open, bars.open) && numbers(BarColumn::high, bars.high);
  if (!half.get() || !first) return std::nullopt;
  bars.volume.resize(bars.time.size(), 0.0);
  for (const double number : flags) bars.flags.push_back(result.flags_of(number));
  bars.flags.resize(bars.time.size(), 0);
  result.contracts.push_back({"", std::move(bars), {}});
  return result;
}

}  // namespace moola::data
