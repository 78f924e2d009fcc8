#pragma once
// Losses as users tune them, made of formulas: conditions, integers by their logarithms, noise. tests/sweep/problems.h
// has the textbook's. problems.py says the same in Python.
#include <cmath>
#include <string>
#include <vector>

#include "tests/sweep/problems.h"

namespace moola::bench {

inline double squared(double x) {
  return x * x;
}

/// Boosted trees: rounds and rate trade one for the other, depth and leaf size too.
inline test::Problem trees() {
  return {"trees6",
          sweep::SearchSpace({{"depth", sweep::IntDistribution{.low = 1, .high = 12}},
                              {"leaf", sweep::IntDistribution{.low = 1, .high = 1024, .log = true}},
                              {"rounds", sweep::IntDistribution{.low = 16, .high = 4096, .log = true}},
                              {"rate", sweep::FloatDistribution{.low = 1e-3, .high = 1, .log = true}},
                              {"subsample", sweep::FloatDistribution{.low = 0.2, .high = 1}},
                              {"l2", sweep::FloatDistribution{.low = 1e-3, .high = 1e3, .log = true}}}),
          [](const sweep::Point& p) {
            const double leaf = std::log2(p[1]) - 5, rounds = std::log10(p[2]), rate = std::log10(p[3]);
            return 0.5 * squared(rate + rounds - 1.5) + 0.1 * squared(rate + 1.5) +
                   0.02 * squared(p[0] - 6 - leaf / 2) + 0.01 * squared(leaf) + 0.3 * squared(p[4] - 0.7) +
                   0.02 * squared(std::log10(p[5]));
          }};
}

/// A network: the optimiser decides whether there is a momentum, the number of layers how many widths there are.
inline test::Problem network() {
  sweep::CategoricalDistribution optimiser{.choices = {std::string("adam"), std::string("sgd")}};
  std::vector<sweep::SpaceParameter> parameters = {
      {"optimiser", optimiser},
      {"rate", sweep::FloatDistribution{.low = 1e-5, .high = 1, .log = true}},
      {"momentum", sweep::FloatDistribution{.low = 0, .high = 0.99}, sweep::Condition{0, {1}}},
      {"dropout", sweep::FloatDistribution{.low = 0, .high = 0.5}},
      {"layers", sweep::IntDistribution{.low = 1, .high = 4}}};
  for (int layer = 1; layer <= 4; ++layer) {
    sweep::Condition when{4, {}};
    for (int layers = layer; layers <= 4; ++layers) when.values.push_back(layers);
    parameters.push_back(
        {"width" + std::to_string(layer), sweep::IntDistribution{.low = 8, .high = 512, .log = true}, when});
  }
  return {"network9", sweep::SearchSpace(std::move(parameters)), [](const sweep::Point& p) {
            const double rate = std::log10(p[1]);
            double loss = 2 * squared(p[3] - 0.2) + 0.05 * squared(p[4] - 3);
            if (p[0] == 0)
              loss += 0.02 + 0.25 * squared(rate + 3);
            else
              loss += 0.25 * squared(rate - std::log10(1 - p[2]) + 0.5) + 0.1 * squared(p[2] - 0.9);
            for (int layer = 1; layer <= static_cast<int>(p[4]); ++layer)
              loss += 0.02 * squared(std::log2(p[static_cast<std::size_t>(4 + layer)]) - 8 + layer);
            return loss;
          }};
}

}  // namespace moola::bench
