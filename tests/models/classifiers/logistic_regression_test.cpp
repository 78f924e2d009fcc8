#include "models/classifiers/logistic_regression.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "models/classifiers/learnable_samples.h"
#include "tests/models/classifiers/made_samples.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::models;

namespace {

// Owns what LogisticRows spans.
struct Rows {
  MadeSamples made;
  LearnableSamples used;
  Samples samples;

  explicit Rows(MadeSamples from, bool balanced = false)
      : made(std::move(from)), used(learnable_samples(made.labelled(), balanced)), samples(made.samples()) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  LogisticRows rows() const {
    return {
        .samples = samples, .at = used.at, .truth = used.number, .weight = used.weight, .classes = used.classes.size()};
  }
};

std::vector<double> some_values(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> out(count);
  for (double& each : out) each = 0.5 * normal(random);
  return out;
}

double loss_at(const LogisticRows& rows, double strength, const std::vector<double>& values) {
  std::vector<double> gradient(values.size());
  return logistic_loss(rows, strength, values, gradient);
}

// The definition, one row after the other.
double defined_loss(const LogisticRows& rows, double strength, const std::vector<double>& values) {
  const std::size_t p = rows.features();
  double loss = 0, all = 0, squares = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto x = rows.samples.sample(rows.at[i]);
    std::vector<double> says;
    double sum = 0;
    for (std::size_t k = 0; k < rows.classes; ++k) {
      says.push_back(values[rows.classes * p + k]);
      for (std::size_t c = 0; c < p; ++c) says[k] += values[k * p + c] * x[c];
      sum += std::exp(says[k]);
    }
    loss -= rows.weight[i] * std::log(std::exp(says[static_cast<std::size_t>(rows.truth[i])]) / sum);
    all += rows.weight[i];
  }
  for (std::size_t i = 0; i < rows.classes * p; ++i) squares += values[i] * values[i];
  return loss / all + strength / 2 * squares;
}

void check_near(std::span<const double> found, const std::vector<double>& expected, double tolerance) {
  BOOST_REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    BOOST_TEST(std::fabs(found[i] - expected[i]) < tolerance, i << ": " << found[i] << " " << expected[i]);
}

// Twelve rows of two features.
MadeSamples twelve(std::size_t classes) {
  MadeSamples made{.channels = 2, .classes = classes, .table = {0.5, -1,   1.5,  0.25,  -0.75, 2,   2,    1,
                                                                -1,  -1.5, 0.25, 0.5,   1,     -2,  -2,   0.75,
                                                                0,   1.25, -0.5, -0.25, 1.25,  1.5, -1.5, -0.5}};
  const std::int32_t labels[] = {0, 1, 2, 1, 0, 2, 0, 2, 1, 0, 1, 2};
  for (std::size_t i = 0; i < 12; ++i) made.add(i, classes == 2 ? labels[i] == 1 : labels[i], 1);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(logistic_regression)

BOOST_AUTO_TEST_CASE(the_loss_is_that_of_its_definition_and_the_gradient_its_slope) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 40; ++round) {
    const std::size_t classes = 2 + random() % 3, channels = 1 + random() % 19, steps = 1 + random() % 2;
    const Rows made(made_samples(random(), 5 + random() % 30, channels, classes, steps));
    const LogisticRows rows = made.rows();
    std::vector<double> values = some_values(random(), rows.classes * (rows.features() + 1));
    std::vector<double> gradient(values.size());
    const double strength = 0.3, loss = logistic_loss(rows, strength, values, gradient);
    BOOST_TEST(std::fabs(loss - defined_loss(rows, strength, values)) < 1e-12 * (1 + loss));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double before = values[i], h = 1e-5;
      values[i] = before + h;
      const double above = loss_at(rows, strength, values);
      values[i] = before - h;
      const double below = loss_at(rows, strength, values);
      values[i] = before;
      BOOST_TEST(std::fabs(gradient[i] - (above - below) / (2 * h)) < 1e-8);
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_and_instruction_sets_change_no_bit) {
  for (const std::size_t channels : {1, 7, 8, 9, 31}) {
    const Rows made(made_samples(2, 1500 + channels, channels, 3));
    const LogisticRows rows = made.rows();
    const std::vector<double> values = some_values(3, rows.classes * (rows.features() + 1));
    std::vector<double> gradient(values.size()), other(values.size());
    const double loss = logistic_loss(rows, 0.1, values, gradient, 1, Isa::v2);
    for (const Isa set : {Isa::v2, Isa::v3, Isa::v4}) {
      if (!supported(set)) continue;
      for (const unsigned threads : {0U, 1U, 3U}) {
        BOOST_TEST(logistic_loss(rows, 0.1, values, other, threads, set) == loss);
        BOOST_TEST((other == gradient));
      }
    }
    const LogisticFit one = fit_logistic(rows, {}, 1), three = fit_logistic(rows, {}, 3);
    BOOST_TEST((one.values == three.values));
    BOOST_TEST((logistic_probabilities(one, made.samples, 1) == logistic_probabilities(one, made.samples, 3)));
  }
}

