#include "models/classifiers/ridge.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::models;

namespace {

struct Made {
  std::vector<float> features;
  std::size_t columns, classes;
  std::vector<std::int32_t> truth;
  std::vector<double> weight;

  std::size_t rows() const { return truth.size(); }
  RidgeRows array() const {
    return {.features = features, .columns = columns, .truth = truth, .classes = classes, .weight = weight};
  }
};

// The first features tell the classes apart, the others are noise of many sizes.
Made random_rows(std::mt19937_64& random, std::size_t rows, std::size_t columns, std::size_t classes, bool weighted) {
  std::normal_distribution<double> normal;
  Made out{.features = {}, .columns = columns, .classes = classes, .truth = {}, .weight = {}};
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t truth = row < classes ? row : random() % classes;
    out.truth.push_back(static_cast<std::int32_t>(truth));
    for (std::size_t c = 0; c < columns; ++c) {
      const double size = std::exp(static_cast<double>(c % 5) - 2), shift = c % classes == truth ? 1 : 0;
      out.features.push_back(static_cast<float>(size * (normal(random) + shift) + 3));
    }
    // Whole numbers and none, but for the rows that bring the classes.
    if (weighted) out.weight.push_back(row < classes ? 1 : 0.5 * static_cast<double>(random() % 5));
  }
  return out;
}

Made with_constants(const Made& made, std::size_t more, float value) {
  Made out = made;
  out.columns += more;
  out.features.clear();
  for (std::size_t row = 0; row < made.rows(); ++row) {
    const float* from = &made.features[row * made.columns];
    out.features.insert(out.features.end(), from, from + made.columns);
    out.features.insert(out.features.end(), more, value);
  }
  return out;
}

// Gauss's elimination with the largest pivot.
std::vector<double> solved(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i) pivot = std::fabs(a[i * n + k]) > std::fabs(a[pivot * n + k]) ? i : pivot;
    for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[pivot * n + j]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = k + 1; i < n; ++i) {
      const double by = a[i * n + k] / a[k * n + k];
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= by * a[k * n + j];
      b[i] -= by * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return b;
}

// Rows as they are regressed on: by weighted means and deviations of all of them.
std::vector<double> scaled(const Made& made, bool standardise) {
  std::vector<double> out(made.features.begin(), made.features.end());
  for (std::size_t c = 0; c < made.columns; ++c) {
    double sum = 0, squares = 0, all = 0;
    for (std::size_t row = 0; row < made.rows(); ++row) {
      const double w = made.weight.empty() ? 1 : made.weight[row], x = out[row * made.columns + c];
      sum += w * x;
      squares += w * x * x;
      all += w;
    }
    const double mean = sum / all, deviation = std::sqrt(squares / all - mean * mean);
    for (std::size_t row = 0; row < made.rows(); ++row)
      out[row * made.columns + c] = (out[row * made.columns + c] - mean) / (standardise ? deviation : 1.0);
  }
  return out;
}

// The intercept and then the coefficients of one class, from the normal equations; the row `without` does not count.
std::vector<double> normal_equations(const Made& made, const std::vector<double>& x, std::int32_t of_class,
                                     double alpha, std::size_t without) {
  const std::size_t p = made.columns + 1;
  std::vector<double> a(p * p), b(p);
  for (std::size_t i = 1; i < p; ++i) a[i * p + i] = alpha;
  for (std::size_t row = 0; row < made.rows(); ++row) {
    if (row == without) continue;
    const double w = made.weight.empty() ? 1 : made.weight[row], y = made.truth[row] == of_class ? 1 : -1;
    const auto at = [&](std::size_t i) { return i == 0 ? 1.0 : x[row * made.columns + i - 1]; };
    for (std::size_t i = 0; i < p; ++i) {
      for (std::size_t j = 0; j < p; ++j) a[i * p + j] += w * at(i) * at(j);
      b[i] += w * at(i) * y;
    }
  }
  return solved(a, b);
}

double value_at(const Made& made, const std::vector<double>& x, std::size_t row, const std::vector<double>& line) {
  double out = line[0];
  for (std::size_t c = 0; c < made.columns; ++c) out += line[c + 1] * x[row * made.columns + c];
  return out;
}

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

