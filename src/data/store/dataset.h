#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "data/store/content_file.h"
#include "data/store/dataset_id.h"
#include "data/store/hdf5.h"

namespace moola::data {

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
  const std::filesystem::path& target() const { return content_.target(); }
  /// See ContentFile.
  hdf5::File& file() { return content_.file(); }
  Json& manifest() { return content_.manifest(); }
  void add_parent(Parent parent) { content_.add_parent(std::move(parent)); }
  void write(std::vector<Column> columns) { content_.write(std::move(columns)); }

  /// Completes attributes and hash, makes the file durable and read-only, and gives it its name; then writes
  /// `circumstances` (when, where, how long; time, host, user, command line and code version are added) beside it.
  /// Returns the content hash. Throws IoError.
  std::string finish(const Json& circumstances = Json::object());

  /// The same, unless a version of this name holds the same content already, and its manifest says the same under the
  /// keys `marks`: then that one is `id()`, and nothing is written. For work that is done again. What else its manifest
  /// says is how the content was made first.
  std::string finish_unless_known(const std::vector<std::string>& marks, const Json& circumstances = Json::object());

 private:
  std::string publish(const std::string& hash, const Json& circumstances);

  bool any_version_;
  DatasetId id_;
  std::filesystem::path workspace_;
  ContentFile content_;
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
  /// What the attributes `data` and `data_content_sha256` name, which is the only parent in the manifest, too. Throws
  /// DataError where it is not; `does` says what the content does with it ("predicts").
  Parent only_parent(std::string_view does) const;
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

}  // namespace moola::data
