#include "data/export/table_sink.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "data/files/csv_text.h"
#include "data/files/npy.h"

namespace moola::data {
namespace {

class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& file) : path_(file.string()), stream_(file, std::ios::binary) {
    check();
  }
  void write(const void* bytes, std::size_t count) {
    stream_.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
    check();
  }
  void close() {
    stream_.close();
    check();
  }

 private:
  void check() const {
    if (!stream_) throw IoError("cannot write " + path_, errno);
  }
  std::string path_;
  std::ofstream stream_;
};

class NpySink final : public TableSink {
 public:
  NpySink(const std::filesystem::path& file, std::vector<TableColumn> columns, std::uint64_t rows)
      : file_(file), columns_(std::move(columns)) {
    std::string header;
    if (columns_[0].length != 0) {
      const std::uint64_t shape[] = {rows, columns_[0].length, columns_[0].channels};
      header = npy_header(hdf5::numpy_name(columns_[0].type), shape);
    } else {
      std::vector<std::pair<std::string, std::string>> fields;
      for (const TableColumn& column : columns_) fields.emplace_back(column.name, hdf5::numpy_name(column.type));
      header = npy_record_header(fields, rows);
    }
    file_.write(header.data(), header.size());
  }
  void write(std::uint64_t rows, std::span<const ColumnBytes> columns) override {
    if (columns_[0].length != 0) return file_.write(columns[0].data(), columns[0].size());
    std::vector<std::byte> records;
    for (std::uint64_t row = 0; row < rows; ++row) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const std::size_t size = hdf5::size_of(columns_[c].type);
        const ColumnBytes value = columns[c].subspan(row * size, size);
        records.insert(records.end(), value.begin(), value.end());
      }
    }
    file_.write(records.data(), records.size());
  }
  void finish() override { file_.close(); }

 private:
  OutputFile file_;
  std::vector<TableColumn> columns_;
};

template <class T>
T load(ColumnBytes bytes, std::uint64_t row) {
  T value;
  std::memcpy(&value, bytes.data() + row * sizeof(T), sizeof(T));
  return value;
}

// The shortest text that reads back as the same number.
void append_value(fmt::memory_buffer& out, hdf5::Type type, ColumnBytes bytes, std::uint64_t row) {
  const auto put = [&](auto value) { fmt::format_to(std::back_inserter(out), "{}", value); };
  switch (type) {
    case hdf5::Type::int8:
      return put(static_cast<int>(load<std::int8_t>(bytes, row)));
    case hdf5::Type::int16:
      return put(load<std::int16_t>(bytes, row));
    case hdf5::Type::int32:
      return put(load<std::int32_t>(bytes, row));
    case hdf5::Type::int64:
      return put(load<std::int64_t>(bytes, row));
    case hdf5::Type::uint8:
      return put(static_cast<int>(load<std::uint8_t>(bytes, row)));
    case hdf5::Type::float32:
      return put(load<float>(bytes, row));
    case hdf5::Type::float64:
      return put(load<double>(bytes, row));
  }
}

class CsvSink final : public TableSink {
 public:
  CsvSink(const std::filesystem::path& file, std::vector<TableColumn> columns,
          const std::vector<std::string>& channel_names)
      : file_(file), columns_(std::move(columns)) {
    std::string header;
    const auto add = [&](const std::string& name) { header += (header.empty() ? "" : ",") + csv_field(name); };
    for (const TableColumn& column : columns_) {
      if (column.length != 0) {
        add("window");
        add("bar");
        for (const std::string& name : channel_names) add(name);
      } else {
        add(column.name);
      }
    }
    header += '\n';
    file_.write(header.data(), header.size());
  }

  void write(std::uint64_t rows, std::span<const ColumnBytes> columns) override {
    fmt::memory_buffer out;
    const std::uint64_t bars = columns_[0].length;
    for (std::uint64_t row = 0; row < rows; ++row, ++done_) {
      for (std::uint64_t bar = 0; bar < std::max<std::uint64_t>(1, bars); ++bar) {
        for (std::size_t c = 0; c < columns.size(); ++c) {
          if (c > 0) out.push_back(',');
          append(out, columns_[c], columns[c], row, bar);
        }
        out.push_back('\n');
      }
      if (out.size() > (1U << 20)) {
        file_.write(out.data(), out.size());
        out.clear();
      }
    }
    file_.write(out.data(), out.size());
  }
  void finish() override { file_.close(); }

 private:
  void append(fmt::memory_buffer& out, const TableColumn& column, ColumnBytes bytes, std::uint64_t row,
              std::uint64_t bar) const {
    if (column.length != 0) {
      fmt::format_to(std::back_inserter(out), "{},{}", done_, bar);
      for (std::uint64_t c = 0; c < column.channels; ++c) {
        out.push_back(',');
        append_value(out, column.type, bytes, (row * column.length + bar) * column.channels + c);
      }
    } else if (!column.names.empty()) {
      const auto label = static_cast<std::size_t>(load<std::int32_t>(bytes, row));
      fmt::format_to(std::back_inserter(out), "{}", label < column.names.size() ? csv_field(column.names[label]) : "");
    } else {
      append_value(out, column.type, bytes, row);
    }
  }
  OutputFile file_;
  std::vector<TableColumn> columns_;
  std::uint64_t done_ = 0;
};

}  // namespace

std::unique_ptr<TableSink> make_npy_sink(const std::filesystem::path& file, std::vector<TableColumn> columns,
                                         std::uint64_t rows) {
  return std::make_unique<NpySink>(file, std::move(columns), rows);
}

std::unique_ptr<TableSink> make_csv_sink(const std::filesystem::path& file, std::vector<TableColumn> columns,
                                         const std::vector<std::string>& channel_names) {
  return std::make_unique<CsvSink>(file, std::move(columns), channel_names);
}

}  // namespace moola::data
