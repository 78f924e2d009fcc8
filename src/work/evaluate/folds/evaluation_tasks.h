#pragma once
#include <map>
#include <vector>

#include "work/evaluate/folds/fold.h"
#include "work/evaluate/rows/evaluation_splits.h"

namespace moola::work {

/// Splits by how many rows a sample of a configuration looks at.
class SplitsByConfiguration {
 public:
  /// Throws as make_splits.
  SplitsByConfiguration(const LoadedEvaluateConfig& config, const EvaluationData& data);
  /// The same splits for all.
  SplitsByConfiguration(const LoadedEvaluateConfig& config, EvaluationSplits splits);
  SplitsByConfiguration(const SplitsByConfiguration&) = delete;
  SplitsByConfiguration& operator=(const SplitsByConfiguration&) = delete;
  /// (configurations)
  const std::vector<const EvaluationSplits*>& all() const { return of_; }

 private:
  std::map<std::size_t, EvaluationSplits> by_steps_;
  std::vector<const EvaluationSplits*> of_;
};

/// Every configuration on every split that has no fault, with the key of all that determines what comes out.
/// `refitted` (splits): what each of them has made anew; none where nothing is.
std::vector<FoldTask> make_tasks(const LoadedEvaluateConfig& config, const EvaluationData& data,
                                 const std::vector<const EvaluationSplits*>& splits,
                                 const std::vector<Json>& refitted = {});

}  // namespace moola::work
