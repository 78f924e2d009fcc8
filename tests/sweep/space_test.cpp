#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "sweep/samplers/draws.h"
#include "sweep/space/unit_interval.h"
#include "tests/support/messages.h"
#include "tests/sweep/problems.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;
using boost::test_tools::tolerance;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

Distribution choices(std::initializer_list<const char*> names) {
  CategoricalDistribution out;
  for (const char* name : names) out.choices.emplace_back(std::string(name));
  return out;
}

std::vector<Distribution> all_kinds() {
  return {FloatDistribution{.low = -2, .high = 3},
          FloatDistribution{.low = 1e-5, .high = 0.1, .log = true},
          FloatDistribution{.low = 0, .high = 0.5, .step = 0.05},
          FloatDistribution{.low = 0.3, .high = 0.3},
          IntDistribution{.low = -4, .high = 4},
          IntDistribution{.low = 1, .high = 64, .log = true},
          IntDistribution{.low = 16, .high = 256, .step = 16},
          choices({"adam", "sgd", "lion"})};
}

// An optimiser, a momentum that sgd alone has, and a damping that only a momentum of 1 has.
SearchSpace conditional() {
  return SearchSpace({{"opt", choices({"adam", "sgd"})},
                      {"momentum", IntDistribution{.low = 0, .high = 1}, Condition{0, {1}}},
                      {"damping", IntDistribution{.low = 0, .high = 9}, Condition{1, {1}}},
                      {"width", IntDistribution{.low = 1, .high = 3}}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(search_spaces)

BOOST_AUTO_TEST_CASE(numbers_are_written_as_python_writes_them) {
  const std::vector<std::pair<double, std::string>> expected{{0.1, "0.1"},
                                                             {5, "5.0"},
                                                             {-0.0, "-0.0"},
                                                             {1e-5, "1e-05"},
                                                             {0.0001, "0.0001"},
                                                             {123456789, "123456789.0"},
                                                             {1e16, "1e+16"},
                                                             {9999999999999998, "9999999999999998.0"},
                                                             {1.5e300, "1.5e+300"},
                                                             {2.5e-7, "2.5e-07"},
                                                             {0.35000000000000003, "0.35000000000000003"},
                                                             {5e-324, "5e-324"},
                                                             {kNaN, "NaN"},
                                                             {-std::numeric_limits<double>::infinity(), "-Infinity"}};
  for (const auto& [value, text] : expected) BOOST_TEST(json_number_text(value) == text);
}

BOOST_AUTO_TEST_CASE(distributions_are_written_as_optuna_writes_them_and_read_back) {
  BOOST_TEST(json_of(Distribution(FloatDistribution{.low = 1e-5, .high = 0.1, .log = true})) ==
             R"({"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}})");
  BOOST_TEST(json_of(Distribution(IntDistribution{.low = 2, .high = 16, .step = 2})) ==
             R"({"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 2, "high": 16}})");
  const CategoricalDistribution mixed{{std::string("adam"), std::monostate{}, true, std::int64_t{3}, 0.5}};
  BOOST_TEST(json_of(Distribution(mixed)) ==
             R"({"name": "CategoricalDistribution", "attributes": {"choices": ["adam", null, true, 3, 0.5]}})");
  std::vector<Distribution> kinds = all_kinds();
  kinds.emplace_back(mixed);
  for (const Distribution& each : kinds) BOOST_TEST((parse_distribution(json_of(each)) == each));
  BOOST_TEST(
      (parse_distribution(R"({"type":"int","low":1,"high":8})") == Distribution(IntDistribution{.low = 1, .high = 8})));
  for (const char* bad : {"[]", "{}", R"({"name": "FloatDistribution", "attributes": {"low": "a", "high": 1}})",
                          R"({"name": "NormalDistribution", "attributes": {}})", R"({"type":"int","low":0.5,"high":8})",
                          R"({"type":"categorical","choices":[[1]]})", R"({"type":"int","low":1,"high":1e300})"})
    BOOST_CHECK_THROW(parse_distribution(bad), DataError);
}

BOOST_AUTO_TEST_CASE(an_upper_end_is_moved_to_the_last_step) {
  BOOST_TEST(std::get<FloatDistribution>(checked(FloatDistribution{.low = 0, .high = 0.75, .step = 0.1}, "x")).high ==
             0.7);
  BOOST_TEST(std::get<FloatDistribution>(checked(FloatDistribution{.low = 0, .high = 0.5, .step = 0.05}, "x")).high ==
             0.5);
  BOOST_TEST(std::get<IntDistribution>(checked(IntDistribution{.low = 1, .high = 10, .step = 4}, "x")).high == 9);
}

