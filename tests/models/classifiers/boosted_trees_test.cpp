#include "models/classifiers/boosted_trees.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/classifiers/classifier_file.h"
#include "models/classifiers/learnable_samples.h"
#include "models/classifiers/tree_gradients.h"
#include "models/classifiers/xgboost_api.h"
#include "tests/models/classifiers/made_samples.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "validation/forecast_scores.h"

using namespace moola;
using namespace moola::test;
using namespace moola::models;

namespace {

Json parameters(const Json& given) {
  return complete_parameters(boosted_trees_model(), given, "test");
}

struct Fitted {
  std::unique_ptr<Classifier> model;
  Json told;
};

Fitted fitted(const MadeSamples& made, const Json& given, const FitOptions& options = {}) {
  Fitted out{.model = boosted_trees_model().make(parameters(given)), .told = {}};
  out.told = out.model->fit(made.labelled(), options);
  return out;
}

double loss_of(const std::vector<double>& probability, const MadeSamples& made) {
  return validation::ForecastScorer(
             {.classes = made.classes, .probability = probability, .truth = made.label, .weight = made.weight})
      .scores()
      .log_loss;
}

double share_right(const std::vector<double>& p, const MadeSamples& made) {
  double right = 0;
  for (std::size_t i = 0; i < made.label.size(); ++i) {
    const auto row = p.begin() + static_cast<std::ptrdiff_t>(i * made.classes);
    right += std::max_element(row, row + static_cast<std::ptrdiff_t>(made.classes)) - row == made.label[i] ? 1 : 0;
  }
  return right / static_cast<double>(made.label.size());
}

// Weights of many sizes and forecasts that are nearly certain: derivatives whose sums doubles round.
MadeSamples uneven(std::size_t count) {
  MadeSamples made = made_samples(1, count, 6, 3, 1, 12);
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  for (double& weight : made.weight) weight = std::exp(4 * normal(random));
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(boosted_trees)

BOOST_AUTO_TEST_CASE(trees_learn_what_no_line_can_tell) {
  std::mt19937_64 random(1);
  MadeSamples made{.channels = 2, .table = {}};
  for (std::size_t i = 0; i < 400; ++i) {
    const std::uint64_t a = random() % 2, b = random() % 2;
    made.table.insert(made.table.end(), {static_cast<float>(a), static_cast<float>(b)});
    made.add(i, static_cast<std::int32_t>(a ^ b), 1);
  }
  const Json given = {{"trees", 60}, {"rate", 0.3}, {"min_child", 1}, {"columns", 1}};
  BOOST_TEST(share_right(fitted(made, given).model->predict(made.samples()), made) == 1);
  const ModelKind& line = find_model("logistic");
  const auto straight = line.make(complete_parameters(line, {}, "test"));
  straight->fit(made.labelled(), {});
  BOOST_TEST(share_right(straight->predict(made.samples()), made) < 0.8);  // three of four corners
}

BOOST_AUTO_TEST_CASE(derivatives_are_those_of_the_weighted_loss) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  for (const std::size_t classes : {2, 3, 4}) {
    const std::size_t outputs = classes == 2 ? 1 : classes, n = 20;
    std::vector<float> margin(n * outputs);
    std::vector<std::int32_t> truth;
    std::vector<double> weight;
    for (float& each : margin) each = static_cast<float>(normal(random));
    for (std::size_t i = 0; i < n; ++i) {
      truth.push_back(static_cast<std::int32_t>(random() % classes));
      weight.push_back(0.1 + static_cast<double>(random() % 9));
    }
    const auto loss = [&](std::size_t row, std::size_t output, double off) {
      std::vector<double> says(classes);
      for (std::size_t k = 0; k < outputs; ++k) says[outputs == 1 ? 1 : k] = margin[row * outputs + k];
      says[outputs == 1 ? 1 : output] += off;
      softmax(says);
      return -weight[row] * std::log(says[static_cast<std::size_t>(truth[row])]);
    };
    const TreeGradients found = tree_gradients(margin, truth, weight, classes);
    for (std::size_t row = 0; row < n; ++row) {
      for (std::size_t k = 0; k < outputs; ++k) {
        const double h = 1e-4, here = loss(row, k, 0), above = loss(row, k, h), below = loss(row, k, -h);
        BOOST_TEST(std::fabs(found.first[row * outputs + k] - (above - below) / (2 * h)) < 1e-5);
        const double second = (above - 2 * here + below) / (h * h);
        BOOST_TEST(std::fabs(found.second[row * outputs + k] - (classes == 2 ? 1 : 2) * second) < 1e-4);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(derivatives_have_the_same_sum_in_any_order) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  bool rounding_mattered = false;
  for (int round = 0; round < 20; ++round) {
    const std::size_t n = 3000;
    std::vector<float> margin(3 * n);
    std::vector<std::int32_t> truth(n);
    std::vector<double> weight(n), first;
    for (float& each : margin) each = static_cast<float>(12 * normal(random));
    for (double& each : weight) each = std::exp(5 * normal(random));
    const double step = gradient_step(weight);
    const TreeGradients found = tree_gradients(margin, truth, weight, 3, 1);
    for (const std::vector<float>* values : {&found.first, &found.second}) {
      double forwards = 0, backwards = 0;
      for (std::size_t i = 0; i < values->size(); ++i) {
        BOOST_REQUIRE(std::fmod((*values)[i], step) == 0);
        forwards += (*values)[i];
        backwards += (*values)[values->size() - 1 - i];
      }
      BOOST_TEST(forwards == backwards);
    }
    // What would be lost without it.
    double forwards = 0, backwards = 0;
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<double> p(margin.begin() + static_cast<std::ptrdiff_t>(3 * i),
                            margin.begin() + static_cast<std::ptrdiff_t>(3 * i + 3));
      softmax(p);
      first.push_back(static_cast<float>(p[1] * weight[i]));
      BOOST_REQUIRE(std::fabs(first.back() - found.first[3 * i + 1]) <= step);
    }
    for (std::size_t i = 0; i < n; ++i) {
      forwards += first[i];
      backwards += first[n - 1 - i];
    }
    rounding_mattered = rounding_mattered || forwards != backwards;
  }
  BOOST_TEST(rounding_mattered);
}

BOOST_AUTO_TEST_CASE(the_step_leaves_room_for_the_sum_of_weights) {
  for (const double all : {1e-300, 0.75, 1.0, 1.5, 1e6, 1e300}) {
    const double step = gradient_step(std::vector<double>{all / 4, all / 4, all / 2});
    BOOST_TEST(all < std::ldexp(step, 52));
    BOOST_TEST(all >= std::ldexp(step, 50));
    BOOST_TEST(step == std::ldexp(1.0, std::ilogb(step)));
  }
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_grows_the_same_trees) {
  const MadeSamples made = uneven(6000);
  const Json given = {{"trees", 12}, {"rate", 0.5}, {"min_child", 0.01}, {"gamma", 0}, {"alpha", 0}};
  std::string bytes;
  for (const unsigned threads : {1U, 3U, 5U, 8U}) {
    const TemporaryFolder folder;
    fitted(made, given, {.threads = threads}).model->save(folder.path());
    if (bytes.empty()) bytes = read_file(folder / "model.ubj");
    BOOST_TEST((read_file(folder / "model.ubj") == bytes));
  }
}

// XGBoost's own objective, whose derivatives are floats; no parameter at its default.
BOOST_AUTO_TEST_CASE(trees_are_those_that_xgboost_grows_by_itself) {
  const Json given = {{"trees", 10},    {"depth", 4},   {"rate", 0.2},  {"min_child", 3}, {"subsample", 0.7},
                      {"columns", 0.6}, {"gamma", 0.3}, {"alpha", 0.2}, {"lambda", 2.5},  {"bins", 40}};
  for (const std::size_t classes : {2, 3}) {
    MadeSamples made = made_samples(5, 900, 4, classes);
    // Crooked weights: no leaf is at its least size but for rounding.
    std::mt19937_64 random(6);
    std::uniform_real_distribution<double> uniform(0.5, 2);
    for (double& weight : made.weight) weight = uniform(random);
    const auto p = fitted(made, given, {.seed = 7, .held_out = nullptr}).model->predict(made.samples());
    DMatrixHandle matrix = nullptr;
    BOOST_REQUIRE(XGDMatrixCreateFromMat_omp(made.table.data(), 900, 4, NAN, &matrix, 1) == 0);
    const std::vector<float> label(made.label.begin(), made.label.end());
    const std::vector<float> weight(made.weight.begin(), made.weight.end());
    BOOST_REQUIRE(XGDMatrixSetFloatInfo(matrix, "label", label.data(), 900) == 0);
    BOOST_REQUIRE(XGDMatrixSetFloatInfo(matrix, "weight", weight.data(), 900) == 0);
    BoosterHandle booster = nullptr;
    BOOST_REQUIRE(XGBoosterCreate(&matrix, 1, &booster) == 0);
    const std::string objective = classes == 2 ? "binary:logistic" : "multi:softprob";
    std::vector<std::pair<std::string, std::string>> settings{
        {"tree_method", "hist"},  {"nthread", "1"},     {"seed", "7"},
        {"max_depth", "4"},       {"eta", "0.2"},       {"gamma", "0.3"},
        {"alpha", "0.2"},         {"lambda", "2.5"},    {"min_child_weight", "3"},
        {"max_bin", "40"},        {"subsample", "0.7"}, {"colsample_bytree", "0.6"},
        {"objective", objective}, {"base_score", "0.5"}};
    if (classes > 2) settings.emplace_back("num_class", std::to_string(classes));
    for (const auto& [name, value] : settings)
      BOOST_REQUIRE(XGBoosterSetParam(booster, name.c_str(), value.c_str()) == 0);
    for (int round = 0; round < 10; ++round) BOOST_REQUIRE(XGBoosterUpdateOneIter(booster, round, matrix) == 0);
    const char* forecast = R"({"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0,
                               "strict_shape": true})";
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* stock = nullptr;
    BOOST_REQUIRE(XGBoosterPredictFromDMatrix(booster, matrix, forecast, &shape, &dimensions, &stock) == 0);
    BOOST_REQUIRE(dimensions == 2U);
    BOOST_REQUIRE(shape[0] == 900U);
    BOOST_REQUIRE(shape[1] == (classes == 2 ? 1 : classes));
    double apart = 0;
    for (std::size_t i = 0; i < 900; ++i) {
      for (std::size_t k = 0; k < classes; ++k) {
        const double theirs = classes == 2 ? (k == 1 ? stock[i] : 1 - stock[i]) : stock[i * classes + k];
        apart = std::max(apart, std::fabs(p[i * classes + k] - theirs));
      }
    }
    BOOST_TEST(apart < 1e-5, classes << " classes: " << apart);
    XGBoosterFree(booster);
    XGDMatrixFree(matrix);
  }
}

// The brute force: a model of each number of rounds, and the loss of each where it is held out.
BOOST_AUTO_TEST_CASE(early_stopping_keeps_the_best_round_and_stops_after_its_patience) {
  const MadeSamples made = made_samples(6, 200, 4, 3, 1, 0.7);
  MadeSamples held_out = made_samples(7, 120, 4, 3, 1, 0.7);
  held_out.weight[3] = 0;
  const LabelledSamples held = held_out.labelled();
  const Json given = {{"trees", 60}, {"rate", 0.4}, {"min_child", 0.1}, {"early_stopping", 5}};
  const Fitted stopped = fitted(made, given, {.held_out = &held});
  std::vector<double> losses;
  Json more = given;
  for (int trees = 1; trees <= stopped.told.at("rounds").get<int>(); ++trees) {
    more["trees"] = trees;
    losses.push_back(loss_of(fitted(made, more).model->predict(held_out.samples()), held_out));
  }
  const auto best = std::min_element(losses.begin(), losses.end());
  const auto best_round = static_cast<int>(best - losses.begin()) + 1;
  BOOST_TEST(best_round > 1);
  BOOST_TEST(stopped.told.at("best_round").get<int>() == best_round);
  BOOST_TEST(stopped.told.at("rounds").get<int>() == best_round + 5);
  BOOST_TEST(std::fabs(stopped.told.at("held_out_log_loss").get<double>() - *best) < 1e-12);
  more["trees"] = best_round;
  const Fitted cut = fitted(made, more);
  BOOST_TEST((stopped.model->predict(held_out.samples()) == cut.model->predict(held_out.samples())));
  BOOST_TEST((stopped.model->importance() == cut.model->importance()));
  BOOST_TEST(!cut.told.contains("best_round"));
  // A patience of 0 is none.
  more = given;
  more["early_stopping"] = 0;
  const Fitted all = fitted(made, more, {.held_out = &held});
  BOOST_TEST(all.told.at("rounds").get<int>() == 60);
  BOOST_TEST(!all.told.contains("best_round"));
  // All trees may be the best.
  more["early_stopping"] = 5;
  more["trees"] = 2;
  const Fitted two = fitted(made, more, {.held_out = &held});
  BOOST_TEST(two.told.at("rounds").get<int>() == 2);
}

BOOST_AUTO_TEST_CASE(held_out_samples_of_another_kind_are_refused) {
  const MadeSamples made = made_samples(8, 100, 4, 3);
  const auto refused = [&](const MadeSamples& held_out) {
    const LabelledSamples held = held_out.labelled();
    return refusal_of([&] { fitted(made, {{"trees", 3}}, {.held_out = &held}); });
  };
  MadeSamples other = made_samples(9, 50, 4, 3);
  BOOST_TEST(refused(other) == "");
  other.weight.assign(50, 0);
  BOOST_TEST(holds(refused(other), "none of 50 samples has a weight"));
  BOOST_TEST(holds(refused(made_samples(9, 50, 5, 3)),
                   "held-out samples are 1 steps of 5 channels, and those that xgboost learns from 1 of 4"));
  other = made_samples(9, 50, 4, 3);
  other.table[5] = std::nanf("");
  BOOST_TEST(holds(refused(other), "channel 1 of row 1 is nan"));
  other = made_samples(9, 50, 4, 3);
  other.label[2] = 7;
  BOOST_TEST(holds(refused(other), "sample 2 is of class 7"));
  const MadeSamples fewer = made_samples(9, 50, 4, 2);
  const LabelledSamples held = fewer.labelled();
  BOOST_CHECK_THROW(fitted(made, {{"trees", 3}}, {.held_out = &held}), std::invalid_argument);
}

// Its probability is 0: 36.04 nats, as forecasts are scored.
BOOST_AUTO_TEST_CASE(a_held_out_class_that_never_came_costs_what_it_costs_in_scores) {
  MadeSamples made = made_samples(10, 100, 3, 2);
  made.classes = 3;
  made.direction = {};
  MadeSamples held_out = made_samples(11, 40, 3, 3);
  const LabelledSamples held = held_out.labelled();
  const Fitted found = fitted(made, {{"trees", 8}, {"early_stopping", 8}, {"min_child", 1}}, {.held_out = &held});
  const double loss = loss_of(found.model->predict(held_out.samples()), held_out);
  BOOST_TEST(loss > 1);
  BOOST_TEST(std::fabs(found.told.at("held_out_log_loss").get<double>() - loss) < 1e-9);
}

BOOST_AUTO_TEST_CASE(a_weight_of_two_is_the_row_twice) {
  MadeSamples made = made_samples(12, 120, 3, 3);
  for (float& each : made.table) each = std::round(4 * each);  // few values: they are cut alike
  made.weight.assign(120, 1);
  MadeSamples twice = made;
  for (std::size_t i = 0; i < 120; i += 4) {
    made.weight[i] = 2;
    twice.add(made.first[i], made.label[i], 1);
  }
  const Json given = {{"trees", 8}, {"min_child", 1}, {"subsample", 1}, {"columns", 1}};
  BOOST_TEST(
      (fitted(made, given).model->predict(made.samples()) == fitted(twice, given).model->predict(made.samples())));
}

BOOST_AUTO_TEST_CASE(balanced_is_the_same_as_weights_that_balance) {
  MadeSamples made = made_samples(13, 150, 3, 3);
  const std::vector<double> of_class = class_weights(made.labelled());
  const double all = of_class[0] + of_class[1] + of_class[2];
  MadeSamples weighed = made;
  for (std::size_t i = 0; i < 150; ++i)
    weighed.weight[i] = made.weight[i] * all / (3 * of_class[static_cast<std::size_t>(made.label[i])]);
  const Json given = {{"trees", 5}, {"min_child", 1}},
             balanced = {{"trees", 5}, {"min_child", 1}, {"class_weight", "balanced"}};
  const auto p = fitted(made, balanced).model->predict(made.samples());
  BOOST_TEST((p == fitted(weighed, given).model->predict(made.samples())));
  BOOST_TEST((p != fitted(made, given).model->predict(made.samples())));
}

BOOST_AUTO_TEST_CASE(draws_follow_the_seed_modulo_two_to_the_31st) {
  const MadeSamples made = made_samples(14, 150, 6, 3);
  const auto with = [&](std::uint64_t seed) {
    return fitted(made, {{"trees", 5}, {"min_child", 1}}, {.seed = seed, .held_out = nullptr})
        .model->predict(made.samples());
  };
  BOOST_TEST((with(1) == with(1)));
  BOOST_TEST((with(1) != with(2)));
  BOOST_TEST((with(1) == with(1 + (std::uint64_t{1} << 31))));
}

BOOST_AUTO_TEST_CASE(importance_is_the_share_in_the_gain_of_all_splits) {
  MadeSamples made = made_samples(15, 400, 4, 2, 1, 3);
  for (std::size_t row = 0; row < 400; ++row) made.table[4 * row + 3] = 7;  // never changes
  const std::vector<double> importance = fitted(made, {{"trees", 30}}).model->importance();
  BOOST_REQUIRE(importance.size() == 4U);
  BOOST_TEST(importance[0] > 0.5);
  BOOST_TEST(importance[3] == 0);
  // The sum of what XGBoost says of each split: "0:[f1<0.5] yes=1,no=2,missing=2,gain=3.25,cover=8".
  const Fitted again = fitted(made, {{"trees", 30}});
  const TemporaryFolder folder;
  again.model->save(folder.path());
  const std::string bytes = read_file(folder / "model.ubj");
  BoosterHandle booster = nullptr;
  BOOST_REQUIRE(XGBoosterCreate(nullptr, 0, &booster) == 0);
  BOOST_REQUIRE(XGBoosterLoadModelFromBuffer(booster, bytes.data(), bytes.size()) == 0);
  bst_ulong trees = 0;
  const char** texts = nullptr;
  BOOST_REQUIRE(XGBoosterDumpModelEx(booster, "", 1, "text", &trees, &texts) == 0);
  BOOST_TEST(trees == 30U);
  std::vector<double> gain(4);
  for (bst_ulong tree = 0; tree < trees; ++tree) {
    const std::string text = texts[tree];
    for (std::size_t at = text.find("[f"); at != std::string::npos; at = text.find("[f", at + 1))
      gain.at(std::stoul(text.substr(at + 2))) += std::stod(text.substr(text.find("gain=", at) + 5));
  }
  XGBoosterFree(booster);
  const double all = gain[0] + gain[1] + gain[2] + gain[3];
  for (std::size_t c = 0; c < 4; ++c) BOOST_TEST(std::fabs(importance[c] - gain[c] / all) < 1e-5);
  // Twelve features: their names are sorted as texts, "f10" before "f2".
  MadeSamples wide = made_samples(16, 300, 12, 2);
  for (std::size_t row = 0; row < 300; ++row) {
    wide.table[12 * row + 10] = wide.table[12 * row];
    wide.table[12 * row] = 0;
    wide.table[12 * row + 1] = 0;
  }
  const std::vector<double> of_wide = fitted(wide, {{"trees", 20}, {"columns", 1}}).model->importance();
  BOOST_TEST((std::max_element(of_wide.begin(), of_wide.end()) - of_wide.begin() == 10));
  // Nothing to split.
  BOOST_TEST(fitted(made, {{"trees", 3}, {"gamma", 1e9}}).model->importance().empty());
}

BOOST_AUTO_TEST_CASE(trees_that_are_none_are_refused_though_their_seal_fits) {
  const MadeSamples made = made_samples(17, 100, 3, 3);
  const TemporaryFolder folder;
  fitted(made, {{"trees", 4}}).model->save(folder.path());
  const ClassifierFile file = read_classifier(folder.path(), "xgboost", {"model.ubj"});
  const std::string bytes = read_file(folder / "model.ubj");
  const auto refused = [&](const std::string& trees, const ClassifierFile& with) {
    write_file(folder / "model.ubj", trees);
    write_classifier(folder.path(), with, {"model.ubj"});
    return refusal_of([&] { boosted_trees_model().make(parameters({}))->load(folder.path()); });
  };
  BOOST_TEST(refused(bytes, file) == "");
  BOOST_TEST(refused("", file) != "");
  BOOST_TEST(refused("no trees at all", file) != "");
  BOOST_TEST(refused(bytes.substr(0, bytes.size() / 2), file) != "");
  ClassifierFile wrong = file;
  wrong.fitted["rounds"] = 5;
  BOOST_TEST(holds(refused(bytes, wrong), "it has 4 rounds of 3 features, and not 5 of 3"));
  wrong = file;
  wrong.fitted["classes"] = {0, 2};
  BOOST_TEST(holds(refused(bytes, wrong), "it has 3 outputs for 2 classes"));
}

BOOST_AUTO_TEST_SUITE_END()