std::vector<double> brute_force_errors(const Made& made, const std::vector<double>& x,
                                       const std::vector<double>& alphas) {
  std::vector<double> out;
  for (const double alpha : alphas) {
    double sum = 0, all = 0;
    for (std::size_t row = 0; row < made.rows(); ++row) {
      const double w = made.weight.empty() ? 1 : made.weight[row];
      all += w;
      for (std::int32_t k = 0; k < static_cast<std::int32_t>(made.classes); ++k) {
        const double y = made.truth[row] == k ? 1 : -1;
        const double error = y - value_at(made, x, row, normal_equations(made, x, k, alpha, row));
        sum += w * error * error;
      }
    }
    out.push_back(sum / all / static_cast<double>(made.classes));
  }
  return out;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  BOOST_REQUIRE(a.size() == b.size());
  double out = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out = std::max(out, std::fabs(a[i] - b[i]));
    size = std::max(size, std::fabs(b[i]));
  }
  return out / size;
}

// Coefficients of the features as they came.
std::vector<double> slopes(const RidgeClassifier& fitted, std::size_t columns) {
  std::vector<double> out;
  for (std::size_t k = 0; k < fitted.classes; ++k) {
    for (std::size_t c = 0; c < columns; ++c)
      out.push_back(fitted.coefficients[k * fitted.columns + c] / fitted.scale[c]);
  }
  return out;
}

bool same(const RidgeClassifier& a, const RidgeClassifier& b) {
  return a.coefficients == b.coefficients && a.intercept == b.intercept && a.mean == b.mean && a.scale == b.scale &&
         a.alpha == b.alpha && a.left_out_error == b.left_out_error;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ridge)

// 10^(-3 + 6k/9).
BOOST_AUTO_TEST_CASE(penalties_are_spread_evenly_over_six_decades) {
  const RidgeOptions options;
  BOOST_REQUIRE(options.alphas.size() == 10U);
  for (int k = 0; k < 10; ++k)
    BOOST_TEST(std::fabs(options.alphas[static_cast<std::size_t>(k)] / std::pow(10, -3 + 6 * k / 9.0) - 1) < 4e-15);
}

BOOST_AUTO_TEST_CASE(errors_are_those_of_leaving_each_row_out) {
  std::mt19937_64 random(31);
  for (int round = 0; round < 60; ++round) {
    const std::size_t classes = 2 + random() % 3, rows = classes + 2 + random() % 16, columns = 1 + random() % 24;
    const Made made = random_rows(random, rows, columns, classes, round % 2 == 0);
    const RidgeOptions options{.alphas = {1000, 0.01, 0.3, 5, 60}, .standardise = round % 3 == 0};
    const RidgeClassifier fitted = fit_ridge(made.array(), options);
    const std::vector<double> x = scaled(made, options.standardise);
    const std::vector<double> errors = brute_force_errors(made, x, options.alphas);
    BOOST_REQUIRE(distance(fitted.left_out_error, errors) < 1e-7);
    const auto best = std::min_element(errors.begin(), errors.end()) - errors.begin();
    BOOST_REQUIRE(fitted.alpha == options.alphas[static_cast<std::size_t>(best)]);

    std::vector<double> expected;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::int32_t k = 0; k < static_cast<std::int32_t>(classes); ++k)
        expected.push_back(value_at(made, x, row, normal_equations(made, x, k, fitted.alpha, kNone)));
    }
    BOOST_REQUIRE(distance(decision_values(fitted, made.features), expected) < 1e-6);
  }
}

// More rows than a piece has; the normal equations have four unknowns.
BOOST_AUTO_TEST_CASE(errors_of_many_rows_are_those_of_leaving_each_out) {
  std::mt19937_64 random(32);
  const Made made = random_rows(random, 600, 3, 2, true);
  const RidgeOptions options{.alphas = {0.1, 50}, .standardise = false};
  const std::vector<double> errors = brute_force_errors(made, scaled(made, false), options.alphas);
  BOOST_TEST(distance(fit_ridge(made.array(), options).left_out_error, errors) < 1e-9);
}

// Features that never change add nothing, but make them more than the rows, so that rows are solved for.
BOOST_AUTO_TEST_CASE(solving_for_rows_or_for_features_is_the_same) {
  std::mt19937_64 random(33);
  for (const auto& [rows, columns] : std::vector<std::pair<std::size_t, std::size_t>>{{12, 11}, {40, 7}, {300, 260}}) {
    const Made made = random_rows(random, rows, columns, 3, true);
    const RidgeClassifier by_features = fit_ridge(made.array()),
                          by_rows = fit_ridge(with_constants(made, rows, 7.1F).array());
    BOOST_TEST(by_rows.alpha == by_features.alpha);
    BOOST_TEST(distance(by_rows.left_out_error, by_features.left_out_error) < 1e-8);
    BOOST_TEST(distance(slopes(by_rows, columns), slopes(by_features, columns)) < 1e-9);
    BOOST_TEST(distance(by_rows.intercept, by_features.intercept) < 1e-12);
  }
}

