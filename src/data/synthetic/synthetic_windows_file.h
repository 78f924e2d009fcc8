#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/store/dataset.h"
#include "data/synthetic/resemblance.h"
#include "data/synthetic/synthetic_windows.h"
#include "data/tables/feature_table_file.h"

namespace moola::data {

/// What is known of what a generator was fitted on before it made windows.
enum class GeneratorFit : std::uint8_t {
  nothing,  // each window depends on the one that it was made from and on chance: jitter, warping
  seen,     // rows of some times: a GAN, an autoencoder, a mixture of neighbours
  unknown,
};
/// "nothing", "seen", "unknown".
std::string_view to_string(GeneratorFit fit);

/// Whose windows they are.
struct SyntheticInfo {
  Parent windows = {};         // labeled_windows
  std::uint64_t real = 0;      // how many it holds
  std::string generator = {};  // in words
  GeneratorFit fit = GeneratorFit::unknown;
  std::vector<FittedPart::Seen> seen = {};  // ns UTC, both included; of GeneratorFit::seen one at least
};

struct SyntheticToWrite {
  DatasetId id = {};  // version 0: the next
  SyntheticInfo info = {};
  SyntheticWindows windows = {};
  Resemblance resemblance = {};
  Json manifest = Json::object();       // what else determined the content
  Json circumstances = Json::object();  // stand beside the file, not in it
};

struct WrittenSynthetic {
  DatasetId id = {};
  std::filesystem::path file = {};
  std::string content_sha256 = {};
};

/// Writes data/synthetic_cache/NAME/vN. Throws ConfigError for a version that exists, DataError naming the first window
/// that is not as SyntheticWindows says, or what of SyntheticInfo does not go together; IoError.
WrittenSynthetic write_synthetic(const std::filesystem::path& workspace, const SyntheticToWrite& synthetic);

/// Synthetic windows, all of them in memory.
class SyntheticWindowsFile {
 public:
  /// Where the labelled windows are there, they must have the content they had. Throws IoError, ConfigError, DataError
  /// (damaged, or not as SyntheticInfo and SyntheticWindows say).
  SyntheticWindowsFile(const std::filesystem::path& workspace, const DatasetId& id);

  const DatasetId& id() const { return reader_.id(); }
  const std::string& content_sha256() const { return reader_.content_sha256(); }
  const SyntheticInfo& info() const { return info_; }
  const SyntheticWindows& windows() const { return windows_; }
  /// How they were compared with the labelled ones when they were brought in.
  const Resemblance& resemblance() const { return resemblance_; }

 private:
  DatasetReader reader_;
  SyntheticInfo info_;
  SyntheticWindows windows_;
  Resemblance resemblance_;
};

}  // namespace moola::data
