#include "validation/calibration.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"
#include "validation/reliability.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

bool near(double a, double b, double tolerance = 1e-10) {
  return (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= tolerance;
}

struct Sample {
  std::size_t classes = 2;
  std::vector<double> probability = {}, weight = {};
  std::vector<std::int32_t> truth = {};

  Forecasts forecasts() const {
    return {.classes = classes, .probability = probability, .truth = truth, .weight = weight};
  }
  std::size_t size() const { return truth.size(); }
  double w(std::size_t row) const { return weight.empty() ? 1 : weight[row]; }
  double p(std::size_t row, std::size_t c) const { return probability[row * classes + c]; }
  bool is(std::size_t row, std::size_t c) const { return static_cast<std::size_t>(truth[row]) == c; }
  void add(const std::vector<double>& p, std::size_t came, int times = 1) {
    for (int i = 0; i < times; ++i) {
      probability.insert(probability.end(), p.begin(), p.end());
      truth.push_back(static_cast<std::int32_t>(came));
    }
  }
};

// Rows whose classes come as softmax(z) says, and of which softmax(sharpness z) is said.
Sample drawn(std::mt19937_64& random, std::size_t n, std::size_t k, double sharpness, bool weighted, bool coarse) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Sample out{.classes = k};
  for (std::size_t row = 0; row < n; ++row) {
    std::vector<double> said(k), chance(k);
    for (std::size_t c = 0; c < k; ++c) {
      const double z = coarse ? std::round(normal(random)) : normal(random);  // coarse: ties
      said[c] = std::exp(sharpness * z);
      chance[c] = std::exp(z);
    }
    const double sum = std::accumulate(said.begin(), said.end(), 0.0);
    for (double& each : said) each /= sum;
    // The first rows see to it that every class came.
    out.add(said, row < k ? row : std::discrete_distribution<std::size_t>(chance.begin(), chance.end())(random));
    if (weighted) out.weight.push_back(row >= k && random() % 5 == 0 ? 0 : 0.1 + uniform(random));
  }
  return out;
}

// 600 rows of three classes from whole numbers alone, so that the script that asked scikit-learn could make them too.
Sample made(bool weighted) {
  Sample out{.classes = 3};
  for (std::size_t i = 0; i < 600; ++i) {
    const std::vector<std::size_t> raw{i * 37 % 101 + 1, i * 53 % 97 + 1, i * 29 % 89 + 1};
    const auto sum = static_cast<double>(raw[0] + raw[1] + raw[2]);
    const auto best = static_cast<std::size_t>(std::max_element(raw.begin(), raw.end()) - raw.begin());
    std::vector<double> p;
    for (const std::size_t each : raw) p.push_back(static_cast<double>(each) / sum);
    out.add(p, i * 13 % 10 < 4 ? best : (i * 7 + i / 3) % 3);
    if (weighted) out.weight.push_back(0.25 + 0.25 * static_cast<double>(i % 4));
  }
  return out;
}

double log_loss(const Sample& s, double temperature) {
  double out = 0;
  for (std::size_t row = 0; row < s.size(); ++row) {
    double all = 0;
    for (std::size_t c = 0; c < s.classes; ++c) all += std::pow(s.p(row, c), 1 / temperature);
    const double p = s.p(row, static_cast<std::size_t>(s.truth[row]));
    out -= s.w(row) * (std::log(p) / temperature - std::log(all));
  }
  return out;
}

// Two classes, of `rows` rows `right` come as they are said with the probability p.
Sample of_share(double p, int right, int rows) {
  Sample out;
  out.add({p, 1 - p}, 0, right);
  out.add({p, 1 - p}, 1, rows - right);
  return out;
}
double log_odds(double p) {
  return std::log(p) - std::log(1 - p);
}

// The rising function nearest in squares, as its formula has it: over the places up to `at` the most, over those from
// `at` the least, of the mean between them.
double max_of_min(const Sample& s, std::size_t c, double at) {
  struct Place {
    double all = 0, came = 0;
  };
  std::map<double, Place> places;
  for (std::size_t row = 0; row < s.size(); ++row) {
    if (s.w(row) == 0) continue;
    places[s.p(row, c)].all += s.w(row);
    places[s.p(row, c)].came += s.is(row, c) ? s.w(row) : 0;
  }
  double out = 0;
  for (auto first = places.begin(); first != places.upper_bound(at); ++first) {
    double least = 1;
    Place sum;
    for (auto last = first; last != places.end(); ++last) {
      sum.all += last->second.all;
      sum.came += last->second.came;
      if (last->first >= at) least = std::min(least, sum.came / sum.all);
    }
    out = std::max(out, least);
  }
  return out;
}

// A curve alone: the other class takes what is left.
double of_curve(const Calibrator& fitted, std::size_t c, double p) {
  Calibrator alone{.method = CalibrationMethod::isotonic, .classes = 2, .prior = {0.5, 0.5}};
  alone.isotonic = {fitted.isotonic[c], {.at = {0}, .share = {1}}};
  const double part = calibrate(alone, std::vector<double>{p, 1 - p})[0];  // f / (f + 1)
  return part / (1 - part);
}

