#include "work/evaluate/refit/refitted_splits.h"

namespace moola::work {

using validation::RowRange;
using validation::Split;

std::vector<RowRange> rows_before_tests(const LoadedEvaluateConfig& config, const EvaluationData& data) {
  std::vector<RowRange> out;
  // Nothing but the rows' own times: labels are yet to be made.
  for (const Split& split : cut_walk_forward(config.values, {data.time, data.time}))
    out.push_back(split.train.empty() ? RowRange{0, 0} : RowRange{split.train.front().begin, split.train.back().end});
  return out;
}

EvaluationSplits make_refitted_splits(const LoadedEvaluateConfig& config, EvaluationData& data,
                                      const BarrierRefit& refit) {
  std::vector<Split> out;
  for (std::size_t s = 0; s < refit.found().size(); ++s) {
    const bool found = !refit.found()[s].is_null();
    if (found) refit.label_as(data, s);
    out.push_back(std::move(cut_walk_forward(config.values, data.intervals()).at(s)));
    if (found) {
      validation::prove_split(out.back(), data.intervals());
      validation::mark_missing_classes(out.back(), data.label, data.class_names);
    } else {
      out.back().fault = "its barriers could not be searched anew";
    }
  }
  return in_one_path(std::move(out));
}

void label_as_tested(EvaluationData& data, const BarrierRefit& refit, const EvaluationSplits& splits) {
  std::vector<std::vector<RowRange>> tests;
  for (const Split& split : splits.splits) tests.push_back(split.test);
  refit.label_as_tested(data, tests);
}

}  // namespace moola::work
