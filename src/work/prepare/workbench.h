#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/utc_time.h"
#include "data/store/dataset_id.h"
#include "market/bars.h"
#include "market/features/feature_table.h"
#include "market/labels/label_quality.h"
#include "market/labels/triple_barrier.h"
#include "work/prepare/prepare_config.h"

namespace moola::work {

struct Stage;
struct StageUnit;

/// One of data.bars, or of the bars that they are compared with.
struct PreparedSymbol {
  data::DatasetId id;
  std::string content_sha256;
  const std::string& name() const { return id.name; }
};

/// Labels of one horizon over the bars of a symbol, with their weights. What a strategy does not say is empty.
struct HorizonLabels {
  std::int64_t horizon = 0;
  market::BarrierLabels labels = {};
  std::vector<float> target = {};      // regression: instead of labels.label; NaN where there is none
  std::vector<std::int8_t> side = {};  // meta: that was judged
  std::vector<float> t_value = {};     // trend_scan: of the trend
  std::vector<std::int64_t> t1 = {};   // the last stamp a label depends on; kNoTime where there is none
  market::LabelQuality quality = {};   // empty for the initial labels
  std::vector<float> weight = {};      // likewise

  std::size_t size() const { return t1.size(); }
  /// Whether there is a label, or a target.
  bool has(std::size_t bar) const { return t1[bar] != kNoTime; }
};

/// Where stages find what earlier ones have made: the files of the run's folder, and those of them that are still in
/// memory. One per rank. What is asked for is read when it is not there; `keep_only` lets go of the rest.
class Workbench {
 public:
  Workbench(std::filesystem::path workspace, std::filesystem::path run, const LoadedPrepareConfig& config,
            std::vector<PreparedSymbol> symbols, std::vector<StageUnit> tables, unsigned threads);
  ~Workbench();

  const PrepareConfig& config() const { return config_.values; }
  const LoadedPrepareConfig& loaded() const { return config_; }
  const std::filesystem::path& workspace() const { return workspace_; }
  const std::filesystem::path& run() const { return run_; }
  /// Those of data.bars, and after them those that they are compared with alone.
  const std::vector<PreparedSymbol>& symbols() const { return symbols_; }
  /// How many of them are of data.bars.
  std::size_t prepared() const { return features_.size(); }
  /// The symbols that columns of `symbol` compare with, by their places in `symbols`.
  std::vector<std::size_t> compared(std::size_t symbol) const;
  const std::vector<StageUnit>& tables() const { return tables_; }
  unsigned threads() const { return threads_; }
  /// All symbols that share a table with one of `unit`, and those that they compare with.
  std::vector<std::size_t> tables_of(const StageUnit& unit) const;

  /// Holds what is asked for against what `stage` says it reads: anything else would not be in its key, and the stage
  /// taken over when it should not be. Throws std::logic_error from then on. nullptr: nothing is held against anything.
  void run_stage(const Stage* stage) { stage_ = stage; }

  /// RUN/stages/02-clean/UNIT.ending.
  std::filesystem::path file(std::string_view stage, const std::string& unit, std::string_view ending) const;
  Json json(std::string_view stage, const std::string& unit) const;

  /// Nanoseconds between the cleaned bars; 0 where they are not of the clock.
  std::int64_t bar_nanoseconds() const;

  /// Cleaned bars.
  const market::Bars& bars(std::size_t symbol);
  /// Cleaned bars of those that columns of `symbol` compare with; they stay here until `keep_only` lets them go.
  market::OtherAssets others(std::size_t symbol);
  const market::FeatureTable& features(std::size_t symbol);
  const std::vector<HorizonLabels>& labels(std::size_t symbol);
  /// What barriers are multiples of, per cleaned bar: as it was known a bar before; empty where they are shares of the
  /// price.
  const std::vector<double>& barrier_scale(std::size_t symbol);

  void keep_bars(std::size_t symbol, market::Bars bars);
  void keep_features(std::size_t symbol, market::FeatureTable features);
  void keep_labels(std::size_t symbol, std::vector<HorizonLabels> labels);
  /// Lets go of all symbols but these.
  void keep_only(const std::vector<std::size_t>& symbols);

  /// The features of a symbol of data.bars; symbols of one table have the same.
  const std::vector<market::Feature>& feature_list(std::size_t symbol) const { return features_[symbol]; }
  /// The first row of `symbol`'s bars that is a row of its table: all features have a value from it on.
  std::size_t first_row(std::size_t symbol);

 private:
  struct Held {
    std::optional<market::Bars> bars;
    std::optional<market::FeatureTable> features;
    std::optional<std::vector<HorizonLabels>> labels;
    std::optional<std::vector<double>> scale;
  };
  std::filesystem::path workspace_, run_;
  const LoadedPrepareConfig& config_;
  std::vector<PreparedSymbol> symbols_;
  std::vector<StageUnit> tables_;
  unsigned threads_;
  std::vector<std::vector<market::Feature>> features_;  // per symbol of data.bars
  std::vector<Held> held_;
  const Stage* stage_ = nullptr;  // that is at work

  void check_reads(std::string_view stage) const;
};

}  // namespace moola::work
