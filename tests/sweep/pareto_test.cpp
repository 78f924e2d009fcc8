#include "sweep/study/pareto.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <numeric>

#include "sweep/samplers/draws.h"

using namespace moola;
using namespace moola::sweep;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Whole numbers below `values`, so that there are ties and equal points, and volumes are exact.
std::vector<double> whole_points(std::size_t points, std::size_t objectives, std::uint32_t values, std::uint64_t set) {
  KeyedRandom random = draws(7, set, objectives);
  std::vector<double> out(points * objectives);
  for (double& each : out) each = random.below(values);
  return out;
}

std::span<const double> row(std::span<const double> losses, std::size_t objectives, std::size_t at) {
  return losses.subspan(at * objectives, objectives);
}

// By counting the unit cells that some point dominates.
double counted_volume(std::span<const double> losses, std::size_t objectives, int reference) {
  double out = 0;
  std::vector<int> cell(objectives, 0);
  const std::function<void(std::size_t)> count = [&](std::size_t k) {
    if (k == objectives) {
      bool covered = false;
      for (std::size_t i = 0; i < losses.size() / objectives && !covered; ++i) {
        const auto point = row(losses, objectives, i);
        covered = std::ranges::equal(point, cell, std::less_equal{});
      }
      out += covered;
      return;
    }
    for (cell[k] = 0; cell[k] < reference; ++cell[k]) count(k + 1);
  };
  count(0);
  return out;
}

