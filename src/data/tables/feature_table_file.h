#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/store/dataset.h"
#include "data/tables/table_rows.h"

namespace moola::data {

/// Something that was fitted to data before the table came to be, and the times it has seen, in ns UTC, both ends
/// included. A split whose test part meets them knows that the table does not forget.
struct FittedPart {
  struct Seen {
    std::int64_t first, last;
    bool operator==(const Seen&) const = default;
  };
  std::string name;  // "barriers", "quality", "selection"
  std::vector<Seen> seen = {};
  bool operator==(const FittedPart&) const = default;
};

/// Where a table's numbers have been before.
enum class Pedigree : std::uint8_t {
  recorded,  // `fitted` names everything that was fitted
  unknown,   // somebody else's table: barriers, weights and scales may have seen all of it
};

/// What a feature table says about its rows besides their numbers.
struct FeatureTableInfo {
  std::vector<std::string> feature_names = {};  // each once
  std::vector<std::string> symbols = {};        // at least one
  bool scaled = false;                          // by somebody else; tables of this house hold features as they are
  Pedigree pedigree = Pedigree::recorded;
  std::vector<FittedPart> fitted = {};
};

enum class FeaturePrecision : std::uint8_t { float64, float32 };

/// Puts the features of rows [begin, begin + count) into `out` (count, features), row-major. Called from two threads at
/// once, for different rows or the same ones.
using FeatureRows = std::function<void(std::uint64_t begin, std::uint64_t count, std::span<double> out)>;

/// Writes all of a feature table into a data set of that kind; the caller adds manifest and parents and finishes it.
///
/// `features` is asked for blocks of some MiB, each twice (for the file and for its hash); nothing else of X is held.
/// 629,685 rows of 180 features: 1.4 s (640 MB/s) on two cores, durable; compressed it would be 105 MB/s.
/// Throws std::logic_error when rows and info are not as TableRows and FeatureTableInfo say; IoError.
void write_feature_table(DatasetWriter& writer, const TableRows& rows, const FeatureTableInfo& info,
                         const FeatureRows& features, FeaturePrecision precision = FeaturePrecision::float64);

/// A feature table, opened read-only: everything but X in memory, X read on demand. Not thread-safe.
class FeatureTableFile {
 public:
  /// Throws IoError, ConfigError, DataError (damaged, or not what a feature table must be: the place is named).
  FeatureTableFile(const std::filesystem::path& workspace, const DatasetId& id);
  /// The same from a parent's record, whose hash must still be that of the file; `child` is named in the error.
  FeatureTableFile(const std::filesystem::path& workspace, const Parent& parent, std::string_view child);

  const DatasetId& id() const { return reader_.id(); }
  const std::string& content_sha256() const { return reader_.content_sha256(); }
  const Json& manifest() const { return reader_.manifest(); }
  const FeatureTableInfo& info() const { return info_; }
  const TableRows& rows() const { return rows_; }
  std::size_t size() const { return rows_.size(); }
  std::size_t features() const { return info_.feature_names.size(); }
  FeaturePrecision precision() const;

  /// Labels of a horizon. Throws ConfigError that names those there are.
  const HorizonColumns& horizon(std::int32_t bars) const;
  /// Numbers of features by their names. Throws ConfigError that names the nearest.
  std::vector<std::size_t> find_features(std::span<const std::string> names) const;

  /// The features of rows [begin, begin + count), row-major; what is stored as the other type is converted. About 1.8
  /// GB/s from the page cache. Throws DataError when a chunk is damaged.
  void read_features(std::uint64_t begin, std::uint64_t count, std::span<double> out) const;
  void read_features(std::uint64_t begin, std::uint64_t count, std::span<float> out) const;

 private:
  explicit FeatureTableFile(DatasetReader reader);
  template <class T>
  void read_as(std::uint64_t begin, std::uint64_t count, std::span<T> out) const;

  DatasetReader reader_;
  FeatureTableInfo info_;
  TableRows rows_;
  hdf5::Dataset x_;
};

}  // namespace moola::data
