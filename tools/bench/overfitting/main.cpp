// The probability of backtest overfitting: bench-overfitting ROWS COLUMNS BLOCKS THREADS [FILE]. Returns are drawn,
// some columns with a little skill, and written to FILE (float64, row by row) for the peer. Prints "ours: S s, M MB",
// the best of five, and what came out of it.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/keyed_random.h"
#include "validation/overfitting.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

double peak_megabytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

std::vector<double> drawn(std::size_t rows, std::size_t columns) {
  std::vector<double> out(rows * columns);
  for (std::size_t row = 0; row < rows; ++row) {
    KeyedRandom random(42, Stream::bootstrap, 0, row);
    for (std::size_t c = 0; c < columns; ++c)
      out[row * columns + c] = 0.01 * random.normal() + (c % 10 == 0 ? 0.0005 : 0);
  }
  return out;
}

int measure(std::size_t rows, std::size_t columns, std::size_t blocks, unsigned threads, const std::string& file) {
  const std::vector<double> returns = drawn(rows, columns);
  if (!file.empty()) {
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(returns.data()),
              static_cast<std::streamsize>(returns.size() * sizeof(double)));
  }
  double best = 1e30;
  validation::Overfitting found;
  for (int round = 0; round < 5; ++round) {
    const auto began = Clock::now();
    found = validation::backtest_overfitting(returns, columns, {.blocks = blocks}, threads);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - began).count());
  }
  fmt::print("ours: {:.5f} s, {:.0f} MB\n", best, peak_megabytes());
  fmt::print("  {} combinations, pbo {:.6f}, loss {:.6f}, mean logit {:.6f}, slope {:.6f}\n", found.combinations,
             found.pbo, found.prob_loss, found.logit_mean, found.slope);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 6) {
    fmt::print(stderr, "usage: {} ROWS COLUMNS BLOCKS THREADS [FILE]\n", argv[0]);
    return 2;
  }
  try {
    return measure(std::stoul(argv[1]), std::stoul(argv[2]), std::stoul(argv[3]),
                   static_cast<unsigned>(std::stoul(argv[4])), argc == 6 ? argv[5] : "");
  } catch (const std::exception& error) {
    return report_error("bench-overfitting", error);
  }
}
