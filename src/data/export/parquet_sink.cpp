#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/io_util.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>

#include <cstring>

#include "base/error.h"
#include "data/export/table_sink.h"

namespace moola::data {
namespace {

std::shared_ptr<arrow::DataType> arrow_type(hdf5::Type type) {
  switch (type) {
    case hdf5::Type::int8:
      return arrow::int8();
    case hdf5::Type::int16:
      return arrow::int16();
    case hdf5::Type::int32:
      return arrow::int32();
    case hdf5::Type::int64:
      return arrow::int64();
    case hdf5::Type::uint8:
      return arrow::uint8();
    case hdf5::Type::float32:
      return arrow::float32();
    case hdf5::Type::float64:
      break;
  }
  return arrow::float64();
}

std::shared_ptr<arrow::DataType> arrow_type(const TableColumn& column) {
  if (column.length != 0) return arrow::list(arrow::list(arrow::float32()));
  return column.names.empty() ? arrow_type(column.type) : arrow::utf8();
}

class ParquetSink final : public TableSink {
 public:
  ParquetSink(const std::filesystem::path& file, std::vector<TableColumn> columns)
      : path_(file.string()), columns_(std::move(columns)) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const TableColumn& column : columns_) fields.push_back(arrow::field(column.name, arrow_type(column)));
    schema_ = arrow::schema(fields);
    output_ = taken(arrow::io::FileOutputStream::Open(path_));
    const auto properties = parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build();
    writer_ = taken(parquet::arrow::FileWriter::Open(*schema_, arrow::default_memory_pool(), output_, properties));
  }

  void write(std::uint64_t rows, std::span<const ColumnBytes> columns) override {
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (std::size_t c = 0; c < columns.size(); ++c) arrays.push_back(array_of(columns_[c], rows, columns[c]));
    const auto count = static_cast<std::int64_t>(rows);
    check(writer_->WriteTable(*arrow::Table::Make(schema_, arrays, count), std::max<std::int64_t>(1, count)));
  }
  void finish() override {
    check(writer_->Close());
    check(output_->Close());
  }

 private:
  void check(const arrow::Status& status) const {
    if (status.ok()) return;
    if (const int number = arrow::internal::ErrnoFromStatus(status); number > 0)
      throw IoError(fmt::format("cannot write {}", path_), number);
    throw IoError(fmt::format("cannot write {}: {}", path_, status.message()));
  }
  template <class T>
  T taken(arrow::Result<T> result) const {
    check(result.status());
    return std::move(result).ValueOrDie();
  }

  std::shared_ptr<arrow::Array> numbers(hdf5::Type type, ColumnBytes bytes) const {
    std::shared_ptr<arrow::Buffer> buffer = taken(arrow::AllocateBuffer(static_cast<std::int64_t>(bytes.size())));
    std::memcpy(buffer->mutable_data(), bytes.data(), bytes.size());
    const auto count = static_cast<std::int64_t>(bytes.size() / hdf5::size_of(type));
    return arrow::MakeArray(arrow::ArrayData::Make(arrow_type(type), count, {nullptr, buffer}));
  }
  // Lists of `each` values, as many as `values` gives.
  std::shared_ptr<arrow::Array> lists(const std::shared_ptr<arrow::Array>& values, std::uint64_t each) const {
    arrow::Int32Builder offsets;
    for (std::int64_t at = 0; at <= values->length(); at += static_cast<std::int64_t>(each))
      check(offsets.Append(static_cast<std::int32_t>(at)));
    std::shared_ptr<arrow::Array> finished;
    check(offsets.Finish(&finished));
    return taken(arrow::ListArray::FromArrays(*finished, *values));
  }
  std::shared_ptr<arrow::Array> array_of(const TableColumn& column, std::uint64_t rows, ColumnBytes bytes) const {
    if (column.length != 0) return lists(lists(numbers(column.type, bytes), column.channels), column.length);
    if (column.names.empty()) return numbers(column.type, bytes);
    arrow::StringBuilder builder;
    for (std::uint64_t row = 0; row < rows; ++row) {
      std::int32_t label = 0;
      std::memcpy(&label, bytes.data() + row * sizeof label, sizeof label);
      const auto at = static_cast<std::size_t>(label);
      check(at < column.names.size() ? builder.Append(column.names[at]) : builder.AppendNull());
    }
    std::shared_ptr<arrow::Array> finished;
    check(builder.Finish(&finished));
    return finished;
  }

  std::string path_;
  std::vector<TableColumn> columns_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::io::FileOutputStream> output_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

}  // namespace

std::unique_ptr<TableSink> make_parquet_sink(const std::filesystem::path& file, std::vector<TableColumn> columns) {
  return std::make_unique<ParquetSink>(file, std::move(columns));
}

}  // namespace moola::data
