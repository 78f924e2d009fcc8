#pragma once
// Windows made from labelled ones by moving all prices of a bar by the same small factor.
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "data/store/dataset.h"
#include "data/synthetic/synthetic_windows_file.h"
#include "data/windows/window_table.h"
#include "tests/support/npz_file.h"

namespace moola::test {

struct JitterOptions {
  double noise = 0.0002;  // of the log of a price
  std::size_t copies = 2;
  std::uint64_t seed = 11;
};

/// `copies` of each row of `rows`, one after the other.
inline data::SyntheticWindows jittered(const data::WindowTable& real, const std::vector<std::size_t>& rows,
                                       const JitterOptions& options = {}) {
  std::mt19937_64 random(options.seed);
  std::normal_distribution<double> normal(0, 1);
  data::SyntheticWindows out{
      .length = real.length, .channel_names = real.channel_names, .label_names = real.label_names};
  const std::size_t values = real.length * real.channels;
  for (const std::size_t row : rows) {
    const auto label = std::ranges::find(real.label_names, real.labels[row]) - real.label_names.begin();
    for (std::size_t copy = 0; copy < options.copies; ++copy) {
      for (std::size_t bar = 0; bar < real.length; ++bar) {
        const double factor = std::exp(options.noise * normal(random));
        for (std::size_t c = 0; c < real.channels; ++c)
          out.x.push_back(static_cast<float>(real.x[row * values + bar * real.channels + c] * factor));
      }
      out.y.push_back(static_cast<std::int32_t>(label));
      out.source.push_back(static_cast<std::int64_t>(row));
    }
  }
  return out;
}

inline std::vector<std::size_t> rows_from(std::size_t begin, std::size_t end) {
  std::vector<std::size_t> out;
  for (std::size_t row = begin; row < end; ++row) out.push_back(row);
  return out;
}

/// As numpy saves them.
inline std::string npz_of(const data::SyntheticWindows& made) {
  std::vector<std::int64_t> y(made.y.begin(), made.y.end());
  return npz_bytes({{"X", npy_bytes("<f4", {made.size(), made.length, made.channel_names.size()}, made.x)},
                    {"label_names", npy_bytes(made.label_names)},
                    {"source", npy_bytes("<i8", {made.size()}, made.source)},
                    {"y", npy_bytes("<i8", {made.size()}, y)}});
}

}  // namespace moola::test
