#pragma once
#include <filesystem>

#include "work/evaluate/config/evaluate_config.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// The labelled windows of data.windows, a row each, in the order of t0, then group, then their number in the set.
///
/// A window knows what lies from t0 (its first bar) to t1 (when its label is known), both included; that is its
/// interval. Windows are normalised as data.normalize says; for models of rows each is flattened, bar by bar, and named
/// "close_17", with the set's own features (X_feats) behind. Those of data.synthetic stand behind them all. With
/// data.embeddings a row's features are what an encoder has made of its window instead, "z_0" and on, and X_feats; the
/// encoder is named among what was `fitted`. Memory: the set, and once more normalised.
///
/// Throws ConfigError (no such set, channel or normalisation; no window left; models that need prices), DataError
/// (damaged; embeddings of other windows; no times, or times that windows of the same bars contradict; a value that is
/// not finite, with window, bar and channel; labels of one class alone), and as add_synthetic_rows.
EvaluationData read_window_data(const std::filesystem::path& workspace, const EvaluateConfig& config);

}  // namespace moola::work
