// Regret after 100 trials: bench-regret FIRST LAST [SAMPLERS [PROBLEMS]]. Prints "problem,sampler,moola,seed,regret"
// for every seed from FIRST to LAST; SAMPLERS and PROBLEMS are names with commas between, or nothing for all. The
// regret is the true one of the trial that looked best. MOOLA_HPO_TABLES names the folder of the tables; without it
// their problems are left out, which is said on standard error.
//
// bench-regret --points prints random points of every problem with their regrets, a JSON object a line.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/error.h"
#include "sweep/samplers/draws.h"
#include "sweep/samplers/sampler_table.h"
#include "tools/bench/regret/tuning_problems.h"

namespace {

using namespace moola;
using namespace moola::sweep;

constexpr std::uint64_t kTrials = 100;
constexpr std::uint64_t kNoise = 1 << 20, kPoints = kNoise + 1;  // draws that no sampler makes

struct Measured {
  test::Problem problem;
  double noise = 0;  // of what the sampler is told; standard deviation
};

std::vector<Measured> all_problems() {
  std::vector<Measured> out = {
      {test::sphere()}, {test::rosenbrock()}, {test::ackley()}, {test::branin()}, {test::hartmann()}};
  for (const test::Table& table : {test::credit_table(), test::protein_table()}) {
    if (std::optional<test::Problem> problem = test::tabulated(table)) {
      out.push_back({std::move(*problem)});
    } else {
      fmt::print(stderr, "{} is left out: MOOLA_HPO_TABLES names no folder that has {}.\n", table.name, table.file);
    }
  }
  out.push_back({bench::trees()});
  out.push_back({bench::trees(), 0.05});
  out.back().problem.name += "-noisy";
  out.push_back({bench::network()});
  return out;
}

double regret_of(const std::string& sampler_name, const Measured& measured, std::uint64_t seed) {
  const SearchSpace& space = measured.problem.space;
  const auto sampler = make_sampler(sampler_name, {.space = &space, .trials = kTrials, .seed = seed});
  History history(space, 1);
  double best_seen = std::numeric_limits<double>::infinity(), out = best_seen;
  for (std::uint64_t number = 0; number < kTrials; ++number) {
    const std::optional<Point> point = sampler->ask(history, number);
    if (!point) break;
    const double regret = measured.problem.regret(*point);
    const double seen = regret + measured.noise * draws(seed, number, kNoise).normal();
    history.begin(number, *point);
    history.finish(number, TrialState::complete, {seen});
    if (seen < best_seen) out = regret;
    best_seen = std::min(best_seen, seen);
  }
  return out;
}

void print_points() {
  for (const Measured& each : all_problems()) {
    const SearchSpace& space = each.problem.space;
    for (std::uint64_t number = 0; number < 200; ++number) {
      KeyedRandom random = draws(1, number, kPoints);
      const Point point = random_point(space, random);
      std::string values;
      for (std::size_t p = 0; p < space.size(); ++p) {
        if (!space.is_active(p, point)) continue;
        const ParameterValue value = outer(space[p].distribution, point[p]);
        values += fmt::format("{}\"{}\": {}", values.empty() ? "" : ", ", space[p].name, json_of(value));
      }
      fmt::print("{{\"problem\": \"{}\", \"regret\": {}, \"values\": {{{}}}}}\n", each.problem.name,
                 each.problem.regret(point), values);
    }
  }
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    out.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

void measure(std::uint64_t first, std::uint64_t last, std::vector<std::string> samplers,
             const std::vector<std::string>& wanted) {
  if (samplers.empty()) {
    for (const SamplerDescription& each : sampler_table()) samplers.emplace_back(each.name);
  }
  const std::vector<Measured> problems = all_problems();
  for (const std::string& name : wanted) {
    if (std::ranges::none_of(problems, [&](const Measured& each) { return each.problem.name == name; }))
      throw ConfigError(fmt::format("there is no problem '{}', or its table is missing.", name));
  }
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    for (const std::string& sampler : samplers) {
      for (const Measured& each : problems) {
        const std::string& name = each.problem.name;
        if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
        // A grid needs values that can be counted.
        if (sampler == "grid" && !each.problem.space.count()) continue;
        fmt::print("{},{},moola,{},{:.6g}\n", name, sampler, seed, regret_of(sampler, each, seed));
        std::fflush(stdout);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words == std::vector<std::string>{"--points"}) {
      print_points();
      return 0;
    }
    if (words.size() < 2 || words.size() > 4) {
      fmt::print(stderr, "usage: {} FIRST LAST [SAMPLERS [PROBLEMS]] | --points\n", argv[0]);
      return 2;
    }
    measure(std::stoull(words[0]), std::stoull(words[1]),
            words.size() > 2 ? split(words[2]) : std::vector<std::string>(),
            words.size() > 3 ? split(words[3]) : std::vector<std::string>());
    return 0;
  } catch (const std::exception& error) {
    return report_error("bench-regret", error);
  }
}