// One feature, 1 or -1; at 1 three of four rows are of class 1, at -1 one of four. By symmetry there is no intercept,
// and the difference d of coefficients solves d = 8 c (3/4 - 1 / (1 + e^-d)): c is chosen so that d is 1.
BOOST_AUTO_TEST_CASE(the_optimum_of_a_problem_that_can_be_solved_by_hand) {
  MadeSamples made{.channels = 1, .table = {1, -1}};
  for (const std::size_t at : {0, 1}) {
    for (int i = 0; i < 4; ++i) made.add(at, (at == 0) == (i < 3), 1);
  }
  const Rows rows(made);
  const LogisticFit fit =
      fit_logistic(rows.rows(), {.c = 1 / (8 * (0.75 - 1 / (1 + std::exp(-1.0)))), .tolerance = 1e-12});
  BOOST_TEST(fit.converged);
  check_near(fit.values, {-0.5, 0.5, 0, 0}, 1e-9);
}

BOOST_AUTO_TEST_CASE(without_features_that_tell_anything_probabilities_are_the_shares) {
  MadeSamples made{.channels = 1, .classes = 3, .table = {0}};
  made.add(0, 0, 1);
  made.add(0, 1, 2);
  made.add(0, 2, 5);
  const Rows rows(made);
  const LogisticFit fit = fit_logistic(rows.rows(), {});
  BOOST_TEST(fit.converged);
  const std::vector<double> p = logistic_probabilities(fit, rows.samples);
  check_near(std::span(p).first(3), {1.0 / 8, 2.0 / 8, 5.0 / 8}, 1e-6);
}

// Coefficients of scikit-learn 1.9 (LogisticRegression, lbfgs, tol 1e-14), to the digits that it is good for.
BOOST_AUTO_TEST_CASE(coefficients_are_those_of_scikit_learn) {
  const auto fitted = [](const MadeSamples& made, double c, bool balanced) {
    return fit_logistic(Rows(made, balanced).rows(), {.c = c, .tolerance = 1e-10}).values;
  };
  MadeSamples made = twelve(3);
  check_near(fitted(made, 1, false),
             {-0.0242036266, -1.0639285749, 0.8596948998, 0.6469585051, -0.8354912732, 0.4169700699, 0.1733257905,
              -0.2583403854, 0.0850145948},
             2e-6);
  check_near(fitted(made, 0.25, false),
             {-0.0149207603, -0.5920419792, 0.4824153957, 0.3517452644, -0.4674946354, 0.2402967148, 0.0941533915,
              -0.1219467816, 0.0277933901},
             2e-6);
  made.weight = {1, 2, 0.5, 1, 1.5, 1, 3, 1, 0.25, 1, 1, 2};
  check_near(fitted(made, 1, false),
             {-0.0047013075, -1.1703216017, 0.9745748975, 0.6692535201, -0.96987359, 0.5010680816, 0.1142040757,
              -0.3747216213, 0.2605175457},
             2e-6);
  made = twelve(3);
  made.first.resize(9);
  made.label.resize(9);
  made.weight.resize(9);
  check_near(fitted(made, 1, true),
             {-0.1032532937, -1.0789763896, 0.7076553588, 0.5519417468, -0.604402065, 0.5270346428, 0.0203738936,
              -0.1285391961, 0.1081653025},
             2e-6);
  // Of two classes it fits the difference.
  const std::vector<double> two = fitted(twelve(2), 1, false);
  check_near(two, {-two[2], -two[3], two[2], two[3], -two[5], two[5]}, 1e-9);
  check_near(std::vector<double>{two[2] - two[0], two[3] - two[1], two[5] - two[4]},
             {1.1848669515, 0.8260897455, -1.317638511}, 2e-6);
}

BOOST_AUTO_TEST_CASE(a_weight_of_two_is_the_row_twice) {
  MadeSamples made = made_samples(4, 80, 4, 3), twice = made;
  made.weight.assign(80, 1);
  twice.weight = made.weight;
  for (std::size_t i = 0; i < 80; i += 3) {
    made.weight[i] = 2;
    twice.add(made.first[i], made.label[i], 1);
  }
  const LogisticOptions options{.tolerance = 1e-11};
  const LogisticFit a = fit_logistic(Rows(made).rows(), options), b = fit_logistic(Rows(twice).rows(), options);
  check_near(a.values, b.values, 1e-8);
}

