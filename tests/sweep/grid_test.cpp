#include "sweep/samplers/grid.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/sweep/problems.h"
#include "tests/sweep/workers.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;

namespace {

Distribution choices(std::initializer_list<const char*> names) {
  CategoricalDistribution out;
  for (const char* name : names) out.choices.emplace_back(std::string(name));
  return out;
}

// Chains, two children of one value, a child of several values, and a float with steps.
SearchSpace conditional(std::vector<Constraint> constraints = {}) {
  return SearchSpace({{"opt", choices({"adam", "sgd", "lion", "none"})},
                      {"momentum", IntDistribution{.low = 0, .high = 3}, Condition{0, {1, 2}}},
                      {"damping", FloatDistribution{.low = 0, .high = 0.5, .step = 0.125}, Condition{1, {1}}},
                      {"beta", IntDistribution{.low = 1, .high = 9, .step = 4}, Condition{0, {0, 0, 2}}},
                      {"width", IntDistribution{.low = 1, .high = 3}},
                      {"depth", IntDistribution{.low = 1, .high = 2}, Condition{4, {3}}}},
                     std::move(constraints));
}

std::string key_of(const Point& point) {
  std::string out;
  for (const double value : point) out += json_number_text(value) + " ";
  return out;
}

// Every point of the space by walking all values of all parameters.
std::set<std::string> all_points(const SearchSpace& space) {
  std::set<std::string> out;
  Point point(space.size());
  const std::function<void(std::size_t)> walk = [&](std::size_t p) {
    if (p == space.size()) {
      Point active = point;
      space.deactivate(active);
      if (space.allows(active)) out.insert(key_of(active));
      return;
    }
    const Distribution& distribution = space[p].distribution;
    const std::uint64_t count = count_of(distribution).value();
    for (std::uint64_t i = 0; i < count; ++i) {
      double low = 0, step = 1;
      if (const auto* f = std::get_if<FloatDistribution>(&distribution)) low = f->low, step = f->step;
      if (const auto* n = std::get_if<IntDistribution>(&distribution))
        low = static_cast<double>(n->low), step = static_cast<double>(n->step);
      point[p] = low + static_cast<double>(i) * step;
      walk(p + 1);
    }
  };
  walk(0);
  return out;
}

std::multiset<std::string> tried(const History& history) {
  std::multiset<std::string> out;
  for (const Observation& each : history.trials()) out.insert(key_of(each.point));
  return out;
}

MakeSampler grid(GridOptions options = {}) {
  return [options] { return std::make_unique<GridSampler>(options); };
}

const Constraint kNarrow{"width + momentum <= 3", [](const Point& p) { return std::isnan(p[1]) || p[4] + p[1] <= 3; }};

void check_each_once(const History& history, const SearchSpace& space) {
  const std::multiset<std::string> found = tried(history);
  const std::set<std::string> expected = all_points(space);
  BOOST_TEST(found.size() == expected.size());
  BOOST_CHECK(std::ranges::equal(found, expected));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grids)

BOOST_AUTO_TEST_CASE(numbers_of_points_are_as_many_as_there_are_and_lead_back) {
  const SearchSpace space = conditional();
  const PointNumbering numbering(space);
  BOOST_TEST(numbering.count() == space.count().value());
  std::set<std::string> points;
  for (std::uint64_t i = 0; i < numbering.count(); ++i) {
    const Point point = numbering.point(i);
    BOOST_REQUIRE(space.contains(point));
    BOOST_REQUIRE(numbering.number(point) == i);
    points.insert(key_of(point));
  }
  BOOST_CHECK(points == all_points(space));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  BOOST_CHECK(!numbering.number({3, 0, nan, nan, 1, nan}));  // momentum is not active
  BOOST_CHECK(!numbering.number({3, nan, nan, nan, 4, nan}));
  BOOST_CHECK(!numbering.number({1, 1, 0.1, nan, 1, nan}));  // off its steps
}

BOOST_AUTO_TEST_CASE(a_long_range_is_numbered_without_a_list) {
  const SearchSpace space({{"n", IntDistribution{.low = 0, .high = std::int64_t{1} << 52}},
                           {"m", IntDistribution{.low = 0, .high = 4}, Condition{0, {3, 1000}}}});
  const PointNumbering numbering(space);
  BOOST_TEST(numbering.count() == space.count().value());
  for (const std::uint64_t i : {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{10}, std::uint64_t{11},
                                std::uint64_t{1} << 40, numbering.count() - 1})
    BOOST_TEST(numbering.number(numbering.point(i)).value() == i);
}

BOOST_AUTO_TEST_CASE(every_allowed_point_is_tried_once_by_any_number_of_workers) {
  for (const std::size_t workers : {1U, 7U, 100U}) {
    for (const bool narrow : {false, true}) {
      const SearchSpace space = narrow ? conditional({kNarrow}) : conditional();
      History history(space, 1);
      run_study(history, grid({.seed = workers}), no_loss, 10'000, workers, 1, 13);
      check_each_once(history, space);
    }
  }
}

BOOST_AUTO_TEST_CASE(seeds_have_other_orders) {
  const SearchSpace space = conditional();
  const History history(space, 1);
  std::set<std::string> first;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    GridSampler sampler({.seed = seed});
    first.insert(key_of(sampler.ask(history, 0).value()));
  }
  BOOST_TEST(first.size() > 10U);
}

BOOST_AUTO_TEST_CASE(points_of_others_are_not_tried_again_and_no_point_is_lost) {
  const SearchSpace space = conditional({kNarrow});
  const PointNumbering numbering(space);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    History history(space, 1);
    // Some allowed points at the beginning.
    KeyedRandom random = draws(seed, 1, 1);
    std::set<std::string> theirs;
    for (std::uint64_t number = 0; number < 10; ++number) {
      Point point = random_point(space, random);
      if (theirs.insert(key_of(point)).second)
        history.add({.number = history.trials().size(), .state = TrialState::complete, .point = point, .losses = {0}});
    }
    run_study(history, grid({.seed = seed}), no_loss, 10'000, 5, seed, 7);
    check_each_once(history, space);
  }
}

BOOST_AUTO_TEST_CASE(a_point_of_others_in_the_middle_of_a_study_costs_no_point) {
  const SearchSpace space = conditional();
  History history(space, 1);
  run_study(history, grid(), no_loss, 20, 4);
  GridSampler sampler;
  const Point soon = sampler.ask(history, 25).value();
  history.add({.number = 20, .state = TrialState::running, .point = soon});
  run_study(history, grid(), no_loss, 10'000, 4, 0, 3);
  check_each_once(history, space);
}

BOOST_AUTO_TEST_CASE(a_float_without_step_needs_a_number_of_points) {
  const SearchSpace space({{"lr", FloatDistribution{.low = 1e-4, .high = 1, .log = true}},
                           {"drop", FloatDistribution{.low = -1, .high = 1}},
                           {"layers", IntDistribution{.low = 1, .high = 64, .log = true}}});
  const History history(space, 1);
  BOOST_TEST(holds(message_of([&] { GridSampler().ask(history, 0); }), "lr"));
  GridSampler sampler({.points = {{2, 4}, {1, 1}}, .points_of_floats = 5});
  BOOST_TEST(sampler.count(space) == 20U);
  std::map<std::size_t, std::set<double>> values;
  for (std::uint64_t number = 0; number < 20; ++number) {
    const Point point = sampler.ask(history, number).value();
    for (std::size_t p = 0; p < 3; ++p) values[p].insert(point[p]);
  }
  const std::vector<double> expected{1e-4, 1e-3, 1e-2, 1e-1, 1};
  BOOST_TEST(values[0].size() == 5U);
  for (const double each : values[0]) {
    BOOST_TEST(std::ranges::any_of(expected, [&](double e) { return std::fabs(each / e - 1) < 1e-12; }));
  }
  BOOST_TEST((values[1] == std::set<double>{0}));
  BOOST_TEST((values[2] == std::set<double>{1, 4, 16, 64}));
  BOOST_TEST(!sampler.ask(history, 20).has_value());
}

BOOST_AUTO_TEST_CASE(grids_that_make_no_sense_are_refused) {
  const SearchSpace space({{"opt", choices({"a", "b"})}, {"n", IntDistribution{.low = 0, .high = 9}}});
  const History history(space, 1);
  BOOST_TEST(holds(message_of<ConfigError>([&] { GridSampler({.points = {{0, 2}}}).ask(history, 0); }), "opt"));
  BOOST_TEST(holds(message_of<ConfigError>([&] { GridSampler({.points = {{1, 0}}}).ask(history, 0); }), "n: "));
  std::vector<SpaceParameter> many;
  for (int i = 0; i < 70; ++i) many.push_back({"b" + std::to_string(i), IntDistribution{.low = 0, .high = 1}});
  const SearchSpace wide(many);
  const History other(wide, 1);
  BOOST_TEST(holds(message_of<ConfigError>([&] { GridSampler().ask(other, 0); }), "2^63"));
  const SearchSpace never({{"n", IntDistribution{.low = 0, .high = 9}}}, {{"no", [](const Point&) { return false; }}});
  BOOST_TEST(!GridSampler().ask(History(never, 1), 0).has_value());
}

BOOST_AUTO_TEST_CASE(a_sampler_that_is_given_another_history_forgets_the_first_one) {
  const SearchSpace space = conditional(), other({{"n", IntDistribution{.low = 0, .high = 5}}});
  GridSampler sampler;
  History first(space, 1);
  first.add({.state = TrialState::complete, .point = sampler.ask(first, 0).value(), .losses = {0}});
  BOOST_TEST(sampler.ask(first, 1).value().size() == 6U);
  History second(other, 1);
  BOOST_TEST(sampler.ask(second, 0).value().size() == 1U);
  BOOST_TEST(!sampler.ask(second, 6).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
