#include "validation/two_sample_ks.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/error.h"

using namespace moola;
using namespace moola::validation;

namespace {

// In Python: np.array([(i * step) % mod / 8 for i in range(1, n + 1)]) + more
std::vector<double> steps(std::size_t count, std::size_t step, std::size_t mod, double more = 0) {
  std::vector<double> out;
  for (std::size_t i = 1; i <= count; ++i) out.push_back(static_cast<double>(i * step % mod) / 8.0 + more);
  return out;
}

bool near(double got, double want, double tolerance) {
  return std::fabs(got / want - 1) < tolerance;
}

// The share of all ways to deal values 0 … n + m - 1 out to a and b that lie at least `distance` apart.
double share_of_deals(std::size_t n, std::size_t m, double distance) {
  std::vector<int> deal(n, 0);
  deal.resize(n + m, 1);
  std::size_t far = 0, all = 0;
  do {
    double from_a = 0, from_b = 0, apart = 0;
    for (const int whose : deal) {
      (whose == 0 ? from_a : from_b) += 1;
      apart = std::max(apart, std::fabs(from_a / static_cast<double>(n) - from_b / static_cast<double>(m)));
    }
    far += apart > distance - 1e-9 ? 1 : 0;
    ++all;
  } while (std::ranges::next_permutation(deal).found);
  return static_cast<double>(far) / static_cast<double>(all);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(two_samples)

BOOST_AUTO_TEST_CASE(exact_chances_are_those_of_scipy) {
  // scipy.stats.ks_2samp(a, b, method="exact") of scipy 1.10
  struct Case {
    std::vector<double> a, b;
    double distance, chance;
  };
  for (const Case& each : {Case{steps(7, 5, 13), steps(5, 7, 19), 0.4, 0.6388888888888888},
                           Case{steps(40, 7919, 1009), steps(25, 31, 512, 8), 0.46, 0.0018400838006997012},
                           Case{steps(40, 7919, 1009), steps(40, 31, 1024, 20), 0.175, 0.5786001416508443},
                           Case{steps(100, 7919, 97), steps(60, 31, 101), 0.06666666666666667, 0.9926967708043393},
                           Case{steps(30, 7919, 1009), steps(20, 31, 512, 200), 1.0, 4.243652513534888e-14},
                           Case{steps(120, 7919, 1009), steps(90, 31, 512, 40), 0.325, 2.720912767423447e-05}}) {
    const KsTest found = two_sample_ks(each.a, each.b);
    BOOST_TEST(found.exact);
    BOOST_TEST(near(found.distance, each.distance, 1e-13));
    BOOST_TEST(near(found.chance, each.chance, 1e-10), found.chance << " for " << each.chance);
  }
}

BOOST_AUTO_TEST_CASE(large_samples_have_the_chance_of_the_limit_distribution) {
  // scipy.special.kolmogorov(distance * np.sqrt(120 * 90 / 210))
  const KsTest found = two_sample_ks(steps(120, 7919, 1009), steps(90, 31, 512, 40), {.most_exact = 120 * 90 - 1});
  BOOST_TEST(!found.exact);
  BOOST_TEST(near(found.chance, 3.825873974501812e-05, 1e-10));
  BOOST_TEST(two_sample_ks(steps(120, 7919, 1009), steps(90, 31, 512, 40), {.most_exact = 120 * 90}).exact);
}

BOOST_AUTO_TEST_CASE(exact_chances_are_the_share_of_all_deals_that_lie_as_far_apart) {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (const auto& [n, m] : {std::pair(1, 1), {1, 6}, {3, 4}, {5, 5}, {6, 4}, {7, 3}}) {
    for (int round = 0; round < 10; ++round) {
      std::vector<double> a(static_cast<std::size_t>(n)), b(static_cast<std::size_t>(m));
      for (double& value : a) value = uniform(random);
      for (double& value : b) value = uniform(random) + 0.3;
      const KsTest found = two_sample_ks(a, b);
      BOOST_TEST(near(found.chance, share_of_deals(a.size(), b.size(), found.distance), 1e-12));
    }
  }
}

BOOST_AUTO_TEST_CASE(neither_the_order_of_values_nor_that_of_samples_matters) {
  std::vector<double> a = steps(31, 7919, 1009), b = steps(17, 31, 512, 9);
  const KsTest one = two_sample_ks(a, b), other = two_sample_ks(b, a);
  BOOST_TEST(one.distance == other.distance);
  BOOST_TEST(near(one.chance, other.chance, 1e-12));
  std::ranges::reverse(a);
  std::ranges::rotate(b, b.begin() + 5);
  BOOST_TEST(two_sample_ks(a, b).chance == one.chance);
}

BOOST_AUTO_TEST_CASE(of_one_distribution_a_tenth_at_most_lies_below_a_tenth) {
  std::mt19937_64 random(17);
  std::normal_distribution<double> normal(0, 1);
  int below = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> a(40), b(33);
    for (double& value : a) value = normal(random);
    for (double& value : b) value = normal(random);
    below += two_sample_ks(a, b).chance < 0.1 ? 1 : 0;
  }
  BOOST_TEST(below > 120);  // 200 expected, less what steps of the chance lose; deviation 13
  BOOST_TEST(below < 240);
}

BOOST_AUTO_TEST_CASE(copies_of_values_are_no_evidence_of_their_own) {
  const std::vector<double> a = steps(60, 7919, 1009), b = steps(30, 31, 512, 12);
  std::vector<double> copies;
  for (int copy = 0; copy < 8; ++copy) copies.insert(copies.end(), b.begin(), b.end());
  const KsTest once = two_sample_ks(a, b), naive = two_sample_ks(a, copies),
               told = two_sample_ks(a, copies, {.independent_b = b.size()});
  BOOST_TEST(near(told.distance, once.distance, 1e-12));
  BOOST_TEST(!told.exact);
  BOOST_TEST(naive.chance < once.chance / 4);
  BOOST_TEST(told.chance > 0.5 * once.chance);
  BOOST_TEST(told.chance < 2 * once.chance);
}

BOOST_AUTO_TEST_CASE(equal_samples_and_disjoint_ones_are_the_ends) {
  const std::vector<double> a{1, 2, 3, 4};
  BOOST_TEST(two_sample_ks(a, a).distance == 0);
  BOOST_TEST(two_sample_ks(a, a).chance == 1);
  // Two of the 70 ways to deal eight values out.
  BOOST_TEST(two_sample_ks(a, std::vector<double>{5, 6, 7, 8}).distance == 1);
  BOOST_TEST(near(two_sample_ks(a, std::vector<double>{5, 6, 7, 8}).chance, 2.0 / 70, 1e-12));
}

BOOST_AUTO_TEST_CASE(samples_without_numbers_are_refused) {
  const std::vector<double> some{1, 2}, none, bad{1, std::numeric_limits<double>::quiet_NaN()};
  BOOST_CHECK_THROW(two_sample_ks(some, none), DataError);
  BOOST_CHECK_THROW(two_sample_ks(none, some), DataError);
  BOOST_CHECK_THROW(two_sample_ks(some, bad), DataError);
}

BOOST_AUTO_TEST_SUITE_END()
