#include "sweep/samplers/qmc.h"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "sweep/samplers/sobol_numbers.h"
#include "tests/support/messages.h"
#include "tests/sweep/problems.h"
#include "tests/sweep/workers.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;

namespace {

std::vector<std::vector<double>> points_of(const SobolSequence& sequence, std::size_t points) {
  std::vector<std::vector<double>> out(points, std::vector<double>(sequence.dimensions()));
  for (std::size_t i = 0; i < points; ++i) sequence.point(i, out[i]);
  return out;
}

// The L2 star discrepancy (Warnock 1972).
double discrepancy(const std::vector<std::vector<double>>& points) {
  const auto n = static_cast<double>(points.size());
  double single = 0, pairs = 0;
  for (const auto& x : points) {
    double product = 1;
    for (const double v : x) product *= (1 - v * v) / 2;
    single += product;
    for (const auto& y : points) {
      double both = 1;
      for (std::size_t d = 0; d < x.size(); ++d) both *= 1 - std::max(x[d], y[d]);
      pairs += both;
    }
  }
  return std::sqrt(std::pow(3.0, -static_cast<double>(points[0].size())) - 2 / n * single + pairs / (n * n));
}

MakeSampler qmc(QmcOptions options = {}) {
  return [options] { return std::make_unique<QmcSampler>(options); };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(quasi_monte_carlo)

BOOST_AUTO_TEST_CASE(direction_numbers_are_odd_and_their_polynomials_primitive_and_different) {
  std::set<std::uint32_t> seen;
  const std::uint16_t* next = kSobolNumbers;
  for (std::size_t dimension = 1; dimension < SobolSequence::kMostDimensions; ++dimension) {
    const std::uint32_t polynomial = *next++;
    const int degree = std::bit_width(polynomial) - 1;
    BOOST_TEST(seen.insert(polynomial).second);
    // x has the order 2^degree - 1 modulo it.
    std::uint32_t power = 1, order = 0;
    do {
      power <<= 1;
      if ((power >> degree & 1) != 0) power ^= polynomial;
      ++order;
    } while (power != 1 && order < (1U << degree));
    BOOST_TEST(order == (1U << degree) - 1);
    for (int k = 1; k <= degree; ++k) {
      BOOST_TEST(*next % 2 == 1);
      BOOST_TEST(*next < 1U << k);
      ++next;
    }
  }
}

BOOST_AUTO_TEST_CASE(points_are_those_of_scipy) {
  // Of scipy 1.17, qmc.Sobol(512, scramble=False).random(4096): the sum of the points' 2^32-folds, each times its place
  // from 1 on, modulo 2^64.
  const auto points = points_of(SobolSequence(512), 4096);
  std::uint64_t sum = 0, place = 0;
  for (const auto& point : points) {
    for (const double x : point) sum += static_cast<std::uint64_t>(x * 0x1p32) * ++place;
  }
  BOOST_TEST(sum == 32650547542622208ULL);
  BOOST_TEST(points[4095][511] == 0.914794921875);
}

BOOST_AUTO_TEST_CASE(of_a_power_of_two_of_points_every_stretch_has_one) {
  for (const bool scrambled : {false, true}) {
    const SobolSequence sequence = scrambled ? SobolSequence(512, 42) : SobolSequence(512);
    const auto points = points_of(sequence, 256);
    for (std::size_t dimension = 0; dimension < 512; ++dimension) {
      std::set<int> stretches;
      for (const auto& point : points) stretches.insert(static_cast<int>(point[dimension] * 256));
      BOOST_TEST(stretches.size() == 256U);
    }
    // The first two dimensions have quality 0: so has every box of the plane of this area.
    for (int across = 0; across <= 8; ++across) {
      std::set<std::pair<int, int>> boxes;
      for (const auto& point : points)
        boxes.insert({static_cast<int>(point[0] * (1 << across)), static_cast<int>(point[1] * (1 << (8 - across)))});
      BOOST_TEST(boxes.size() == 256U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_scrambled_point_is_uniform_over_seeds_and_independent_of_its_place) {
  // Of the same point over many seeds: chi-square of 16 stretches, 15 degrees of freedom, has a mean of 15 and a
  // variance of 30; 45 is beyond a chance of 1e-4.
  for (const std::uint64_t index : {0U, 1U, 77U}) {
    std::vector<double> counts(16, 0);
    std::vector<double> point(3);
    for (std::uint64_t seed = 0; seed < 3200; ++seed) {
      SobolSequence(3, seed).point(index, point);
      ++counts[static_cast<std::size_t>(point[2] * 16)];
    }
    double chi = 0;
    for (const double count : counts) chi += (count - 200) * (count - 200) / 200;
    BOOST_TEST(chi < 45);
    BOOST_TEST(chi > 2);
  }
}

BOOST_AUTO_TEST_CASE(it_covers_a_space_more_evenly_than_chance) {
  for (const auto& [dimensions, share] : {std::pair{2U, 0.3}, {5U, 0.6}, {8U, 0.8}}) {
    double random_one = 0, ours = 0;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      KeyedRandom random = draws(seed, 0, 0);
      std::vector<std::vector<double>> points(256, std::vector<double>(dimensions));
      for (auto& point : points) {
        for (double& x : point) x = random.uniform_double();
      }
      random_one += discrepancy(points);
      ours += discrepancy(points_of(SobolSequence(dimensions, seed), 256));
    }
    BOOST_TEST(ours < share * random_one);
  }
}

BOOST_AUTO_TEST_CASE(choices_and_steps_have_equal_shares) {
  CategoricalDistribution four;
  for (const char* name : {"a", "b", "c", "d"}) four.choices.emplace_back(std::string(name));
  const SearchSpace space({{"c", four}, {"n", IntDistribution{.low = 1, .high = 8}}});
  History history(space, 1);
  run_study(history, qmc(), no_loss, 64);
  std::map<std::pair<double, double>, int> counts;
  for (const Observation& each : history.trials()) ++counts[{each.point[0], each.point[1]}];
  BOOST_TEST(counts.size() == 32U);
  for (const auto& [point, count] : counts) BOOST_TEST(count == 2);
}

BOOST_AUTO_TEST_CASE(points_keep_to_conditions_and_constraints_whoever_asks) {
  const SearchSpace space({{"a", IntDistribution{.low = 0, .high = 3}},
                           {"b", FloatDistribution{.low = 1e-3, .high = 1, .log = true}, Condition{0, {1, 2}}},
                           {"c", FloatDistribution{.low = 0, .high = 1}}},
                          {{"c <= 0.2 or a == 0", [](const Point& p) { return p[2] <= 0.2 || p[0] == 0; }}});
  History one(space, 1), many(space, 1);
  run_study(one, qmc({.seed = 3}), no_loss, 200, 1, 0, 17);
  run_study(many, qmc({.seed = 3}), no_loss, 200, 16, 0, 17);
  for (std::size_t i = 0; i < 200; ++i) BOOST_TEST(same_point(one.trials()[i].point, many.trials()[i].point));
  std::set<double> distinct;
  for (const Observation& each : one.trials()) distinct.insert(each.point[2]);
  BOOST_TEST(distinct.size() == 200U);
}

BOOST_AUTO_TEST_CASE(what_it_cannot_do_it_says) {
  const SearchSpace wide = box(513, 0, 1);
  BOOST_TEST(holds(message_of<ConfigError>([&] { QmcSampler().ask(History(wide, 1), 0); }), "513"));
  const SearchSpace never({{"a", IntDistribution{.low = 1, .high = 8}}},
                          {{"a > 9", [](const Point& p) { return p[0] > 9; }}});
  BOOST_TEST(holds(message_of<ConfigError>([&] { QmcSampler().ask(History(never, 1), 0); }), "10000 points in a row"));
}

BOOST_AUTO_TEST_SUITE_END()
