#include "data/export/export_dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "data/export/table_sink.h"
#include "data/store/dataset.h"
#include "data/windows/windows.h"

namespace moola::data {
namespace {

constexpr std::uint64_t kPieceRows = 65'536;
constexpr std::int64_t kWindowMemory = std::int64_t{192} << 20;

enum class Format { npy, csv, parquet };

Format format_of(const std::filesystem::path& file) {
  std::string suffix = file.extension().string();
  std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (suffix == ".npy") return Format::npy;
  if (suffix == ".csv") return Format::csv;
  if (suffix == ".parquet" || suffix == ".pq") return Format::parquet;
  throw ConfigError(
      fmt::format("data sets are written as .npy, .csv or .parquet; {} ends in '{}'.", file.string(), suffix));
}

std::unique_ptr<TableSink> make_sink(Format format, const std::filesystem::path& file,
                                     const std::vector<TableColumn>& columns, const std::vector<std::string>& channels,
                                     std::uint64_t rows) {
  switch (format) {
    case Format::npy:
      return make_npy_sink(file, columns, rows);
    case Format::csv:
      return make_csv_sink(file, columns, channels);
    case Format::parquet:
      break;
  }
  return make_parquet_sink(file, columns);
}

std::vector<std::string> names_attribute(const hdf5::File& file, const std::string& name) {
  const auto attribute = file.attribute(name);
  const auto* names = attribute ? std::get_if<std::vector<std::string>>(&*attribute) : nullptr;
  return names != nullptr ? *names : std::vector<std::string>{};
}

// A data set of one value per row, beside windows or as a column of a table.
struct Stored {
  hdf5::Dataset dataset;
  TableColumn column;
};

std::vector<Stored> stored_columns(const hdf5::File& file, std::uint64_t rows, std::vector<std::string>& left_out) {
  std::vector<Stored> columns;
  for (const std::string& name : file.dataset_names()) {
    hdf5::Dataset dataset = file.dataset(name);
    if (name == "X" && dataset.shape().size() == 3) continue;
    if (dataset.shape().size() != 1 || dataset.rows() != rows) {
      left_out.push_back(name);
      continue;
    }
    TableColumn column{name, dataset.type(), {}, 0, 0};
    if (name == "y" && dataset.type() == hdf5::Type::int32) {
      column.name = "label";
      column.names = names_attribute(file, file.attribute("class_names") ? "class_names" : "label_names");
    }
    columns.push_back({std::move(dataset), std::move(column)});
  }
  // Time first, whatever its name sorts after; then the prices as everybody writes them.
  const std::vector<std::string> first{"time", "t0", "t1", "open", "high", "low", "close", "volume"};
  std::ranges::stable_sort(
      columns, {}, [&](const Stored& stored) { return std::ranges::find(first, stored.column.name) - first.begin(); });
  return columns;
}

std::vector<std::byte> read_piece(const hdf5::Dataset& dataset, std::uint64_t begin, std::uint64_t count) {
  std::vector<std::byte> bytes(count * dataset.row_elements() * hdf5::size_of(dataset.type()));
  dataset.read_row_bytes(begin, count, bytes);
  return bytes;
}

void export_windows(const std::filesystem::path& workspace, const DatasetReader& reader, Format format,
                    const std::filesystem::path& to, ExportResult& result) {
  const bool view = !reader.file().has_dataset("X");
  const Windows windows = open_windows(
      workspace, reader.id(),
      {.normalize = market::Normalisation::none, .channels = "all", .order = Order::blocked, .memory = kWindowMemory});
  const auto n = static_cast<std::uint64_t>(windows.size());
  const auto length = static_cast<std::uint64_t>(windows.length()),
             channels = static_cast<std::uint64_t>(windows.channels());
  std::vector<Stored> beside;
  if (!view) beside = stored_columns(reader.file(), n, result.left_out);
  if (format == Format::npy) {
    for (const Stored& stored : beside) result.left_out.push_back(stored.column.name);
    beside.clear();
  }
  std::vector<TableColumn> columns{{"features", hdf5::Type::float32, {}, length, channels}};
  for (const Stored& stored : beside) columns.push_back(stored.column);
  const auto sink = make_sink(format, to, columns, windows.channel_names(), n);

  const std::uint64_t piece =
      std::clamp<std::uint64_t>((std::uint64_t{16} << 20) / (length * channels * sizeof(float)), 1, kPieceRows);
  std::vector<std::int64_t> index;
  std::vector<float> values;
  for (std::uint64_t done = 0; done < n; done += piece) {
    const std::uint64_t count = std::min(piece, n - done);
    index.resize(count);
    std::iota(index.begin(), index.end(), static_cast<std::int64_t>(done));
    values.resize(count * length * channels);
    windows.gather(index, values);
    std::vector<std::vector<std::byte>> pieces;
    for (const Stored& stored : beside) pieces.push_back(read_piece(stored.dataset, done, count));
    std::vector<ColumnBytes> bytes{std::as_bytes(std::span(values))};
    bytes.insert(bytes.end(), pieces.begin(), pieces.end());
    sink->write(count, bytes);
  }
  sink->finish();
  result.rows = n;
  for (const TableColumn& column : columns) result.columns.push_back(column.name);
}

// Of a matrix, as far as the file names them.
std::vector<std::string> column_names(const hdf5::File& file, const std::string& matrix) {
  if (matrix == "X" || matrix == "X_feats") return names_attribute(file, "feature_names");
  if (matrix != "proba") return names_attribute(file, matrix + "_names");
  std::vector<std::string> names;
  for (const std::string& name : names_attribute(file, "class_names")) names.push_back("proba_" + name);
  return names;
}

void export_columns(const DatasetReader& reader, Format format, const std::filesystem::path& to, ExportResult& result) {
  const hdf5::File& file = reader.file();
  // A table's rows are its longest axis: what has fewer is something beside it.
  for (const std::string& name : file.dataset_names()) result.rows = std::max(result.rows, file.dataset(name).rows());
  std::vector<Stored> stored = stored_columns(file, result.rows, result.left_out);
  std::vector<TableColumn> columns;
  for (const Stored& one : stored) columns.push_back(one.column);

  // A matrix is as many columns as it is wide.
  struct Matrix {
    hdf5::Dataset dataset;
    std::size_t first;
  };
  std::vector<Matrix> matrices;
  std::erase_if(result.left_out, [&](const std::string& name) {
    hdf5::Dataset dataset = file.dataset(name);
    if (dataset.shape().size() != 2 || dataset.rows() != result.rows) return false;
    std::vector<std::string> names = column_names(file, name);
    names.resize(dataset.row_elements());
    matrices.push_back({std::move(dataset), columns.size()});
    for (std::size_t c = 0; c < names.size(); ++c) {
      columns.push_back(
          {names[c].empty() ? fmt::format("{}_{}", name, c) : names[c], matrices.back().dataset.type(), {}, 0, 0});
    }
    return true;
  });
  if (columns.empty()) throw DataError(fmt::format("{} has no columns to write.", to_string(reader.id())));

  const auto sink = make_sink(format, to, columns, {}, result.rows);
  for (std::uint64_t done = 0; done < result.rows; done += kPieceRows) {
    const std::uint64_t count = std::min(kPieceRows, result.rows - done);
    std::vector<std::vector<std::byte>> pieces(columns.size());
    for (std::size_t c = 0; c < stored.size(); ++c) pieces[c] = read_piece(stored[c].dataset, done, count);
    for (const Matrix& matrix : matrices) {
      const std::vector<std::byte> rows = read_piece(matrix.dataset, done, count);
      const std::size_t width = matrix.dataset.row_elements(), size = hdf5::size_of(matrix.dataset.type());
      for (std::size_t c = 0; c < width; ++c) {
        std::vector<std::byte>& column = pieces[matrix.first + c];
        column.resize(count * size);
        for (std::uint64_t row = 0; row < count; ++row) {
          std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>((row * width + c) * size), size,
                      column.begin() + static_cast<std::ptrdiff_t>(row * size));
        }
      }
    }
    const std::vector<ColumnBytes> bytes(pieces.begin(), pieces.end());
    sink->write(count, bytes);
  }
  sink->finish();
  for (const TableColumn& column : columns) result.columns.push_back(column.name);
}

}  // namespace

ExportResult export_dataset(const std::filesystem::path& workspace, const DatasetId& id,
                            const std::filesystem::path& file, Overwrite overwrite) {
  const Format format = format_of(file);
  const DatasetReader reader(workspace, id);
  AtomicFile atomic(file, overwrite);
  remove_abandoned(std::filesystem::absolute(file).parent_path());
  ExportResult result;
  result.file = file;
  const bool windows =
      id.kind == "unlabeled_windows" || (id.kind == "labeled_windows" && reader.file().has_dataset("X"));
  if (windows) {
    export_windows(workspace, reader, format, atomic.temporary(), result);
  } else {
    export_columns(reader, format, atomic.temporary(), result);
  }
  atomic.commit();
  return result;
}

}  // namespace moola::data
