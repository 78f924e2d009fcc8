#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "sweep/samplers/sampler.h"
#include "sweep/samplers/sobol.h"

namespace moola::sweep {

struct QmcOptions {
  std::uint64_t seed = 0;
  bool scramble = true;  // without, trial 0 has every parameter at its lower end, and seeds do nothing
};

/// Quasi-Monte Carlo: points that cover the space more evenly than random ones, by a Sobol sequence whose n-th point
/// that the constraints allow is trial n's. It learns nothing from losses.
///
/// A number of trials that is a power of two is covered best. Choices have equal shares; values of parameters that are
/// not active are left out. A process that begins with trial n looks at the constraints of all points before it.
class QmcSampler : public Sampler {
 public:
  explicit QmcSampler(QmcOptions options = {}) : options_(options) {}
  /// Throws ConfigError for more than 512 parameters, and when 10,000 points in a row are not allowed.
  std::optional<Point> ask(const History& history, std::uint64_t number) override;

 private:
  QmcOptions options_;
  std::uint64_t history_ = 0;  // identity of the one that the rest is about
  std::unique_ptr<SobolSequence> sequence_;
  std::vector<std::uint64_t> allowed_;  // points of the sequence, by trial, as far as it was asked for
  std::uint64_t scanned_ = 0;           // points of the sequence that were looked at

  Point point(const SearchSpace& space, std::uint64_t index) const;
};

}  // namespace moola::sweep
