#pragma once
#include <filesystem>
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

/// One whole data set in memory, row-major.
struct Column {
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

  std::string name;
  hdf5::Type type;
  hdf5::Shape shape;
  std::span<const std::byte> bytes;
  hdf5::Layout layout;
};

/// A data set that this one was made from, and the content it had then.
struct Parent {
  DatasetId id;
  std::string content_sha256;
};

/// Makes a new version of a data set. Nothing is to be seen of it until `finish`; without that (an exception on the
/// way) nothing is left.
///
///     DatasetWriter writer(workspace, {"bars", "BTCUSD"});
///     writer.write({{"close", std::span(close)}, {"time", std::span(time)}});   // or file().create_dataset(…) and
///     pieces writer.file().set_attribute("symbol", "BTCUSD");                           // semantic attributes
///     writer.manifest()["parameters"] = {{"timezone", "UTC"}};                   // what determined the content
///     writer.finish({{"seconds", 1.5}});                                         // circumstances
class DatasetWriter {
 public:
  /// `id.version` 0 takes the next free one; when another process is faster, `finish` takes the one after. Removes what
  /// killed writers of this host have left anywhere in the workspace's data. Throws ConfigError when the version
  /// exists: none is ever overwritten; IoError.
  DatasetWriter(const std::filesystem::path& workspace, DatasetId id);

  /// Throws ConfigError when a version exists already; for asking before the work is done.
  static void check_free(const std::filesystem::path& workspace, const DatasetId& id);

  /// Final after `finish`.
  const DatasetId& id() const { return id_; }
  const std::filesystem::path& target() const { return atomic_.target(); }
  hdf5::File& file() { return file_; }
  /// What determines the content: parameters, sources with their hashes, counts. No time, host, user or path belongs
  /// here. `schema`, `shapes`, `parents` and `code_version` are filled in by `finish`.
  Json& manifest() { return manifest_; }
  void add_parent(Parent parent) { parents_.push_back(std::move(parent)); }

  /// Writes whole data sets, and hashes them on a second thread meanwhile: about the time of the slower of the two.
  /// Everything written at once this way saves `finish` from reading the file again.
  void write(std::vector<Column> columns);

  /// Completes attributes and hash, makes the file durable and read-only, and gives it its name; then writes
  /// `circumstances` (when, where, how long; time, host, user, command line and code version are added) beside it.
  /// Returns the content hash. Throws IoError.
  std::string finish(const Json& circumstances = Json::object());

 private:
  bool any_version_;
  DatasetId id_;
  std::filesystem::path workspace_;
  AtomicFile atomic_;
  hdf5::File file_;
  Json manifest_ = Json::object();
  std::vector<Parent> parents_;
  std::optional<ContentHash> hash_;  // of what `write` wrote
  std::vector<std::string> hashed_;
};

/// An existing data set, opened read-only. The schema is checked; chunks are checked as they are read; the whole hash
/// only by `verify`.
class DatasetReader {
 public:
  /// Throws IoError when the file is not there, DataError when it is damaged or not of the kind and schema it should
  /// be.
  DatasetReader(const std::filesystem::path& workspace, const DatasetId& id);

  const DatasetId& id() const { return id_; }
  const hdf5::File& file() const { return file_; }
  const Json& manifest() const { return manifest_; }
  /// The hash written with the content.
  const std::string& content_sha256() const { return content_sha256_; }
  std::vector<Parent> parents() const;
  template <class T>
  std::vector<T> read(const std::string& name) const {
    return file_.read<T>(name);
  }

 private:
  DatasetId id_;
  hdf5::File file_;
  Json manifest_;
  std::string content_sha256_;
};

/// Opens what `parent` names and makes sure that it still has the content it had. Throws DataError that names `child`,
/// the parent's file, both hashes and the way out.
DatasetReader open_parent(const std::filesystem::path& workspace, const Parent& parent, std::string_view child);

/// "moola.bars/1".
std::string schema_of(const std::string& kind);

}  // namespace moola::data
