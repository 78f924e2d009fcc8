#pragma once
#include <cstdint>
#include <memory>

#include "sweep/samplers/sampler.h"

namespace moola::sweep {

struct GpOptions {
  std::uint64_t seed = 0;
  std::size_t startup_trials = 10;
  std::size_t most_trials = 400;
  // being tuned
  double length_factor = 1, length_spread = 1, noise_median = 1e-4, noise_spread = 2, scale_spread = 1;
  int bends = 3;
  int incumbent = 0;
  std::size_t centres = 5;
  bool verbose = false;
};

class GpSampler : public Sampler {
 public:
  explicit GpSampler(const GpOptions& options);
  ~GpSampler() override;
  std::optional<Point> ask(const History& history, std::uint64_t number) override;

 private:
  GpOptions options_;
};

}  // namespace moola::sweep