std::vector<double> without(std::span<const double> losses, std::size_t objectives, std::size_t at) {
  std::vector<double> out;
  for (std::size_t i = 0; i < losses.size() / objectives; ++i) {
    const auto point = row(losses, objectives, i);
    if (i != at) out.insert(out.end(), point.begin(), point.end());
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pareto)

BOOST_AUTO_TEST_CASE(ranks_are_those_of_peeling_fronts_one_by_one) {
  for (std::size_t objectives = 1; objectives <= 5; ++objectives) {
    for (std::uint64_t set = 0; set < 20; ++set) {
      const std::size_t n = 1 + 7 * set;
      const std::vector<double> losses = whole_points(n, objectives, set % 2 == 0 ? 4 : 1000, set);
      std::vector<std::size_t> expected(n, kUnranked);
      for (std::size_t rank = 0; std::ranges::count(expected, kUnranked) > 0; ++rank) {
        std::vector<std::size_t> front;
        for (std::size_t i = 0; i < n; ++i) {
          bool beaten = expected[i] != kUnranked;
          for (std::size_t j = 0; j < n && !beaten; ++j)
            beaten = expected[j] == kUnranked && dominates(row(losses, objectives, j), row(losses, objectives, i));
          if (!beaten) front.push_back(i);
        }
        for (const std::size_t i : front) expected[i] = rank;
      }
      BOOST_TEST(nondominated_ranks(losses, objectives) == expected, boost::test_tools::per_element());
      const std::size_t enough = n / 2;
      const std::vector<std::size_t> some = nondominated_ranks(losses, objectives, enough);
      BOOST_TEST(static_cast<std::size_t>(std::ranges::count(some, kUnranked)) <= n - enough);
      for (std::size_t i = 0; i < n; ++i) {
        const auto better = std::ranges::count_if(expected, [&](std::size_t rank) { return rank < expected[i]; });
        BOOST_TEST(some[i] == (static_cast<std::size_t>(better) < enough ? expected[i] : kUnranked));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_front_has_one_of_equal_points) {
  for (std::size_t objectives = 1; objectives <= 4; ++objectives) {
    const std::vector<double> losses = whole_points(60, objectives, 5, 3);
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < 60; ++i) {
      bool beaten = false;
      for (std::size_t j = 0; j < 60; ++j) {
        beaten = beaten || dominates(row(losses, objectives, j), row(losses, objectives, i)) ||
                 (j < i && std::ranges::equal(row(losses, objectives, j), row(losses, objectives, i)));
      }
      if (!beaten) expected.push_back(i);
    }
    BOOST_TEST(pareto_front(losses, objectives) == expected, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(volumes_are_the_cells_that_are_dominated) {
  for (std::size_t objectives = 1; objectives <= 5; ++objectives) {
    const std::vector<double> reference(objectives, 4);
    for (std::uint64_t set = 0; set < 15; ++set) {
      // A value of 4 or 5 is not better than the reference.
      const std::vector<double> losses = whole_points(1 + set, objectives, 6, set);
      BOOST_TEST(hypervolume(losses, objectives, reference) == counted_volume(losses, objectives, 4));
      const std::vector<double> added = hypervolume_contributions(losses, objectives, reference);
      for (std::size_t i = 0; i < added.size(); ++i) {
        BOOST_TEST(added[i] == counted_volume(losses, objectives, 4) -
                                   counted_volume(without(losses, objectives, i), objectives, 4));
      }
    }
  }
  BOOST_TEST(hypervolume({}, 3, std::vector<double>{1, 1, 1}) == 0);
}

BOOST_AUTO_TEST_CASE(volumes_do_not_depend_on_the_order_of_the_points_or_of_the_objectives) {
  KeyedRandom random = draws(8, 0, 0);
  for (std::size_t objectives = 2; objectives <= 6; ++objectives) {
    std::vector<double> losses(30 * objectives);
    for (double& each : losses) each = random.uniform_double();
    const std::vector<double> reference(objectives, 0.9);
    const double volume = hypervolume(losses, objectives, reference);
    BOOST_TEST(volume > 0);
    std::vector<double> turned(losses.rbegin(), losses.rend());
    BOOST_CHECK_CLOSE(hypervolume(turned, objectives, reference), volume, 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(a_subset_is_chosen_greedily) {
  for (std::size_t objectives = 1; objectives <= 4; ++objectives) {
    const std::vector<double> reference(objectives, 9);
    for (std::uint64_t set = 0; set < 5; ++set) {
      const std::vector<double> losses = whole_points(20, objectives, 10, set);
      std::vector<std::size_t> expected;
      std::vector<double> chosen;
      while (expected.size() < 8) {
        std::size_t best = 20;
        double most = -1;
        for (std::size_t i = 0; i < 20; ++i) {
          if (std::ranges::find(expected, i) != expected.end()) continue;
          std::vector<double> with = chosen;
          with.insert(with.end(), row(losses, objectives, i).begin(), row(losses, objectives, i).end());
          const double volume = hypervolume(with, objectives, reference);
          if (volume > most) {
            most = volume;
            best = i;
          }
        }
        expected.push_back(best);
        const auto point = row(losses, objectives, best);
        chosen.insert(chosen.end(), point.begin(), point.end());
      }
      BOOST_TEST(largest_hypervolume_subset(losses, objectives, reference, 8) == expected,
                 boost::test_tools::per_element());
    }
  }
  BOOST_TEST(largest_hypervolume_subset(std::vector<double>{1, 1, 2, 2}, 2, std::vector<double>{0, 0}, 5).size() == 2U);
}

BOOST_AUTO_TEST_CASE(infinite_losses_have_ranks_and_volumes) {
  const std::vector<double> losses{kInfinity, kInfinity, 0, kInfinity, -kInfinity, 5, 1, 1};
  BOOST_TEST(nondominated_ranks(losses, 2) == (std::vector<std::size_t>{2, 1, 0, 0}), boost::test_tools::per_element());
  const std::vector<double> reference{4, 4};
  BOOST_TEST(hypervolume(losses, 2, reference) == 9);
  const std::vector<double> endless{-kInfinity, 3, 1, 1, 2, kInfinity};
  BOOST_TEST(hypervolume(endless, 2, reference) == kInfinity);
  BOOST_TEST(hypervolume_contributions(endless, 2, reference) == (std::vector<double>{kInfinity, 6, 0}),
             boost::test_tools::per_element());
  BOOST_TEST(largest_hypervolume_subset(endless, 2, reference, 3) == (std::vector<std::size_t>{0, 1, 2}),
             boost::test_tools::per_element());
  BOOST_CHECK_THROW(hypervolume(losses, 2, std::vector<double>{kInfinity, 1}), std::invalid_argument);
  BOOST_CHECK_THROW(hypervolume(losses, 3, std::vector<double>{1, 1, 1}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
