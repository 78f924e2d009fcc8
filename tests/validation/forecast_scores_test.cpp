#include "validation/forecast_scores.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

struct Sample {
  std::size_t classes;
  std::vector<double> probability, weight;
  std::vector<std::int32_t> truth;

  Sample(std::mt19937_64& random, std::size_t n, std::size_t k, bool weighted, bool coarse) : classes(k) {
    std::uniform_real_distribution<double> uniform;
    for (std::size_t row = 0; row < n; ++row) {
      std::vector<double> p(k);
      for (double& each : p)
        each = coarse ? static_cast<double>(1 + random() % 4) : 0.01 + uniform(random);  // coarse: ties
      const double sum = std::accumulate(p.begin(), p.end(), 0.0);
      for (const double each : p) probability.push_back(each / sum);
      truth.push_back(static_cast<std::int32_t>(random() % k));
      if (weighted) weight.push_back(random() % 5 == 0 ? 0 : uniform(random));
    }
  }
  Forecasts forecasts() const {
    return {.classes = classes, .probability = probability, .truth = truth, .weight = weight};
  }
  std::size_t size() const { return truth.size(); }
  double w(std::size_t row) const { return weight.empty() ? 1 : weight[row]; }
  double p(std::size_t row, std::size_t c) const { return probability[row * classes + c]; }
  bool is(std::size_t row, std::size_t c) const { return static_cast<std::size_t>(truth[row]) == c; }
  std::size_t predicted(std::size_t row) const {
    std::size_t best = 0;
    for (std::size_t c = 1; c < classes; ++c) {
      if (p(row, c) > p(row, best)) best = c;
    }
    return best;
  }
};

