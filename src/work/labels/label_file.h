#pragma once
#include <filesystem>
#include <string>

#include "base/duration.h"
#include "data/bars/bars_file.h"
#include "work/labels/label_strategy.h"

namespace moola::work {

/// What `moola label` is asked for.
struct LabelRequest {
  std::filesystem::path workspace;
  std::string bars;    // "BTCUSD/v1"
  Duration timeframe;  // of the bars that are labelled; 0: as they are
  LabelStrategy strategy;
  unsigned threads = 0;  // 0: one per core
  std::filesystem::path out;
  bool force = false;
};

/// A file with labels, and what there is to say about it.
struct LabelFile {
  data::StoredBars bars;  // resampled
  LabelTable labels;
  std::string content_sha256;
  double seconds;  // of labelling, without reading and writing
};

/// Labels bars and writes one row per bar to `out`: `time`, `t1` (stamp of the last bar that the label depends on;
/// kNoTime where there is no label) and the strategy's columns, with its parameters and what was fitted in the
/// manifest. Throws ConfigError, DataError, IoError; nothing is left half-written.
LabelFile write_labels(const LabelRequest& request);

}  // namespace moola::work
