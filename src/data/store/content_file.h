#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "base/json.h"
#include "data/store/content_hash.h"
#include "data/store/dataset_id.h"
#include "data/store/hdf5.h"

namespace moola::data {

/// One whole data set, row-major: in memory, or made while it is written.
struct Column {
  /// Puts rows [begin, begin + count) into `out`. Called from two threads at once, for writing and for hashing.
  using Rows = std::function<void(std::uint64_t begin, std::uint64_t count, std::span<std::byte> out)>;

  template <class T>
  Column(std::string name_, std::span<const T> values, hdf5::Layout layout_ = {})
      : Column(std::move(name_), values, {values.size()}, std::move(layout_)) {}
  template <class T>
  Column(std::string name_, std::span<const T> values, hdf5::Shape shape_, hdf5::Layout layout_ = {})
      : name(std::move(name_)),
        type(hdf5::type_of<T>()),
        shape(std::move(shape_)),
        bytes(std::as_bytes(values)),
        layout(std::move(layout_)) {}
  Column(std::string name_, hdf5::Type type_, hdf5::Shape shape_, Rows rows_, hdf5::Layout layout_ = {})
      : name(std::move(name_)),
        type(type_),
        shape(std::move(shape_)),
        rows(std::move(rows_)),
        layout(std::move(layout_)) {}

  std::string name;
  hdf5::Type type;
  hdf5::Shape shape;
  std::span<const std::byte> bytes = {};
  Rows rows = {};
  hdf5::Layout layout;
};

/// A data set that this one was made from, and the content it had then.
struct Parent {
  DatasetId id;
  std::string content_sha256;
};

/// An HDF5 file that knows its content: data sets and attributes, a manifest of what determined them, and the hash of
/// it all. Nothing is to be seen of it until it is committed; without that (an exception on the way) nothing is left.
class ContentFile {
 public:
  /// Creates missing parent folders. Throws IoError.
  explicit ContentFile(std::filesystem::path target, Overwrite overwrite = Overwrite::no);

  const std::filesystem::path& target() const { return atomic_.target(); }
  hdf5::File& file() { return file_; }
  /// What determines the content: parameters, sources with their hashes, counts. No time, host, user or path belongs
  /// here. `schema`, `shapes`, `parents` and `code_version` are filled in by `seal`.
  Json& manifest() { return manifest_; }
  void add_parent(Parent parent) { parents_.push_back(std::move(parent)); }

  /// Writes whole data sets, and hashes them on a second thread meanwhile: about the time of the slower of the two.
  /// Everything written at once this way saves `seal` from reading the file again.
  void write(std::vector<Column> columns);

  /// Completes attributes and hash; nothing can be added after it. Returns the content hash. Throws IoError, and
  /// DataError when the content is not what `kind` demands.
  std::string seal(const std::string& kind);
  /// Makes the file durable and read-only, and gives it its name. Throws IoError.
  void commit() { atomic_.commit(true); }
  /// The same under a name that is still free; false when it is not: then `retarget` names another.
  bool commit_if_free() { return atomic_.commit_if_free(true); }
  void retarget(std::filesystem::path target) { atomic_.retarget(std::move(target)); }

 private:
  AtomicFile atomic_;
  hdf5::File file_;
  Json manifest_ = Json::object();
  std::vector<Parent> parents_;
  std::optional<ContentHash> hash_;  // of what `write` wrote
  std::vector<std::string> hashed_;
};

/// Opens a file that a ContentFile wrote as `kind`: attributes and schema are checked, chunks as they are read. Throws
/// IoError when it is not there, DataError when it is damaged or of another kind.
hdf5::File open_content(const std::filesystem::path& file, const std::string& kind);

/// "moola.bars/1".
std::string schema_of(const std::string& kind);

}  // namespace moola::data
