// Triple-barrier labels of a series of bars on one thread: bench-labels WORKSPACE bars/NAME/vN. Prints "ours: N
// ns/bar", as tools/bench/labels/run reads it, and the counts of labels for the comparison with the peer.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/command_line.h"
#include "data/bars/bars_file.h"
#include "market/labels/triple_barrier.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

// Wilder's, of 14 bars; what scales barriers here is beside the point.
std::vector<double> atr14(const market::Bars& bars) {
  std::vector<double> out(bars.size(), std::nan(""));
  double value = 0;
  for (std::size_t i = 1; i < bars.size(); ++i) {
    const double range = std::max({bars.high[i] - bars.low[i], std::fabs(bars.high[i] - bars.close[i - 1]),
                                   std::fabs(bars.low[i] - bars.close[i - 1])});
    value = i <= 14 ? value + range / 14 : (value * 13 + range) / 14;
    if (i >= 14) out[i] = value;
  }
  return out;
}

int measure(const std::string& workspace, const std::string& id) {
  const market::Bars bars = data::read_bars(workspace, data::find_dataset(workspace, id, "bars")).bars;
  const std::vector<double> scale = atr14(bars);
  const market::PriceSpans prices{bars.open, bars.high, bars.low, bars.close};
  const market::TripleBarrier rule{.up = 3.0, .down = 2.1, .max_bars = 50, .unknown_scale_is_neutral = true};
  market::BarrierLabels labels;
  labels.resize(bars.size());
  double best = 1e30;
  for (int round = 0; round < 7; ++round) {
    const auto began = Clock::now();
    market::triple_barrier(prices, scale, rule, 0, static_cast<std::int64_t>(bars.size()), labels);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - began).count());
  }
  const auto count = [&](int label) { return std::count(labels.label.begin(), labels.label.end(), label); };
  std::int64_t bars_to_hit = 0;
  for (const std::int32_t number : labels.bars) bars_to_hit += number;
  fmt::print("ours: {:.2f} ns/bar\n  labels {} up, {} down, {} neutral, {} none; {} bars to the ends\n",
             best * 1e9 / static_cast<double>(bars.size()), count(1), count(-1), count(0), count(-99), bars_to_hit);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: {} WORKSPACE bars/NAME/vN\n", argv[0]);
    return 2;
  }
  try {
    return measure(argv[1], argv[2]);
  } catch (const std::exception& error) {
    return report_error("bench-labels", error);
  }
}
