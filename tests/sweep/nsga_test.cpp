#include "sweep/samplers/nsga.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <set>

#include "base/error.h"
#include "sweep/study/pareto.h"
#include "tests/support/messages.h"
#include "tests/sweep/problems.h"
#include "tests/sweep/workers.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Distribution choices(std::initializer_list<const char*> names) {
  CategoricalDistribution out;
  for (const char* name : names) out.choices.emplace_back(std::string(name));
  return out;
}

MakeSampler nsga(NsgaOptions options = {}) {
  return [options] { return std::make_unique<NsgaSampler>(options); };
}

// The problems ZDT1 to ZDT3 of Zitzler, Deb and Thiele 2000.
std::vector<double> zdt(int which, const Point& x) {
  double g = 0;
  for (std::size_t i = 1; i < x.size(); ++i) g += x[i];
  g = 1 + 9 * g / static_cast<double>(x.size() - 1);
  const double f = x[0], share = f / g;
  const double shape = which == 1   ? 1 - std::sqrt(share)
                       : which == 2 ? 1 - share * share
                                    : 1 - std::sqrt(share) - share * std::sin(10 * std::numbers::pi * f);
  return {f, g * shape};
}

double volume(const History& history, std::span<const double> reference) {
  std::vector<double> losses;
  for (const Observation& each : history.trials()) {
    if (each.state == TrialState::complete && each.violation == 0)
      losses.insert(losses.end(), each.losses.begin(), each.losses.end());
  }
  return hypervolume(losses, history.objectives(), reference);
}

double random_volume(const SearchSpace& space, const Losses& losses, std::size_t trials,
                     std::span<const double> reference, std::uint64_t seed) {
  History history(space, reference.size());
  for (std::uint64_t i = 0; i < trials; ++i) {
    KeyedRandom random = draws(seed, i, 5);
    const Point point = random_point(space, random);
    history.add({.number = i, .state = TrialState::complete, .point = point, .losses = losses(point)});
  }
  return volume(history, reference);
}

SearchSpace mixed() {
  return SearchSpace({{"opt", choices({"adam", "sgd", "lion"})},
                      {"lr", FloatDistribution{.low = 1e-5, .high = 1, .log = true}},
                      {"momentum", FloatDistribution{.low = 0, .high = 1}, Condition{0, {1}}},
                      {"layers", IntDistribution{.low = 1, .high = 64, .log = true}},
                      {"width", IntDistribution{.low = 16, .high = 256, .step = 16}},
                      {"drop", FloatDistribution{.low = 0, .high = 0.5, .step = 0.05}, Condition{3, {1, 2, 3, 4}}},
                      {"fixed", IntDistribution{.low = 3, .high = 3}}},
                     {{"layers * width <= 512", [](const Point& p) { return p[3] * p[4] <= 512; }}});
}

// Size against error.
std::vector<double> mixed_losses(const Point& p) {
  const double error = std::pow(std::log10(p[1]) + 2, 2) + 100 / (p[3] * p[4]) +
                       (p[0] == 1 ? std::pow(p[2] - 0.9, 2) : 0.5) + (std::isnan(p[5]) ? 0.2 : std::fabs(p[5] - 0.1));
  return {p[3] * p[4] / 512, error};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nsga_ii)

