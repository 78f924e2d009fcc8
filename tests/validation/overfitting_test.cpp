#include "validation/overfitting.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"
#include "validation/overfitting_kernel.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

struct Matrix {
  std::vector<double> x;
  std::size_t columns;
  std::size_t rows() const { return x.size() / columns; }
};

Matrix random_returns(std::mt19937_64& random, std::size_t rows, std::size_t columns, bool coarse) {
  std::normal_distribution<double> normal(0.0002, 0.01);
  Matrix out{.x = std::vector<double>(rows * columns), .columns = columns};
  for (double& x : out.x) x = coarse ? std::round(normal(random) * 100) / 100 : normal(random);  // coarse: ties
  return out;
}

double score(const std::vector<double>& x, const OverfittingOptions& options) {
  double mean = 0, squares = 0, below = 0;
  for (const double each : x) mean += each / static_cast<double>(x.size());
  for (const double each : x) {
    squares += (each - mean) * (each - mean);
    below += std::pow(std::min(0.0, each - options.risk_free), 2);
  }
  const double gain = mean - options.risk_free;
  if (options.performance == Performance::mean) return gain;
  const double risk = options.performance == Performance::sharpe
                          ? std::sqrt(squares / static_cast<double>(x.size() - 1))
                          : std::sqrt(below / static_cast<double>(x.size()));
  if (risk > 1e-14) return gain / risk;
  return std::fabs(gain) < 1e-14 ? 0 : std::copysign(HUGE_VAL, gain);
}

struct Expected {
  std::vector<double> inside, outside, logit;
  std::vector<std::uint32_t> winner;
};

// Block by block and row by row, in lexicographic order.
Expected brute_force(const Matrix& matrix, const OverfittingOptions& options) {
  const std::size_t s = options.blocks, length = matrix.rows() / s, dropped = matrix.rows() % s;
  std::map<std::vector<std::size_t>, std::vector<std::size_t>> choices;  // chosen, others
  for (std::size_t bits = 0; bits < std::size_t{1} << s; ++bits) {
    std::vector<std::size_t> in, out;
    for (std::size_t b = 0; b < s; ++b) ((bits >> b & 1) != 0 ? in : out).push_back(b);
    if (in.size() == s / 2) choices[in] = out;
  }
  const auto scores = [&](const std::vector<std::size_t>& blocks) {
    std::vector<double> out;
    for (std::size_t c = 0; c < matrix.columns; ++c) {
      std::vector<double> x;
      for (const std::size_t block : blocks) {
        for (std::size_t i = 0; i < length; ++i)
          x.push_back(matrix.x[(dropped + block * length + i) * matrix.columns + c]);
      }
      out.push_back(score(x, options));
    }
    return out;
  };
  Expected out;
  for (const auto& [in, others] : choices) {
    const std::vector<double> inside = scores(in), outside = scores(others);
    // Sums in another order round otherwise: the first of those that are as good as the best.
    const double best = *std::max_element(inside.begin(), inside.end());
    std::size_t winner = 0;
    while (inside[winner] < best - 1e-12) ++winner;
    double rank = 1;
    for (std::size_t c = 0; c < matrix.columns; ++c) {
      if (c == winner) continue;
      const bool tied = outside[c] == outside[winner] || std::fabs(outside[c] - outside[winner]) < 1e-12;
      rank += tied ? 0.5 : outside[c] < outside[winner] ? 1 : 0;
    }
    const double omega = rank / (static_cast<double>(matrix.columns) + 1);
    out.winner.push_back(static_cast<std::uint32_t>(winner));
    out.inside.push_back(inside[winner]);
    out.outside.push_back(outside[winner]);
    out.logit.push_back(std::log(omega / (1 - omega)));
  }
  return out;
}

bool near(double a, double b) {
  return a == b || std::fabs(a - b) <= 1e-9 * std::max({1.0, std::fabs(a), std::fabs(b)});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overfitting)

