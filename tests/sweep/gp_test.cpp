#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "sweep/samplers/draws.h"
#include "sweep/samplers/gp_sampler.h"
#include "sweep/space/unit_interval.h"
#include "tests/support/messages.h"
#include "tests/sweep/problems.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;

namespace {

const double kInfinity = std::numeric_limits<double>::infinity();

Distribution choices(int count) {
  CategoricalDistribution out;
  for (int i = 0; i < count; ++i) out.choices.emplace_back(std::int64_t{i});
  return out;
}

// An optimiser, a momentum that one of them has, widths and a rate.
SearchSpace conditional() {
  return SearchSpace({{"opt", choices(2)},
                      {"momentum", FloatDistribution{.low = 0, .high = 1}, Condition{0, {1}}},
                      {"kind", choices(3), Condition{0, {1}}},
                      {"width", IntDistribution{.low = 16, .high = 256, .step = 16}},
                      {"rate", FloatDistribution{.low = 1e-5, .high = 0.1, .log = true}},
                      {"only", FloatDistribution{.low = 2, .high = 2}}});
}

double loss_of(const Point& p) {
  const double momentum = std::isnan(p[1]) ? 0.3 : std::fabs(p[1] - 0.9) + 0.1 * p[2];
  return momentum + std::fabs(p[3] - 128) / 128 + std::fabs(std::log10(p[4]) + 3);
}

// Asks and tells so many trials, one after the other; `loss` may say of any what it was.
template <class Loss>
History driven(Sampler& sampler, const SearchSpace& space, std::size_t trials, const Loss& loss) {
  History history(space, 1);
  for (std::uint64_t number = 0; number < trials; ++number) {
    const Point point = sampler.ask(history, number).value();
    BOOST_REQUIRE(space.contains(point));
    history.begin(number, point);
    history.finish(number, TrialState::complete, {loss(point)});
  }
  return history;
}

double best_of(const History& history) {
  double best = kInfinity;
  for (const Observation& each : history.trials()) best = std::min(best, each.losses[0]);
  return best;
}

bool same_bits(const Point& a, const Point& b) {
  return same_point(a, b);
}

std::size_t distinct(const History& history) {
  std::size_t out = 0;
  const std::span<const Observation> trials = history.trials();
  for (std::size_t i = 0; i < trials.size(); ++i)
    out += std::none_of(trials.begin(), trials.begin() + static_cast<std::ptrdiff_t>(i),
                        [&](const Observation& each) { return same_point(each.point, trials[i].point); });
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gp_samplers)

BOOST_AUTO_TEST_CASE(a_warm_sampler_answers_as_a_fresh_one) {
  const SearchSpace space = conditional();
  GpSampler warm({.seed = 3});
  const History all = driven(warm, space, 24, loss_of);
  History history(space, 1);
  for (std::uint64_t number = 0; number < 24; ++number) {
    GpSampler fresh({.seed = 3});
    BOOST_TEST(same_bits(fresh.ask(history, number).value(), all.trials()[number].point));
    BOOST_TEST(same_bits(fresh.ask(history, number).value(), all.trials()[number].point));
    history.begin(number, all.trials()[number].point);
    history.finish(number, TrialState::complete, all.trials()[number].losses);
  }
  // Of another history, what is kept must not be used; and back again.
  History other(space, 1);
  for (const Observation& each : all.trials()) {
    other.begin(each.number, each.point);
    other.finish(each.number, TrialState::complete, {-each.losses[0]});
  }
  const Point before = warm.ask(history, 24).value();
  GpSampler fresh({.seed = 3});
  BOOST_TEST(same_bits(warm.ask(other, 24).value(), fresh.ask(other, 24).value()));
  BOOST_TEST(same_bits(warm.ask(history, 24).value(), before));
}

BOOST_AUTO_TEST_CASE(seeds_and_numbers_differ) {
  const SearchSpace space = conditional();
  GpSampler first({.seed = 1}), second({.seed = 2});
  const History history = driven(first, space, 12, loss_of);
  BOOST_TEST(!same_bits(first.ask(history, 12).value(), first.ask(history, 13).value()));
  BOOST_TEST(!same_bits(first.ask(history, 12).value(), second.ask(history, 12).value()));
}

BOOST_AUTO_TEST_CASE(the_first_trials_stand_in_every_tenth_of_every_range) {
  const SearchSpace space = box(3, 0, 10);
  GpSampler sampler({.seed = 5});
  const History history = driven(sampler, space, 10, [](const Point&) { return 0.0; });
  for (std::size_t p = 0; p < 3; ++p) {
    std::set<double> tenths;
    for (const Observation& each : history.trials()) tenths.insert(std::floor(each.point[p]));
    BOOST_TEST(tenths.size() == 10U);
  }
}

BOOST_AUTO_TEST_CASE(branin_is_found_within_fifty_trials) {
  const Problem problem = branin();
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    GpSampler sampler({.seed = seed});
    BOOST_TEST(best_so_far(sampler, problem, 50).back() < 0.01);
    double random_best = kInfinity;
    for (std::uint64_t number = 0; number < 50; ++number) {
      KeyedRandom random = draws(seed, number, 9);
      random_best = std::min(random_best, problem.regret(random_point(problem.space, random)));
    }
    BOOST_TEST(random_best > 0.02);
  }
}

