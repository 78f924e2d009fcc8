// TPE on ten floats: bench-tpe. Prints "ours: study S s, 1000: A ms, first B ms, 5000: A ms, first B ms": a study of
// 1,000 trials from nothing; then, after so many random trials, an ask of a sampler that knows them already (the median
// of 21, each told) and the first one.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/command_line.h"
#include "sweep/samplers/random_sampler.h"
#include "sweep/samplers/tpe_sampler.h"

namespace {

using namespace moola;
using namespace moola::sweep;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

SearchSpace ten_floats() {
  std::vector<SpaceParameter> out;
  for (int i = 0; i < 10; ++i) out.push_back({fmt::format("x{}", i), FloatDistribution{.low = -5, .high = 5}});
  return SearchSpace(std::move(out));
}

// Seconds of the ask.
double try_one(Sampler& sampler, History& history) {
  const std::uint64_t number = history.trials().size();
  const auto began = Clock::now();
  const Point point = sampler.ask(history, number).value();
  const double out = seconds_since(began);
  history.begin(number, point);
  history.finish(number, TrialState::complete, {point[0]});
  return out;
}

int measure() {
  const SearchSpace space = ten_floats();
  double study = 1e30;
  for (std::uint64_t round = 0; round < 5; ++round) {
    const auto began = Clock::now();
    History history(space, 1);
    TpeSampler sampler({.seed = round});
    for (int i = 0; i < 1000; ++i) try_one(sampler, history);
    study = std::min(study, seconds_since(began));
  }
  std::string line = fmt::format("ours: study {:.4f} s", study);
  for (const int trials : {1000, 5000}) {
    double first = 1e30, later = 1e30;
    for (std::uint64_t round = 0; round < 5; ++round) {
      History history(space, 1);
      RandomSampler random(round);
      for (int i = 0; i < trials; ++i) try_one(random, history);
      TpeSampler sampler({.seed = round});
      first = std::min(first, try_one(sampler, history));
      std::vector<double> asks;
      for (int i = 0; i < 21; ++i) asks.push_back(try_one(sampler, history));
      std::ranges::sort(asks);
      later = std::min(later, asks[10]);
    }
    line += fmt::format(", {}: {:.4f} ms, first {:.4f} ms", trials, later * 1e3, first * 1e3);
  }
  fmt::print("{}\n", line);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 1) {
    fmt::print(stderr, "usage: {}\n", argv[0]);
    return 2;
  }
  try {
    return measure();
  } catch (const std::exception& error) {
    return report_error("bench-tpe", error);
  }
}
