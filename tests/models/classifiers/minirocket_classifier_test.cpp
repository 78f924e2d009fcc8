#include "models/classifiers/minirocket_classifier.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/classifiers/learnable_samples.h"
#include "models/classifiers/minirocket_features.h"
#include "models/classifiers/ridge.h"
#include "tests/models/classifiers/made_samples.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::models;

namespace {

struct Fitted {
  std::unique_ptr<Classifier> model;
  Json told;
};

Fitted fitted(const MadeSamples& made, Json given, const FitOptions& options = {}) {
  const ModelKind kind = minirocket_model();
  Fitted out{.model = kind.make(complete_parameters(kind, given, "test")), .told = {}};
  out.told = out.model->fit(made.labelled(), options);
  return out;
}

double share_right(const std::vector<double>& p, const MadeSamples& made) {
  double right = 0;
  for (std::size_t i = 0; i < made.label.size(); ++i) {
    const auto row = p.begin() + static_cast<std::ptrdiff_t>(i * made.classes);
    right += std::max_element(row, row + static_cast<std::ptrdiff_t>(made.classes)) - row == made.label[i] ? 1 : 0;
  }
  return right / static_cast<double>(made.label.size());
}

// Slow and fast swings with noise, at any phase.
MadeSamples swings(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  MadeSamples out{.channels = 2, .steps = 40, .table = {}};
  for (std::size_t i = 0; i < count; ++i) {
    const auto of_class = static_cast<std::int32_t>(i % 2);
    const double phase = normal(random);
    for (std::size_t step = 0; step < 40; ++step) {
      const double turns = static_cast<double>(step) / (of_class == 0 ? 5 : 9);
      out.table.push_back(static_cast<float>(std::sin(6.283 * turns + phase) + 0.5 * normal(random)));
      out.table.push_back(static_cast<float>(normal(random)));
    }
    out.add(40 * i, of_class, 1);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(minirocket_classifier)

BOOST_AUTO_TEST_CASE(windows_are_told_apart_by_both_of_its_classifiers) {
  const MadeSamples train = swings(1, 120), test = swings(2, 100);
  const Fitted ridge = fitted(train, {{"features", 336}});
  BOOST_TEST(ridge.told.at("classifier").get<std::string>() == "ridge regression");
  BOOST_TEST(!ridge.told.at("calibrated").get<bool>());
  BOOST_TEST(share_right(ridge.model->predict(test.samples()), test) > 0.95);
  const Fitted logistic = fitted(train, {{"features", 336}, {"ridge_up_to", 119}, {"c", 0.01}});
  BOOST_TEST(holds(logistic.told.at("classifier").get<std::string>(),
                   "logistic regression: 120 samples and 336 features are both above 119"));
  BOOST_TEST(logistic.told.at("converged").get<bool>());
  BOOST_TEST(share_right(logistic.model->predict(test.samples()), test) > 0.95);
  // As many as ridge regression takes.
  BOOST_TEST(fitted(train, {{"features", 336}, {"ridge_up_to", 120}}).told.at("classifier") == "ridge regression");
}

BOOST_AUTO_TEST_CASE(probabilities_are_the_softmax_of_ridge_regression_on_the_features) {
  const MadeSamples made = made_samples(3, 70, 3, 3, 20);
  const auto p = fitted(made, {{"features", 168}}, {.seed = 9, .held_out = nullptr}).model->predict(made.samples(), 2);
  std::vector<float> windows;
  for (std::size_t i = 0; i < 70; ++i) {
    const auto sample = made.samples().sample(i);
    windows.insert(windows.end(), sample.begin(), sample.end());
  }
  const WindowArray array{.values = windows, .bars = 20, .channels = 3};
  const MiniRocketFeatures kernels = fit_minirocket(array, {.features = 168, .seed = 9});
  const std::vector<float> features = transform(kernels, array);
  const RidgeClassifier ridge =
      fit_ridge({.features = features, .columns = 168, .truth = made.label, .classes = 3, .weight = made.weight});
  std::vector<double> expected = decision_values(ridge, features);
  for (std::size_t i = 0; i < 70; ++i) softmax(std::span(expected).subspan(3 * i, 3));
  BOOST_TEST((p == expected));
}

BOOST_AUTO_TEST_CASE(its_logistic_regression_is_saved_and_threads_change_no_bit) {
  const MadeSamples made = made_samples(4, 300, 2, 3, 16);  // more than one batch of forecasts
  const Json given = {{"features", 168}, {"ridge_up_to", 100}};
  const Fitted one = fitted(made, given), three = fitted(made, given, {.threads = 3});
  const auto p = one.model->predict(made.samples());
  BOOST_TEST((three.model->predict(made.samples(), 3) == p));
  BOOST_TEST((one.told == three.told));
  const TemporaryFolder folder;
  one.model->save(folder.path());
  const auto loaded = minirocket_model().make(complete_parameters(minirocket_model(), {}, "test"));
  loaded->load(folder.path());
  BOOST_TEST((loaded->predict(made.samples()) == p));
}

BOOST_AUTO_TEST_CASE(a_smaller_c_makes_forecasts_more_even) {
  const MadeSamples made = made_samples(7, 80, 2, 2, 16);
  double last = 1;
  for (const double c : {1.0, 1e-2, 1e-4}) {
    double sure = 0;
    for (const double p :
         fitted(made, {{"features", 168}, {"ridge_up_to", 10}, {"c", c}}).model->predict(made.samples()))
      sure += std::max(p, 1 - p) / 160;
    BOOST_TEST(sure < last);
    last = sure;
  }
}

BOOST_AUTO_TEST_CASE(a_feature_that_never_changes_does_no_harm) {
  MadeSamples made = made_samples(5, 60, 2, 2, 16);
  for (std::size_t row = 0; row < made.table.size() / 2; ++row) made.table[2 * row + 1] = 0;
  const auto p = fitted(made, {{"features", 168}, {"ridge_up_to", 10}}).model->predict(made.samples());
  for (const double each : p) BOOST_TEST((each >= 0 && each <= 1));
}

BOOST_AUTO_TEST_CASE(windows_that_are_too_short_are_refused) {
  BOOST_TEST(holds(refusal_of([] { fitted(made_samples(6, 40, 2, 2, 8), {{"features", 84}}); }), "windows of 8 bars"));
  BOOST_CHECK_NO_THROW(fitted(made_samples(6, 40, 2, 2, 9), {{"features", 84}}));
}

BOOST_AUTO_TEST_SUITE_END()
