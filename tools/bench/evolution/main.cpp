// A whole study in memory by CMA-ES and by NSGA-II, ten floats, one trial at a time: bench-evolution TRIALS. CMA-ES
// looks for the least of a sphere, NSGA-II for those of two spheres. Prints "ours NAME: S s, M MB" for each, the best
// of five, and what was found.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "sweep/samplers/cma_es.h"
#include "sweep/samplers/nsga.h"
#include "sweep/study/pareto.h"

namespace {

using namespace moola;
using namespace moola::sweep;
using Clock = std::chrono::steady_clock;
using Losses = std::function<std::vector<double>(const Point&)>;
using MakeSampler = std::function<std::unique_ptr<Sampler>()>;

double peak_megabytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

double sphere(const Point& x, double centre) {
  double sum = 0;
  for (const double v : x) sum += (v - centre) * (v - centre);
  return sum;
}

SearchSpace ten_floats() {
  std::vector<SpaceParameter> out;
  for (int i = 0; i < 10; ++i) out.push_back({fmt::format("x{}", i), FloatDistribution{.low = -5, .high = 5}});
  return SearchSpace(std::move(out));
}

// The losses of all trials, one after the other.
std::vector<double> study(const SearchSpace& space, std::size_t objectives, Sampler& sampler, const Losses& losses,
                          std::size_t trials) {
  History history(space, objectives);
  std::vector<double> out;
  for (std::uint64_t number = 0; number < trials; ++number) {
    Point point = sampler.ask(history, number).value();
    const std::vector<double> loss = losses(point);
    out.insert(out.end(), loss.begin(), loss.end());
    history.begin(number, std::move(point));
    history.finish(number, TrialState::complete, loss);
  }
  return out;
}

std::vector<double> measure(const std::string& name, std::size_t objectives, const MakeSampler& make,
                            const Losses& losses, std::size_t trials) {
  const SearchSpace space = ten_floats();
  double best = std::numeric_limits<double>::infinity();
  std::vector<double> out;
  for (int round = 0; round < 5; ++round) {
    const auto began = Clock::now();
    out = study(space, objectives, *make(), losses, trials);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - began).count());
  }
  fmt::print("ours {}: {:.4f} s, {:.0f} MB\n", name, best, peak_megabytes());
  return out;
}

int run(std::size_t trials) {
  const std::vector<double> one = measure(
      "cma", 1, [] { return std::make_unique<CmaEsSampler>(); },
      [](const Point& x) { return std::vector<double>{sphere(x, 0)}; }, trials);
  fmt::print("  least loss {:.3g}\n", *std::ranges::min_element(one));
  const std::vector<double> two = measure(
      "nsga", 2, [] { return std::make_unique<NsgaSampler>(); },
      [](const Point& x) {
        return std::vector<double>{sphere(x, 0), sphere(x, 2)};
      },
      trials);
  fmt::print("  hypervolume up to (50, 50) {:.1f}\n", hypervolume(two, 2, std::vector<double>{50, 50}));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} TRIALS\n", argv[0]);
    return 2;
  }
  try {
    return run(std::stoul(argv[1]));
  } catch (const std::exception& error) {
    return report_error("bench-evolution", error);
  }
}
