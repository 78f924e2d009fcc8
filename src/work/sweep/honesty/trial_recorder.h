#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "work/sweep/honesty/honesty_settings.h"
#include "work/sweep/study/trial_result.h"

namespace moola::work {

inline constexpr const char* kFoldScores = "fold_scores";  // attribute of a trial: a list, one for each fold
inline constexpr const char* kFoldTests = "fold_tests";  // attribute: how many folds test a row; 1 where it is missing
inline constexpr const char* kReturnsFault = "returns_fault";        // attribute: why its returns are not kept
inline constexpr const char* kSharedTraining = "shared_training";    // attribute: how much less its returns tell
inline constexpr const char* kReturnsFile = "returns.csv";           // in a trial's folder, beside result.json
inline constexpr const char* kMeanReturnsFile = "mean_returns.csv";  // the mean over paths, where there are several

/// What a trial earned: by one path, or by the median one of several and by their mean.
struct TrialReturns {
  TrackRecord own = {};
  std::optional<TrackRecord> mean = {};
};

/// Keeps of a complete trial what its luck is measured by later: its out-of-sample returns, as returns.csv in its
/// folder, and the scores of its folds, as an attribute.
///
/// Of a program of one's own, returns come from the file that its answer names (CSV, Parquet, .npy, .h5; beside the
/// trial's other files, or absolute), with one column of numbers or one called `return`. Of a job, they come from
/// returns.h5 of its run, those of the configuration that the metric is of, else of the best one: of the median path,
/// and the mean over paths beside it. From its results.json come the scores of folds, where the metric is a score that
/// it has by split, and how many times fewer returns tell as much where the models of a path's parts were trained on
/// each other's rows (work/evaluate/rows/shared_training.h).
class TrialRecorder {
 public:
  TrialRecorder(const SweepConfig& config, const std::filesystem::path& workspace);

  /// Before `result` is written into `folder`. What can't be read is no reason to lose the trial: it stays complete,
  /// has no returns, and an attribute says why. But one whose returns touch the outer test part has failed.
  void keep(TrialResult& result, const std::filesystem::path& folder) const;

 private:
  HonestySettings settings_;
  bool is_job_;
  std::string metric_;
  std::filesystem::path runs_;

  std::optional<TrialReturns> returns_of_run(TrialResult& result) const;
  void fail_by_outer_test(TrialResult& result, const TrackRecord& record) const;
};

/// Which of `names` a metric such as "models.xgboost depth=3.scores.log_loss" is of; names may have dots. Empty: none.
std::string configuration_of(const std::string& metric, const std::vector<std::string>& names);

}  // namespace moola::work
