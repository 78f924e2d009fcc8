#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/store/dataset.h"
#include "data/tables/feature_table_file.h"

namespace moola::data {

/// Whose windows were encoded, by what, and what that had seen before.
struct EmbeddingsInfo {
  Parent data = {};                 // labeled_windows or unlabeled_windows
  std::string encoder = {};         // its name: "bilstm_mae-v1"
  std::string encoder_sha256 = {};  // of its file
  std::string pooling = {};         // how the representations of a window's bars become one: "last", "mean", "max"
  /// [{symbol, times: [[first, end], …]}] in UTC, as the encoder's header has them: what it was trained on (none:
  /// windows without times, so that nobody knows when), and the hold-out that chose its weights.
  Json seen = Json::array(), selected_on = Json::array();
};

struct EmbeddingsToWrite {
  std::string name = {};  // data/embeddings/NAME
  EmbeddingsInfo info = {};
  std::size_t dims = 0;                 // D
  std::vector<float> z = {};            // (N, D), a row for each window in the data set's order: finite
  Json parameters = Json::object();     // what else determined them, for the manifest
  Json circumstances = Json::object();  // stand beside the file, not in it
};

struct WrittenEmbeddings {
  DatasetId id = {};
  std::filesystem::path file = {};
  std::string content_sha256 = {};
};

/// Writes the next version of data/embeddings/NAME, or finds the version that holds the same already. Cost: that of the
/// bytes, 4 per value. Throws ConfigError for a name that can be none, DataError naming the first value that is not
/// finite, IoError.
WrittenEmbeddings write_embeddings(const std::filesystem::path& workspace, const EmbeddingsToWrite& embeddings);

/// The representations of a set's windows, all of them in memory.
class EmbeddingsFile {
 public:
  /// When the windows are there, they must have the content they had, and as many rows. Throws IoError, ConfigError,
  /// DataError (damaged, or not as EmbeddingsInfo and EmbeddingsToWrite say: the place is named).
  EmbeddingsFile(const std::filesystem::path& workspace, const DatasetId& id);

  const DatasetId& id() const { return reader_.id(); }
  const std::string& content_sha256() const { return reader_.content_sha256(); }
  const Json& manifest() const { return reader_.manifest(); }
  const EmbeddingsInfo& info() const { return info_; }
  std::size_t size() const { return rows_; }
  std::size_t dims() const { return dims_; }
  /// (N, D).
  const std::vector<float>& z() const { return z_; }

 private:
  DatasetReader reader_;
  EmbeddingsInfo info_;
  std::size_t rows_ = 0, dims_ = 0;
  std::vector<float> z_;
};

/// The encoder as something that was fitted before its embeddings came to be, of all symbols: `encoder`, what it was
/// trained on, without times where nobody knows them; and where there is one `encoder_choice`, the hold-out.
std::vector<FittedPart> fitted_parts(const EmbeddingsInfo& info);

}  // namespace moola::data
