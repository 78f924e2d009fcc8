#pragma once
// Samples for tests of classifiers: channels of noise, of which the first two tell something of the class.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "models/classifiers/classifier.h"

namespace moola::test {

struct MadeSamples {
  std::size_t channels = 1, steps = 1, classes = 2;
  std::vector<float> table, last_return = {};
  std::vector<std::size_t> first = {};
  std::vector<std::int32_t> label = {};
  std::vector<double> weight = {};
  std::vector<std::int8_t> direction = {};

  models::Samples samples() const {
    return {.table = table, .channels = channels, .steps = steps, .first = first, .last_return = last_return};
  }
  models::LabelledSamples labelled() const {
    return {.samples = samples(), .label = label, .weight = weight, .classes = classes, .direction = direction};
  }
  void add(std::size_t at, std::int32_t of_class, double weighs) {
    first.push_back(at);
    label.push_back(of_class);
    weight.push_back(weighs);
  }
};

/// A window begins at each row but the last; every class comes.
inline MadeSamples made_samples(std::uint64_t seed, std::size_t count, std::size_t channels, std::size_t classes,
                                std::size_t steps = 1, double signal = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  MadeSamples out{.channels = channels, .steps = steps, .classes = classes, .table = {}};
  for (std::size_t row = 0; row < count + steps - 1; ++row) {
    for (std::size_t c = 0; c < channels; ++c) out.table.push_back(static_cast<float>(normal(random)));
    out.last_return.push_back(row % 7 == 3 ? 0 : static_cast<float>(0.01 * normal(random)));
  }
  for (std::size_t i = 0; i < count; ++i) {
    double said = normal(random);
    for (std::size_t step = 0; step < steps; ++step) {
      const float* row = &out.table[(i + step) * channels];
      said += signal * (row[0] + (channels > 1 ? row[0] * row[1] : 0));
    }
    const double place = 0.5 + 0.5 * std::tanh(said / std::sqrt(static_cast<double>(steps) + 1));
    const auto of_class = std::min(classes - 1, static_cast<std::size_t>(place * static_cast<double>(classes)));
    out.add(i, static_cast<std::int32_t>(i < classes ? i : of_class), 0.25 + static_cast<double>(random() % 8) / 4);
  }
  for (std::size_t k = 0; k < classes; ++k)
    out.direction.push_back(static_cast<std::int8_t>(k == 0 ? -1 : k + 1 == classes ? 1 : 0));
  return out;
}

}  // namespace moola::test
