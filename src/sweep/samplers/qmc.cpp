#include "sweep/samplers/qmc.h"

#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "sweep/space/unit_interval.h"

namespace moola::sweep {

Point QmcSampler::point(const SearchSpace& space, std::uint64_t index) const {
  Point out(space.size());
  sequence_->point(index, out);
  for (std::size_t p = 0; p < space.size(); ++p) out[p] = from_unit(space[p].distribution, out[p]);
  space.deactivate(out);
  return out;
}

std::optional<Point> QmcSampler::ask(const History& history, std::uint64_t number) {
  constexpr std::uint64_t kForbiddenInARow = 10'000;
  const SearchSpace& space = history.space();
  if (history_ != history.identity()) {
    if (space.size() > SobolSequence::kMostDimensions) {
      throw ConfigError(fmt::format(
          "the Sobol sequence has {} dimensions, and the search space has {} parameters. Leave some out, or "
          "take the random sampler.",
          SobolSequence::kMostDimensions, space.size()));
    }
    sequence_ = options_.scramble ? std::make_unique<SobolSequence>(space.size(), options_.seed)
                                  : std::make_unique<SobolSequence>(space.size());
    history_ = history.identity();
    allowed_.clear();
    scanned_ = 0;
  }
  if (space.constraints().empty()) return point(space, number);
  std::uint64_t forbidden = 0;
  while (allowed_.size() <= number) {
    if (space.allows(point(space, scanned_))) {
      allowed_.push_back(scanned_);
      forbidden = 0;
    } else if (++forbidden == kForbiddenInARow) {
      throw ConfigError(fmt::format(
          "the constraints forbid {} points in a row of the Sobol sequence, after {} that they allow. Widen "
          "the constraints, or make the ranges narrower.",
          forbidden, allowed_.size()));
    }
    ++scanned_;
  }
  return point(space, allowed_[number]);
}

}  // namespace moola::sweep