Sample repeated(const Sample& s, const std::vector<double>& times) {
  Sample out{.classes = s.classes};
  for (std::size_t row = 0; row < s.size(); ++row) {
    const auto first = s.probability.begin() + static_cast<std::ptrdiff_t>(row * s.classes);
    out.add({first, first + static_cast<std::ptrdiff_t>(s.classes)}, static_cast<std::size_t>(s.truth[row]),
            static_cast<int>(times[row]));
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calibration)

// scipy 1.17 (the root of the slope of the loss, brentq), scikit-learn 1.9 (_sigmoid_calibration on the log odds, whose
// own end at a slope of 1e-6 leaves 1e-8; two Newton steps from there made these) and IsotonicRegression(
// out_of_bounds="clip"), of the rows that `made` makes.
BOOST_AUTO_TEST_CASE(temperatures_are_those_of_scipy) {
  const auto fitted = [](bool weighted) {
    return fit_calibrator(CalibrationMethod::temperature, made(weighted).forecasts());
  };
  BOOST_TEST(near(fitted(false).temperature, 1.913596524770163, 1e-12));
  BOOST_TEST(near(fitted(true).temperature, 1.8970718299817366, 1e-12));
  BOOST_TEST(!fitted(false).at_bound);
}

BOOST_AUTO_TEST_CASE(sigmoids_are_those_of_scikit_learn) {
  const std::vector<SigmoidCurve> plain{{.slope = 0.60208682052609697, .intercept = -0.11745214245362659},
                                        {.slope = 0.56487913776519316, .intercept = -0.27054745561434834},
                                        {.slope = 0.54082854074611153, .intercept = -0.4078680347094884}},
      weighted{{.slope = 0.56079681919665336, .intercept = -0.15564999947945896},
               {.slope = 0.55748594232615278, .intercept = -0.25478327408052776},
               {.slope = 0.57924126618585348, .intercept = -0.38645057183966247}};
  for (const bool with_weights : {false, true}) {
    const Calibrator found = fit_calibrator(CalibrationMethod::sigmoid, made(with_weights).forecasts());
    for (std::size_t c = 0; c < 3; ++c) {
      BOOST_TEST(near(found.sigmoid[c].slope, (with_weights ? weighted : plain)[c].slope, 1e-12));
      BOOST_TEST(near(found.sigmoid[c].intercept, (with_weights ? weighted : plain)[c].intercept, 1e-12));
    }
  }
}

BOOST_AUTO_TEST_CASE(isotonic_curves_are_those_of_scikit_learn) {
  const std::vector<double> at{0, 0.01, 0.1, 0.25, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.9, 1};
  const std::vector<std::vector<double>> plain{
      {0.0, 0.007744565217391316, 0.19791666666666666, 0.19791666666666666, 0.24074074074074073, 0.4444444444444444,
       0.5, 0.5769230769230769, 0.5897435897435898, 0.6538461538461539, 0.6538461538461539, 0.6538461538461539},
      {0.0, 0.0, 0.20129870129870128, 0.20129870129870128, 0.20129870129870128, 0.35294117647058826, 0.5681818181818182,
       0.6074766355140186, 0.6074766355140186, 0.6074766355140186, 1.0, 1.0},
      {0.0, 0.0, 0.19434628975265017, 0.19434628975265017, 0.19434628975265017, 0.2777777777777778, 0.4,
       0.5151515151515151, 0.6666666666666666, 0.6666666666666666, 1.0, 1.0}};
  const std::vector<std::vector<double>> weighted{
      {0.0, 0.007826086956521752, 0.2, 0.2, 0.25477707006369427, 0.4228571428571429, 0.5034482758620691,
       0.5897435897435898, 0.5957446808510638, 0.5957446808510638, 0.5957446808510638, 0.5957446808510638},
      {0.0, 0.0, 0.21052631578947367, 0.21052631578947367, 0.21052631578947367, 0.34415584415584416, 0.5689655172413793,
       0.6190476190476191, 0.6190476190476191, 0.6190476190476191, 1.0, 1.0},
      {0.0, 0.0, 0.19463087248322145, 0.19464285714285715, 0.19464285714285715, 0.2916666666666667, 0.49166666666666664,
       0.49166666666666664, 0.7045454545454546, 0.7045454545454546, 1.0, 1.0}};
  for (const bool with_weights : {false, true}) {
    const Calibrator found = fit_calibrator(CalibrationMethod::isotonic, made(with_weights).forecasts());
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < at.size(); ++i)
        BOOST_TEST(near(of_curve(found, c, at[i]), (with_weights ? weighted : plain)[c][i], 1e-12));
    }
  }
}

