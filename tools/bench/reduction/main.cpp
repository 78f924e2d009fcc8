// What a step's reduction costs: bench-reduction [FLOATS] [LEAVES] [STEPS], alone or under mpirun. Prints milliseconds
// per step.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "comm/reduction.h"
#include "comm/run_ranks.h"

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void measure(moola::comm::World& world, const char* name, moola::comm::ReduceMode mode, std::size_t floats, int leaves,
             int steps) {
  const auto collectives = moola::comm::host_collectives(world.communicator());
  moola::comm::Reduction reduction(world.communicator(), *collectives, floats, 3, mode);
  std::vector<float> gradient(floats, 0.5F);
  std::vector<double> values{1, 2, 0}, totals(3);
  std::vector<double> adding, finishing;
  for (int step = -5; step < steps; ++step) {
    world.communicator().barrier();
    reduction.begin_step(leaves);
    auto began = Clock::now();
    for (int leaf = reduction.own().begin; leaf < reduction.own().end; ++leaf)
      reduction.add_leaf(leaf, gradient.data(), values);
    const double added = milliseconds_since(began);
    world.communicator().barrier();
    began = Clock::now();
    reduction.finish(gradient.data(), totals);
    if (step < 0) continue;  // buffers are allocated, pages are touched
    adding.push_back(added);
    finishing.push_back(milliseconds_since(began));
    gradient.assign(floats, 0.5F);
  }
  if (world.rank() != 0) return;
  fmt::print(
      "{}: {} ranks, {} leaves of {} floats, ms a step (median, fastest): leaves {:.2f} {:.2f}, reduction {:.2f} "
      "{:.2f}\n",
      name, world.size(), leaves, floats, quantile(adding, 0.5), quantile(adding, 0), quantile(finishing, 0.5),
      quantile(finishing, 0));
}

std::size_t argument(int argc, char** argv, int number, std::size_t otherwise) {
  return argc > number ? std::strtoul(argv[number], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  return moola::comm::run_ranks("bench-reduction", [&](moola::comm::World& world) {
    const std::size_t floats = argument(argc, argv, 1, 566'408);
    const int leaves = static_cast<int>(argument(argc, argv, 2, 16)),
              steps = static_cast<int>(argument(argc, argv, 3, 200));
    measure(world, "exact", moola::comm::ReduceMode::exact, floats, leaves, steps);
    measure(world, "fast", moola::comm::ReduceMode::fast, floats, leaves, steps);
    return 0;
  });
}
