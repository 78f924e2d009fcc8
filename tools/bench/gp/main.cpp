// A study of the sphere in [-5, 5]^10 by Gaussian processes: bench-gp TRIALS SEED. Prints "ours: S s, M MB", and how
// far from the optimum it ended.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "sweep/samplers/gp_sampler.h"

namespace {

using namespace moola;
using namespace moola::sweep;
using Clock = std::chrono::steady_clock;

double peak_megabytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

int measure(std::uint64_t trials, std::uint64_t seed) {
  std::vector<SpaceParameter> parameters;
  for (int i = 0; i < 10; ++i) parameters.push_back({fmt::format("x{}", i), FloatDistribution{.low = -5, .high = 5}});
  const SearchSpace space(std::move(parameters));
  const auto began = Clock::now();
  GpSampler sampler({.seed = seed});
  History history(space, 1);
  double best = 1e30;
  for (std::uint64_t number = 0; number < trials; ++number) {
    const Point point = sampler.ask(history, number).value();
    double loss = 0;
    for (const double x : point) loss += x * x;
    history.begin(number, point);
    history.finish(number, TrialState::complete, {loss});
    best = std::min(best, loss);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  fmt::print("ours: {:.3f} s, {:.0f} MB\n  least loss {:.2g}\n", seconds, peak_megabytes(), best);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: {} TRIALS SEED\n", argv[0]);
    return 2;
  }
  try {
    return measure(std::stoull(argv[1]), std::stoull(argv[2]));
  } catch (const std::exception& error) {
    return report_error("bench-gp", error);
  }
}