BOOST_AUTO_TEST_CASE(a_steep_valley_is_found_though_its_walls_are_a_million_high) {
  GpSampler sampler({.seed = 1});
  // Random search has 19,566 after 100 trials on average.
  BOOST_TEST(best_so_far(sampler, rosenbrock(), 60).back() < 500);
}

BOOST_AUTO_TEST_CASE(conditional_spaces_are_searched_to_their_best) {
  const SearchSpace space = conditional();
  GpSampler sampler({.seed = 7});
  const History history = driven(sampler, space, 60, loss_of);
  BOOST_TEST(best_of(history) < 0.06);
}

BOOST_AUTO_TEST_CASE(constraints_are_kept) {
  const SearchSpace space(
      {{"a", FloatDistribution{.low = 0, .high = 1}}, {"b", FloatDistribution{.low = 0, .high = 1}}},
      {{"a + b <= 0.8", [](const Point& p) { return p[0] + p[1] <= 0.8; }}});
  GpSampler sampler({.seed = 1});
  // The best of what is allowed lies on the constraint's edge.
  const History history = driven(sampler, space, 40, [](const Point& p) { return std::hypot(p[0] - 0.5, p[1] - 0.5); });
  BOOST_TEST(best_of(history) < std::hypot(0.1, 0.1) + 0.005);
}

BOOST_AUTO_TEST_CASE(no_point_comes_twice_until_all_were_tried) {
  const SearchSpace space({{"a", IntDistribution{.low = 0, .high = 4}}, {"b", choices(6)}});
  GpSampler sampler({.seed = 2});
  const History history = driven(sampler, space, 34, [](const Point& p) { return p[0] + (p[1] == 2 ? 0 : 1); });
  BOOST_TEST(distinct(history) == 30U);
}

BOOST_AUTO_TEST_CASE(losses_that_are_infinite_or_all_the_same_stop_nothing) {
  const SearchSpace space = conditional();
  GpSampler sampler({.seed = 4});
  for (const double loss : {7.0, kInfinity, -kInfinity})
    BOOST_TEST(distinct(driven(sampler, space, 16, [&](const Point&) { return loss; })) == 16U);
  const History some = driven(sampler, space, 50, [](const Point& p) { return p[0] == 0 ? kInfinity : loss_of(p); });
  BOOST_TEST(best_of(some) < 0.1);
}

BOOST_AUTO_TEST_CASE(one_huge_loss_hides_nothing) {
  const SearchSpace space = box(2, -5, 5);
  GpSampler sampler({.seed = 4});
  std::size_t calls = 0;
  const History history =
      driven(sampler, space, 40, [&](const Point& p) { return ++calls % 9 == 0 ? 1e30 : p[0] * p[0] + p[1] * p[1]; });
  BOOST_TEST(best_of(history) < 0.01);
}

BOOST_AUTO_TEST_CASE(a_single_trial_and_points_that_were_tried_twice_can_be_learnt_from) {
  const SearchSpace space = box(2, 0, 1);
  GpSampler sampler({.seed = 1, .startup_trials = 1});
  History history(space, 1);
  history.begin(0, {0.25, 0.75});
  history.finish(0, TrialState::complete, {1});
  BOOST_TEST(space.contains(sampler.ask(history, 1).value()));
  for (std::uint64_t number = 1; number < 30; ++number) {
    history.begin(number, {0.25, 0.75});
    history.finish(number, TrialState::complete, {1 + 1e-3 * static_cast<double>(number % 3)});
  }
  const Point next = sampler.ask(history, 30).value();
  BOOST_TEST(std::hypot(next[0] - 0.25, next[1] - 0.75) > 0.1);
}