BOOST_AUTO_TEST_CASE(ranges_that_make_no_sense_are_refused_by_name) {
  const auto refused = [](const Distribution& distribution) {
    const std::string said = refusal_of([&] { checked(distribution, "lr"); });
    BOOST_TEST(said.starts_with("lr: "));
    return said;
  };
  BOOST_TEST(holds(refused(FloatDistribution{.low = 2, .high = 1}), "lower end 2"));
  BOOST_TEST(holds(refused(FloatDistribution{.low = 0, .high = 1, .log = true}), "above 0"));
  BOOST_TEST(holds(refused(FloatDistribution{.low = 1, .high = 2, .log = true, .step = 1}), "exclude each other"));
  BOOST_TEST(holds(refused(FloatDistribution{.low = 0, .high = 1, .step = -1}), "above 0"));
  BOOST_TEST(holds(refused(FloatDistribution{.low = 0, .high = kNaN}), "finite"));
  BOOST_TEST(holds(refused(FloatDistribution{.low = -1.7e308, .high = 1.7e308}), "wider"));
  BOOST_TEST(holds(refused(IntDistribution{.low = 0, .high = 8, .log = true}), "from 1 on"));
  BOOST_TEST(holds(refused(IntDistribution{.low = 0, .high = 8, .step = 0}), "1 or more"));
  BOOST_TEST(holds(refused(IntDistribution{.low = 0, .high = std::numeric_limits<std::int64_t>::max()}), "2^53"));
  BOOST_TEST(holds(refused(CategoricalDistribution{}), "no choice"));
  BOOST_TEST(holds(refused(choices({"a", "b", "a"})), "\"a\" stands there twice"));
}

BOOST_AUTO_TEST_CASE(the_unit_interval_gives_every_value_and_takes_it_back) {
  for (const Distribution& each : all_kinds()) {
    KeyedRandom random = draws(1, 2, 3);
    std::set<double> seen;
    for (int i = 0; i < 20'000; ++i) {
      const double value = from_unit(each, random.uniform_double());
      BOOST_REQUIRE(contains(each, value));
      const double back = from_unit(each, to_unit(each, value));
      if (count_of(each))
        BOOST_REQUIRE_EQUAL(back, value);
      else
        BOOST_REQUIRE_CLOSE(back, value, 1e-9);
      seen.insert(value);
    }
    if (count_of(each)) BOOST_TEST(seen.size() == *count_of(each));
    BOOST_TEST(contains(each, from_unit(each, 0)));
    BOOST_TEST(contains(each, from_unit(each, 1)));
  }
}

BOOST_AUTO_TEST_CASE(a_cell_of_the_unit_interval_is_what_rounds_to_a_value) {
  for (const Distribution& each : all_kinds()) {
    if (is_single(each)) continue;
    for (double unit = 0.001; unit < 1; unit += 0.0137) {
      const double value = from_unit(each, unit);
      const UnitCell cell = unit_cell(each, value);
      BOOST_TEST(cell.low <= unit + 1e-12);
      BOOST_TEST(cell.high >= unit - 1e-12);
      if (!count_of(each)) {
        BOOST_TEST(cell.high - cell.low < 1e-12);
        continue;
      }
      BOOST_TEST(from_unit(each, cell.low + 1e-9) == value);
      BOOST_TEST(from_unit(each, cell.high - 1e-9) == value);
      if (cell.low > 0) BOOST_TEST(from_unit(each, cell.low - 1e-9) < value);
      if (cell.high < 1) BOOST_TEST(from_unit(each, cell.high + 1e-9) > value);
    }
  }
}

BOOST_AUTO_TEST_CASE(outer_values_come_back_as_inner_ones) {
  for (const Distribution& each : all_kinds()) {
    const double value = from_unit(each, 0.4);
    BOOST_TEST(inner(each, outer(each, value)).value() == value);
  }
  BOOST_TEST(!inner(IntDistribution{.low = 0, .high = 4}, 2.5).has_value());
  BOOST_TEST(inner(IntDistribution{.low = 0, .high = 4}, 2.0).value() == 2);
  BOOST_TEST(!inner(choices({"a"}), std::string("b")).has_value());
}

BOOST_AUTO_TEST_CASE(conditions_decide_what_is_active) {
  const SearchSpace space = conditional();
  Point adam{0, 1, 5, 2};
  space.deactivate(adam);
  BOOST_TEST(std::isnan(adam[1]));
  BOOST_TEST(std::isnan(adam[2]));
  Point sgd{1, 1, 5, 2};
  space.deactivate(sgd);
  BOOST_TEST(sgd[2] == 5);
  BOOST_TEST(space.contains(adam));
  BOOST_TEST(space.contains(sgd));
  BOOST_TEST(!space.contains({0, 1, kNaN, 2}));
  BOOST_TEST(!space.contains({1, kNaN, kNaN, 2}));
}

