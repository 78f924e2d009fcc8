#include "sweep/samplers/sampler_table.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "tests/support/messages.h"
#include "tests/sweep/problems.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;

namespace {

SearchSpace mixed() {
  return SearchSpace({{"a", IntDistribution{.low = 0, .high = 5}},
                      {"b", CategoricalDistribution{{std::string("x"), std::string("y")}}},
                      {"c", IntDistribution{.low = 1, .high = 4}, Condition{1, {1}}}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tables_of_samplers)

BOOST_AUTO_TEST_CASE(every_sampler_answers_with_points_of_the_space) {
  for (const SamplerDescription& each : sampler_table()) {
    const SearchSpace space = mixed();
    const auto sampler = make_sampler(each.name, {.space = &space, .trials = 25, .seed = 3});
    History history(space, 1);
    for (std::uint64_t number = 0; number < 25; ++number) {
      const std::optional<Point> point = sampler->ask(history, number);
      BOOST_REQUIRE_MESSAGE(point.has_value(), each.name);
      BOOST_REQUIRE_MESSAGE(space.contains(*point), each.name);
      history.begin(number, *point);
      history.finish(number, TrialState::complete, {(*point)[0]});
    }
  }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_none_is_refused_with_the_nearest) {
  const SearchSpace space = mixed();
  BOOST_TEST(holds(refusal_of([&] { make_sampler("cmaes", {.space = &space}); }), "Did you mean 'cma-es'?"));
}

BOOST_AUTO_TEST_CASE(the_automatic_choice_changes_sampler_and_goes_on) {
  const Problem problem = branin();
  const auto sampler = make_sampler("auto", {.space = &problem.space, .trials = 310, .seed = 1});
  const std::vector<double> best = best_so_far(*sampler, problem, 310);
  BOOST_TEST(best.size() == 310U);
  BOOST_TEST(best[99] < 0.01);
}

BOOST_AUTO_TEST_SUITE_END()