BOOST_AUTO_TEST_CASE(room_is_the_gap_between_neighbours) {
  // Of (0, 8), (1, 6), (3, 2), (4, 0): widths 4 and 8.
  const std::vector<double> front{3, 2, 0, 8, 4, 0, 1, 6};
  const std::vector<double> expected{3.0 / 4 + 6.0 / 8, kInfinity, kInfinity, 3.0 / 4 + 6.0 / 8};
  BOOST_TEST(crowding_distances(front, 2) == expected, boost::test_tools::per_element());
  const std::vector<double> same{1, 1, 1, 1};
  BOOST_TEST(crowding_distances(same, 2) == (std::vector<double>{0, 0}), boost::test_tools::per_element());
  const std::vector<double> endless{0, kInfinity, 1, 5, 2, -kInfinity};
  BOOST_TEST(crowding_distances(endless, 2) == (std::vector<double>{kInfinity, 2, kInfinity}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fronts_come_nearer_than_by_chance) {
  const SearchSpace space = box(10, 0, 1);
  const std::vector<double> reference{1.1, 8};
  for (const Mutation mutation : {Mutation::redraw, Mutation::polynomial}) {
    for (int which = 1; which <= 3; ++which) {
      const Losses losses = [&](const Point& x) { return zdt(which, x); };
      double missing = 0, missing_by_chance = 0;
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        History history(space, 2);
        run_study(history, nsga({.seed = seed, .mutation = mutation}), losses, 1000);
        missing += 1.1 * 8 + 1 - volume(history, reference);
        missing_by_chance += 1.1 * 8 + 1 - random_volume(space, losses, 1000, reference, seed);
      }
      BOOST_TEST(missing < 0.6 * missing_by_chance);
    }
  }
}

BOOST_AUTO_TEST_CASE(answers_depend_on_the_history_alone_with_any_number_of_workers) {
  const SearchSpace space = mixed();
  const std::vector<double> reference{1, 10};
  for (const std::size_t workers : {1U, 7U, 64U}) {
    for (const Mutation mutation : {Mutation::redraw, Mutation::polynomial}) {
      History history(space, 2);
      run_study(history, nsga({.seed = workers, .population = 20, .mutation = mutation}), mixed_losses, 600, workers,
                workers, 31);
      BOOST_TEST(history.count(TrialState::complete) == 600U);
      BOOST_TEST(volume(history, reference) > random_volume(space, mixed_losses, 600, reference, 1));
    }
  }
}

BOOST_AUTO_TEST_CASE(no_child_is_as_one_of_the_parents) {
  const SearchSpace space({{"a", IntDistribution{.low = 0, .high = 9}}, {"b", IntDistribution{.low = 0, .high = 9}}});
  History history(space, 2);
  const NsgaOptions options{.population = 10, .mutated = 0.05};
  run_study(
      history, nsga(options),
      [](const Point& x) {
        return std::vector<double>{x[0], x[1]};
      },
      10);
  NsgaSampler sampler(options);
  for (std::uint64_t number = 10; number < 300; ++number) {
    const Point child = sampler.ask(history, number).value();
    for (const Observation& each : history.trials()) BOOST_TEST(!same_point(each.point, child));
  }
}

BOOST_AUTO_TEST_CASE(values_come_from_parents_or_are_changed_by_little_or_drawn) {
  // Parents at 0.5 alone; a tenth of the values changes.
  const SearchSpace space = box(40, 0, 1);
  History history(space, 2);
  for (std::uint64_t number = 0; number < 10; ++number)
    history.add({.number = number, .state = TrialState::complete, .point = Point(40, 0.5), .losses = {0, 0}});
  for (const Mutation mutation : {Mutation::redraw, Mutation::polynomial}) {
    NsgaSampler sampler({.population = 10, .mutated = 0.1, .mutation = mutation});
    std::size_t changed = 0;
    double distance = 0;
    for (std::uint64_t number = 10; number < 510; ++number) {
      const Point child = sampler.ask(history, number).value();
      for (const double value : child) {
        changed += value != 0.5 ? 1U : 0U;
        distance += std::fabs(value - 0.5);
      }
    }
    // 2,000 of 20,000, within five standard deviations of 42; a little more, as 1 child in 70 is bred again.
    BOOST_TEST(std::fabs(static_cast<double>(changed) - 2000) < 250);
    distance /= static_cast<double>(changed);
    // A uniform draw is 1/4 away on average. For 20, far from the ends, (2 u)^(1/21) - 1 is 1/22.
    BOOST_CHECK_CLOSE(distance, mutation == Mutation::redraw ? 0.25 : 1.0 / 22, 10);
  }
}

BOOST_AUTO_TEST_CASE(three_objectives_and_one_are_searched) {
  const SearchSpace space = box(6, 0, 1);
  // DTLZ2 (Deb et al. 2002): a sphere's eighth.
  const Losses sphere_front = [](const Point& x) {
    double g = 1;
    for (std::size_t i = 2; i < x.size(); ++i) g += std::pow(x[i] - 0.5, 2);
    const double a = x[0] * std::numbers::pi / 2, b = x[1] * std::numbers::pi / 2;
    return std::vector<double>{g * std::cos(a) * std::cos(b), g * std::cos(a) * std::sin(b), g * std::sin(a)};
  };
  const std::vector<double> reference{1.5, 1.5, 1.5};
  History three(space, 3);
  run_study(three, nsga(), sphere_front, 1000, 4);
  BOOST_TEST(volume(three, reference) > random_volume(space, sphere_front, 1000, reference, 1));
  const Problem problem = hartmann();
  double ours = 0, random = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    NsgaSampler sampler({.seed = seed, .population = 20});
    ours += best_so_far(sampler, problem, 400).back();
    double best = kInfinity;
    for (std::uint64_t i = 0; i < 400; ++i) {
      KeyedRandom draw = draws(seed, i, 5);
      best = std::min(best, problem.regret(random_point(problem.space, draw)));
    }
    random += best;
  }
  BOOST_TEST(ours < 0.6 * random);
}

