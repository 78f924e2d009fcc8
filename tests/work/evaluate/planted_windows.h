#pragma once
// Labelled windows with a pattern in those of one class, stored as `moola data import windows` stores them.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "data/windows/window_table_file.h"

namespace moola::test {

inline constexpr std::int64_t kMinute = 60'000'000'000;
inline constexpr std::int64_t kBegin = 1'546'300'800'000'000'000;  // 2019-01-01

struct PlantedOptions {
  std::size_t windows = 240, length = 20, stride = 12;  // bars; those of neighbours overlap
  double depth = 0.004;                                 // of the dip in each bar of its first half; 0: no pattern
  std::vector<std::string> classes{"calm", "dip"};
  std::uint64_t seed = 3;
};

/// Pieces of one walk of minute bars; in the windows of the last class the price dips and comes back. `t0` is the first
/// bar's stamp, `t1` the last moment of the last bar.
inline data::WindowTable planted_windows(const PlantedOptions& options = {}) {
  std::mt19937_64 random(options.seed);
  std::normal_distribution<double> normal(0, 0.001);
  const std::size_t bars = options.windows * options.stride + options.length;
  std::vector<double> move(bars);
  for (double& each : move) each = normal(random);
  data::WindowTable table{.windows = options.windows, .length = options.length, .channels = 4};
  table.channel_names = {"open", "high", "low", "close"};
  table.label_names = options.classes;
  for (std::size_t i = 0; i < options.windows; ++i) {
    const std::size_t first = i * options.stride, dip = first + options.length - options.stride;
    const auto label = static_cast<std::size_t>(random() % options.classes.size());
    for (std::size_t bar = dip; label + 1 == options.classes.size() && bar < first + options.stride; ++bar)
      move[bar] += 2 * (bar - dip) < first + options.stride - dip ? -options.depth : options.depth;
    table.labels.push_back(options.classes[label]);
    table.t0.push_back(kBegin + static_cast<std::int64_t>(first) * kMinute);
    table.t1.push_back(table.t0.back() + static_cast<std::int64_t>(options.length) * kMinute - 1);
  }
  std::vector<float> candles;
  double level = std::log(100.0);
  for (const double each : move) {
    const double open = std::exp(level), close = std::exp(level += each);
    for (const double price : {open, std::max(open, close) * 1.0002, std::min(open, close) * 0.9998, close})
      candles.push_back(static_cast<float>(price));
  }
  for (std::size_t i = 0; i < options.windows; ++i) {
    const auto begin = candles.begin() + static_cast<std::ptrdiff_t>(4 * i * options.stride);
    table.x.insert(table.x.end(), begin, begin + static_cast<std::ptrdiff_t>(4 * options.length));
  }
  return table;
}

/// Stores it as the next version of labeled_windows/NAME; `computed`: the sets of features that `moola features` has.
inline void store_windows(const std::filesystem::path& workspace, const std::string& name,
                          const data::WindowTable& table, const std::vector<std::string>& computed = {}) {
  data::DatasetWriter writer(workspace, {"labeled_windows", name});
  for (const std::string& set : computed) writer.manifest()["sets"].push_back({{"name", set}});
  data::write_window_table(writer, table);
  writer.finish();
}

}  // namespace moola::test
