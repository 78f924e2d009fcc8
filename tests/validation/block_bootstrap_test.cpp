#include "validation/block_bootstrap.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

BOOST_AUTO_TEST_SUITE(block_bootstrap)

BOOST_AUTO_TEST_CASE(every_replicate_draws_as_many_rows_in_runs_of_the_mean_length) {
  constexpr std::size_t n = 2000;
  for (const std::size_t block : {1UL, 5UL, 50UL}) {
    std::vector<double> counts, all(n);
    double joined = 0;
    for (std::size_t replicate = 0; replicate < 200; ++replicate) {
      draw_blocks(n, {.block = block}, replicate, counts);
      BOOST_REQUIRE(std::accumulate(counts.begin(), counts.end(), 0.0) == n);
      for (std::size_t i = 0; i < n; ++i) {
        all[i] += counts[i] / 200;
        joined += std::min(counts[i], counts[(i + 1) % n]);
      }
    }
    // Every row is as likely: 200 draws of mean 1.
    for (const double each : all) BOOST_REQUIRE(std::fabs(each - 1) < 0.6);
    if (block == 50) BOOST_TEST(joined / (200 * n) > 0.8);
    if (block == 1) BOOST_TEST(joined / (200 * n) < 0.5);
  }
}

// Of a mean of independent rows it is the usual interval; of rows that follow each other blocks find what single rows
// do not.
BOOST_AUTO_TEST_CASE(intervals_are_as_wide_as_the_mean_is_uncertain) {
  std::mt19937_64 random(31);
  std::normal_distribution<double> normal;
  const auto width = [&](double rho, std::size_t block) {
    std::vector<double> x;
    double last = 0;
    for (int i = 0; i < 4000; ++i) x.push_back(last = rho * last + std::sqrt(1 - rho * rho) * normal(random));
    const auto mean = [&](std::span<const double> counts) {
      return std::vector<double>{std::inner_product(x.begin(), x.end(), counts.begin(), 0.0) / 4000};
    };
    const Interval found = bootstrap_intervals(x.size(), {.block = block}, mean, 2).front();
    return (found.high - found.low) / (2 * 1.96 / std::sqrt(4000.0));
  };
  BOOST_TEST(std::fabs(width(0, 1) - 1) < 0.1);
  BOOST_TEST(std::fabs(width(0, 20) - 1) < 0.2);
  // The mean of rows with rho = 0.8 varies (1 + rho) / (1 - rho) = 9 times as much.
  BOOST_TEST(std::fabs(width(0.8, 100) - 3) < 0.6);
  BOOST_TEST(width(0.8, 1) < 1.3);
}

BOOST_AUTO_TEST_CASE(threads_change_nothing_and_what_cannot_be_said_is_left_out) {
  const auto statistics = [](std::span<const double> counts) {
    return std::vector<double>{counts[0], counts[1] > 0 ? counts[2] : std::nan(""), std::nan("")};
  };
  const auto one = bootstrap_intervals(50, {.replicates = 300, .block = 4}, statistics, 1),
             four = bootstrap_intervals(50, {.replicates = 300, .block = 4}, statistics, 4);
  BOOST_REQUIRE(one.size() == 3U);
  for (std::size_t i = 0; i < 2; ++i) {
    BOOST_TEST(one[i].low == four[i].low);
    BOOST_TEST(one[i].high == four[i].high);
  }
  BOOST_TEST(one[0].replicates == 300U);
  BOOST_TEST(one[1].replicates < 300U);
  BOOST_TEST(one[2].replicates == 0U);
  BOOST_TEST(std::isnan(one[2].low));
}

BOOST_AUTO_TEST_CASE(what_is_no_bootstrap_is_refused) {
  const auto statistics = [](std::span<const double>) { return std::vector<double>{}; };
  for (const BootstrapOptions& options : {BootstrapOptions{.replicates = 0}, {.block = 0}, {.level = 0}, {.level = 1}})
    BOOST_CHECK_THROW(bootstrap_intervals(10, options, statistics), ConfigError);
  BOOST_CHECK_THROW(bootstrap_intervals(0, {}, statistics), DataError);
}

BOOST_AUTO_TEST_SUITE_END()