// Two classes, every row said with the probability q, of which the share s is right: q^(1/T) / (1 - q)^(1/T) is to be
// s / (1 - s), and so T = log odds of q / log odds of s.
BOOST_AUTO_TEST_CASE(a_temperature_makes_what_is_said_the_share_that_is_right) {
  for (const double q : {0.51, 0.7, 0.9, 0.999}) {
    for (const int right : {501, 600, 750, 999}) {
      const Sample s = of_share(q, right, 1000);
      const double expected = log_odds(q) / log_odds(right / 1000.0);
      if (expected < kLeastTemperature || expected > kMostTemperature) continue;
      const Calibrator found = fit_calibrator(CalibrationMethod::temperature, s.forecasts());
      BOOST_TEST(near(found.temperature / expected, 1, 1e-9));
      BOOST_TEST(near(calibrate(found, std::vector<double>{1 - q, q})[1], right / 1000.0, 1e-9));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_temperature_beyond_its_bounds_ends_there_and_says_so) {
  const auto fitted = [](double q, int right) {
    return fit_calibrator(CalibrationMethod::temperature, of_share(q, right, 1000).forecasts());
  };
  // log odds 13.8 / 0.1402 = 98.5 and / 0.1362 = 101.4; 0.02 / 1.9924 = 0.01004 and / 2.0020 = 0.00999.
  BOOST_TEST(!fitted(1 - 1e-6, 535).at_bound);
  BOOST_TEST(near(fitted(1 - 1e-6, 535).temperature, log_odds(1 - 1e-6) / log_odds(0.535), 1e-6));
  BOOST_TEST(fitted(1 - 1e-6, 534).at_bound);
  BOOST_TEST(fitted(1 - 1e-6, 534).temperature == kMostTemperature);
  BOOST_TEST(!fitted(0.505, 880).at_bound);
  BOOST_TEST(near(fitted(0.505, 880).temperature, log_odds(0.505) / log_odds(0.88), 1e-9));
  BOOST_TEST(fitted(0.505, 881).at_bound);
  BOOST_TEST(fitted(0.505, 881).temperature == kLeastTemperature);
  // Wrong more often than right: nothing said is best. Always right: certainty is.
  BOOST_TEST(fitted(0.9, 400).temperature == kMostTemperature);
  Sample right;
  right.add({0.6, 0.4}, 0);
  right.add({0.4, 0.6}, 1);
  const Calibrator certain = fit_calibrator(CalibrationMethod::temperature, right.forecasts());
  BOOST_TEST(certain.temperature == kLeastTemperature);
  BOOST_TEST(certain.at_bound);
}

BOOST_AUTO_TEST_CASE(forecasts_that_no_temperature_changes_keep_theirs) {
  Sample same{.classes = 3};
  for (std::size_t i = 0; i < 9; ++i) same.add({1.0 / 3, 1.0 / 3, 1.0 / 3}, i % 3);
  same.add({1.0 / 3, 1.0 / 3, 1.0 / 3}, 2, 5);
  const Calibrator found = fit_calibrator(CalibrationMethod::temperature, same.forecasts());
  BOOST_TEST(found.temperature == 1);
  BOOST_TEST(!found.at_bound);
}

// Certainty is said with 2.2e-16 = 2^-52 for the rest: three in four right is a temperature of 52 log 2 / log 3.
BOOST_AUTO_TEST_CASE(certainty_that_is_wrong_has_a_temperature) {
  const Calibrator found = fit_calibrator(CalibrationMethod::temperature, of_share(1, 750, 1000).forecasts());
  BOOST_TEST(near(found.temperature, 52 * std::log(2.0) / std::log(3.0), 1e-8));
  BOOST_TEST(near(calibrate(found, std::vector<double>{0, 1})[1], 0.75));
}

BOOST_AUTO_TEST_CASE(no_temperature_beside_the_fitted_one_loses_less) {
  std::mt19937_64 random(31);
  for (int round = 0; round < 200; ++round) {
    const double sharpness = std::exp(2 * (std::uniform_real_distribution<double>()(random) - 0.5));
    const Sample s = drawn(random, 50 + random() % 200, 2 + random() % 3, sharpness, round % 2 == 0, round % 3 == 0);
    const Calibrator found = fit_calibrator(CalibrationMethod::temperature, s.forecasts());
    const double least = log_loss(s, found.temperature);
    for (const double factor : {0.999, 1.001, 0.5, 2.0}) {
      const double beside = found.temperature * factor;
      if (beside < kLeastTemperature || beside > kMostTemperature) continue;
      BOOST_REQUIRE(least < log_loss(s, beside));
    }
    // And what is calibrated is the softmax of logarithms over it, of the same class.
    const std::vector<double> q = calibrate(found, s.probability);
    for (std::size_t row = 0; row < s.size(); ++row) {
      double all = 0;
      for (std::size_t c = 0; c < s.classes; ++c) all += std::pow(s.p(row, c), 1 / found.temperature);
      for (std::size_t c = 0; c < s.classes; ++c)
        BOOST_REQUIRE(near(q[row * s.classes + c], std::pow(s.p(row, c), 1 / found.temperature) / all));
    }
    BOOST_REQUIRE(ForecastScorer(s.forecasts()).predicted() ==
                  ForecastScorer({.classes = s.classes, .probability = q, .truth = s.truth}).predicted());
  }
}

BOOST_AUTO_TEST_CASE(a_temperature_that_was_put_in_is_found) {
  std::mt19937_64 random(32);
  const Sample s = drawn(random, 40'000, 3, 2.5, false, false);
  // Its standard error is about 0.02.
  BOOST_TEST(near(fit_calibrator(CalibrationMethod::temperature, s.forecasts()).temperature, 2.5, 0.1));
}

// At the minimum both slopes of the loss are 0: the sum of w (target - q) and that times z.
BOOST_AUTO_TEST_CASE(at_a_fitted_sigmoid_the_loss_is_level) {
  std::mt19937_64 random(33);
  for (int round = 0; round < 200; ++round) {
    const Sample s = drawn(random, 20 + random() % 200, 2 + random() % 3, 1.5, round % 2 == 0, round % 3 == 0);
    const Calibrator found = fit_calibrator(CalibrationMethod::sigmoid, s.forecasts());
    const std::vector<double> q = calibrate(found, s.probability);
    for (std::size_t row = 0; row < s.size(); ++row) {
      double all = 0;
      const auto curve = [&](std::size_t c) {
        return 1 / (1 + std::exp(-found.sigmoid[c].slope * log_odds(s.p(row, c)) - found.sigmoid[c].intercept));
      };
      for (std::size_t c = 0; c < s.classes; ++c) all += curve(c);
      for (std::size_t c = 0; c < s.classes; ++c) BOOST_REQUIRE(near(q[row * s.classes + c], curve(c) / all));
    }
    for (std::size_t c = 0; c < s.classes; ++c) {
      double came = 0, rest = 0, level = 0, tilt = 0;
      for (std::size_t row = 0; row < s.size(); ++row) (s.is(row, c) ? came : rest) += s.w(row);
      for (std::size_t row = 0; row < s.size(); ++row) {
        const double z = log_odds(s.p(row, c));
        const double target = s.is(row, c) ? (came + 1) / (came + 2) : 1 / (rest + 2);
        const double off = target - 1 / (1 + std::exp(-found.sigmoid[c].slope * z - found.sigmoid[c].intercept));
        level += s.w(row) * off;
        tilt += s.w(row) * off * z;
      }
      BOOST_REQUIRE(near(level, 0, 1e-9));
      BOOST_REQUIRE(near(tilt, 0, 1e-9));
    }
  }
}

// Targets are corrected towards the middle, so that no slope grows without end: 20 of 22 and 1 of 22 of 20 each.
BOOST_AUTO_TEST_CASE(classes_that_are_told_apart_get_platts_targets) {
  Sample s;
  s.add({0.8, 0.2}, 0, 20);
  s.add({0.2, 0.8}, 1, 20);
  const Calibrator found = fit_calibrator(CalibrationMethod::sigmoid, s.forecasts());
  BOOST_TEST(near(calibrate(found, std::vector<double>{0.8, 0.2})[0], 21.0 / 22));
  BOOST_TEST(near(calibrate(found, std::vector<double>{0.8, 0.2})[1], 1.0 / 22));
  BOOST_TEST(near(found.sigmoid[0].slope, std::log(21.0) / std::log(4.0)));
}

BOOST_AUTO_TEST_CASE(sigmoids_of_two_classes_mirror_each_other) {
  std::mt19937_64 random(34);
  const Sample s = drawn(random, 500, 2, 3, true, false);
  const Calibrator found = fit_calibrator(CalibrationMethod::sigmoid, s.forecasts());
  BOOST_TEST(near(found.sigmoid[0].slope, found.sigmoid[1].slope, 1e-9));
  BOOST_TEST(near(found.sigmoid[0].intercept, -found.sigmoid[1].intercept, 1e-9));
}

// A class that is said with the same probability in each row: the mean of the targets, whatever is said.
BOOST_AUTO_TEST_CASE(forecasts_without_a_difference_have_no_slope) {
  const Sample s = of_share(0.7, 30, 100);
  const Calibrator found = fit_calibrator(CalibrationMethod::sigmoid, s.forecasts());
  const double mean = (30 * 31.0 / 32 + 70 * 1.0 / 72) / 100;
  BOOST_TEST(found.sigmoid[0].slope == 0);
  BOOST_TEST(near(found.sigmoid[0].intercept, log_odds(mean)));
  BOOST_TEST(near(calibrate(found, std::vector<double>{0.1, 0.9})[0], mean));
}

BOOST_AUTO_TEST_CASE(sigmoids_take_1e_6_for_the_ends) {
  const Calibrator found = fit_calibrator(CalibrationMethod::sigmoid, made(false).forecasts());
  const auto of = [&](double p) { return calibrate(found, std::vector<double>{p, (1 - p) / 2, (1 - p) / 2})[0]; };
  // The others are beyond the end alike.
  BOOST_TEST(of(1) == of(1 - 1e-7));
  BOOST_TEST(of(1) > of(1 - 1e-5));
  // Rows that are said with certainty are fitted as if they were said with 1e-6.
  Sample certain = of_share(1, 80, 100), nearly = of_share(1 - 1e-6, 80, 100);
  certain.add({0.5, 0.5}, 1, 9);
  nearly.add({0.5, 0.5}, 1, 9);
  const SigmoidCurve a = fit_calibrator(CalibrationMethod::sigmoid, certain.forecasts()).sigmoid[0],
                     b = fit_calibrator(CalibrationMethod::sigmoid, nearly.forecasts()).sigmoid[0];
  BOOST_TEST(near(a.slope, b.slope, 1e-9));
  BOOST_TEST(near(a.intercept, b.intercept, 1e-9));
}

// 0.2: 20 of 100; 0.4 and 0.6: 60 and 40, which falls and becomes 50; 0.8: 90.
BOOST_AUTO_TEST_CASE(an_isotonic_curve_is_level_in_a_pool_and_straight_between_two) {
  Sample s;
  for (const auto& [p, came] : std::vector<std::pair<double, int>>{{0.2, 20}, {0.4, 60}, {0.6, 40}, {0.8, 90}}) {
    s.add({1 - p, p}, 1, came);
    s.add({1 - p, p}, 0, 100 - came);
  }
  const Calibrator found = fit_calibrator(CalibrationMethod::isotonic, s.forecasts());
  BOOST_TEST((found.isotonic[1].at == std::vector<double>{0.2, 0.4, 0.6, 0.8}));
  BOOST_TEST((found.isotonic[1].share == std::vector<double>{0.2, 0.5, 0.5, 0.9}));
  const auto of = [&](double p) { return calibrate(found, std::vector<double>{1 - p, p})[1]; };
  for (const auto& [p, expected] :
       std::vector<std::pair<double, double>>{{0, 0.2}, {0.2, 0.2}, {0.3, 0.35}, {0.5, 0.5}, {0.7, 0.7}, {1, 0.9}})
    BOOST_TEST(near(of(p), expected), p);
}

BOOST_AUTO_TEST_CASE(isotonic_curves_are_those_of_their_formula) {
  std::mt19937_64 random(35);
  for (int round = 0; round < 40; ++round) {
    const std::size_t k = 2 + static_cast<std::size_t>(round) % 2;
    Sample s{.classes = k};
    for (std::size_t row = 0; row < 250 * k; ++row) {
      std::vector<double> p(k);
      for (double& each : p) each = static_cast<double>(1 + random() % 6);
      const double sum = std::accumulate(p.begin(), p.end(), 0.0);
      for (double& each : p) each /= sum;
      s.add(p,
            random() % 3 == 0 ? static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin()) : row % k);
      if (round % 4 >= 2) s.weight.push_back(random() % 6 == 0 ? 0 : static_cast<double>(1 + random() % 3) / 4);
    }
    const Calibrator found = fit_calibrator(CalibrationMethod::isotonic, s.forecasts());
    for (std::size_t c = 0; c < k; ++c) {
      for (std::size_t row = 0; row < s.size(); row += 7) {
        if (s.w(row) > 0) BOOST_REQUIRE(near(of_curve(found, c, s.p(row, c)), max_of_min(s, c, s.p(row, c))));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_isotonic_curves_were_fitted_to_is_calibrated_in_the_mean) {
  std::mt19937_64 random(36);
  Sample s = drawn(random, 2000, 2, 3, true, false);
  const double before = ForecastScorer(s.forecasts()).scores().ece_mass;
  s.probability = calibrate(fit_calibrator(CalibrationMethod::isotonic, s.forecasts()), s.probability);
  // A bin of equal mass splits no pool, and a pool's probability is its share.
  BOOST_TEST(before > 0.05);
  const Reliability after = measure_reliability(s.forecasts(), {.by = ReliabilityBins::equal_mass});
  BOOST_TEST(after.by_class[0].ece < 1e-12);
  BOOST_TEST(after.by_class[1].ece < 1e-12);
}

BOOST_AUTO_TEST_CASE(a_row_whose_classes_all_become_0_gets_the_priors) {
  Calibrator given{.method = CalibrationMethod::isotonic, .classes = 3, .prior = {0.5, 0.25, 0.25}};
  for (int c = 0; c < 3; ++c) given.isotonic.push_back({.at = {0.4, 0.6}, .share = {0, 1}});
  BOOST_TEST((calibrate(given, std::vector<double>{0.3, 0.3, 0.4}) == given.prior));
  const std::vector<double> above = calibrate(given, std::vector<double>{0.25, 0.25, 0.5});
  BOOST_TEST((above == std::vector<double>{0, 0, 1}));
}

BOOST_AUTO_TEST_CASE(a_weight_is_a_row_as_often) {
  std::mt19937_64 random(37);
  for (int round = 0; round < 20; ++round) {
    Sample s = drawn(random, 900, 3, 1.7, false, round % 2 == 0);
    for (std::size_t row = 0; row < s.size(); ++row)
      s.weight.push_back(static_cast<double>(row < 3 ? 2 : random() % 4));
    const Sample often = repeated(s, s.weight);
    for (const auto method :
         {CalibrationMethod::temperature, CalibrationMethod::sigmoid, CalibrationMethod::isotonic}) {
      const std::vector<double> a = calibrate(fit_calibrator(method, s.forecasts()), s.probability),
                                b = calibrate(fit_calibrator(method, often.forecasts()), s.probability);
      for (std::size_t i = 0; i < a.size(); ++i) BOOST_REQUIRE(near(a[i], b[i], 1e-9));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_calibrated_can_be_scored_and_calibrated_again) {
  std::mt19937_64 random(38);
  const Sample s = drawn(random, 3000, 4, 2, true, false);
  for (const auto method : {CalibrationMethod::none, CalibrationMethod::temperature, CalibrationMethod::sigmoid,
                            CalibrationMethod::isotonic, CalibrationMethod::automatic}) {
    const Calibrator found = fit_calibrator(method, s.forecasts());
    check_calibrator(found);
    Sample after = s;
    after.probability = calibrate(found, s.probability);
    check_forecasts(after.forecasts());
    BOOST_TEST((method == CalibrationMethod::none) == (after.probability == s.probability));
    const ForecastScores a = ForecastScorer(s.forecasts()).scores(), b = ForecastScorer(after.forecasts()).scores();
    if (method != CalibrationMethod::none) BOOST_TEST(b.ece_mass < a.ece_mass / 2);
    BOOST_TEST(calibrate(found, {}).empty());
  }
}

BOOST_AUTO_TEST_CASE(isotonic_asks_for_a_hundred_rows_of_each_class_and_auto_for_a_thousand) {
  const auto rows = [](int of_second) {
    Sample out;
    for (int i = 0; i < 1500; ++i) out.add({0.6 + 1e-4 * i, 0.4 - 1e-4 * i}, 0);
    for (int i = 0; i < of_second; ++i) out.add({0.55 - 1e-4 * i, 0.45 + 1e-4 * i}, 1);
    return out;
  };
  const auto method_of = [&](CalibrationMethod method, const Sample& s) {
    return fit_calibrator(method, s.forecasts()).method;
  };
  BOOST_TEST((method_of(CalibrationMethod::isotonic, rows(100)) == CalibrationMethod::isotonic));
  const std::string few = message_of<ConfigError>([&] { method_of(CalibrationMethod::isotonic, rows(99)); });
  BOOST_TEST(holds(few, "asks for 100 rows of each class, and class 1 came in 99"));
  BOOST_TEST((method_of(CalibrationMethod::automatic, rows(1000)) == CalibrationMethod::isotonic));
  BOOST_TEST((method_of(CalibrationMethod::automatic, rows(999)) == CalibrationMethod::temperature));
  // Rows of no weight are no evidence.
  Sample weighed = rows(1000);
  weighed.weight.assign(weighed.size(), 1);
  weighed.weight.back() = 0;
  BOOST_TEST((method_of(CalibrationMethod::automatic, weighed) == CalibrationMethod::temperature));
}

BOOST_AUTO_TEST_CASE(a_class_that_never_came_is_named) {
  Sample s{.classes = 3};
  s.add({0.5, 0.3, 0.2}, 0, 150);
  s.add({0.2, 0.3, 0.5}, 2, 150);
  for (const auto method : {CalibrationMethod::temperature, CalibrationMethod::sigmoid, CalibrationMethod::isotonic,
                            CalibrationMethod::automatic}) {
    const std::string refusal = message_of<DataError>([&] { fit_calibrator(method, s.forecasts()); });
    BOOST_TEST(holds(refusal, "class 1 came in none of 300 rows"));
  }
  BOOST_TEST((calibrate(fit_calibrator(CalibrationMethod::none, s.forecasts()), s.probability) == s.probability));
  s.add({0.2, 0.3, 0.5}, 1);
  fit_calibrator(CalibrationMethod::temperature, s.forecasts());
  s.weight.assign(s.size(), 1);
  s.weight.back() = 0;
  BOOST_CHECK_THROW(fit_calibrator(CalibrationMethod::temperature, s.forecasts()), DataError);
}

BOOST_AUTO_TEST_CASE(methods_have_names) {
  for (const std::string name : {"none", "temperature", "sigmoid", "isotonic", "auto"})
    BOOST_TEST(to_string(parse_calibration_method(name)) == name);
  BOOST_TEST(holds(message_of<ConfigError>([] { parse_calibration_method("isotonc"); }), "isotonic"));
}

BOOST_AUTO_TEST_CASE(probabilities_that_are_none_are_refused) {
  const Calibrator found = fit_calibrator(CalibrationMethod::temperature, made(false).forecasts());
  const auto refused = [&](const std::vector<double>& p) {
    return message_of<DataError>([&] { calibrate(found, p); });
  };
  BOOST_TEST(refused({0.5, 0.25, 0.25}) == "");
  BOOST_TEST(holds(refused({0.5, 0.25, 0.25, 0.5, 0.25, 0.5}), "of row 1 sum to 1.25"));
  BOOST_TEST(holds(refused({0.5, 0.75, -0.25}), "row 0 has the probability -0.25"));
  BOOST_CHECK_THROW(calibrate(found, std::vector<double>{0.5, 0.5}), std::invalid_argument);
  const Sample bad{.classes = 2, .probability = {0.5, 0.6}, .truth = {0}};
  BOOST_CHECK_THROW(fit_calibrator(CalibrationMethod::none, bad.forecasts()), DataError);
}

BOOST_AUTO_TEST_CASE(a_calibrator_that_no_fit_makes_is_refused) {
  const auto refused = [](CalibrationMethod method, const auto& change) {
    Calibrator out = fit_calibrator(method, made(false).forecasts());
    change(out);
    return message_of<DataError>([&] { calibrate(out, std::vector<double>{0.5, 0.25, 0.25}); });
  };
  using Method = CalibrationMethod;
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const Method method : {Method::none, Method::temperature, Method::sigmoid, Method::isotonic})
    BOOST_TEST(refused(method, [](Calibrator&) {}) == "");
  for (const double t : {0.0, 0.00999, 100.1, kNaN})
    BOOST_TEST(holds(refused(Method::temperature, [&](Calibrator& c) { c.temperature = t; }), "expected 0.01 to 100"));
  for (const double t : {kLeastTemperature, kMostTemperature})
    BOOST_TEST(refused(Method::temperature, [&](Calibrator& c) { c.temperature = t; }) == "");
  BOOST_TEST(holds(refused(Method::sigmoid, [](Calibrator& c) { c.sigmoid.pop_back(); }), "has 2 curves"));
  BOOST_TEST(holds(refused(Method::sigmoid, [](Calibrator& c) { c.sigmoid[1].slope = kNaN; }), "of slope nan"));
  BOOST_TEST(holds(refused(Method::isotonic, [](Calibrator& c) { c.isotonic.pop_back(); }), "has 2 curves"));
  BOOST_TEST(holds(refused(Method::isotonic, [](Calibrator& c) { c.isotonic[0].at.pop_back(); }), "places and"));
  BOOST_TEST(holds(refused(Method::isotonic, [](Calibrator& c) { c.isotonic[0] = {}; }), "0 places and 0 shares"));
  BOOST_TEST(
      holds(refused(Method::isotonic, [](Calibrator& c) { c.isotonic[0].share.back() = 1.1; }), "beyond 0 to 1"));
  BOOST_TEST(holds(refused(Method::isotonic, [](Calibrator& c) { c.isotonic[0].at.front() = kNaN; }), "beyond 0 to 1"));
  BOOST_TEST(holds(refused(Method::isotonic, [](Calibrator& c) { c.isotonic[0].share.front() = 1; }), "not rise"));
  BOOST_TEST(
      holds(refused(Method::isotonic, [](Calibrator& c) { c.isotonic[0].at[1] = c.isotonic[0].at[0]; }), "not rise"));
  BOOST_TEST(holds(refused(Method::isotonic, [](Calibrator& c) { c.prior[0] += 0.1; }), "priors"));
  BOOST_TEST(holds(refused(Method::sigmoid, [](Calibrator& c) { c.prior.clear(); }), "priors"));
  BOOST_TEST(holds(refused(Method::temperature, [](Calibrator& c) { c.method = Method::automatic; }), "no method"));
  BOOST_CHECK_THROW(check_calibrator({}), DataError);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reliability_curves)

BOOST_AUTO_TEST_CASE(the_gaps_of_bins_sum_to_the_calibration_errors_of_scores) {
  std::mt19937_64 random(41);
  for (int round = 0; round < 300; ++round) {
    const Sample s = drawn(random, 3 + random() % 80, 2 + random() % 3, 2, round % 2 == 0, round % 3 == 0);
    const std::size_t bins = 1 + random() % 12;
    const ForecastScores scores = ForecastScorer(s.forecasts(), bins).scores();
    const Reliability width = measure_reliability(s.forecasts(), {.bins = bins}),
                      mass = measure_reliability(s.forecasts(), {.bins = bins, .by = ReliabilityBins::equal_mass});
    BOOST_REQUIRE(width.predicted.ece == scores.ece_width);
    BOOST_REQUIRE(mass.predicted.ece == scores.ece_mass);
    double all = 0;
    for (std::size_t row = 0; row < s.size(); ++row) all += s.w(row);
    for (const Reliability* each : {&width, &mass}) {
      std::vector<ReliabilityCurve> curves = each->by_class;
      curves.push_back(each->predicted);
      for (const ReliabilityCurve& curve : curves) {
        double gaps = 0, weight = 0;
        for (const ReliabilityBin& bin : curve.bins) {
          BOOST_REQUIRE(bin.weight > 0);
          BOOST_REQUIRE(bin.share_low <= bin.share && bin.share <= bin.share_high);
          BOOST_REQUIRE(bin.low <= bin.confidence + 1e-12 && bin.confidence <= bin.high + 1e-12);
          gaps += bin.weight * std::fabs(bin.confidence - bin.share) / all;
          weight += bin.weight;
        }
        BOOST_REQUIRE(near(gaps, curve.ece));
        BOOST_REQUIRE(near(weight, all));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_class_has_the_rows_of_each_width) {
  std::mt19937_64 random(42);
  for (int round = 0; round < 100; ++round) {
    const Sample s = drawn(random, 60, 3, 2, round % 2 == 0, round % 3 == 0);
    const Reliability found = measure_reliability(s.forecasts(), {.bins = 5});
    for (std::size_t c = 0; c < 3; ++c) {
      std::size_t at = 0;
      for (int bin = 0; bin < 5; ++bin) {
        double weight = 0, confidence = 0, came = 0;
        for (std::size_t row = 0; row < s.size(); ++row) {
          const double p = s.p(row, c);
          if (!(p > bin / 5.0 || bin == 0) || p > (bin + 1) / 5.0) continue;
          weight += s.w(row);
          confidence += s.w(row) * p;
          came += s.is(row, c) ? s.w(row) : 0;
        }
        if (weight == 0) continue;
        const ReliabilityBin& same = found.by_class[c].bins.at(at++);
        BOOST_REQUIRE(near(same.low, bin / 5.0) && near(same.high, (bin + 1) / 5.0));
        BOOST_REQUIRE(near(same.weight, weight));
        BOOST_REQUIRE(near(same.confidence, confidence / weight));
        BOOST_REQUIRE(near(same.share, came / weight));
      }
      BOOST_REQUIRE(at == found.by_class[c].bins.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_width_is_open_below_and_closed_above) {
  Sample s;
  for (const double p : {0.0, 0.25, 0.2500001, 0.5, 1.0}) s.add({1 - p, p}, 0);
  const ReliabilityCurve found = measure_reliability(s.forecasts(), {.bins = 4}).by_class[1];
  BOOST_REQUIRE(found.bins.size() == 3);  // none between a half and three quarters
  BOOST_TEST(found.bins[0].weight == 2);  // 0 and 1/4
  BOOST_TEST(found.bins[1].weight == 2);
  BOOST_TEST(found.bins[2].low == 0.75);
  BOOST_TEST(found.bins[2].weight == 1);
}

BOOST_AUTO_TEST_CASE(bins_of_equal_mass_begin_and_end_with_their_rows_and_split_no_tie) {
  Sample s;
  for (const double p : {0.1, 0.2, 0.2, 0.2, 0.3, 0.4, 0.5, 0.9}) s.add({1 - p, p}, 1);
  s.weight = {1, 1, 1, 1, 1, 1, 1, 1};
  const auto curve = [&] {
    return measure_reliability(s.forecasts(), {.bins = 4, .by = ReliabilityBins::equal_mass}).by_class[1];
  };
  // Two rows fill a bin; the first goes on to the last 0.2, and has filled the second too.
  ReliabilityCurve found = curve();
  BOOST_REQUIRE(found.bins.size() == 3);
  BOOST_TEST(found.bins[0].low == 0.1);
  BOOST_TEST(found.bins[0].high == 0.2);
  BOOST_TEST(found.bins[0].weight == 4);
  BOOST_TEST(found.bins[1].low == 0.3);
  BOOST_TEST(found.bins[1].high == 0.4);
  BOOST_TEST(found.bins[2].low == 0.5);
  // Rows of no weight are at no end of a bin.
  s.weight = {0, 1, 1, 1, 1, 1, 1, 0};
  found = curve();
  BOOST_TEST(found.bins.front().low == 0.2);
  BOOST_TEST(found.bins.back().high == 0.5);
}

// scipy's binomtest(came, rows).proportion_ci(level, method="wilson").
BOOST_AUTO_TEST_CASE(intervals_are_wilsons) {
  struct Case {
    int came, rows;
    double level, low, high;
  };
  for (const Case& each :
       {Case{15, 20, 0.95, 0.5312991223812561, 0.8881382985923344},
        Case{15, 20, 0.8, 0.6102444165551337, 0.851812093889484}, Case{0, 10, 0.95, 0, 0.27753279986288926},
        Case{10, 10, 0.95, 0.7224672001371109, 1}, Case{7, 50, 0.8, 0.08851935972566853, 0.2143786884818315}}) {
    Sample s = of_share(0.7, each.came, each.rows);
    const auto interval = [&] {
      return measure_reliability(s.forecasts(), {.level = each.level}).by_class[0].bins.at(0);
    };
    BOOST_TEST(near(interval().share_low, each.low, 1e-12));
    BOOST_TEST(near(interval().share_high, each.high, 1e-12));
    // Weights that are all the same make no more rows of them.
    s.weight.assign(s.size(), 3);
    BOOST_TEST(near(interval().share_low, each.low, 1e-12));
  }
  // (4 + 4 * 1)^2 / (4^2 + 4 * 1^2) = 64 / 20 rows.
  Sample s = of_share(0.7, 1, 5);
  s.weight = {4, 1, 1, 1, 1};
  const ReliabilityBin bin = measure_reliability(s.forecasts()).by_class[0].bins.at(0);
  const double z = 1.959963984540054, rows = 3.2, scale = 1 + z * z / rows;
  const double reach = z / scale * std::sqrt(0.25 / rows + z * z / (4 * rows * rows));
  BOOST_TEST(bin.share == 0.5);
  BOOST_TEST(near(bin.share_low, 0.5 - reach));
  BOOST_TEST(near(bin.share_high, 0.5 + reach));
}

BOOST_AUTO_TEST_CASE(no_bins_and_levels_that_are_none_are_refused) {
  const Sample s = of_share(0.7, 3, 5);
  BOOST_TEST(holds(message_of<ConfigError>([&] { measure_reliability(s.forecasts(), {.bins = 0}); }), "0 bins"));
  for (const double level : {0.0, 1.0, std::nan("")})
    BOOST_CHECK_THROW(measure_reliability(s.forecasts(), {.level = level}), ConfigError);
  const Sample bad{.classes = 2, .probability = {0.5, 0.6}, .truth = {0}};
  BOOST_CHECK_THROW(measure_reliability(bad.forecasts()), DataError);
}

BOOST_AUTO_TEST_SUITE_END()