BOOST_AUTO_TEST_CASE(infeasible_trials_lead_to_feasible_ones_and_are_left) {
  const SearchSpace space = box(6, 0, 1);
  for (const std::size_t objectives : {1U, 2U}) {
    History history(space, objectives);
    NsgaSampler sampler({.population = 20});
    std::size_t feasible_late = 0;
    for (std::uint64_t number = 0; number < 800; ++number) {
      const Point point = sampler.ask(history, number).value();
      history.begin(number, point);
      // Only 1 in 20,000 random points has a sum above 5.3 in six dimensions, and losses lead away from there.
      double sum = 0;
      for (const double x : point) sum += x;
      const double violation = std::max(0.0, 5.3 - sum);
      const std::vector<double> losses{sum, point[0]};
      history.finish(number, TrialState::complete, {losses.begin(), losses.begin() + static_cast<int>(objectives)},
                     violation);
      if (number >= 700) feasible_late += violation == 0 ? 1U : 0U;
    }
    BOOST_TEST(feasible_late > 20U);
  }
}

BOOST_AUTO_TEST_CASE(pruned_and_failed_trials_infinite_losses_and_strange_points_stop_nothing) {
  const SearchSpace space = mixed();
  History history(space, 2);
  NsgaSampler sampler({.population = 8});
  // Somebody's own trials: beyond the ranges, and with values where none should be.
  for (std::uint64_t number = 0; number < 8; ++number) {
    history.add({.number = number,
                 .state = TrialState::complete,
                 .point = {0, 7, 0.5, 99, 1000, kNaN, 3},
                 .losses = {-kInfinity, static_cast<double>(number)}});
  }
  for (std::uint64_t number = 8; number < 300; ++number) {
    const Point point = sampler.ask(history, number).value();
    BOOST_REQUIRE(space.contains(point));
    if (number % 37 == 0) BOOST_REQUIRE(same_point(point, NsgaSampler({.population = 8}).ask(history, number).value()));
    history.begin(number, point);
    if (number % 5 == 0)
      history.finish(number, TrialState::failed, {});
    else if (number % 5 == 1)
      history.finish(number, TrialState::pruned, {});
    else
      history.finish(number, TrialState::complete, {number % 3 == 0 ? kInfinity : 1, number % 2 == 0 ? kInfinity : 2});
  }
}

BOOST_AUTO_TEST_CASE(chances_that_are_none_are_refused) {
  BOOST_CHECK_THROW(NsgaSampler({.population = 1}), ConfigError);
  BOOST_TEST(holds(message_of<ConfigError>([] { NsgaSampler({.crossover = 1.5}); }), "crossover"));
  BOOST_TEST(holds(message_of<ConfigError>([] { NsgaSampler({.mutated = -0.5}); }), "mutated"));
}

BOOST_AUTO_TEST_SUITE_END()
