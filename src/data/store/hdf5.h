#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// One thin layer over the HDF5 1.10 C API: handles that close themselves, and return codes that become errors with
/// HDF5's own words.
///
/// Not thread-safe, and neither is the library below it: at most one thread of a process may be inside any of these
/// calls, even on different files. Read on one thread and hand the numbers to others.
namespace moola::data::hdf5 {

/// An HDF5 identifier of any sort, closed with it; but not after a write failed that it may have been part of: HDF5
/// would try that write again and crash on what the failure has left. The little that is held then goes with the
/// process, which has lost its disk.
class Handle {
 public:
  using Close = int (*)(std::int64_t);

  Handle() = default;
  Handle(std::int64_t id, Close close);
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  ~Handle() { reset(); }

  std::int64_t get() const { return id_; }
  /// Closes now; negative when HDF5 could not (a flush to a full disk), or when a write has failed since it was opened.
  int reset();
  /// Whether a write has failed since it was opened, of whatever file.
  bool spoilt() const;

 private:
  std::int64_t id_ = -1;
  Close close_ = nullptr;
  int failures_ = 0;  // of writes, until it was opened
};

/// What an element of a data set may be. Little-endian in the file.
enum class Type { int8, int16, int32, int64, uint8, float32, float64 };

template <class T>
Type type_of() = delete;
template <>
inline Type type_of<std::int8_t>() {
  return Type::int8;
}
template <>
inline Type type_of<std::int16_t>() {
  return Type::int16;
}
template <>
inline Type type_of<std::int32_t>() {
  return Type::int32;
}
template <>
inline Type type_of<std::int64_t>() {
  return Type::int64;
}
template <>
inline Type type_of<std::uint8_t>() {
  return Type::uint8;
}
template <>
inline Type type_of<float>() {
  return Type::float32;
}
template <>
inline Type type_of<double>() {
  return Type::float64;
}

/// As NumPy writes it: "<i8", "|u1", "<f4".
std::string numpy_name(Type type);
/// Bytes of one element.
std::size_t size_of(Type type);

/// Extents, outermost (slowest) first.
using Shape = std::vector<std::uint64_t>;
/// Product of the extents.
std::uint64_t element_count(const Shape& shape);

/// How a data set lies in the file. Every chunk carries a fletcher32 checksum, so a flipped byte is found on reading.
struct Layout {
  Shape chunk = {};  // empty: whole rows, about 512 KiB
  int deflate = 0;   // 1 (fast) to 9 (small), 0 for none; about 105 MB/s at any level, so not for bars
};

/// Scalar or 1-D. Text is UTF-8 of any length.
using Attribute = std::variant<std::string, std::int64_t, double, std::vector<std::string>, std::vector<std::int64_t>,
                               std::vector<double>>;

/// Whose fault a failing call is: what is read is wrong (DataError), or what is written finds no room (IoError).
enum class Doing { reading, writing };

/// A data set of an open file. The file must outlive it. A partial read or write names rows of the first axis, or a
/// block.
class Dataset {
 public:
  const std::string& name() const { return name_; }
  Type type() const { return type_; }
  const Shape& shape() const { return shape_; }
  /// Extent of the first axis.
  std::uint64_t rows() const { return shape_.front(); }
  /// Elements in one row: the product of the other axes.
  std::uint64_t row_elements() const;
  /// Extents of a chunk.
  Shape chunk() const;

  /// The whole of it, row-major. Throws DataError when the type is another one (nothing is converted) or a chunk is
  /// damaged.
  template <class T>
  std::vector<T> read() const {
    std::vector<T> values(element_count(shape_));
    read_rows<T>(0, rows(), values);
    return values;
  }
  /// Rows [begin, begin + count). `out` holds count * row_elements() elements.
  template <class T>
  void read_rows(std::uint64_t begin, std::uint64_t count, std::span<T> out) const {
    transfer_rows(Doing::reading, type_of<T>(), begin, count, out.data(), out.size());
  }
  template <class T>
  void read_rows(std::uint64_t begin, std::uint64_t count, std::vector<T>& out) const {
    read_rows<T>(begin, count, std::span<T>(out));
  }
  /// The block that starts at `begin` and extends over `count`, row-major.
  template <class T>
  void read_block(const Shape& begin, const Shape& count, std::span<T> out) const {
    transfer(Doing::reading, type_of<T>(), begin, count, out.data(), out.size());
  }
  /// Rows of any type, as the little-endian bytes that stand in the file.
  void read_row_bytes(std::uint64_t begin, std::uint64_t count, std::span<std::byte> out) const;

