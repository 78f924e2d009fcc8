#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/tables/feature_table_file.h"
#include "data/tables/split_file.h"
#include "validation/purge.h"
#include "work/evaluate/config/evaluate_config.h"
#include "work/evaluate/rows/synthetic_rows.h"

namespace moola::work {

/// A feature table as models see it, whole in memory: 4 bytes per row and feature; or labelled windows, a row each.
///
/// Rows are numbered as in the table (in order of time), less those that data.from and data.to leave out. X stands
/// segment by segment instead, so that a window is a piece of it: `position` says where. Labelled windows are numbered
/// in the order of t0, of those that are left; `time` is t0, `position` the row, and X holds each flattened.
struct EvaluationData {
  data::Parent table = {};    // or the windows
  std::size_t first_row = 0;  // of the table, that is row 0 here
  std::int32_t horizon = 0;
  std::vector<std::string> features = {}, symbols = {};
  std::vector<std::string> class_names = {};     // "-1", "0", "1"; those that come
  std::vector<std::int8_t> direction = {};       // (classes)
  std::vector<std::int64_t> time = {}, t1 = {};  // (n) ns UTC
  std::vector<std::int32_t> label = {};          // (n) class numbers; -1: none
  std::vector<float> weight = {};                // (n) the table's; empty: it has none
  std::vector<std::int32_t> symbol = {};         // (n)
  Json manifest = Json::object();                // the table's
  std::vector<data::FittedPart> fitted = {};     // before the table came to be
  data::Pedigree pedigree = data::Pedigree::recorded;
  bool scaled = false;
  std::optional<data::SplitRecord> given_split = {};  // splits.name

  std::vector<std::size_t> position = {};       // (n, and behind them synthetic ones) of each row in X
  std::vector<std::size_t> segment_begin = {};  // (n) by position: the first of its segment's positions
  std::vector<std::size_t> run_begin = {};  // (n) by position: the first of its segment's positions since a row without
                                            // a label; windows reach back no further
  std::vector<float> x = {};                // (n and synthetic ones, features) by position
  std::vector<float> last_return = {};      // (n) by position; empty where there are no prices

  /// Of labelled windows: bars and channels of each, 0 where rows are a table's.
  struct WindowShape {
    std::size_t steps = 0, channels = 0;
    std::size_t values() const { return steps * channels; }
  } window = {};
  /// Of labelled windows whose features an encoder has made of them: which, and by what.
  struct Embedded {
    data::Parent source = {};
    std::string encoder = {}, encoder_sha256 = {}, pooling = {};
  };
  std::optional<Embedded> embedded = {};
  std::vector<std::size_t> embedded_columns = {};  // of the embeddings, in order: the first features
  Json chosen = Json::object();          // of labelled windows: what else than their set makes them what they are here
  std::vector<std::int64_t> group = {};  // (n) rows of one group are kept together; empty: none are
  std::vector<std::int64_t> first_bar = {}, last_bar = {};  // (n) of the series, both included; -1: not known

  std::vector<std::size_t> number = {};  // (n) of each row in its data set; empty: first_row and on

  SyntheticRows synthetic = {};          // rows n and on of `position`, behind the others in X
  std::vector<std::string> doubts = {};  // what besides `fitted` takes the verdict: nobody knows what it has seen
  std::string differs = {};              // of what was learnt from: that it is unlike what is tested; empty: it is not

  std::size_t size() const { return time.size(); }
  std::size_t number_of(std::size_t row) const { return number.empty() ? first_row + row : number[row]; }
  std::size_t classes() const { return class_names.size(); }
  validation::LabelIntervals intervals() const { return {time, t1}; }
  bool holds_windows() const { return window.steps > 0; }
  /// Whether a sample of so many steps is a labelled window as it is, and no stretch of rows of X.
  bool is_window(std::size_t steps) const { return holds_windows() && steps > 1; }
  /// How many neighbouring rows depend on each other: the horizon's, of all symbols; of windows those that begin before
  /// one ends, but a tenth of all at most, so that there are several blocks of them to draw from.
  std::size_t dependent_rows() const;
  /// A row of its symbol alone, counted from that symbol's first.
  std::vector<std::size_t> rows_of_symbols() const;
};

/// A table's rows, or labelled windows where data.windows names them. Throws ConfigError (no such table, column or
/// horizon; targets instead of labels; no row left), DataError (damaged, a feature that is not finite: its column and
/// row are named; labels of one class alone; no t1).
EvaluationData read_evaluation_data(const std::filesystem::path& workspace, const EvaluateConfig& config);

/// Finds `run_begin` anew, when labels have changed.
void find_runs(EvaluationData& data);

/// Numbers the classes as a model does, which knows all of them and perhaps more.
void number_classes_as(EvaluationData& data, const std::vector<std::string>& names,
                       const std::vector<std::int8_t>& direction);
/// Puts the features into this order and leaves out the others. Throws DataError naming those that are missing.
void order_features_as(EvaluationData& data, const std::vector<std::string>& features);

}  // namespace moola::work
