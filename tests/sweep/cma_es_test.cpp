#include "sweep/samplers/cma_es.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <set>

#include "base/error.h"
#include "market/checks/tail_probabilities.h"
#include "sweep/samplers/cma/cma_margin.h"
#include "sweep/samplers/cma/evolution_strategy.h"
#include "sweep/space/unit_interval.h"
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

MakeSampler cma(CmaEsOptions options = {}) {
  return [options] { return std::make_unique<CmaEsSampler>(options); };
}

Losses loss_of(const Problem& problem) {
  return [&problem](const Point& point) { return std::vector<double>{problem.regret(point)}; };
}

double best_of(const History& history) {
  double out = kInfinity;
  for (const Observation& each : history.trials()) {
    if (each.state == TrialState::complete) out = std::min(out, each.losses[0]);
  }
  return out;
}

double best_random(const Problem& problem, std::size_t trials, std::uint64_t seed) {
  double out = kInfinity;
  for (std::size_t i = 0; i < trials; ++i) {
    KeyedRandom random = draws(seed, i, 1);
    out = std::min(out, problem.regret(random_point(problem.space, random)));
  }
  return out;
}

// Every kind of parameter, conditions, and a constraint that a third of the points keep.
SearchSpace mixed() {
  return SearchSpace({{"opt", choices({"adam", "sgd", "lion"})},
                      {"lr", FloatDistribution{.low = 1e-5, .high = 1, .log = true}},
                      {"momentum", FloatDistribution{.low = 0, .high = 1}, Condition{0, {1}}},
                      {"layers", IntDistribution{.low = 1, .high = 64, .log = true}},
                      {"width", IntDistribution{.low = 16, .high = 256, .step = 16}},
                      {"drop", FloatDistribution{.low = 0, .high = 0.5, .step = 0.05}, Condition{3, {1, 2, 3, 4}}},
                      {"fixed", IntDistribution{.low = 3, .high = 3}},
                      {"warm", choices({"yes", "no"}), Condition{0, {1, 2}}}},
                     {{"layers * width <= 512", [](const Point& p) { return p[3] * p[4] <= 512; }}});
}

// Best with sgd, momentum 0.9, lr 0.01, 4 layers of 64, drop 0.1.
std::vector<double> mixed_loss(const Point& p) {
  double out = std::pow(std::log10(p[1]) + 2, 2) + std::pow(std::log2(p[3] / 4), 2) + std::pow((p[4] - 64) / 64, 2);
  out += p[0] == 1 ? std::pow(p[2] - 0.9, 2) : 1;
  if (!std::isnan(p[5])) out += std::fabs(p[5] - 0.1);
  return {out};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cma_es)

BOOST_AUTO_TEST_CASE(it_learns_as_the_reference_does) {
  // Six generations of seven given points in three dimensions; the numbers are those of the Python package cmaes
  // 0.13.1.
  EvolutionStrategy strategy({0.5, 0.5, 0.5}, 0.2, 7);
  for (int g = 0; g < 6; ++g) {
    std::vector<Offspring> ranked;
    for (int k = 0; k < 7; ++k) {
      Offspring each;
      for (int i = 0; i < 3; ++i) each.x.push_back(0.5 + 0.3 * std::sin(1 + g * 1.7 + k * 2.3 + i * 4.1) / (1 + g));
      ranked.push_back(each);
    }
    strategy.learn(ranked);
  }
  const SearchNormal normal = strategy.normal();
  const std::vector<double> mean{0.4937178368307882, 0.5186884733551985, 0.48479699915177765};
  const double covariance[3][3] = {{0.5618883902611502, 0.07904054252732394, 0.17035625254874517},
                                   {0.07904054252732394, 0.6272064434947251, 0.1461835186356282},
                                   {0.17035625254874517, 0.1461835186356282, 0.48469760924401967}};
  BOOST_CHECK_CLOSE(normal.sigma, 0.07477622781703229, 1e-8);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_CHECK_CLOSE(normal.mean[i], mean[i], 1e-8);
    BOOST_CHECK_CLOSE(normal.deviation[i], normal.sigma * std::sqrt(covariance[i][i]), 1e-8);
    for (std::size_t j = 0; j < 3; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < 3; ++k) product += normal.shape[3 * i + k] * normal.shape[3 * j + k];
      BOOST_CHECK_CLOSE(product, covariance[i][j], 1e-8);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_not_drawn_moves_it_no_further_than_a_draw_would) {
  const auto moved = [](bool current) {
    EvolutionStrategy strategy({0, 0}, 1, 6);
    std::vector<Offspring> ranked(6, Offspring{{0, 0}, true});
    ranked[0] = {{300, 400}, current};
    strategy.learn(ranked);
    const SearchNormal normal = strategy.normal();
    return std::hypot(normal.mean[0], normal.mean[1]) / strategy.recombination()[0];
  };
  BOOST_CHECK_CLOSE(moved(true), 500, 1e-9);
  BOOST_CHECK_CLOSE(moved(false), std::sqrt(2) + 2 * 2.0 / 4, 1e-9);
}

