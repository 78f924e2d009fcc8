#pragma once
// Windows made up for tests of window features.
#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <vector>

#include "market/window_features/window_feature_set.h"

namespace moola::test {

/// (length, 4) of a random walk on a grid of 0.25, so that equal prices and bars without range are among them.
inline std::vector<double> walking_window(std::size_t length, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> out;
  double price = 100;
  const auto step = [&] { return 0.25 * static_cast<double>(static_cast<int>(random() % 7) - 3); };
  for (std::size_t t = 0; t < length; ++t) {
    const double open = price + (random() % 10 == 0 ? 2 * step() : 0.0), close = open + step();
    const double up = random() % 3 == 0 ? 0.0 : 0.25 * static_cast<double>(random() % 3);
    const double down = random() % 3 == 0 ? 0.0 : 0.25 * static_cast<double>(random() % 3);
    out.insert(out.end(), {open, std::max(open, close) + up, std::min(open, close) - down, close});
    price = close;
  }
  return out;
}

/// (length, 4) of a random walk on no grid: no two prices are equal but a close and the next open.
inline std::vector<double> smooth_window(std::size_t length, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> move(0.0, 0.001);
  std::vector<double> out;
  double open = 100;
  for (std::size_t t = 0; t < length; ++t) {
    const double close = open * std::exp(move(random));
    const double high = std::max(open, close) * (1 + std::fabs(move(random)));
    const double low = std::min(open, close) * (1 - std::fabs(move(random)));
    out.insert(out.end(), {open, high, low, close});
    open = close;
  }
  return out;
}

inline std::vector<double> flat_window(std::size_t length, double price) {
  return std::vector<double>(length * 4, price);
}

/// Numbers of a window, with the usual inner window where none is given.
inline std::vector<float> values_of(const market::WindowFeatureSet& set, const std::vector<double>& window,
                                    std::optional<market::InnerWindow> inner = std::nullopt) {
  const std::size_t length = window.size() / 4;
  std::vector<float> out(set.values(length), -12345.0F);
  set.compute(window, inner.value_or(market::usual_inner_window(length)), out);
  return out;
}

/// Those of one column: bar by bar, or the one of a set per window.
inline std::vector<float> column_of(const market::WindowFeatureSet& set, const std::string& name,
                                    const std::vector<double>& window,
                                    std::optional<market::InnerWindow> inner = std::nullopt) {
  const auto found = std::ranges::find(set.columns, name, &market::WindowFeatureColumn::name);
  const std::vector<float> values = values_of(set, window, inner);
  std::vector<float> out;
  for (auto i = static_cast<std::size_t>(found - set.columns.begin()); i < values.size(); i += set.columns.size())
    out.push_back(values[i]);
  return out;
}

}  // namespace moola::test
