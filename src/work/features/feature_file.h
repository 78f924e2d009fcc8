#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/json.h"
#include "data/bars/bars_file.h"
#include "market/features/feature_table.h"

namespace moola::work {

/// What `moola features` is asked for.
struct FeatureRequest {
  std::filesystem::path workspace;
  std::string bars;                           // "BTCUSD/v1"
  std::vector<std::string> features;          // names, sets, "wavelet_*"
  std::vector<std::string> others;            // bars of other symbols to compare with: "ETHUSD/v1"
  Duration max_age = Duration::seconds(900);  // how much earlier than a bar the other's last one may have ended
  std::string definitions = "moola";
  Duration timeframe;  // of the bars that features are computed of; 0: as they are
  bool float32 = false;
  unsigned threads = 0;  // 0: one per core
  std::filesystem::path out;
  bool force = false;
  bool quiet = false;
};

/// A file with features, and what there is to say about it.
struct FeatureFile {
  data::StoredBars bars;  // resampled
  market::FeatureTable table;
  std::string content_sha256;
  double seconds;  // of computing, without reading and writing
};

/// Computes features of bars and writes them to `out`: `time` int64 (n), `X` (n, features), with what each is in the
/// manifest. Throws ConfigError, DataError, IoError; nothing is left half-written.
FeatureFile write_features(const FeatureRequest& request);

/// The page that documents all indicators, in Markdown.
std::string indicator_reference();

}  // namespace moola::work
