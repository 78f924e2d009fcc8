#include "work/evaluate/rows/shared_training.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace moola::work {
namespace {

// What a sign keeps of a normal variable, of the label's and of the bet's.
constexpr double kKept = 2 / std::numbers::pi * 2 / std::numbers::pi;

double rows_in(const validation::RowRange& part, const std::vector<validation::RowRange>& train) {
  std::size_t out = 0;
  for (const validation::RowRange& range : train) {
    const std::size_t begin = std::max(part.begin, range.begin), end = std::min(part.end, range.end);
    out += end > begin ? end - begin : 0;
  }
  return static_cast<double>(out);
}

}  // namespace

double shared_training_variance(const EvaluationSplits& splits, const std::vector<EvaluationSplits::Part>& path) {
  std::vector<double> trained;
  double tested = 0, shared = 0;
  for (const EvaluationSplits::Part& part : path) {
    trained.push_back(static_cast<double>(validation::count_rows(splits.splits[part.split].train)));
    tested += static_cast<double>(part.rows.size());
  }
  for (std::size_t a = 0; a < path.size(); ++a) {
    for (std::size_t b = a + 1; b < path.size(); ++b) {
      const double of_a = rows_in(path[a].rows, splits.splits[path[b].split].train);
      if (of_a == 0) continue;
      const double of_b = rows_in(path[b].rows, splits.splits[path[a].split].train);
      if (of_b > 0) shared += 2 * of_a * of_b / std::sqrt(trained[a] * trained[b]);
    }
  }
  return tested > 0 ? 1 + kKept * shared / tested : 1;
}

}  // namespace moola::work