BOOST_AUTO_TEST_CASE(every_combination_is_that_of_the_definition) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 1000; ++round) {
    const OverfittingOptions options{.blocks = 2 + 2 * (random() % 4),
                                     .performance = static_cast<Performance>(random() % 3),
                                     .risk_free = random() % 2 == 0 ? 0 : 0.0001,
                                     .threshold = 0};
    const Matrix matrix = random_returns(random, 2 * options.blocks + random() % 40, 2 + random() % 12, false);
    const Overfitting found = backtest_overfitting(matrix.x, matrix.columns, options, 1 + random() % 3);
    const Expected expected = brute_force(matrix, options);
    BOOST_REQUIRE(found.winner == expected.winner);
    double losses = 0, overfit = 0;
    for (std::size_t i = 0; i < expected.logit.size(); ++i) {
      BOOST_REQUIRE(near(found.inside[i], expected.inside[i]));
      BOOST_REQUIRE(near(found.outside[i], expected.outside[i]));
      BOOST_REQUIRE(near(found.logit[i], expected.logit[i]));
      losses += expected.outside[i] < 0;
      overfit += expected.logit[i] <= 1e-12;
    }
    BOOST_REQUIRE(near(found.pbo, overfit / static_cast<double>(expected.logit.size())));
    BOOST_REQUIRE(near(found.prob_loss, losses / static_cast<double>(expected.logit.size())));
  }
}

// Columns that are the same everywhere share their ranks.
BOOST_AUTO_TEST_CASE(ties_share_the_mean_rank) {
  std::mt19937_64 random(12);
  Matrix matrix = random_returns(random, 40, 1, false);
  Matrix same{.x = {}, .columns = 3};
  for (const double x : matrix.x) same.x.insert(same.x.end(), {x, x, x});
  const Overfitting found = backtest_overfitting(same.x, 3, {.blocks = 4});
  for (const double logit : found.logit) BOOST_TEST(logit == 0);  // rank 2 of 3: the median
  BOOST_TEST(found.pbo == 1);
  BOOST_TEST(found.winner[0] == 0U);
}

BOOST_AUTO_TEST_CASE(distributions_are_those_of_all_results) {
  std::mt19937_64 random(13);
  const Matrix matrix = random_returns(random, 60, 7, false);
  const OverfittingOptions options{.blocks = 6};
  const Overfitting found = backtest_overfitting(matrix.x, matrix.columns, options, 2);
  std::vector<double> winners = found.outside, all;
  for (std::size_t c = 0; c < matrix.columns; ++c) {
    // Each column alone, beside one that never wins: its results outside are those of every combination.
    Matrix pair{.x = {}, .columns = 2};
    for (std::size_t row = 0; row < matrix.rows(); ++row) {
      const double x = matrix.x[row * matrix.columns + c];
      pair.x.insert(pair.x.end(), {x, x - 1});
    }
    const Overfitting one = backtest_overfitting(pair.x, 2, options);
    all.insert(all.end(), one.outside.begin(), one.outside.end());
  }
  BOOST_TEST(found.at.size() == found.all_below.size());
  bool first_order = true;
  for (const double at : winners) {
    const auto below = [&](const std::vector<double>& values) {
      return static_cast<double>(
                 std::count_if(values.begin(), values.end(), [&](double x) { return x <= at + 1e-12; })) /
             static_cast<double>(values.size());
    };
    first_order = first_order && below(winners) <= below(all) + 1e-12;
  }
  BOOST_TEST(found.first_order == first_order);
  for (std::size_t i = 0; i < found.at.size(); ++i) {
    const auto count = std::count_if(all.begin(), all.end(), [&](double x) { return x <= found.at[i] + 1e-12; });
    BOOST_TEST(near(found.all_below[i], static_cast<double>(count) / static_cast<double>(all.size())));
  }
}

// One that is better everywhere wins inside and outside.
BOOST_AUTO_TEST_CASE(skill_is_not_overfit_and_dominates) {
  std::mt19937_64 random(14);
  Matrix matrix = random_returns(random, 400, 20, false);
  for (std::size_t row = 0; row < matrix.rows(); ++row) matrix.x[row * 20 + 7] += 0.02;
  const Overfitting found = backtest_overfitting(matrix.x, 20, {.blocks = 8});
  BOOST_TEST(found.pbo == 0);
  BOOST_TEST(found.prob_loss == 0);
  BOOST_TEST(found.first_order);
  BOOST_TEST(found.second_order);
  for (const std::uint32_t winner : found.winner) BOOST_REQUIRE(winner == 7U);
}

BOOST_AUTO_TEST_CASE(the_first_rows_are_dropped_and_configurations_that_do_nothing_score_nothing) {
  std::mt19937_64 random(15);
  Matrix matrix = random_returns(random, 43, 3, false);
  for (std::size_t row = 0; row < 43; ++row) matrix.x[row * 3 + 1] = row == 20 ? 0.001 : 0;  // trades once
  const Overfitting found = backtest_overfitting(matrix.x, 3, {.blocks = 4});
  BOOST_TEST(found.rows == 40U);
  BOOST_TEST(found.dropped == 3U);
  for (const double result : found.outside) BOOST_TEST(std::isfinite(result));
}

