#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/store/dataset.h"

namespace moola::data {

/// Whose predictions out-of-fold predictions are, and of what.
struct OofInfo {
  Parent data = {};                           // feature_table or labeled_windows whose rows were predicted
  std::int32_t horizon = 0;                   // of the table's labels; 0 of windows
  std::vector<std::string> class_names = {};  // two at least, each once: "-1", "0", "1" of a table
  std::string model = {};                     // the configuration's name: "xgboost depth=3 rate=0.03"
  Json parameters = Json::object();           // the configuration's
};

/// The predictions, one of each row at most, each by a model that did not train on the row: a value per prediction.
struct OofRows {
  std::vector<float> probability = {};   // (n, classes) row by row: finite, 0 to 1, of a row 1 within 1e-3 in sum
  std::vector<std::int32_t> fold = {};   // that predicted it, from 0
  std::vector<std::int32_t> label = {};  // number of the class that the data set gives the row; -1: none
  std::vector<std::int64_t> row = {};    // of the data set, ascending
  std::vector<std::int64_t> time = {};   // the row's, ns UTC; kNoTime where the data set has no times

  std::size_t size() const { return row.size(); }
};

struct OofToWrite {
  std::string name = {};  // data/oof/NAME
  OofInfo info = {};
  OofRows rows = {};
  Json circumstances = Json::object();  // which run made it and so on: stand beside the file, not in it
};

struct WrittenOof {
  DatasetId id = {};
  std::filesystem::path file = {};
  std::string content_sha256 = {};
};

/// Writes the next version of data/oof/NAME, or finds the version that holds the same already. Cost: that of the bytes,
/// 4 per class and 24 per row. Throws ConfigError for a name that can be none, DataError naming the first row that is
/// not as OofRows says, IoError.
WrittenOof write_oof(const std::filesystem::path& workspace, const OofToWrite& oof);

/// Out-of-fold predictions, all of them in memory.
class OofFile {
 public:
  /// When the data set that was predicted is there, it must have the content it had, and all rows. Throws IoError,
  /// ConfigError, DataError (damaged, or not as OofInfo and OofRows say: the first such row is named).
  OofFile(const std::filesystem::path& workspace, const DatasetId& id);

  const DatasetId& id() const { return reader_.id(); }
  const std::string& content_sha256() const { return reader_.content_sha256(); }
  const Json& manifest() const { return reader_.manifest(); }
  const OofInfo& info() const { return info_; }
  const OofRows& rows() const { return rows_; }
  std::size_t size() const { return rows_.size(); }
  std::size_t classes() const { return info_.class_names.size(); }

 private:
  DatasetReader reader_;
  OofInfo info_;
  OofRows rows_;
};

}  // namespace moola::data
