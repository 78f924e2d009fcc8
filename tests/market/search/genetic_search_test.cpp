#include "market/search/genetic_search.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

const std::vector<Side> kBox{{"x", -5, 10}, {"y", 0, 15}};

// Branin's function, turned over: three equal tops of -0.397887 (Dixon and Szegoe 1978).
double branin(const Point& p) {
  const double b = 5.1 / (4 * M_PI * M_PI), c = 5 / M_PI, t = 1 / (8 * M_PI);
  const double inner = p[1] - b * p[0] * p[0] + c * p[0] - 6;
  return -(inner * inner + 10 * (1 - t) * std::cos(p[0]) + 10);
}

struct Found {
  double best = -std::numeric_limits<double>::infinity();
  std::vector<Point> asked;
  std::vector<double> by_generation;
};

Found run(BoxSearch& search, double (*function)(const Point&)) {
  Found out;
  for (auto points = search.ask(); !points.empty(); points = search.ask()) {
    std::vector<double> values;
    for (const Point& point : points) {
      values.push_back(function(point));
      out.asked.push_back(point);
      if (values.back() > out.best) out.best = values.back();
    }
    search.tell(values);
    out.by_generation.push_back(out.best);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(genetic)

BOOST_AUTO_TEST_CASE(it_climbs_to_a_top_that_random_points_do_not_reach) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    GeneticSearch search(kBox, {}, {}, seed);
    const Found found = run(search, branin);
    BOOST_TEST(found.best > -0.45);
    // As many points at random: one generation of the same number.
    GeneticSearch random(kBox, {.population = static_cast<int>(found.asked.size()), .generations = 1}, {}, seed);
    BOOST_TEST(found.best > run(random, branin).best);
  }
}

BOOST_AUTO_TEST_CASE(it_stays_in_its_box_and_never_forgets_its_best) {
  GeneticSearch search(kBox, {.sigma = 2.0}, {{-5, 15}, {10, 0}}, 7);
  const Found found = run(search, branin);
  for (const Point& point : found.asked) {
    BOOST_REQUIRE((point[0] >= -5 && point[0] <= 10));
    BOOST_REQUIRE((point[1] >= 0 && point[1] <= 15));
  }
  BOOST_TEST((found.asked[0] == Point{-5, 15}));
  BOOST_TEST((found.asked[1] == Point{10, 0}));
  BOOST_TEST(found.by_generation.size() == 30U);
  BOOST_TEST(found.asked.size() == 50U + 29U * 48U);  // the elite of 2 is not asked for again
}

BOOST_AUTO_TEST_CASE(the_same_seed_asks_for_the_same_points_and_another_for_others) {
  GeneticSearch one(kBox, {}, {}, 11), two(kBox, {}, {}, 11), other(kBox, {}, {}, 12);
  const auto asked = run(one, branin).asked;
  BOOST_TEST((asked == run(two, branin).asked));
  BOOST_TEST((asked != run(other, branin).asked));
}

BOOST_AUTO_TEST_CASE(values_that_are_none_lose) {
  GeneticSearch search(kBox, {}, {}, 3);
  const Found found = run(search, [](const Point& p) { return p[0] > 0 ? std::nan("") : branin(p); });
  BOOST_TEST(found.best > -1.0);
  // Parents to the right of 0 have no value, so few children are there in the end.
  std::size_t right = 0;
  for (std::size_t i = found.asked.size() - 48; i < found.asked.size(); ++i) right += found.asked[i][0] > 0;
  BOOST_TEST(right < 12U);
}

BOOST_AUTO_TEST_CASE(a_side_of_no_width_is_a_constant) {
  GeneticSearch search({{"x", -5, 10}, {"y", 2, 2}}, {}, {}, 3);
  for (const Point& point : run(search, branin).asked) BOOST_REQUIRE(point[1] == 2.0);
}

BOOST_AUTO_TEST_CASE(options_that_make_no_search_are_refused) {
  const auto refused = [](const GeneticOptions& options) {
    return refusal_of([&] { GeneticSearch(kBox, options, {}, 1); });
  };
  BOOST_TEST(holds(refused({.population = 1}), "at least 1 of 2"));
  BOOST_TEST(holds(refused({.generations = 0}), "0 generations"));
  BOOST_TEST(holds(refused({.tournament = 0}), "tournaments of 0"));
  BOOST_TEST(holds(refused({.elite = 50}), "an elite of 50"));
  BOOST_TEST(holds(refused({.crossover = 1.5}), "from 0 to 1"));
  BOOST_TEST(holds(refusal_of([] { GeneticSearch({{"x", 2, 1}}, {}, {}, 1); }), "x from 2 to 1"));
  BOOST_CHECK_THROW(GeneticSearch(kBox, {}, {{99, 0}}, 1), std::invalid_argument);
  GeneticSearch search(kBox, {}, {}, 1);
  static_cast<void>(search.ask());
  BOOST_CHECK_THROW(search.tell(std::vector<double>{1, 2}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