  /// The whole of it. Throws IoError (disk full), DataError (type or size is another).
  template <class T>
  void write(std::span<const T> values) {
    write_rows<T>(0, rows(), values);
  }
  template <class T>
  void write(const std::vector<T>& values) {
    write(std::span<const T>(values));
  }
  template <class T>
  void write_rows(std::uint64_t begin, std::uint64_t count, std::span<const T> values) {
    transfer_rows(Doing::writing, type_of<T>(), begin, count, const_cast<T*>(values.data()), values.size());
  }
  template <class T>
  void write_block(const Shape& begin, const Shape& count, std::span<const T> values) {
    transfer(Doing::writing, type_of<T>(), begin, count, const_cast<T*>(values.data()), values.size());
  }
  void write_row_bytes(std::uint64_t begin, std::uint64_t count, std::span<const std::byte> values);

 private:
  friend class File;
  Dataset(Handle id, std::string file, std::string name, Type type, Shape shape)
      : id_(std::move(id)), file_(std::move(file)), name_(std::move(name)), type_(type), shape_(std::move(shape)) {}
  void transfer_rows(Doing doing, Type type, std::uint64_t begin, std::uint64_t count, void* memory,
                     std::size_t elements) const;
  void transfer(Doing doing, Type type, const Shape& begin, const Shape& count, void* memory,
                std::size_t elements) const;
  std::string where() const;

  Handle id_;
  std::string file_, name_;
  Type type_;
  Shape shape_;
};

/// An HDF5 file whose data sets and attributes all stand at its root, as every Moola file's do.
///
/// No times are stored, so equal content written in the same order gives equal bytes. Files are not locked: a finished
/// one is never changed and one being written has a private name, and shared file systems without locks would refuse.
class File {
 public:
  /// An empty file, replacing what is there. Throws IoError.
  static File create(const std::filesystem::path& path);
  /// Read-only. Throws IoError when it can't be opened, DataError when it is no HDF5 file or cut short.
  static File open(const std::filesystem::path& path);
  /// An existing file for adding to it; only its maker may. Throws as `open`.
  static File open_to_add(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }

  /// All names, sorted by their bytes. Throws DataError when a group or another foreign object stands among them.
  std::vector<std::string> dataset_names() const;
  bool has_dataset(const std::string& name) const;
  /// Throws DataError when there is none of this name (the others are listed) or its type is none of ours.
  Dataset dataset(const std::string& name) const;
  /// The shape has one axis at least. Throws IoError.
  Dataset create_dataset(const std::string& name, Type type, const Shape& shape, const Layout& layout = {});
  /// A one-dimensional data set and its numbers.
  template <class T>
  void write(const std::string& name, std::span<const T> values, const Layout& layout = {}) {
    create_dataset(name, type_of<T>(), {values.size()}, layout).template write<T>(values);
  }
  template <class T>
  void write(const std::string& name, const std::vector<T>& values, const Layout& layout = {}) {
    write(name, std::span<const T>(values), layout);
  }
  /// A whole data set of any shape, row-major.
  template <class T>
  std::vector<T> read(const std::string& name) const {
    return dataset(name).read<T>();
  }

  /// Attributes of the root, sorted by name.
  std::vector<std::string> attribute_names() const;
  /// Nothing when there is none. Throws DataError when it is neither text nor number.
  std::optional<Attribute> attribute(const std::string& name) const;
  /// Throws DataError when it is missing or of another type; an integer is accepted as a double.
  std::string text_attribute(const std::string& name) const;
  std::int64_t integer_attribute(const std::string& name) const;
  double number_attribute(const std::string& name) const;
  std::vector<std::string> list_attribute(const std::string& name) const;
  /// Adds or replaces.
  void set_attribute(const std::string& name, const Attribute& value);

  /// Flushes and closes. Throws IoError; the destructor closes without a word.
  void close();

 private:
  File(Handle id, std::filesystem::path path) : id_(std::move(id)), path_(std::move(path)) {}
  static File open_existing(const std::filesystem::path& path, unsigned flags);
  template <class T>
  T attribute_as(const std::string& name, const char* wanted) const;
  std::string where(std::string_view kind, std::string_view name) const;

  Handle id_;
  std::filesystem::path path_;
};

}  // namespace moola::data::hdf5