BOOST_AUTO_TEST_CASE(a_value_on_steps_keeps_a_chance_to_leave) {
  constexpr double kMargin = 0.02;
  for (const Distribution& distribution : {Distribution(IntDistribution{.low = 0, .high = 9}),
                                           Distribution(IntDistribution{.low = 1, .high = 64, .log = true}),
                                           Distribution(FloatDistribution{.low = -1, .high = 1, .step = 0.125})}) {
    for (const double deviation : {1e-9, 1e-3, 0.05, 0.3}) {
      for (double mean = -0.1; mean <= 1.1; mean += 0.0173) {
        const CmaMargin kept = with_margin(distribution, mean, deviation, 1, kMargin);
        const double value = from_unit(distribution, mean);
        BOOST_REQUIRE(std::isfinite(kept.mean) && kept.spread > 0);
        if (mean >= 0 && mean <= 1) BOOST_TEST(from_unit(distribution, kept.mean) == value);
        const UnitCell cell = unit_cell(distribution, value);
        const double below = cell.low <= 0 ? 0 : market::normal_cdf((cell.low - kept.mean) / (deviation * kept.spread));
        const double above =
            cell.high >= 1 ? 0 : market::normal_cdf((kept.mean - cell.high) / (deviation * kept.spread));
        const bool inner = cell.low > 0 && cell.high < 1;
        BOOST_TEST(below + above > kMargin * 0.999);
        if (inner) BOOST_TEST(std::min(below, above) > kMargin / 2 * 0.999);
        // Chances that were large enough stay.
        const double before_below = market::normal_cdf((cell.low - mean) / deviation);
        const double before_above = market::normal_cdf((mean - cell.high) / deviation);
        if (inner && std::min(before_below, before_above) > kMargin / 2 && before_below < 0.5 && before_above < 0.5) {
          BOOST_CHECK_SMALL(kept.mean - mean, 1e-9);
          BOOST_CHECK_CLOSE(kept.spread, 1.0, 1e-6);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(it_finds_the_least_of_smooth_functions) {
  const Problem ten = sphere(), valley = branin();
  History smooth(ten.space, 1), two(valley.space, 1);
  run_study(smooth, cma(), loss_of(ten), 3000);
  BOOST_TEST(best_of(smooth) < 1e-15);
  run_study(two, cma(), loss_of(valley), 1000);
  BOOST_TEST(best_of(two) < 1e-9);
}

BOOST_AUTO_TEST_CASE(it_is_better_than_chance_after_100_trials) {
  for (const Problem& problem : {sphere(), rosenbrock(), ackley(), branin(), hartmann()}) {
    double ours = 0, random = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      CmaEsSampler sampler({.seed = seed});
      ours += best_so_far(sampler, problem, 100).back();
      random += best_random(problem, 100, seed);
    }
    BOOST_TEST(ours < (problem.name == "ackley10" ? 0.8 : 0.5) * random);
  }
}

BOOST_AUTO_TEST_CASE(axes_that_depend_on_each_other_are_learnt) {
  // A rotated ellipse of axes 1 : 1000.
  const Problem problem{"ellipse", box(2, -3, 3), [](const Point& x) {
                          return std::pow(x[0] + x[1] - 1, 2) * 1e6 + std::pow(x[0] - x[1] - 1, 2);
                        }};
  History history(problem.space, 1);
  run_study(history, cma(), loss_of(problem), 1500);
  BOOST_TEST(best_of(history) < 1e-10);
}

BOOST_AUTO_TEST_CASE(answers_depend_on_the_history_alone_with_any_number_of_workers) {
  const SearchSpace space = mixed();
  for (const std::size_t workers : {1U, 5U, 64U}) {
    History history(space, 1);
    run_study(history, cma({.seed = workers, .restarts = CmaRestarts::bipop}), mixed_loss, 600, workers, workers, 29);
    BOOST_TEST(history.count(TrialState::complete) == 600U);
    BOOST_TEST(best_of(history) < 0.3);
  }
}

BOOST_AUTO_TEST_CASE(late_trials_do_not_keep_it_from_the_least) {
  const Problem problem = sphere();
  for (const std::size_t workers : {8U, 64U}) {
    History history(problem.space, 1);
    run_study(history, cma(), loss_of(problem), 3000, workers, 1);
    BOOST_TEST(best_of(history) < 1e-4);
  }
}

BOOST_AUTO_TEST_CASE(steps_do_not_hold_it_fast) {
  // Five integers of 21 values beside five floats; without a margin the integers stop where they are when sigma is
  // small.
  std::vector<SpaceParameter> parameters;
  for (int i = 0; i < 5; ++i) parameters.push_back({"n" + std::to_string(i), IntDistribution{.low = -10, .high = 10}});
  for (int i = 0; i < 5; ++i)
    parameters.push_back({"x" + std::to_string(i), FloatDistribution{.low = -10, .high = 10}});
  const Problem problem{"half", SearchSpace(parameters), [](const Point& p) {
                          double out = 0;
                          for (std::size_t i = 0; i < 10; ++i) out += std::pow(p[i] - 7, 2);
                          return out;
                        }};
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    History history(problem.space, 1);
    run_study(history, cma({.seed = seed, .restarts = CmaRestarts::none}), loss_of(problem), 3000);
    BOOST_TEST(best_of(history) < 1e-6);
  }
}

BOOST_AUTO_TEST_CASE(restarts_leave_a_local_minimum) {
  // Rastrigin's function in three dimensions, its least away from the middle.
  const Problem problem{"rastrigin", box(3, -5, 5), [](const Point& x) {
                          double out = 0;
                          for (const double v : x)
                            out += 10 + (v - 2) * (v - 2) - 10 * std::cos(2 * std::numbers::pi * (v - 2));
                          return out;
                        }};
  const auto solved = [&](CmaRestarts restarts) {
    int out = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      History history(problem.space, 1);
      run_study(history, cma({.seed = seed, .restarts = restarts}), loss_of(problem), 10'000);
      out += best_of(history) < 1e-6;
    }
    return out;
  };
  const int without = solved(CmaRestarts::none);
  BOOST_TEST(without < 6);
  BOOST_TEST(solved(CmaRestarts::ipop) >= without + 4);
  BOOST_TEST(solved(CmaRestarts::bipop) >= without + 4);
}

BOOST_AUTO_TEST_CASE(equal_losses_make_it_begin_anew) {
  const SearchSpace space = box(2, 0, 1);
  for (const double loss : {1.0, 0.0, kInfinity}) {
    History history(space, 1);
    run_study(
        history, cma(), [&](const Point&) { return std::vector<double>{loss}; }, 2000, 3, 0, 111);
    std::set<double> last;
    for (std::size_t i = 1900; i < 2000; ++i) last.insert(history.trials()[i].point[0]);
    BOOST_TEST(last.size() == 100U);
  }
}

BOOST_AUTO_TEST_CASE(without_restarts_it_stays_at_the_least) {
  const Problem problem{"one", box(1, -5, 5), [](const Point& x) { return std::pow(x[0] - 1, 2); }};
  History history(problem.space, 1);
  run_study(history, cma({.restarts = CmaRestarts::none}), loss_of(problem), 20'000, 1, 0, 5000);
  for (std::size_t i = 10'000; i < 20'000; ++i) BOOST_REQUIRE_SMALL(history.trials()[i].point[0] - 1, 1e-9);
}

BOOST_AUTO_TEST_CASE(pruned_failed_and_infeasible_trials_have_their_place) {
  // The lower half fails, the upper quarter is infeasible, half of the rest is pruned. The least loss that counts is at
  // the lower end of what does not fail.
  const SearchSpace space = box(2, 0, 1);
  for (const bool feasible : {true, false}) {
    History history(space, 1);
    CmaEsSampler sampler({.restarts = CmaRestarts::none});
    for (std::uint64_t number = 0; number < 400; ++number) {
      const Point point = sampler.ask(history, number).value();
      if (number % 40 == 0)
        BOOST_REQUIRE(same_point(CmaEsSampler({.restarts = CmaRestarts::none}).ask(history, number).value(), point));
      history.begin(number, point);
      const double loss = std::hypot(point[0] - 0.9, point[1] - 0.2);
      if (point[1] > 0.9) {
        history.finish(number, TrialState::failed, {});
      } else if (feasible && number % 3 == 0) {
        history.report(number, 1, number % 2 == 0 ? kNaN : loss);
        history.finish(number, TrialState::pruned, {});
      } else {
        // Where it counts, the point of least loss is forbidden.
        history.finish(number, TrialState::complete, {loss}, feasible ? 0 : std::max(0.0, point[0] - 0.5));
      }
    }
    const Point last = sampler.ask(history, 400).value();
    BOOST_TEST(std::fabs(last[0] - (feasible ? 0.9 : 0.5)) < 0.1);
    BOOST_TEST(std::fabs(last[1] - 0.2) < 0.1);
  }
}

BOOST_AUTO_TEST_CASE(good_points_of_somebody_lead_it) {
  const Problem problem{"corner", box(8, 0, 1), [](const Point& x) {
                          double out = 0;
                          for (const double v : x) out += std::pow(v - 0.9, 2);
                          return out;
                        }};
  double led = 0, alone = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    History with(problem.space, 1), without(problem.space, 1);
    KeyedRandom random = draws(seed, 0, 5);
    for (std::uint64_t number = 0; number < 10; ++number) {
      Point near(8);
      for (double& each : near) each = 0.8 + 0.2 * random.uniform_double();
      with.begin(number, near);
      // Told as worse than they are, so that what it finds itself is measured.
      with.finish(number, TrialState::complete, {problem.regret(near) + 0.1});
    }
    run_study(with, cma({.seed = seed}), loss_of(problem), 60, 1, 0, 13);
    run_study(without, cma({.seed = seed}), loss_of(problem), 60);
    led += best_of(with);
    alone += best_of(without);
  }
  BOOST_TEST(led < 0.7 * alone);
}

BOOST_AUTO_TEST_CASE(spaces_of_one_float_of_choices_and_of_nothing_are_searched) {
  const Problem one{"one", box(1, -5, 5), [](const Point& x) { return std::pow(x[0] - 1, 2); }};
  History line(one.space, 1);
  run_study(line, cma(), loss_of(one), 200, 1, 0, 40);
  BOOST_TEST(best_of(line) < 1e-6);
  std::vector<SpaceParameter> parameters;
  for (int i = 0; i < 8; ++i) parameters.push_back({"c" + std::to_string(i), choices({"a", "b", "c"})});
  const SearchSpace words(parameters);
  const Losses misses = [](const Point& p) {
    return std::vector<double>{static_cast<double>(8 - std::ranges::count(p, 2))};
  };
  double ours = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    History history(words, 1);
    run_study(history, cma({.seed = seed}), misses, 150, 1, 0, 50);
    ours += best_of(history);
  }
  BOOST_TEST(ours / 10 < 1);  // by chance 2.2 of 8 are missed at best
  const SearchSpace single({{"n", IntDistribution{.low = 3, .high = 3}}});
  History still(single, 1);
  run_study(still, cma(), no_loss, 20);
  BOOST_TEST(still.trials().size() == 20U);
}

BOOST_AUTO_TEST_CASE(what_it_cannot_do_it_says) {
  BOOST_CHECK_THROW(CmaEsSampler({.sigma = 0}), ConfigError);
  BOOST_CHECK_THROW(CmaEsSampler({.population = 1}), ConfigError);
  const SearchSpace space = box(2, 0, 1);
  BOOST_TEST(holds(message_of<ConfigError>([&] { CmaEsSampler().ask(History(space, 2), 0); }), "nsga2"));
}

BOOST_AUTO_TEST_SUITE_END()
