#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "base/duration.h"
#include "data/bars/bars_file.h"
#include "market/labels/triple_barrier.h"

namespace moola::work {

/// What `moola label` is asked for.
struct LabelRequest {
  std::filesystem::path workspace;
  std::string bars;    // "BTCUSD/v1"
  Duration timeframe;  // of the bars that are labelled; 0: as they are
  market::TripleBarrier rule;
  std::string scale = "atr_14";  // a column of features that barriers are multiples of; "price": shares of the entry
  unsigned threads = 0;          // 0: one per core
  std::filesystem::path out;
  bool force = false;
};

/// A file with labels, and what there is to say about it.
struct LabelFile {
  data::StoredBars bars;  // resampled
  market::BarrierLabels labels;
  std::string content_sha256;
  double seconds;  // of labelling, without reading and writing
};

/// Labels bars by triple barriers and writes one row per bar to `out`: `time`, `label`, `touch`, `bars`, `t1` (stamp of
/// the last bar that the label depends on), `mae`, `mfe`, `exit_return`, `scale`. The scale of a bar is what was known
/// a bar before. Throws ConfigError, DataError, IoError; nothing is left half-written.
LabelFile write_labels(const LabelRequest& request);

}  // namespace moola::work
