#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "data/store/dataset_id.h"
#include "work/features/window_report.h"

namespace moola::work {

/// What `moola features --windows` is asked for.
struct WindowFeatureRequest {
  std::filesystem::path workspace;
  std::string windows;                // "NAME/vN"
  std::vector<std::string> features;  // names of sets
  std::string inner;                  // "30..74"; empty: the usual one of the windows' length
  std::filesystem::path out;          // a file of features, or
  std::string name;                   // a new version of this name: the windows with features beside them
  int version = 0;                    // of `name`; 0: the next
  unsigned threads = 0;               // 0: one per core
  bool force = false;
  bool quiet = false;
};

/// Features of windows that were written, and what there is to say about them.
struct WindowFeatureFile {
  data::DatasetId windows;  // what they were computed of
  std::string id;           // of a new data set; empty: a file
  std::filesystem::path file;
  std::vector<std::string> channels;  // added bar by bar
  std::vector<std::string> features;  // added window by window
  std::string content_sha256;
  WindowReport report;
  double seconds;
};

/// Computes sets of features (market/window_features) of each window and writes them: sets per bar as channels of `X`
/// float32 (N, T, C), sets per window as columns of `X_feats` float32 (N, F), and beside them all that the set says of
/// its windows (y, t0, t1, group, weight …). Into `out`, the features alone; under `name`, a new version of the set in
/// which they stand after the channels and columns that were there.
///
/// Nothing crosses from window to window, so the bits depend on neither the number of threads nor the order of rows.
/// Memory: pieces of 64 MB, and
/// of a view its times. Throws ConfigError, DataError, IoError; nothing is left half-written.
WindowFeatureFile write_window_features(const WindowFeatureRequest& request);

/// Only looks at the windows.
WindowReport check_windows(const WindowFeatureRequest& request);

/// The page that documents all sets and columns, in Markdown.
std::string window_feature_reference();

}  // namespace moola::work
