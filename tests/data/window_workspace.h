#pragma once
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/bars/bars_file.h"
#include "data/windows/cut_windows.h"
#include "data/windows/window_runs.h"
#include "data/windows/windows.h"
#include "market/window_transform.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

using namespace moola::data;
using market::Normalisation;

inline constexpr std::int64_t kMinute = 60'000'000'000;

// One-minute bars on a random walk, with a gap now and then and a few rolls.
inline market::Bars random_bars(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> move(0.0, 0.002);
  market::Bars bars;
  bars.resize(n);
  std::int64_t now = 1'500'000'000 * std::int64_t{1'000'000'000};
  double price = 100.0 * static_cast<double>(seed + 1);
  for (std::size_t i = 0; i < n; ++i) {
    now += kMinute * static_cast<std::int64_t>(random() % 50 == 0 ? 2 + random() % 20 : 1);
    bars.time[i] = now;
    bars.open[i] = price;
    bars.close[i] = price *= std::exp(move(random));
    bars.high[i] = std::max(bars.open[i], bars.close[i]) * (1 + std::fabs(move(random)));
    bars.low[i] = std::min(bars.open[i], bars.close[i]) * (1 - std::fabs(move(random)));
    bars.volume[i] = static_cast<double>(random() % 1000);
    bars.flags[i] = random() % 400 == 0 ? market::kRoll : 0;
  }
  return bars;
}

inline DatasetId store(const std::filesystem::path& workspace, const std::string& symbol, const market::Bars& bars) {
  DatasetWriter writer(workspace, {"bars", symbol});
  write_bars(writer, bars, {symbol, 60, "UTC"});
  writer.finish();
  return writer.id();
}

// A workspace with two symbols and a view of both.
struct Workspace {
  explicit Workspace(
      WindowShape shape_ = {.length = 32, .stride = 1, .max_gap = 10 * kMinute, .break_flags = market::kRoll})
      : shape(shape_) {
    for (std::size_t s = 0; s < 2; ++s) {
      bars.push_back(random_bars(3000 + 500 * s, s));
      ids.push_back(store(folder.path(), s == 0 ? "AAA" : "BBB", bars.back()));
    }
    cut = cut_windows(folder.path(), ids, shape);
    for (std::int32_t s = 0; s < 2; ++s) {
      const market::Bars& series = bars[static_cast<std::size_t>(s)];
      for (const WindowRun& run : find_runs(series.time, series.flags, shape, s)) {
        for (std::int64_t w = 0; w < run.windows; ++w) places.push_back({s, run.begin + w * shape.stride});
      }
    }
  }
  Windows open(WindowOptions options = {}) const { return open_windows(folder.path(), cut.id, options); }

  // Window by window, from the bars and market::WindowTransform.
  std::vector<float> expected(std::int64_t window, Normalisation normalise, const std::vector<std::string>& channels,
                              std::span<const std::uint8_t> hidden = {}) const {
    const auto [s, begin] = places[static_cast<std::size_t>(window)];
    const market::Bars& series = bars[static_cast<std::size_t>(s)];
    const market::WindowTransform transform(normalise, channels);
    std::vector<double> values;
    for (std::int64_t t = begin; t < begin + shape.length; ++t) {
      for (const std::string& channel : channels) {
        const std::vector<double>& column = channel == "open"    ? series.open
                                            : channel == "high"  ? series.high
                                            : channel == "low"   ? series.low
                                            : channel == "close" ? series.close
                                                                 : series.volume;
        values.push_back(column[static_cast<std::size_t>(t)]);
      }
    }
    std::vector<float> out(static_cast<std::size_t>(shape.length) * transform.channels_out());
    transform(values, hidden, out);
    return out;
  }

  TemporaryFolder folder;
  WindowShape shape;
  std::vector<market::Bars> bars;
  std::vector<DatasetId> ids;
  CutResult cut;
  std::vector<WindowRuns::Place> places;
};

// A check of BOOST_CHECK_EXCEPTION: whether the message holds a text.
inline auto says(const std::string& text) {
  return [text](const Error& error) {
    const bool found = std::string(error.what()).find(text) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE("the message was: " << error.what());
    return found;
  };
}

}  // namespace moola::test