BOOST_AUTO_TEST_CASE(threads_change_no_bit) {
  std::mt19937_64 random(16);
  const Matrix matrix = random_returns(random, 333, 17, false);
  const Overfitting one = backtest_overfitting(matrix.x, 17, {.blocks = 10}, 1),
                    four = backtest_overfitting(matrix.x, 17, {.blocks = 10}, 4);
  BOOST_TEST(one.logit == four.logit);
  BOOST_TEST(one.all_below == four.all_below);
  BOOST_TEST(one.second_order == four.second_order);
}

BOOST_AUTO_TEST_CASE(instruction_sets_change_no_bit) {
  using namespace overfitting_kernel;
  std::mt19937_64 random(18);
  std::normal_distribution<double> normal;
  for (int round = 0; round < 200; ++round) {
    const std::size_t columns = 2 + random() % 40;
    std::vector<double> first_a(columns), first_b(columns), second_a(columns), second_b(columns), centre(columns),
        nothing(columns, 1e-12);
    for (std::size_t c = 0; c < columns; ++c) {
      if (random() % 4 == 0) continue;  // no return at all
      first_a[c] = normal(random);
      first_b[c] = normal(random);
      centre[c] = 0.01 * normal(random);
      if (random() % 4 != 0) second_a[c] = std::fabs(normal(random));  // else a gain without risk
      second_b[c] = second_a[c] * std::fabs(normal(random));
    }
    const Halves halves{.first_a = first_a.data(),
                        .first_b = first_b.data(),
                        .second_a = second_a.data(),
                        .second_b = second_b.data(),
                        .centre = centre.data(),
                        .nothing = nothing.data(),
                        .columns = columns,
                        .rows = 50,
                        .risk_free = 0,
                        .risk_rows = 49,
                        .less_mean = round % 2 == 0 ? 1.0 : 0.0,
                        .by_risk = round % 5 != 0};
    std::vector<double> expected(columns);
    kernel_v2.score(halves, expected.data());
    for (const Isa isa : {Isa::v2, Isa::v3, Isa::v4}) {
      if (!supported(isa)) continue;
      std::vector<double> found(columns);
      kernel(isa).score(halves, found.data());
      BOOST_REQUIRE(found == expected);
      const std::size_t best = kernel(isa).best(found.data(), columns);
      BOOST_REQUIRE(best == static_cast<std::size_t>(std::max_element(found.begin(), found.end()) - found.begin()));
      std::size_t less = 0, equal = 0;
      kernel(isa).rank(found.data(), columns, found[1], less, equal);
      BOOST_REQUIRE(static_cast<std::ptrdiff_t>(equal) == std::count(found.begin(), found.end(), found[1]));
      BOOST_REQUIRE(static_cast<std::ptrdiff_t>(less) ==
                    std::count_if(found.begin(), found.end(), [&](double x) { return x < found[1]; }));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_judged_is_refused_with_its_place) {
  std::mt19937_64 random(17);
  Matrix matrix = random_returns(random, 40, 3, false);
  const auto refused = [&](std::size_t columns, OverfittingOptions options) {
    return message_of<Error>([&] { backtest_overfitting(matrix.x, columns, options); });
  };
  BOOST_TEST(holds(refused(3, {.blocks = 5}), "5 blocks"));
  BOOST_TEST(holds(refused(3, {.blocks = 26}), "26 blocks"));
  BOOST_TEST(holds(refused(3, {.blocks = 24}), "40 rows make no 24 blocks"));
  BOOST_TEST(holds(refused(1, {.blocks = 4}), "one configuration"));
  for (std::size_t row = 0; row < 40; ++row) matrix.x[row * 3 + 2] = 0.01;
  BOOST_TEST(holds(refused(3, {.blocks = 4}), "column 2 is 0.01 in every row"));
  BOOST_TEST(refused(3, {.blocks = 4, .performance = Performance::mean}) == "");
  matrix.x[3 * 5 + 1] = std::nan("");
  BOOST_TEST(holds(refused(3, {.blocks = 4}), "row 5 of column 1 is nan"));
  BOOST_TEST(holds(message_of<ConfigError>([] { parse_performance("sharp"); }), "'sharpe'"));
}

BOOST_AUTO_TEST_SUITE_END()
