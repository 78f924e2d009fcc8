#include "sweep/samplers/auto_sampler.h"

#include <algorithm>

#include "sweep/samplers/gp_sampler.h"
#include "sweep/samplers/tpe_sampler.h"

namespace moola::sweep {
namespace {

constexpr std::uint64_t kEarlyTrials = 300;
constexpr std::size_t kMostParameters = 50;

}  // namespace

AutoSampler::AutoSampler(const SearchSpace& space, std::size_t objectives, std::uint64_t seed) {
  const bool is_countable = std::ranges::all_of(
      space.parameters(), [](const SpaceParameter& each) { return count_of(each.distribution).has_value(); });
  TpeOptions late{.seed = seed};
  if (objectives == 1 && is_countable) late.bandwidth = ParzenBandwidth::scott;
  late_ = std::make_unique<TpeSampler>(late);
  if (objectives == 1 && space.size() <= kMostParameters) early_ = std::make_unique<GpSampler>(GpOptions{.seed = seed});
}

AutoSampler::~AutoSampler() = default;

std::optional<Point> AutoSampler::ask(const History& history, std::uint64_t number) {
  return (early_ && number < kEarlyTrials ? early_ : late_)->ask(history, number);
}

}  // namespace moola::sweep