BOOST_AUTO_TEST_CASE(points_are_counted_as_brute_force_counts_them) {
  const SearchSpace space = conditional();
  std::set<std::string> distinct;
  for (double opt = 0; opt < 2; ++opt)
    for (double momentum = 0; momentum < 2; ++momentum)
      for (double damping = 0; damping < 10; ++damping)
        for (double width = 1; width <= 3; ++width) {
          Point point{opt, momentum, damping, width};
          space.deactivate(point);
          std::string key;
          for (const double value : point) key += json_number_text(value) + " ";
          distinct.insert(key);
        }
  BOOST_TEST(space.count().value() == distinct.size());
  BOOST_TEST(!box(2, 0, 1).count().has_value());
}

BOOST_AUTO_TEST_CASE(spaces_that_contradict_themselves_are_refused) {
  const Distribution number = IntDistribution{.low = 0, .high = 3};
  BOOST_CHECK_THROW(SearchSpace({{"x", number}, {"x", number}}), ConfigError);
  BOOST_CHECK_THROW(SearchSpace({{"", number}}), ConfigError);
  BOOST_CHECK_THROW(SearchSpace({{"x", number, Condition{0, {1}}}}), ConfigError);
  BOOST_CHECK_THROW(SearchSpace({{"x", number}, {"y", number, Condition{0, {7}}}}), ConfigError);
  BOOST_CHECK_THROW(SearchSpace({{"x", number}, {"y", number, Condition{0, {}}}}), ConfigError);
}

BOOST_AUTO_TEST_CASE(random_points_keep_to_constraints_or_say_that_they_cannot) {
  const SearchSpace tight({{"a", IntDistribution{.low = 1, .high = 8}}, {"b", IntDistribution{.low = 1, .high = 8}}},
                          {{"a * b <= 4", [](const Point& p) { return p[0] * p[1] <= 4; }}});
  KeyedRandom random = draws(1, 0, 0);
  for (int i = 0; i < 1000; ++i) BOOST_REQUIRE(tight.contains(random_point(tight, random)));
  const SearchSpace never({{"a", IntDistribution{.low = 1, .high = 8}}},
                          {{"a > 9", [](const Point& p) { return p[0] > 9; }}});
  BOOST_TEST(holds(refusal_of([&] { random_point(never, random); }), "a > 9"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(histories)

BOOST_AUTO_TEST_CASE(a_trial_begins_reports_and_ends_once) {
  const SearchSpace space = box(1, 0, 1);
  History history(space, 1);
  history.begin(2, {0.5});
  BOOST_TEST(history.trials().size() == 3U);
  BOOST_TEST(history.count(TrialState::waiting) == 2U);
  BOOST_TEST(history.report(2, 5, 0.3));
  BOOST_TEST(history.report(2, 1, 0.4));
  BOOST_TEST(!history.report(2, 5, 0.9));
  BOOST_TEST((history.trials()[2].reports == std::vector<Report>{{1, 0.4}, {5, 0.3}}));
  BOOST_CHECK_THROW(history.begin(2, {0.5}), std::logic_error);
  BOOST_CHECK_THROW(history.finish(2, TrialState::complete, {kNaN}), std::logic_error);
  BOOST_CHECK_THROW(history.finish(0, TrialState::failed, {}), std::logic_error);
  history.finish(2, TrialState::complete, {0.3});
  BOOST_TEST(history.finished().size() == 1U);
  BOOST_CHECK_THROW(history.report(2, 9, 0.1), std::logic_error);
}

BOOST_AUTO_TEST_CASE(no_two_histories_are_taken_for_each_other) {
  const SearchSpace space = box(1, 0, 1);
  History history(space, 1), other(space, 1);
  const std::uint64_t before = history.identity();
  history.begin(0, {0.5});
  BOOST_TEST(history.identity() == before);
  const History copy = history;
  BOOST_TEST(copy.identity() != before);
  other = history;
  BOOST_TEST(other.identity() != before);
  BOOST_TEST(other.identity() != copy.identity());
}

BOOST_AUTO_TEST_CASE(a_lost_trial_keeps_its_point_and_may_begin_again) {
  const SearchSpace space = box(1, 0, 1);
  History history(space, 1);
  history.begin(0, {0.5});
  history.report(0, 1, 0.4);
  history.retry(0);
  BOOST_TEST(history.count(TrialState::running) == 0U);
  BOOST_TEST(history.trials()[0].reports.empty());
  BOOST_TEST(history.trials()[0].point == Point{0.5}, boost::test_tools::per_element());
  history.begin(0, history.trials()[0].point);
  history.finish(0, TrialState::complete, {1});
  BOOST_TEST(history.count(TrialState::complete) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
