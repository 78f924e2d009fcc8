#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "work/evaluate/folds/fold.h"
#include "work/evaluate/refit/barrier_refit.h"
#include "work/evaluate/refit/encoder_refits.h"

namespace moola::work {

/// What folds are made from.
struct FoldSources {
  const LoadedEvaluateConfig& config;
  EvaluationData& data;  // labelled anew for every fold where there are `barriers`
  unsigned threads = 1;
  const std::map<std::string, PredictedRows>& predicted;          // by configuration: made elsewhere
  const BarrierRefit* barriers = nullptr;                         // null: labels are those of the table
  const EncoderRefits* encoders = nullptr;                        // null: windows are as they are
  const std::map<std::size_t, std::string>* untrained = nullptr;  // why there are none of some trainings
};

/// Makes folds on one rank, one after another: those of one split after each other are cheapest.
class FoldMaker {
 public:
  explicit FoldMaker(const FoldSources& sources);
  ~FoldMaker();

  /// Fits the task's configuration on its split and asks it; `train` keeps what was fitted in the run's folder. Throws
  /// as models, readers of encoders, and `check_stop`.
  FoldResult make(const std::filesystem::path& run, const FoldTask& task, const EvaluationSplits& splits,
                  const std::function<void()>& check_stop);

 private:
  struct EncodedRows;
  FoldResult fit(const std::filesystem::path& run, const FoldTask& task, const EvaluationSplits& splits,
                 const EvaluationData& data, FoldFeatures& features, const std::function<void()>& check_stop) const;
  EncodedRows& encoded(std::size_t split);

  FoldSources sources_;
  FoldFeatures features_;
  std::unique_ptr<EncodedRows> encoded_;  // of the split that was asked for last
};

}  // namespace moola::work
