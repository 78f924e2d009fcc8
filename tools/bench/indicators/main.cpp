// Every indicator that TA-Lib has too, with its usual parameters, over 1 M bars of a random walk on one thread:
// bench-indicators FOLDER. Writes the bars to FOLDER/bars.f64 (open, high, low, close, volume as raw doubles, one
// column after the other) and prints a line per TA-Lib function and indicator, as tools/bench/indicators/peer.py reads
// it:
//   ours FUNCTION PARAMETERS OUTPUTS NANOSECONDS-PER-BAR MEANS
// the last being each output's mean over the last 1,000 bars; lists are joined by commas, empty ones are "-".
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>

#include "base/command_line.h"
#include "base/keyed_random.h"
#include "market/indicators/indicator.h"

namespace {

using namespace moola;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBars = 1'000'000;
constexpr std::size_t kCompared = 1000;
constexpr int kRounds = 7;

market::Bars random_walk() {
  market::Bars bars;
  bars.resize(kBars);
  KeyedRandom random(1, Stream::augmentation, 0, 0);
  const auto step = [&](double size) { return size * (static_cast<double>(random.uniform()) - 0.5); };
  double price = 1000;
  for (std::size_t i = 0; i < kBars; ++i) {
    bars.time[i] = static_cast<std::int64_t>(i) * 300'000'000'000;
    bars.open[i] = price;
    price *= 1 + step(0.004) + (price < 1000 ? 1e-5 : -1e-5);
    bars.close[i] = price;
    bars.high[i] = std::max(bars.open[i], price) * (1 + std::fabs(step(0.002)));
    bars.low[i] = std::min(bars.open[i], price) * (1 - std::fabs(step(0.002)));
    bars.volume[i] = std::floor(500 + 4000 * static_cast<double>(random.uniform()));
  }
  return bars;
}

void write_columns(const market::Bars& bars, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  for (const auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume})
    file.write(reinterpret_cast<const char*>(column->data()),
               static_cast<std::streamsize>(column->size() * sizeof(double)));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

std::string list(const std::vector<std::string>& items) {
  return items.empty() ? "-" : fmt::format("{}", fmt::join(items, ","));
}

// The outputs of one indicator that one of TA-Lib's functions gives, and what TA-Lib calls them.
struct Shared {
  std::vector<std::size_t> outputs;
  std::vector<std::string> names;
};

void measure(const market::Indicator& indicator, const std::string& function, const Shared& shared,
             const market::BarColumns& bars, market::Scratch& scratch) {
  std::vector<std::vector<double>> columns(shared.outputs.size(), std::vector<double>(kBars));
  std::vector<std::span<double>> outs(indicator.outputs.size());
  for (std::size_t i = 0; i < columns.size(); ++i) outs[shared.outputs[i]] = columns[i];
  const market::ParameterValues values = usual_values(indicator);
  double best = 1e30;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = Clock::now();
    market::IndicatorCall call(bars, values, outs, scratch);
    indicator.compute(call);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - began).count());
  }
  std::vector<std::string> parameters, means;
  for (std::size_t i = 0; i < indicator.parameters.size(); ++i)
    parameters.push_back(fmt::format("{}", values.number(i)));
  for (const auto& column : columns) {
    const double sum = std::accumulate(column.end() - static_cast<std::ptrdiff_t>(kCompared), column.end(), 0.0);
    means.push_back(fmt::format("{:.12g}", sum / static_cast<double>(kCompared)));
  }
  fmt::print("ours {} {} {} {:.3f} {}\n", function, list(parameters), list(shared.names), best * 1e9 / kBars,
             list(means));
}

int measure_all(const std::string& folder) {
  const market::Bars bars = random_walk();
  write_columns(bars, folder + "/bars.f64");
  market::Scratch scratch(kBars);
  for (const market::Indicator& indicator : market::indicators()) {
    std::map<std::string, Shared> functions;
    for (std::size_t i = 0; i < indicator.outputs.size(); ++i) {
      const std::string& talib = indicator.outputs[i].talib;
      if (talib.empty()) continue;
      const std::size_t dot = talib.find('.');
      Shared& shared = functions[talib.substr(0, dot)];
      shared.outputs.push_back(i);
      shared.names.push_back(dot == std::string::npos ? "-" : talib.substr(dot + 1));
    }
    for (const auto& [function, shared] : functions) measure(indicator, function, shared, columns_of(bars), scratch);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} FOLDER\n", argv[0]);
    return 2;
  }
  try {
    return measure_all(argv[1]);
  } catch (const std::exception& error) {
    return report_error("bench-indicators", error);
  }
}
