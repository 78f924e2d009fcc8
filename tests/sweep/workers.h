#pragma once
// Studies with several trials at a time, for samplers that must answer by the history alone.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "sweep/samplers/draws.h"
#include "sweep/samplers/sampler.h"

namespace moola::test {

using MakeSampler = std::function<std::unique_ptr<sweep::Sampler>()>;
using Losses = std::function<std::vector<double>(const sweep::Point&)>;

/// A study of `trials` on `workers` that end their trials in a random order; every `check` trials a sampler that knows
/// nothing yet must answer like the one that has seen all.
inline void run_study(sweep::History& history, const MakeSampler& make, const Losses& losses, std::size_t trials,
                      std::size_t workers = 1, std::uint64_t seed = 0, std::size_t check = 0) {
  const std::unique_ptr<sweep::Sampler> sampler = make();
  std::vector<std::uint64_t> running;
  std::uint64_t number = history.trials().size();
  KeyedRandom random = sweep::draws(seed, 0, 999);
  const auto end_one = [&] {
    const std::size_t at = random.below(static_cast<std::uint32_t>(running.size()));
    const std::uint64_t ended = running[at];
    running[at] = running.back();
    running.pop_back();
    history.finish(ended, sweep::TrialState::complete, losses(history.trials()[ended].point));
  };
  for (; number < trials; ++number) {
    if (running.size() == workers) end_one();
    const std::optional<sweep::Point> point = sampler->ask(history, number);
    if (check > 0 && number % check == 0) {
      const std::optional<sweep::Point> cold = make()->ask(history, number);
      BOOST_REQUIRE_EQUAL(point.has_value(), cold.has_value());
      if (point) BOOST_REQUIRE(sweep::same_point(*point, *cold));
    }
    if (!point) break;
    BOOST_REQUIRE(history.space().contains(*point));
    history.begin(number, *point);
    running.push_back(number);
  }
  while (!running.empty()) end_one();
}

/// For samplers that do not care for losses.
inline std::vector<double> no_loss(const sweep::Point&) {
  return {0};
}

}  // namespace moola::test
