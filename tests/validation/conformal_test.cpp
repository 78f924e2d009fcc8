#include "validation/conformal.h"

#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool near(double a, double b, double tolerance = 1e-12) {
  return (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= tolerance;
}

struct Sample {
  std::size_t classes = 2;
  std::vector<double> probability = {}, draws = {}, weight = {};
  std::vector<std::int32_t> truth = {};

  Forecasts forecasts() const {
    return {.classes = classes, .probability = probability, .truth = truth, .weight = weight};
  }
};

// Rows in any order: classes come by softmax(z), a third class seldom, and softmax(2 z + noise) is said of them.
Sample drawn(std::mt19937_64& random, std::size_t n, std::size_t k, double third = 0) {
  std::normal_distribution<double> normal;
  Sample out{.classes = k};
  for (std::size_t row = 0; row < n; ++row) {
    std::vector<double> said(k), chance(k);
    for (std::size_t c = 0; c < k; ++c) {
      const double z = normal(random) - (c == 2 ? third : 0);
      said[c] = std::exp(2 * z + 0.5 * normal(random));
      chance[c] = std::exp(z);
    }
    const double sum = std::accumulate(said.begin(), said.end(), 0.0);
    for (const double each : said) out.probability.push_back(each / sum);
    out.truth.push_back(
        static_cast<std::int32_t>(std::discrete_distribution<std::size_t>(chance.begin(), chance.end())(random)));
    out.draws.push_back(std::uniform_real_distribution<double>()(random));
  }
  return out;
}

SetScores scored(const ConformalOptions& options, const Sample& held_out, const Sample& later) {
  const auto draws_of = [&](const Sample& s) {
    return options.score == ConformalScore::randomised_aps ? std::span<const double>(s.draws)
                                                           : std::span<const double>();
  };
  const ConformalPredictor found = fit_conformal(held_out.forecasts(), options, draws_of(held_out));
  return score_sets(prediction_sets(found, later.probability, draws_of(later)), later.classes, later.truth);
}

