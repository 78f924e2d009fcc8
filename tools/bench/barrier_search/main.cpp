// A search for barriers: bench-barrier-search WORKSPACE bars/NAME/vN FILE [threads]. Puts the bars together into five
// minutes, evaluates 100 different barriers on three tenths of them, prints "ours: N s" for all of it, labels and
// fitness, and writes to FILE which bars and barriers those were, for the peer.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <string>

#include "base/command_line.h"
#include "data/bars/bars_file.h"
#include "market/features/feature_table.h"
#include "market/labels/barrier_search.h"
#include "market/resample.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

int measure(const std::string& workspace, const std::string& id, const std::string& file, unsigned threads) {
  const std::int64_t five_minutes = 300'000'000'000;
  const market::Bars minutes = data::read_bars(workspace, data::find_dataset(workspace, id, "bars")).bars;
  const market::Bars bars = market::resample(minutes, five_minutes).bars;
  const market::FeatureTable table = market::compute_features(bars, five_minutes, {market::parse_feature("atr_14")}, 1);
  market::BarrierSearchOptions options;
  options.genetic.population = 20;
  options.genetic.generations = 5;
  const auto rows = static_cast<std::int64_t>(bars.size());
  double best = 1e30;
  market::BarrierOptimum found;
  for (int round = 0; round < 5; ++round) {
    const auto began = Clock::now();
    found = market::search_barriers({bars.open, bars.high, bars.low, bars.close}, table.column(0), 0, rows, options,
                                    threads);
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    best = std::min(best, seconds * 100.0 / static_cast<double>(found.evaluations.size()));
  }
  std::ofstream out(file);
  out << fmt::format("{} {}\n", found.begin, found.end);
  for (const market::BarrierEvaluation& one : found.evaluations)
    out << fmt::format("{} {} {}\n", one.up, one.down, one.max_bars);
  fmt::print("ours: {:.4f} s for 100 evaluations of {} bars, labels and fitness, {} thread{}\n", best,
             found.end - found.begin, threads, threads == 1 ? "" : "s");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5) {
    fmt::print(stderr, "usage: {} WORKSPACE bars/NAME/vN FILE [threads]\n", argv[0]);
    return 2;
  }
  try {
    return measure(argv[1], argv[2], argv[3], argc == 5 ? static_cast<unsigned>(std::stoul(argv[4])) : 1U);
  } catch (const std::exception& error) {
    return report_error("bench-barrier-search", error);
  }
}
