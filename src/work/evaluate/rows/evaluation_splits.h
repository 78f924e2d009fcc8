#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "record/manifest.h"
#include "validation/split.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// How the rows of an evaluation are cut, and which predictions make a path.
struct EvaluationSplits {
  std::vector<validation::Split> splits = {};
  std::vector<validation::RowRange> groups = {};  // cpcv-pbo: stretches of time
  /// (paths, parts): which split predicts each part of time, and which rows that are. All but `cpcv-pbo` have one path,
  /// a part for each split.
  struct Part {
    std::size_t split = 0;
    validation::RowRange rows = {0, 0};
  };
  std::vector<std::vector<Part>> paths = {};
  std::vector<validation::RowRange> sealed = {};  // train: the test part, which nothing looks at
};

/// Cut as the configuration says, purged for samples that look back `steps` rows, and proved. Splits that cannot be
/// used carry their fault, those to be looked at their warning. Throws ConfigError as the splitters; LeakError when
/// none can be used, or when a split does not keep what it promises.
EvaluationSplits make_splits(const LoadedEvaluateConfig& config, const EvaluationData& data, std::size_t steps = 1);

/// The splits of a walk-forward of these rows as the configuration says, not proved yet. Throws ConfigError, DataError.
std::vector<validation::Split> cut_walk_forward(const EvaluateConfig& config,
                                                const validation::LabelIntervals& intervals);
/// Splits of which each predicts its part of one history. Throws LeakError where none can be used.
EvaluationSplits in_one_path(std::vector<validation::Split> splits);

/// A split of somebody's own as a run's record names it, with the hash of the rows that it names.
record::DataUse split_use(const data::SplitRecord& split);
/// Embeddings as a run's record names them, with their encoder.
record::DataUse embeddings_use(const EvaluationData::Embedded& embedded);

/// What of the times that `part` has seen, the last of them, lies in the split's test part or the time of its labels.
std::optional<data::FittedPart::Seen> seen_in_test(const data::FittedPart& part, const EvaluationData& data,
                                                   const validation::Split& split);

/// Which of the things that were fitted before the table came to be (and an encoder before its embeddings) have seen
/// rows that a split tests, or the time of their labels: "barriers (2018-01-01 … 2019-03-01) overlap with the test part
/// of split 3"; and what may have (EvaluationData::doubts). `uses_weights`: whether the table's weights are used.
/// `trusted`: the user vouches for a table of which nothing is known.
std::vector<std::string> find_contamination(const EvaluationData& data, const EvaluationSplits& splits,
                                            bool uses_weights, bool trusted);

}  // namespace moola::work