BOOST_AUTO_TEST_CASE(a_window_is_a_row_of_all_its_steps) {
  const MadeSamples windows = made_samples(5, 60, 3, 3, 4);
  MadeSamples flat = windows;
  flat.table.clear();
  for (std::size_t i = 0; i < 60; ++i) {
    const auto sample = windows.samples().sample(i);
    flat.table.insert(flat.table.end(), sample.begin(), sample.end());
  }
  flat.channels = 12;
  flat.steps = 1;
  const LogisticFit a = fit_logistic(Rows(windows).rows(), {}), b = fit_logistic(Rows(flat).rows(), {});
  BOOST_TEST((a.values == b.values));
  BOOST_TEST((logistic_probabilities(a, windows.samples()) == logistic_probabilities(b, flat.samples())));
}

BOOST_AUTO_TEST_CASE(an_end_before_convergence_is_told) {
  const Rows rows(made_samples(6, 200, 6, 3));
  const LogisticFit full = fit_logistic(rows.rows(), {}), cut = fit_logistic(rows.rows(), {.max_iterations = 2});
  BOOST_TEST(full.converged);
  BOOST_TEST(full.gradient <= 1e-6);
  BOOST_TEST(full.iterations > 2);
  BOOST_TEST(!cut.converged);
  BOOST_TEST(cut.iterations == 2);
  BOOST_TEST(cut.gradient > 1e-6);
  BOOST_TEST(cut.ended == "max_iterations");
  BOOST_TEST(json_text(told_of(cut)).starts_with(R"({"converged":false,"iterations":2,)"));
  // Below what doubles can tell, no step is a step down.
  const LogisticFit futile = fit_logistic(rows.rows(), {.tolerance = 1e-30});
  BOOST_TEST(!futile.converged);
  BOOST_TEST(futile.ended == "no step makes the loss smaller");
  BOOST_TEST(futile.gradient < 1e-8);
  // The loss that is told is without the penalty.
  BOOST_TEST(std::fabs(full.loss - loss_at(rows.rows(), 0, full.values)) < 1e-12);
}

BOOST_AUTO_TEST_CASE(a_smaller_c_means_smaller_coefficients) {
  const Rows rows(made_samples(7, 200, 6, 2));
  double last = std::numeric_limits<double>::infinity();
  for (const double c : {10.0, 1.0, 0.1, 0.01}) {
    double squares = 0;
    const LogisticFit fit = fit_logistic(rows.rows(), {.c = c});
    for (const double each : fit.coefficients()) squares += each * each;
    BOOST_TEST(squares < last);
    last = squares;
  }
}

BOOST_AUTO_TEST_CASE(features_beyond_all_numbers_are_refused) {
  MadeSamples made = made_samples(8, 50, 2, 2);
  for (std::size_t i = 0; i < made.table.size(); i += 2) made.table[i] *= 1e37F;
  const Rows rows(made);
  try {
    const LogisticFit fit = fit_logistic(rows.rows(), {});
    for (const double each : fit.values) BOOST_TEST(std::isfinite(each));
  } catch (const DataError& error) {
    BOOST_TEST(holds(error.what(), "Scale them"));
  }
  // Thrown beneath a C library, and caught above it.
  const std::vector<std::int32_t> more(rows.rows().rows() + 1);
  LogisticRows crooked = rows.rows();
  crooked.truth = more;
  BOOST_CHECK_THROW(fit_logistic(crooked, {}), std::invalid_argument);
  BOOST_CHECK_THROW(fit_logistic(rows.rows(), {.c = 0}), std::invalid_argument);
  BOOST_CHECK_THROW(fit_logistic(rows.rows(), {.max_iterations = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(importance_is_the_share_of_coefficients) {
  MadeSamples made = made_samples(9, 400, 4, 2, 1, 2);
  const ModelKind kind = logistic_regression_model();
  const auto model = kind.make({{"c", 1.0}, {"class_weight", "none"}, {"max_iterations", 500}, {"tolerance", 1e-6}});
  model->fit(made.labelled(), {});
  const std::vector<double> importance = model->importance();
  BOOST_REQUIRE(importance.size() == 4U);
  BOOST_TEST(importance[0] > 0.5);  // the only channel that the class follows in a line
  const Rows rows(made);
  const LogisticFit fit = fit_logistic(rows.rows(), {});
  double all = 0;
  for (const double each : fit.coefficients()) all += std::fabs(each);
  for (std::size_t c = 0; c < 4; ++c)
    BOOST_TEST(std::fabs(importance[c] - (std::fabs(fit.values[c]) + std::fabs(fit.values[4 + c])) / all) < 1e-12);
}

BOOST_AUTO_TEST_SUITE_END()