struct Mean {
  double sum = 0, squares = 0, count = 0;
  void add(double value) {
    sum += value;
    squares += value * value;
    ++count;
  }
  double value() const { return sum / count; }
  double error() const { return std::sqrt((squares / count - value() * value()) / count); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(conformal)

// In whole numbers: the least score that k = ceil((n + 1)(100 - a) / 100) scores are at or below.
BOOST_AUTO_TEST_CASE(a_quantile_is_a_score_that_enough_are_at_or_below) {
  std::mt19937_64 random(51);
  for (std::uint64_t n = 0; n <= 130; ++n) {
    std::vector<double> scores;
    for (std::uint64_t i = 0; i < n; ++i)
      scores.push_back(static_cast<double>(random() % (n % 2 == 0 ? 10 : 1'000'000)) / 7);
    for (std::uint64_t a = 1; a <= 99; ++a) {
      const std::uint64_t k = ((n + 1) * (100 - a) + 99) / 100;
      double expected = kInfinity;
      for (const double score : scores) {
        const auto below = std::count_if(scores.begin(), scores.end(), [&](double each) { return each <= score; });
        if (static_cast<std::uint64_t>(below) >= k) expected = std::min(expected, score);
      }
      BOOST_REQUIRE(conformal_quantile(scores, static_cast<double>(a) / 100) == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_weighted_quantile_weighs_the_row_to_come_as_the_heaviest) {
  std::mt19937_64 random(52);
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = 1 + random() % 40;
    std::vector<double> scores, weight;
    std::vector<std::uint64_t> whole;
    for (std::size_t i = 0; i < n; ++i) {
      scores.push_back(static_cast<double>(random() % 20));
      whole.push_back(random() % 4);
      weight.push_back(static_cast<double>(whole.back()) * 0.37);  // only shares matter
    }
    const std::uint64_t all = std::accumulate(whole.begin(), whole.end(), std::uint64_t{0}),
                        most = *std::max_element(whole.begin(), whole.end());
    for (std::uint64_t a = 1; a <= 99; ++a) {
      double expected = kInfinity;
      for (std::size_t i = 0; i < n; ++i) {
        std::uint64_t below = 0;
        for (std::size_t j = 0; j < n; ++j) below += scores[j] <= scores[i] ? whole[j] : 0;
        if (whole[i] > 0 && below * 100 >= (100 - a) * (all + most)) expected = std::min(expected, scores[i]);
      }
      BOOST_REQUIRE(conformal_quantile(scores, static_cast<double>(a) / 100, weight) == expected);
    }
  }
  BOOST_TEST(conformal_quantile({}, 0.5) == kInfinity);
  BOOST_CHECK_THROW(conformal_quantile(std::vector<double>{1, 2}, 0.5, std::vector<double>{1}), std::invalid_argument);
}

// Nine rows are what a miscoverage of 0.1 asks for: (9 + 1) 0.9 = 9.
BOOST_AUTO_TEST_CASE(too_few_rows_leave_every_class_in) {
  std::mt19937_64 random(53);
  const Sample later = drawn(random, 50, 3);
  for (const auto score : {ConformalScore::lac, ConformalScore::aps}) {
    const Sample eight = drawn(random, 8, 3), nine = drawn(random, 9, 3);
    const SetScores few = scored({.score = score}, eight, later);
    BOOST_TEST(few.mean_size == 3);
    BOOST_TEST(few.coverage == 1);
    BOOST_TEST(fit_conformal(eight.forecasts(), {.score = score}).threshold[1] == kInfinity);
    BOOST_TEST(fit_conformal(nine.forecasts(), {.score = score}).threshold[1] <= 1);
  }
}

// Said 0.5, 0.3, 0.2. Of nine rows the ninth score is the threshold.
BOOST_AUTO_TEST_CASE(scores_are_what_is_missing_and_what_lies_above) {
  const std::vector<double> row{0.3, 0.5, 0.2};
  const auto threshold = [&](ConformalScore score, std::int32_t came, double draw) {
    Sample s{.classes = 3};
    for (int i = 0; i < 9; ++i) {
      s.probability.insert(s.probability.end(), row.begin(), row.end());
      s.truth.push_back(came);
      if (score == ConformalScore::randomised_aps) s.draws.push_back(draw);
    }
    return fit_conformal(s.forecasts(), {.score = score}, s.draws).threshold[0];
  };
  BOOST_TEST(near(threshold(ConformalScore::lac, 0, 0), 0.7));
  BOOST_TEST(near(threshold(ConformalScore::lac, 1, 0), 0.5));
  BOOST_TEST(near(threshold(ConformalScore::aps, 1, 0), 0.5));
  BOOST_TEST(near(threshold(ConformalScore::aps, 0, 0), 0.8));
  BOOST_TEST(threshold(ConformalScore::aps, 2, 0) == 1);
  BOOST_TEST(near(threshold(ConformalScore::randomised_aps, 1, 0.5), 0.25));
  BOOST_TEST(near(threshold(ConformalScore::randomised_aps, 0, 0.25), 0.575));
  BOOST_TEST(near(threshold(ConformalScore::randomised_aps, 2, 0), 0.8));
}

BOOST_AUTO_TEST_CASE(a_set_holds_the_classes_at_or_below_the_threshold) {
  const auto sets = [](ConformalScore score, double threshold, bool never_empty, std::vector<double> p,
                       std::vector<double> draws = {}) {
    const ConformalPredictor given{.options = {.score = score, .never_empty = never_empty},
                                   .classes = 3,
                                   .threshold = {threshold, threshold, threshold},
                                   .rows = {9, 9, 9}};
    return prediction_sets(given, p, draws).at(0);
  };
  const std::vector<double> row{0.25, 0.5, 0.25};
  BOOST_TEST(sets(ConformalScore::lac, 0.75, false, row) == 0b111);
  BOOST_TEST(sets(ConformalScore::lac, std::nextafter(0.75, 0), false, row) == 0b010);
  BOOST_TEST(sets(ConformalScore::lac, 0.5, false, row) == 0b010);
  BOOST_TEST(sets(ConformalScore::lac, 0.49, false, row) == 0);
  BOOST_TEST(sets(ConformalScore::lac, 0.49, true, row) == 0b010);
  // Of two that are as likely the first comes first.
  BOOST_TEST(sets(ConformalScore::aps, 0.49, false, row) == 0);
  BOOST_TEST(sets(ConformalScore::aps, 0.5, false, row) == 0b010);
  BOOST_TEST(sets(ConformalScore::aps, 0.75, false, row) == 0b011);
  BOOST_TEST(sets(ConformalScore::aps, 1, false, row) == 0b111);
  BOOST_TEST(sets(ConformalScore::aps, 0.49, true, {0.4, 0.2, 0.4}) == 0b001);
  BOOST_TEST(sets(ConformalScore::aps, 0.39, true, {0.4, 0.2, 0.4}) == 0b001);
  BOOST_TEST(sets(ConformalScore::randomised_aps, 0.49, false, row, {0.5}) == 0b010);
  BOOST_TEST(sets(ConformalScore::randomised_aps, 0.25, false, row, {0.75}) == 0);
  BOOST_TEST(sets(ConformalScore::randomised_aps, 0.75, false, row, {0}) == 0b111);
}

// The last class scores 1 to the bit, however the row adds up: a threshold of 1 leaves none out.
BOOST_AUTO_TEST_CASE(cumulated_probabilities_end_at_one) {
  std::mt19937_64 random(54);
  const Sample s = drawn(random, 2000, 5);
  const ConformalPredictor given{.options = {.score = ConformalScore::aps},
                                 .classes = 5,
                                 .threshold = std::vector<double>(5, 1.0),
                                 .rows = std::vector<std::size_t>(5, 9)};
  for (const std::uint64_t set : prediction_sets(given, s.probability)) BOOST_REQUIRE(set == 0b11111);
  const ConformalPredictor below{.options = given.options,
                                 .classes = 5,
                                 .threshold = std::vector<double>(5, std::nextafter(1.0, 0.0)),
                                 .rows = given.rows};
  for (const std::uint64_t set : prediction_sets(below, s.probability)) BOOST_REQUIRE(std::popcount(set) <= 4);
}

// Of scores without ties the class that comes is covered with the chance k / (n + 1), k = ceil((n + 1) 0.9): over many
// samples the mean is within four of its standard errors. A rank more or less is 1 / (n + 1): farther, at 19 rows.
BOOST_AUTO_TEST_CASE(rows_in_any_order_are_covered_as_often_as_promised) {
  std::mt19937_64 random(55);
  for (const std::size_t n : {19, 24, 99}) {
    const double promised = std::ceil(static_cast<double>(n + 1) * 9 / 10) / static_cast<double>(n + 1);
    for (const auto score : {ConformalScore::lac, ConformalScore::aps, ConformalScore::randomised_aps}) {
      Mean coverage;
      for (int sample = 0; sample < 400; ++sample)
        coverage.add(scored({.score = score}, drawn(random, n, 3), drawn(random, 200, 3)).coverage);
      BOOST_TEST(coverage.error() < 0.005);
      BOOST_TEST(coverage.value() > promised - 4 * coverage.error(),
                 n << " " << to_string(score) << ": " << coverage.value());
      // The last classes all score 1 without a draw, and such ties cover more.
      if (score != ConformalScore::aps) BOOST_TEST(coverage.value() < promised + 4 * coverage.error());
    }
  }
}

BOOST_AUTO_TEST_CASE(other_miscoverages_are_kept_too) {
  std::mt19937_64 random(56);
  for (const double miscoverage : {0.01, 0.05, 0.3, 0.5}) {
    Mean coverage;
    for (int sample = 0; sample < 100; ++sample)
      coverage.add(scored({.miscoverage = miscoverage}, drawn(random, 299, 3), drawn(random, 300, 3)).coverage);
    BOOST_TEST(std::fabs(coverage.value() - (1 - miscoverage)) < 4 * coverage.error());
  }
}

BOOST_AUTO_TEST_CASE(a_seldom_class_is_covered_by_a_threshold_of_its_own) {
  std::mt19937_64 random(57);
  std::vector<Mean> together(3), apart(3);
  for (int sample = 0; sample < 100; ++sample) {
    const Sample held_out = drawn(random, 600, 3, 2.5), later = drawn(random, 600, 3, 2.5);
    const SetScores a = scored({}, held_out, later), b = scored({.by_class = true}, held_out, later);
    for (std::size_t c = 0; c < 3; ++c) {
      together[c].add(a.coverage_by_class[c]);
      apart[c].add(b.coverage_by_class[c]);
    }
  }
  BOOST_TEST(together[2].value() < 0.6);
  for (const Mean& each : apart) {
    BOOST_TEST(each.value() > 0.9 - 4 * each.error());
    BOOST_TEST(each.value() < 0.93);
  }
}

BOOST_AUTO_TEST_CASE(a_class_with_too_few_rows_of_its_own_is_in_every_set) {
  std::mt19937_64 random(58);
  Sample s = drawn(random, 200, 3);
  for (std::int32_t& each : s.truth) each = each == 2 ? 1 : each;
  const Sample later = drawn(random, 50, 3);
  for (int of_third = 0; of_third <= 9; ++of_third) {
    const ConformalPredictor found = fit_conformal(s.forecasts(), {.by_class = true});
    BOOST_TEST(found.rows[2] == static_cast<std::size_t>(of_third));
    BOOST_TEST((found.threshold[2] == kInfinity) == (of_third < 9));
    BOOST_TEST(found.threshold[0] != found.threshold[1]);
    for (const std::uint64_t set : prediction_sets(found, later.probability))
      BOOST_REQUIRE((set & 0b100) != 0 || of_third == 9);
    s.truth[static_cast<std::size_t>(of_third)] = 2;
  }
}

BOOST_AUTO_TEST_CASE(sets_of_the_missing_probability_are_the_smaller) {
  std::mt19937_64 random(59);
  const Sample held_out = drawn(random, 3000, 4), later = drawn(random, 3000, 4);
  const SetScores lac = scored({}, held_out, later), aps = scored({.score = ConformalScore::aps}, held_out, later),
                  randomised = scored({.score = ConformalScore::randomised_aps}, held_out, later);
  BOOST_TEST(lac.mean_size < randomised.mean_size);
  BOOST_TEST(randomised.mean_size < aps.mean_size);
  const SetScores full = scored({.miscoverage = 0.6, .never_empty = true}, held_out, later),
                  some = scored({.miscoverage = 0.6}, held_out, later);
  BOOST_TEST(full.empty == 0);
  BOOST_TEST(some.empty > 0);
  BOOST_TEST(near(full.mean_size, some.mean_size + some.empty));
  BOOST_TEST(full.coverage > some.coverage);
}

BOOST_AUTO_TEST_CASE(rows_of_no_weight_are_not_learned_from) {
  std::mt19937_64 random(60);
  const Sample part = drawn(random, 100, 3);
  Sample all = part;
  const Sample more = drawn(random, 50, 3);
  all.probability.insert(all.probability.end(), more.probability.begin(), more.probability.end());
  all.truth.insert(all.truth.end(), more.truth.begin(), more.truth.end());
  all.weight.assign(100, 0.25);
  all.weight.resize(150, 0);
  for (const bool by_class : {false, true}) {
    const ConformalPredictor a = fit_conformal(part.forecasts(), {.by_class = by_class}),
                             b = fit_conformal(all.forecasts(), {.by_class = by_class});
    BOOST_TEST((a == b));
  }
}

BOOST_AUTO_TEST_CASE(shares_of_sets_are_counted_by_weight) {
  const std::vector<std::uint64_t> sets{0b001, 0b011, 0b000, 0b111, 0b100};
  const std::vector<std::int32_t> truth{0, 2, 1, 1, 0};
  const SetScores plain = score_sets(sets, 4, truth);
  BOOST_TEST(near(plain.coverage, 2.0 / 5));
  BOOST_TEST(near(plain.mean_size, 7.0 / 5));
  BOOST_TEST(near(plain.singletons, 2.0 / 5));
  BOOST_TEST(near(plain.empty, 1.0 / 5));
  BOOST_TEST(near(plain.coverage_by_class[0], 0.5));
  BOOST_TEST(near(plain.coverage_by_class[1], 0.5));
  BOOST_TEST(plain.coverage_by_class[2] == 0);
  BOOST_TEST(std::isnan(plain.coverage_by_class[3]));
  const SetScores weighed = score_sets(sets, 4, truth, std::vector<double>{1, 0, 2, 3, 4});
  BOOST_TEST(near(weighed.coverage, 4.0 / 10));
  BOOST_TEST(near(weighed.mean_size, 14.0 / 10));
  BOOST_TEST(near(weighed.singletons, 5.0 / 10));
  BOOST_TEST(near(weighed.empty, 2.0 / 10));
  BOOST_TEST(near(weighed.coverage_by_class[0], 1.0 / 5));
  BOOST_TEST(near(weighed.coverage_by_class[1], 3.0 / 5));
  BOOST_TEST(std::isnan(weighed.coverage_by_class[2]));
}

BOOST_AUTO_TEST_CASE(sixty_four_classes_fit_a_set) {
  Sample s{.classes = 64, .probability = std::vector<double>(64 * 70, 1.0 / 64)};
  for (std::int32_t row = 0; row < 70; ++row) s.truth.push_back(row % 64);
  const ConformalPredictor found = fit_conformal(s.forecasts());
  const std::vector<std::uint64_t> sets = prediction_sets(found, s.probability);
  BOOST_TEST(sets[0] == ~std::uint64_t{0});
  BOOST_TEST(score_sets(sets, 64, s.truth).coverage == 1);
  const Sample more{.classes = 65, .probability = std::vector<double>(65, 1.0 / 65), .truth = {0}};
  BOOST_TEST(holds(message_of<ConfigError>([&] { fit_conformal(more.forecasts()); }), "sets of 65 classes"));
}

BOOST_AUTO_TEST_CASE(what_makes_no_sets_is_refused) {
  std::mt19937_64 random(61);
  const Sample s = drawn(random, 20, 3);
  for (const double miscoverage : {0.0, 1.0, -0.1, std::nan("")})
    BOOST_CHECK_THROW(fit_conformal(s.forecasts(), {.miscoverage = miscoverage}), ConfigError);
  // Draws are for the randomised score, one for each row, from 0 to 1.
  const ConformalOptions randomised{.score = ConformalScore::randomised_aps};
  BOOST_CHECK_THROW(fit_conformal(s.forecasts(), randomised), std::invalid_argument);
  BOOST_CHECK_THROW(fit_conformal(s.forecasts(), {}, s.draws), std::invalid_argument);
  BOOST_CHECK_THROW(fit_conformal(s.forecasts(), randomised, std::vector<double>(20, 1.5)), std::invalid_argument);
  const ConformalPredictor fine = fit_conformal(s.forecasts());
  BOOST_CHECK_THROW(prediction_sets(fine, s.probability, s.draws), std::invalid_argument);
  BOOST_CHECK_THROW(prediction_sets(fine, std::vector<double>{0.5, 0.5}), std::invalid_argument);
  BOOST_CHECK_THROW(prediction_sets(fine, std::vector<double>{0.5, 0.5, 0.5}), DataError);
  BOOST_TEST(prediction_sets(fine, {}).empty());
  ConformalPredictor broken = fine;
  broken.threshold.pop_back();
  BOOST_TEST(
      holds(message_of<DataError>([&] { prediction_sets(broken, s.probability); }), "3 classes and 2 thresholds"));
  broken = fine;
  broken.threshold[1] = std::nan("");
  BOOST_CHECK_THROW(prediction_sets(broken, s.probability), DataError);
  BOOST_CHECK_THROW(prediction_sets({}, s.probability), DataError);
  const Sample bad{.classes = 2, .probability = {0.5, 0.6}, .truth = {0}};
  BOOST_CHECK_THROW(fit_conformal(bad.forecasts()), DataError);

  const std::vector<std::uint64_t> sets{1, 2};
  const auto refused = [&](std::vector<std::int32_t> truth, std::vector<double> weight = {}) {
    return message_of<DataError>([&] { score_sets(sets, 2, truth, weight); });
  };
  BOOST_TEST(refused({0, 1}) == "");
  BOOST_TEST(holds(refused({0, -99}), "row 1 is of class -99"));
  BOOST_TEST(holds(refused({2, 0}), "row 0 is of class 2"));
  BOOST_TEST(holds(refused({0, 1}, {1, -1}), "row 1 weighs -1"));
  BOOST_TEST(holds(refused({0, 1}, {0, 0}), "nothing to score"));
  BOOST_CHECK_THROW(score_sets(sets, 1, std::vector<std::int32_t>{0, 0}), std::invalid_argument);
  BOOST_CHECK_THROW(score_sets(sets, 2, std::vector<std::int32_t>{0}), std::invalid_argument);
  BOOST_CHECK_THROW(score_sets(sets, 65, std::vector<std::int32_t>{0, 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(conformal_scores_have_names) {
  for (const std::string name : {"lac", "aps", "randomised_aps"})
    BOOST_TEST(to_string(parse_conformal_score(name)) == name);
  BOOST_TEST(holds(message_of<ConfigError>([] { parse_conformal_score("apps"); }), "aps"));
}

BOOST_AUTO_TEST_SUITE_END()