BOOST_AUTO_TEST_CASE(workers_that_ask_at_once_spread) {
  const Problem problem = branin();
  GpSampler sampler({.seed = 6});
  History history = driven(sampler, problem.space, 15, problem.regret);
  std::vector<Point> batch;
  for (std::uint64_t number = 15; number < 15 + 64; ++number) {
    const Point point = sampler.ask(history, number).value();
    for (const Point& other : batch) {
      const double apart = std::hypot((point[0] - other[0]) / 15, (point[1] - other[1]) / 15);
      BOOST_TEST(apart > 1e-3);
    }
    batch.push_back(point);
    history.begin(number, point);
  }
  // They must not be 64 points of one neighbourhood.
  std::set<int> quarters;
  for (const Point& each : batch) quarters.insert((each[0] > 2.5 ? 1 : 0) + (each[1] > 7.5 ? 2 : 0));
  BOOST_TEST(quarters.size() == 4U);
}

BOOST_AUTO_TEST_CASE(batches_of_eight_find_branin_too) {
  const Problem problem = branin();
  GpSampler sampler({.seed = 2});
  History history(problem.space, 1);
  for (std::uint64_t batch = 0; batch < 8; ++batch) {
    for (std::uint64_t i = 0; i < 8; ++i) history.begin(8 * batch + i, sampler.ask(history, 8 * batch + i).value());
    for (std::uint64_t i = 0; i < 8; ++i) {
      const std::uint64_t number = 8 * batch + i;
      history.finish(number, TrialState::complete, {problem.regret(history.trials()[number].point)});
    }
  }
  BOOST_TEST(best_of(history) < 0.02);
}

BOOST_AUTO_TEST_CASE(more_trials_than_the_cap_are_learnt_from_by_the_best_and_the_latest) {
  const Problem problem = branin();
  GpSampler sampler({.seed = 1, .most_trials = 20});
  BOOST_TEST(best_so_far(sampler, problem, 60).back() < 0.05);
}

BOOST_AUTO_TEST_CASE(pruned_failed_and_infeasible_trials_are_avoided) {
  const SearchSpace space = box(1, 0, 1);
  GpSampler sampler({.seed = 1, .startup_trials = 4});
  History history(space, 1);
  // The loss falls towards 1, but beyond 0.7 trials are pruned, and beyond 0.8 they violate a constraint.
  std::size_t beyond = 0;
  for (std::uint64_t number = 0; number < 30; ++number) {
    const Point point = sampler.ask(history, number).value();
    BOOST_REQUIRE(space.contains(point));
    if (number >= 15) beyond += point[0] > 0.75 ? 1 : 0;
    history.begin(number, point);
    history.report(number, 1, point[0] > 0.7 ? 5 : 1 - point[0]);
    if (point[0] > 0.8)
      history.finish(number, TrialState::complete, {-point[0]}, 1);
    else if (point[0] > 0.7)
      history.finish(number, TrialState::pruned, {});
    else if (number % 7 == 6)
      history.finish(number, TrialState::failed, {});
    else
      history.finish(number, TrialState::complete, {1 - point[0]});
  }
  BOOST_TEST(beyond <= 5U);
}

BOOST_AUTO_TEST_CASE(several_objectives_are_refused_with_the_samplers_that_take_them) {
  const SearchSpace space = box(1, 0, 1);
  const History history(space, 2);
  GpSampler sampler({});
  const std::string said = refusal_of([&] { sampler.ask(history, 0); });
  BOOST_TEST(holds(said, "tpe"));
  BOOST_TEST(holds(said, "nsga2"));
}

BOOST_AUTO_TEST_CASE(a_table_of_trainings_is_searched_to_its_best) {
  const std::optional<Problem> problem = tabulated(protein_table());
  if (!problem) {
    fmt::print(stderr, "skipped: MOOLA_HPO_TABLES names no folder with tab_hpolib_protein_structure.bin\n");
    return;
  }
  GpSampler sampler({.seed = 1});
  // Random search has 0.0317 after 100 trials on average.
  BOOST_TEST(best_so_far(sampler, *problem, 80).back() < 0.005);
}

BOOST_AUTO_TEST_SUITE_END()
