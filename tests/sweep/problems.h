#pragma once
// Functions with known optima, and tables of real trainings, to hold samplers against.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "sweep/samplers/sampler.h"

namespace moola::test {

/// A loss over a space, 0 at its best.
struct Problem {
  std::string name;
  sweep::SearchSpace space;
  std::function<double(const sweep::Point&)> regret;
};

inline sweep::SearchSpace box(std::size_t dimensions, double low, double high) {
  std::vector<sweep::SpaceParameter> out;
  for (std::size_t i = 0; i < dimensions; ++i)
    out.push_back({"x" + std::to_string(i), sweep::FloatDistribution{.low = low, .high = high}});
  return sweep::SearchSpace(std::move(out));
}

inline Problem sphere() {
  return {"sphere10", box(10, -5, 5), [](const sweep::Point& x) {
            double sum = 0;
            for (const double v : x) sum += v * v;
            return sum;
          }};
}

inline Problem rosenbrock() {
  return {"rosenbrock10", box(10, -5, 5), [](const sweep::Point& x) {
            double sum = 0;
            for (std::size_t i = 0; i + 1 < x.size(); ++i)
              sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
            return sum;
          }};
}

inline Problem ackley() {
  return {"ackley10", box(10, -32.768, 32.768), [](const sweep::Point& x) {
            double squares = 0, cosines = 0;
            for (const double v : x) {
              squares += v * v;
              cosines += std::cos(2 * std::numbers::pi * v);
            }
            const auto n = static_cast<double>(x.size());
            return 20 + std::numbers::e - 20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(cosines / n);
          }};
}

inline Problem branin() {
  return {"branin",
          sweep::SearchSpace({{"x", sweep::FloatDistribution{.low = -5, .high = 10}},
                              {"y", sweep::FloatDistribution{.low = 0, .high = 15}}}),
          [](const sweep::Point& p) {
            constexpr double kPi = std::numbers::pi;
            const double x = p[0], y = p[1];
            return std::pow(y - 5.1 / (4 * kPi * kPi) * x * x + 5 / kPi * x - 6, 2) +
                   10 * (1 - 1 / (8 * kPi)) * std::cos(x) + 10 - 0.39788735772973816;
          }};
}

inline Problem hartmann() {
  return {
      "hartmann6", box(6, 0, 1), [](const sweep::Point& x) {
        static constexpr double kWeight[4] = {1, 1.2, 3, 3.2};
        static constexpr double kScale[4][6] = {
            {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}};
        static constexpr double kCentre[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                                 {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                                 {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                                                 {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
        double sum = 0;
        for (int i = 0; i < 4; ++i) {
          double distance = 0;
          for (std::size_t j = 0; j < 6; ++j) distance += kScale[i][j] * std::pow(x[j] - kCentre[i][j], 2);
          sum += kWeight[i] * std::exp(-distance);
        }
        return 3.3223680114155147 - sum;
      }};
}

/// Losses of every combination of choices, row by row; ordinal ones are integers, the others categories.
struct Table {
  std::string name, file;
  std::vector<std::size_t> choices, categorical;
  bool maximise = false;
};

inline Table credit_table() {
  return {"hpobench-credit", "tab_hpobench_credit_g.bin", {10, 10, 3, 10, 10}, {}, true};
}

inline Table protein_table() {
  return {"hpolib-protein", "tab_hpolib_protein_structure.bin", {2, 2, 4, 3, 3, 6, 2, 6, 6}, {0, 1, 6}, false};
}

/// Where the tables are: MOOLA_HPO_TABLES names their folder. Nothing where they are not.
inline std::optional<Problem> tabulated(const Table& table) {
  const char* folder = std::getenv("MOOLA_HPO_TABLES");
  if (folder == nullptr) return std::nullopt;
  std::ifstream file(std::filesystem::path(folder) / table.file, std::ios::binary);
  std::size_t count = 1;
  for (const std::size_t each : table.choices) count *= each;
  auto values = std::make_shared<std::vector<double>>(count);
  if (!file.read(reinterpret_cast<char*>(values->data()), static_cast<std::streamsize>(count * sizeof(double))))
    return std::nullopt;
  double best = std::numeric_limits<double>::infinity();
  for (double& value : *values) {
    if (table.maximise) value = -value;
    best = std::min(best, value);
  }
  std::vector<sweep::SpaceParameter> parameters;
  for (std::size_t i = 0; i < table.choices.size(); ++i) {
    const auto size = static_cast<std::int64_t>(table.choices[i]);
    const std::string name = "p" + std::to_string(i);
    if (std::ranges::find(table.categorical, i) == table.categorical.end()) {
      parameters.push_back({name, sweep::IntDistribution{.low = 0, .high = size - 1}});
      continue;
    }
    sweep::CategoricalDistribution categorical;
    for (std::int64_t c = 0; c < size; ++c) categorical.choices.emplace_back("c" + std::to_string(c));
    parameters.push_back({name, categorical});
  }
  return Problem{table.name, sweep::SearchSpace(std::move(parameters)),
                 [values, best, choices = table.choices](const sweep::Point& point) {
                   std::size_t at = 0;
                   for (std::size_t i = 0; i < choices.size(); ++i)
                     at = at * choices[i] + static_cast<std::size_t>(point[i]);
                   return (*values)[at] - best;
                 }};
}

/// The least regret after each of so many trials, one after the other.
inline std::vector<double> best_so_far(sweep::Sampler& sampler, const Problem& problem, std::size_t trials) {
  sweep::History history(problem.space, 1);
  std::vector<double> out;
  for (std::uint64_t number = 0; number < trials; ++number) {
    const std::optional<sweep::Point> point = sampler.ask(history, number);
    if (!point) break;
    history.begin(number, *point);
    const double regret = problem.regret(*point);
    history.finish(number, sweep::TrialState::complete, {regret});
    out.push_back(out.empty() ? regret : std::min(out.back(), regret));
  }
  return out;
}

}  // namespace moola::test