bool near(double a, double b, double tolerance = 1e-10) {
  return (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= tolerance;
}

// Of every pair the share in which the row that came is likelier.
double pairs(const Sample& s, std::size_t c) {
  double won = 0, all = 0;
  for (std::size_t a = 0; a < s.size(); ++a) {
    for (std::size_t b = 0; b < s.size(); ++b) {
      if (!s.is(a, c) || s.is(b, c)) continue;
      const double weight = s.w(a) * s.w(b);
      all += weight;
      won += s.p(a, c) > s.p(b, c) ? weight : s.p(a, c) == s.p(b, c) ? weight / 2 : 0;
    }
  }
  return all > 0 ? won / all : std::nan("");
}

// The mean precision at the likelihood of each row that came.
double average_precision(const Sample& s, std::size_t c) {
  double sum = 0, came = 0, rest = 0;
  for (std::size_t a = 0; a < s.size(); ++a) {
    if (!s.is(a, c)) {
      rest += s.w(a);
      continue;
    }
    double hits = 0, all = 0;
    for (std::size_t b = 0; b < s.size(); ++b) {
      if (s.p(b, c) < s.p(a, c)) continue;
      all += s.w(b);
      hits += s.is(b, c) ? s.w(b) : 0;
    }
    came += s.w(a);
    if (s.w(a) > 0) sum += s.w(a) * hits / all;
  }
  return came > 0 && rest > 0 ? sum / came : std::nan("");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scores_of_forecasts)

BOOST_AUTO_TEST_CASE(scores_are_those_of_their_definitions) {
  std::mt19937_64 random(21);
  for (int round = 0; round < 400; ++round) {
    const std::size_t k = 2 + random() % 3;
    const Sample s(random, 5 + random() % 60, k, round % 2 == 0, round % 3 == 0);
    double all = 0;
    for (std::size_t row = 0; row < s.size(); ++row) all += s.w(row);
    if (all == 0) continue;
    const ForecastScores found = ForecastScorer(s.forecasts(), 7).scores();
    double right = 0, loss = 0, brier = 0;
    std::vector<double> gap(7);
    for (std::size_t row = 0; row < s.size(); ++row) {
      const std::size_t best = s.predicted(row);
      right += s.is(row, best) ? s.w(row) : 0;
      loss -= s.w(row) * std::log(s.p(row, static_cast<std::size_t>(s.truth[row])));
      for (std::size_t c = 0; c < k; ++c) brier += s.w(row) * std::pow(s.p(row, c) - (s.is(row, c) ? 1 : 0), 2);
      std::size_t bin = 0;
      while (s.p(row, best) > static_cast<double>(bin + 1) / 7 && bin < 6) ++bin;
      gap[bin] += s.w(row) * (s.p(row, best) - (s.is(row, best) ? 1 : 0));
    }
    double ece = 0;
    for (const double each : gap) ece += std::fabs(each) / all;
    BOOST_REQUIRE(near(found.accuracy, right / all));
    BOOST_REQUIRE(near(found.log_loss, loss / all));
    BOOST_REQUIRE(near(found.brier, brier / all));
    BOOST_REQUIRE(near(found.ece_width, ece));
    for (std::size_t c = 0; c < k; ++c) {
      BOOST_REQUIRE(near(found.by_class[c].roc_auc, pairs(s, c)));
      BOOST_REQUIRE(near(found.by_class[c].pr_auc, average_precision(s, c)));
    }
  }
}

// Two classes: what everybody knows of four numbers. 6 hits, 2 false alarms, 3 misses, 9 rightly left.
BOOST_AUTO_TEST_CASE(numbers_of_a_table_of_four) {
  std::vector<double> probability;
  std::vector<std::int32_t> truth;
  const auto add = [&](int count, std::int32_t came, double p) {
    for (int i = 0; i < count; ++i) {
      probability.insert(probability.end(), {1 - p, p});
      truth.push_back(came);
    }
  };
  add(6, 1, 0.8);
  add(2, 0, 0.8);
  add(3, 1, 0.2);
  add(9, 0, 0.2);
  const ForecastScores found = ForecastScorer({.classes = 2, .probability = probability, .truth = truth}).scores();
  BOOST_TEST(near(found.accuracy, 0.75));
  BOOST_TEST(near(found.by_class[1].precision, 0.75));
  BOOST_TEST(near(found.by_class[1].recall, 2.0 / 3));
  BOOST_TEST(near(found.by_class[1].f1, 12.0 / 17));
  BOOST_TEST(near(found.balanced_accuracy, (2.0 / 3 + 9.0 / 11) / 2));
  BOOST_TEST(near(found.mcc, (6.0 * 9 - 2 * 3) / std::sqrt(8.0 * 9 * 11 * 12)));
  BOOST_TEST(near(found.by_class[1].share, 9.0 / 20));
  BOOST_TEST((found.confusion == std::vector<double>{9, 2, 3, 6}));
  BOOST_TEST(near(found.ece_width, 1.0 / 20 * (std::fabs(0.8 * 20 - 15))));
  BOOST_TEST(near(found.ece_mass, found.ece_width));
}

BOOST_AUTO_TEST_CASE(bins_of_equal_mass_hold_as_much_each_and_split_no_tie) {
  // 40 rows of confidences 0.505 to 0.895: ten bins of four. All are right.
  std::vector<double> probability;
  for (int i = 0; i < 40; ++i) {
    const double p = 0.505 + 0.01 * i;
    probability.insert(probability.end(), {p, 1 - p});
  }
  const std::vector<std::int32_t> right(40, 0);
  const ForecastScores all_right = ForecastScorer({.classes = 2, .probability = probability, .truth = right}).scores();
  double mean = 0;
  for (int i = 0; i < 40; ++i) mean += (1 - (0.505 + 0.01 * i)) / 40;
  BOOST_TEST(near(all_right.ece_mass, mean));
  // Every second is right. Half of the rows have the same confidence: these are one bin.
  std::vector<std::int32_t> half;
  for (int i = 0; i < 40; ++i) {
    half.push_back(i % 2);
    if (i < 20) {
      probability[2 * static_cast<std::size_t>(i)] = 0.5;
      probability[2 * static_cast<std::size_t>(i) + 1] = 0.5;
    }
  }
  const ForecastScores tied = ForecastScorer({.classes = 2, .probability = probability, .truth = half}, 2).scores();
  double gap = 0;
  for (int i = 20; i < 40; ++i) gap += 0.505 + 0.01 * i - (i % 2 == 0 ? 1 : 0);
  BOOST_TEST(near(tied.ece_mass, std::fabs(gap) / 40));
}

BOOST_AUTO_TEST_CASE(a_zero_of_either_sign_is_as_likely) {
  std::mt19937_64 random(25);
  for (int round = 0; round < 50; ++round) {
    Sample s(random, 40, 3, round % 2 == 0, true);
    for (std::size_t row = 0; row < s.size(); ++row) {
      const std::size_t none = random() % 3;
      const double other = s.p(row, (none + 1) % 3);
      s.probability[row * 3 + (none + 2) % 3] = 1 - other;
      s.probability[row * 3 + none] = random() % 2 == 0 ? 0.0 : -0.0;
    }
    const ForecastScores found = ForecastScorer(s.forecasts()).scores();
    for (std::size_t c = 0; c < 3; ++c) {
      BOOST_REQUIRE(near(found.by_class[c].roc_auc, pairs(s, c)));
      BOOST_REQUIRE(near(found.by_class[c].pr_auc, average_precision(s, c)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_weight_is_a_row_as_often) {
  std::mt19937_64 random(22);
  for (int round = 0; round < 50; ++round) {
    const Sample s(random, 30, 3, false, round % 2 == 0);
    Sample repeated = s;
    repeated.probability.clear();
    repeated.truth.clear();
    std::vector<double> weight;
    for (std::size_t row = 0; row < s.size(); ++row) {
      weight.push_back(static_cast<double>(row == 0 ? 1 : random() % 4));
      for (double i = 0; i < weight.back(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) repeated.probability.push_back(s.p(row, c));
        repeated.truth.push_back(s.truth[row]);
      }
    }
    const ForecastScores a = ForecastScorer(s.forecasts()).scores(weight),
                         b = ForecastScorer(repeated.forecasts()).scores();
    for (const std::string& name : forecast_score_names())
      BOOST_REQUIRE_MESSAGE(near(forecast_score(a, name), forecast_score(b, name)), name);
  }
}

BOOST_AUTO_TEST_CASE(a_class_that_never_came_has_no_recall_and_no_area) {
  const std::vector<double> probability{0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4};
  const std::vector<std::int32_t> truth{0, 1, 1};
  const ForecastScores found = ForecastScorer({.classes = 3, .probability = probability, .truth = truth}).scores();
  BOOST_TEST(std::isnan(found.by_class[2].recall));
  BOOST_TEST(std::isnan(found.by_class[2].roc_auc));
  BOOST_TEST(found.by_class[2].precision == 0);
  BOOST_TEST(near(found.balanced_accuracy, (1 + 0.5) / 2));
  BOOST_TEST(near(found.macro_recall, (1 + 0.5 + 0) / 3));  // it was predicted
  BOOST_TEST(!std::isnan(found.roc_auc));
}

BOOST_AUTO_TEST_CASE(certainty_that_is_wrong_costs_36_nats_and_no_infinity) {
  const std::vector<double> probability{1, 0, 1, 0};
  const std::vector<std::int32_t> truth{0, 1};
  const ForecastScores found = ForecastScorer({.classes = 2, .probability = probability, .truth = truth}).scores();
  BOOST_TEST(near(found.log_loss, 52 * std::log(2.0) / 2));
  BOOST_TEST(found.mcc == 0);
  BOOST_TEST(near(found.by_class[0].roc_auc, 0.5));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_scored_is_refused_with_its_row) {
  const std::vector<double> fine{0.5, 0.5, 0.25, 0.75};
  const std::vector<std::int32_t> truth{0, 1};
  const auto refused = [&](std::vector<double> p, std::vector<std::int32_t> y, std::vector<double> w = {}) {
    return message_of<DataError>([&] { check_forecasts({.classes = 2, .probability = p, .truth = y, .weight = w}); });
  };
  BOOST_TEST(refused(fine, truth) == "");
  BOOST_TEST(holds(refused({0.5, 0.5, std::nan(""), 0.75}, truth), "row 1 has the probability nan"));
  BOOST_TEST(holds(refused({0.5, 0.5, -0.25, 1.25}, truth), "row 1 has the probability -0.25"));
  BOOST_TEST(holds(refused({0.5, 0.4, 0.25, 0.75}, truth), "of row 0 sum to 0.9"));
  BOOST_TEST(holds(refused(fine, {0, -99}), "row 1 is of class -99"));
  BOOST_TEST(holds(refused(fine, {0, 2}), "row 1 is of class 2"));
  BOOST_TEST(holds(refused(fine, truth, {1, -1}), "row 1 weighs -1"));
  BOOST_TEST(holds(refused(fine, truth, {0, 0}), "nothing to score"));
  BOOST_TEST(holds(refused({}, {}), "nothing to score"));
  BOOST_TEST(holds(message_of<ConfigError>([] { forecast_score({}, "acuracy"); }), "'accuracy'"));
  BOOST_TEST(larger_is_better("mcc"));
  BOOST_TEST(!larger_is_better("brier"));
}

BOOST_AUTO_TEST_SUITE_END()
