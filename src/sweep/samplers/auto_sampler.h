#pragma once
#include <cstdint>
#include <memory>

#include "sweep/samplers/sampler.h"

namespace moola::sweep {

/// The sampler that fits the space and how much is known.
///
/// For one objective a Gaussian process, which finds most from few trials, up to trial 300 and 50 parameters; beyond
/// that, where it takes seconds, Parzen estimators: by Optuna 4's bandwidths where every parameter has values of which
/// one can be counted, by Optuna 5's else. For several objectives Parzen estimators.
class AutoSampler : public Sampler {
 public:
  AutoSampler(const SearchSpace& space, std::size_t objectives, std::uint64_t seed);
  ~AutoSampler() override;
  std::optional<Point> ask(const History& history, std::uint64_t number) override;

 private:
  std::unique_ptr<Sampler> early_, late_;
};

}  // namespace moola::sweep
