#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "sweep/samplers/gp/gp_model.h"
#include "sweep/samplers/sampler.h"

namespace moola::sweep {

struct GpOptions {
  std::uint64_t seed = 0;
  std::size_t startup_trials = 10;  // that must be complete before anything is learnt; at least 1
  std::size_t most_trials = 400;    // that are learnt from: half of them the best ones, the others the latest
};

/// Learns the loss as a Gaussian process and tries where it is expected to improve most: for few and expensive trials.
///
/// The first trials are spread over the space (a Latin hypercube). Of a pruned trial the loss is taken to be its last
/// report, or the median of the complete ones where that is worse; a loss that violates a constraint counts as the
/// worst one. Trials that run, and those that failed, take the variance away around them, so that workers spread.
/// No point comes twice as long as there are others.
///
/// What improves is measured against the least loss that the process expects at the points that it learns from, and not
/// against the least one that was seen, which noise may have made. Hyperparameters are learnt anew with every complete
/// trial up to 64, then whenever there are 5 % more.
///
/// Cost of a trial with n complete ones: about 100 n^3 multiplications where hyperparameters are learnt, and 3000 n^2.
/// Throws ConfigError for a study of several objectives.
class GpSampler : public Sampler {
 public:
  explicit GpSampler(const GpOptions& options);

  std::optional<Point> ask(const History& history, std::uint64_t number) override;

 private:
  GpOptions options_;
  // What was learnt last, and from what.
  std::vector<double> rows_, losses_;
  GpModel model_;

  const GpModel& learnt(const GpPoints& points, const std::vector<double>& losses);
};

}  // namespace moola::sweep