// At the least squares of each class: Z'W (y - f) = alpha times the coefficients. Sizes of several tiles.
BOOST_AUTO_TEST_CASE(coefficients_of_many_features_are_least_squares) {
  std::mt19937_64 random(34);
  for (const auto& [rows, columns] : std::vector<std::pair<std::size_t, std::size_t>>{{280, 600}, {600, 280}}) {
    const Made made = random_rows(random, rows, columns, 2, true);
    const RidgeClassifier fitted = fit_ridge(made.array(), {.alphas = {20.0}, .standardise = true}, 2);
    const std::vector<double> x = scaled(made, true), f = decision_values(fitted, made.features);
    for (std::size_t k = 0; k < 2; ++k) {
      std::vector<double> pull(columns), expected;
      for (std::size_t row = 0; row < rows; ++row) {
        const double y = made.truth[row] == static_cast<std::int32_t>(k) ? 1 : -1;
        for (std::size_t c = 0; c < columns; ++c)
          pull[c] += made.weight[row] * x[row * columns + c] * (y - f[row * 2 + k]);
      }
      for (std::size_t c = 0; c < columns; ++c) expected.push_back(20.0 * fitted.coefficients[k * columns + c]);
      BOOST_TEST(distance(pull, expected) < 1e-8);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_weight_of_two_is_the_row_twice) {
  std::mt19937_64 random(35);
  for (const std::size_t columns : {4, 90}) {
    Made made = random_rows(random, 30, columns, 3, false), twice = made;
    for (std::size_t row = 0; row < 30; ++row) {
      made.weight.push_back(row % 3 == 0 ? 2 : 1);
      if (row % 3 != 0) continue;
      twice.truth.push_back(made.truth[row]);
      for (std::size_t c = 0; c < columns; ++c) twice.features.push_back(made.features[row * columns + c]);
    }
    const RidgeOptions options{.alphas = {2.0}, .standardise = true};
    const RidgeClassifier by_weight = fit_ridge(made.array(), options), by_rows = fit_ridge(twice.array(), options);
    BOOST_TEST(distance(by_weight.coefficients, by_rows.coefficients) < 1e-10);
    BOOST_TEST(distance(by_weight.intercept, by_rows.intercept) < 1e-12);
    BOOST_TEST(distance(by_weight.mean, by_rows.mean) < 1e-12);
    BOOST_TEST(distance(by_weight.scale, by_rows.scale) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_row_of_no_weight_is_no_row) {
  std::mt19937_64 random(36);
  Made made = random_rows(random, 20, 6, 2, false), more = made;
  made.weight.assign(20, 1.0);
  more.weight = made.weight;
  more.truth.insert(more.truth.begin(), 1);
  more.weight.insert(more.weight.begin(), 0.0);
  more.features.insert(more.features.begin(), 6, 1e6F);
  BOOST_TEST(same(fit_ridge(more.array()), fit_ridge(made.array())));
}

BOOST_AUTO_TEST_CASE(two_classes_mirror_each_other) {
  std::mt19937_64 random(37);
  const RidgeClassifier fitted = fit_ridge(random_rows(random, 40, 15, 2, true).array());
  for (std::size_t c = 0; c < 15; ++c)
    BOOST_TEST(std::fabs(fitted.coefficients[c] + fitted.coefficients[15 + c]) < 1e-14);
  BOOST_TEST(std::fabs(fitted.intercept[0] + fitted.intercept[1]) < 1e-14);
}

BOOST_AUTO_TEST_CASE(a_class_that_never_comes_is_never_predicted) {
  std::mt19937_64 random(38);
  Made made = random_rows(random, 30, 5, 2, false);
  made.classes = 3;
  const RidgeClassifier fitted = fit_ridge(made.array());
  BOOST_TEST(fitted.intercept[2] == -1);
  for (std::size_t c = 0; c < 5; ++c) BOOST_TEST(fitted.coefficients[2 * 5 + c] == 0);
}

BOOST_AUTO_TEST_CASE(a_feature_that_never_changes_says_nothing) {
  std::mt19937_64 random(39);
  for (const std::size_t rows : {20, 8}) {
    for (const float value : {0.1F, 0.7F, 1e-3F, 123.456F, -1e20F}) {
      Made made = with_constants(random_rows(random, rows, 10, 2, false), 1, value);
      // Of which sums are rounded.
      for (std::size_t row = 0; row < rows; ++row) made.weight.push_back(0.1 + 0.3 * static_cast<double>(row));
      for (const bool standardise : {true, false}) {
        const RidgeClassifier fitted = fit_ridge(made.array(), {.standardise = standardise});
        BOOST_TEST(fitted.mean[10] == static_cast<double>(value));
        BOOST_TEST(fitted.scale[10] == 1);
        std::vector<float> other(made.features.begin(), made.features.begin() + 11);
        const std::vector<double> before = decision_values(fitted, other);
        other[10] = 1e9F;
        BOOST_TEST(decision_values(fitted, other) == before, boost::test_tools::per_element());
      }
    }
  }
}

// Without features what is left is the mean of the other rows: (y - mean) n / (n - 1). All penalties do as well.
BOOST_AUTO_TEST_CASE(the_first_of_equal_penalties_is_chosen) {
  Made made{
      .features = std::vector<float>(5 * 8, 2.5F), .columns = 8, .classes = 2, .truth = {0, 1, 1, 0, 1}, .weight = {}};
  const RidgeClassifier fitted = fit_ridge(made.array(), {.alphas = {3.0, 0.5, 7.0}});
  // Targets -1, 1, 1, -1, 1 have the mean 1/5.
  const double expected = (3 * 0.8 * 0.8 + 2 * 1.2 * 1.2) / 5 * 25 / 16;
  for (const double error : fitted.left_out_error) BOOST_TEST(std::fabs(error - expected) < 1e-12);
  made.columns = 1;
  made.features.resize(5);
  const RidgeClassifier by_features = fit_ridge(made.array(), {.alphas = {3.0, 0.5, 7.0}});
  for (const double error : by_features.left_out_error) BOOST_TEST(std::fabs(error - expected) < 1e-12);
  BOOST_TEST(by_features.alpha == 3);
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_gives_the_same) {
  std::mt19937_64 random(40);
  for (const auto& [rows, columns] : std::vector<std::pair<std::size_t, std::size_t>>{{300, 1100}, {1100, 300}}) {
    const Made made = random_rows(random, rows, columns, 3, true);
    const RidgeClassifier fitted = fit_ridge(made.array(), {}, 1);
    const std::vector<double> values = decision_values(fitted, made.features, 1);
    for (const unsigned threads : {0U, 3U}) {
      BOOST_TEST(same(fit_ridge(made.array(), {}, threads), fitted));
      BOOST_TEST((decision_values(fitted, made.features, threads) == values));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_row_alone_has_the_values_it_has_among_others) {
  std::mt19937_64 random(41);
  const Made made = random_rows(random, 70, 29, 3, false);
  const RidgeClassifier fitted = fit_ridge(made.array());
  const std::vector<double> all = decision_values(fitted, made.features);
  for (std::size_t row = 0; row < 70; ++row) {
    const std::vector<double> alone = decision_values(fitted, std::span(made.features).subspan(row * 29, 29));
    BOOST_REQUIRE(std::equal(alone.begin(), alone.end(), all.begin() + static_cast<std::ptrdiff_t>(row * 3)));
    for (std::size_t k = 0; k < 3; ++k) {
      double expected = fitted.intercept[k];
      for (std::size_t c = 0; c < 29; ++c)
        expected += fitted.coefficients[k * 29 + c] * (made.features[row * 29 + c] - fitted.mean[c]) / fitted.scale[c];
      BOOST_REQUIRE(std::fabs(alone[k] - expected) < 1e-12);
    }
  }
  BOOST_TEST(decision_values(fitted, {}).empty());
}

BOOST_AUTO_TEST_CASE(problems_that_are_too_large_are_refused_before_they_are_read) {
  // Memory that nobody touches.
  constexpr std::size_t kSide = 6001;
  const std::unique_ptr<float, void (*)(void*)> zeros(static_cast<float*>(std::calloc(kSide * kSide, sizeof(float))),
                                                      std::free);
  std::vector<std::int32_t> truth(kSide);
  truth[1] = 1;
  const std::string said = message_of<ConfigError>([&] {
    fit_ridge({.features = {zeros.get(), kSide * kSide}, .columns = kSide, .truth = truth, .classes = 2});
  });
  BOOST_TEST(holds(said, "6001 rows of 6001 features"));
  BOOST_TEST(holds(said, "logistic regression"));
  // Rows without weight are none, and many rows of few features, or the other way round, are no such problem.
  std::vector<double> weight(kSide);
  weight[0] = weight[1] = weight[2] = 1;
  BOOST_TEST(message_of([&] {
               fit_ridge({.features = {zeros.get(), kSide * kSide},
                          .columns = kSide,
                          .truth = truth,
                          .classes = 2,
                          .weight = weight});
             }) == "");
  BOOST_TEST(message_of([&] {
               fit_ridge({.features = {zeros.get(), kSide * 2}, .columns = 2, .truth = truth, .classes = 2});
             }) == "");
}

BOOST_AUTO_TEST_CASE(penalties_that_are_none_are_refused) {
  std::mt19937_64 random(42);
  const Made made = random_rows(random, 10, 3, 2, false);
  const auto refused = [&](std::vector<double> alphas) {
    return message_of<ConfigError>([&] { fit_ridge(made.array(), {.alphas = std::move(alphas)}); });
  };
  BOOST_TEST(holds(refused({}), "one alpha at least"));
  BOOST_TEST(holds(refused({1, 0}), "penalty of 0"));
  BOOST_TEST(holds(refused({-1}), "penalty of -1"));
  BOOST_TEST(holds(refused({std::nan("")}), "penalty of nan"));
  BOOST_TEST(holds(refused({HUGE_VAL}), "penalty of inf"));
  BOOST_TEST(refused({1e-300}) == "");
}

BOOST_AUTO_TEST_CASE(penalties_that_are_lost_in_rounding_are_not_chosen) {
  std::mt19937_64 random(43);
  Made made = random_rows(random, 40, 12, 2, false);
  // Features that are sums of others leave nothing but rounding where the penalty is added.
  for (std::size_t row = 0; row < 40; ++row) {
    float* x = &made.features[row * 12];
    for (std::size_t c = 0; c < 6; ++c) {
      x[c] *= 1e15F;
      x[6 + c] = x[c];
    }
  }
  const RidgeOptions options{.alphas = {1e-3, 1e30}, .standardise = false};
  const RidgeClassifier fitted = fit_ridge(made.array(), options);
  BOOST_TEST(fitted.left_out_error[0] == HUGE_VAL);
  BOOST_TEST(fitted.alpha == 1e30);
  BOOST_TEST(holds(message_of<ConfigError>([&] { fit_ridge(made.array(), {.alphas = {1e-3}, .standardise = false}); }),
                   "lost beside features this large"));
}

BOOST_AUTO_TEST_CASE(rows_that_cannot_be_fitted_are_refused_by_number) {
  std::mt19937_64 random(44);
  const Made sound = random_rows(random, 12, 3, 2, true);
  const auto refused = [&](const auto& change) {
    Made made = sound;
    change(made);
    return message_of<DataError>([&] { fit_ridge(made.array()); });
  };
  BOOST_TEST(refused([](Made&) {}) == "");
  BOOST_TEST(holds(refused([](Made& m) { m.features[4 * 3 + 1] = std::nanf(""); }), "feature 1 of row 4 is nan"));
  BOOST_TEST(holds(refused([](Made& m) { m.features[4 * 3 + 1] = HUGE_VALF; }), "feature 1 of row 4 is inf"));
  BOOST_TEST(holds(refused([](Made& m) { m.truth[5] = -99; }), "row 5 is of class -99"));
  BOOST_TEST(holds(refused([](Made& m) { m.truth[5] = 2; }), "row 5 is of class 2"));
  BOOST_TEST(holds(refused([](Made& m) { m.weight[6] = -0.5; }), "row 6 weighs -0.5"));
  BOOST_TEST(holds(refused([](Made& m) { m.weight[6] = HUGE_VAL; }), "row 6 weighs inf"));
  BOOST_TEST(holds(refused([](Made& m) { m.truth.assign(12, 1); }), "fewer than two classes"));
  BOOST_TEST(holds(refused([](Made& m) {
                     for (std::size_t row = 0; row < 12; ++row) m.weight[row] = m.truth[row];
                   }),
                   "fewer than two classes"));
  BOOST_CHECK_THROW(refused([](Made& m) { m.features.pop_back(); }), std::invalid_argument);
  BOOST_CHECK_THROW(refused([](Made& m) { m.weight.pop_back(); }), std::invalid_argument);
  BOOST_CHECK_THROW(refused([](Made& m) { m.columns = 0; }), std::invalid_argument);

  const RidgeClassifier fitted = fit_ridge(sound.array());
  std::vector<float> features = sound.features;
  features[7 * 3 + 2] = -HUGE_VALF;
  BOOST_TEST(holds(message_of<DataError>([&] { decision_values(fitted, features); }), "feature 2 of row 7 is -inf"));
  BOOST_CHECK_THROW(decision_values(fitted, std::span(sound.features).first(35)), std::invalid_argument);
  RidgeClassifier broken = fitted;
  broken.intercept.pop_back();
  BOOST_CHECK_THROW(decision_values(broken, sound.features), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
