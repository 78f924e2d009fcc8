#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/classifiers/classifier.h"
#include "models/classifiers/classifier_file.h"
#include "models/classifiers/learnable_samples.h"
#include "tests/models/classifiers/made_samples.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using namespace moola::models;

namespace {

// Parameters with which a model is quick on a few samples.
Json quick(const ModelKind& kind) {
  Json given = Json::object();
  if (kind.name == "xgboost") given = {{"trees", 12}, {"min_child", 1}};
  if (kind.name == "minirocket") given = {{"features", 84}};
  return complete_parameters(kind, given, "test");
}

MadeSamples fitting(const ModelKind& kind, std::uint64_t seed, std::size_t classes = 3) {
  return kind.takes == Takes::windows ? made_samples(seed, 60, 2, classes, 12) : made_samples(seed, 150, 5, classes);
}

std::unique_ptr<Classifier> fitted(const ModelKind& kind, const MadeSamples& made, unsigned threads = 1) {
  auto out = kind.make(quick(kind));
  out->fit(made.labelled(), {.threads = threads});
  return out;
}

// Names and bytes of a folder's files.
std::map<std::string, std::string> content(const std::filesystem::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    out[entry.path().filename().string()] = read_file(entry.path());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(classifiers)

BOOST_AUTO_TEST_CASE(the_table_names_each_model_once_and_baselines_first) {
  std::set<std::string> names;
  bool past_baselines = false;
  for (const ModelKind& kind : model_table()) {
    BOOST_TEST(names.insert(kind.name).second);
    BOOST_TEST(!kind.help.empty());
    past_baselines = past_baselines || kind.role != "baseline";
    BOOST_TEST((kind.role == "baseline") == !past_baselines);
    BOOST_TEST(&find_model(kind.name) == &kind);
    for (const ModelKey& key : kind.keys) BOOST_TEST(!key.help.empty());
  }
  for (const char* name : {"majority", "prior", "last_direction", "always_long", "logistic", "xgboost", "minirocket"})
    BOOST_TEST(names.contains(name));
  BOOST_TEST(holds(message_of<ConfigError>([] { find_model("xgbost"); }), "Did you mean 'xgboost'?"));
}

BOOST_AUTO_TEST_CASE(defaults_are_within_their_own_limits_and_come_in_the_tables_order) {
  for (const ModelKind& kind : model_table()) {
    const Json complete = complete_parameters(kind, Json::object(), "test");
    BOOST_TEST(complete.size() == kind.keys.size());
    // Given back, each is checked.
    BOOST_TEST((complete_parameters(kind, complete, "test") == complete));
    std::size_t i = 0;
    for (const auto& [name, value] : complete.items()) BOOST_TEST(name == kind.keys[i++].name);
  }
  BOOST_TEST((complete_parameters(find_model("prior"), Json(), "test") == Json::object()));
  const Json trees = complete_parameters(find_model("xgboost"), Json::object(), "test");
  BOOST_TEST(json_text(trees) ==
             R"({"trees":500,"depth":6,"rate":0.05,"min_child":10.0,"subsample":0.8,"columns":0.8,"gamma":0.1,)"
             R"("alpha":0.1,"lambda":1.0,"bins":256,"early_stopping":50,"class_weight":"none"})");
}

BOOST_AUTO_TEST_CASE(parameters_are_checked_and_none_is_overlooked) {
  const ModelKind& kind = find_model("xgboost");
  const auto refused = [&](const char* given) {
    return message_of<ConfigError>([&] { complete_parameters(kind, parse_json(given, "given"), "[xgboost]"); });
  };
  BOOST_TEST(refused(R"({"depth": 3, "rate": 1, "lambda": 0})") == "");
  BOOST_TEST(holds(refused(R"({"dept": 3})"), "[xgboost] 'dept' is no parameter of xgboost"));
  BOOST_TEST(holds(refused(R"({"dept": 3})"), "Did you mean 'depth'?"));
  BOOST_TEST(holds(refused(R"({"depth": 3.0})"), "[xgboost] depth = 3.0: expected a whole number from 1 to 20."));
  BOOST_TEST(holds(refused(R"({"depth": "3"})"), "depth = \"3\": expected a whole number"));
  BOOST_TEST(holds(refused(R"({"depth": true})"), "depth = true"));
  BOOST_TEST(holds(refused(R"({"depth": null})"), "depth = null"));
  BOOST_TEST(refused(R"({"depth": 20})") == "");
  BOOST_TEST(holds(refused(R"({"depth": 21})"), "depth = 21"));
  BOOST_TEST(refused(R"({"depth": 1})") == "");
  BOOST_TEST(holds(refused(R"({"depth": 0})"), "depth = 0"));
  BOOST_TEST(holds(refused(R"({"depth": -1})"), "depth = -1"));
  BOOST_TEST(holds(refused(R"({"trees": 18446744073709551615})"), "trees = 18446744073709551615"));
  BOOST_TEST(holds(refused(R"({"rate": 1.0000001})"), "rate = 1.0000001: expected a number from 1e-06 to 1."));
  BOOST_TEST(holds(refused(R"({"rate": "NaN"})"), "rate = \"NaN\""));
  BOOST_TEST(holds(refused(R"({"class_weight": "balance"})"), "\"balance\" is none of none, balanced."));
  BOOST_TEST(holds(refused(R"({"class_weight": "balance"})"), "Did you mean 'balanced'?"));
  BOOST_TEST(holds(refused(R"({"class_weight": 1})"), "class_weight = 1: expected a text."));
  BOOST_TEST(holds(refused("[3]"), "[xgboost] [3]: expected the parameters of xgboost by name"));
  Json not_finite = {{"rate", std::numeric_limits<double>::quiet_NaN()}};
  BOOST_CHECK_THROW(complete_parameters(kind, not_finite, ""), ConfigError);
  BOOST_TEST(holds(message_of<ConfigError>([] {
                     complete_parameters(find_model("prior"), {{"c", 1}}, "[prior]");
                   }),
                   "[prior] 'c' is no parameter of prior, which has none."));
  // A whole number is a number, and is written as one.
  BOOST_TEST(complete_parameters(kind, {{"rate", 1}}, "").at("rate").is_number_float());
}

BOOST_AUTO_TEST_CASE(every_model_is_the_same_after_it_was_saved_and_loaded) {
  for (const ModelKind& kind : model_table()) {
    BOOST_TEST_CONTEXT(kind.name) {
      const MadeSamples made = fitting(kind, 1), asked = fitting(kind, 2);
      const auto model = fitted(kind, made);
      const std::vector<double> before = model->predict(asked.samples());
      const TemporaryFolder folder, again, fourth;
      model->save(folder.path());
      const auto loaded = kind.make(complete_parameters(kind, Json::object(), "test"));
      loaded->load(folder.path());
      BOOST_TEST((loaded->predict(asked.samples()) == before));
      BOOST_TEST((loaded->importance() == model->importance()));
      loaded->save(again.path());
      BOOST_TEST((content(again.path()) == content(folder.path())));
      // The same fit, on several threads.
      const auto other = fitted(kind, made, 3);
      BOOST_TEST((other->predict(asked.samples(), 3) == before));
      other->save(fourth.path());
      BOOST_TEST((content(fourth.path()) == content(folder.path())));
    }
  }
}

BOOST_AUTO_TEST_CASE(probabilities_of_every_model_sum_to_one_and_do_not_depend_on_what_stands_beside) {
  for (const ModelKind& kind : model_table()) {
    for (const std::size_t classes : {2, 3, 5}) {
      BOOST_TEST_CONTEXT(kind.name << " of " << classes) {
        const MadeSamples made = fitting(kind, 3, classes);
        MadeSamples asked = fitting(kind, 4, classes);
        const auto model = fitted(kind, made);
        const std::vector<double> p = model->predict(asked.samples());
        BOOST_REQUIRE(p.size() == asked.first.size() * classes);
        for (std::size_t i = 0; i < asked.first.size(); ++i) {
          double sum = 0;
          for (std::size_t k = 0; k < classes; ++k) {
            BOOST_TEST(p[i * classes + k] >= 0);
            sum += p[i * classes + k];
          }
          BOOST_TEST(std::fabs(sum - 1) < 1e-12);
        }
        asked.first = {asked.first[17], asked.first[41]};
        const std::vector<double> some = model->predict(asked.samples());
        BOOST_TEST(std::equal(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(classes),
                              p.begin() + static_cast<std::ptrdiff_t>(17 * classes)));
        BOOST_TEST(std::equal(some.begin() + static_cast<std::ptrdiff_t>(classes), some.end(),
                              p.begin() + static_cast<std::ptrdiff_t>(41 * classes)));
        asked.first.clear();
        BOOST_TEST(model->predict(asked.samples()).empty());
        const std::vector<double> importance = model->importance();
        if (importance.empty()) continue;
        double sum = 0;
        for (const double each : importance) sum += each;
        BOOST_TEST(importance.size() == made.channels * made.steps);
        BOOST_TEST(std::fabs(sum - 1) < 1e-12);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(models_that_learn_do_better_than_the_shares_of_classes) {
  for (const ModelKind& kind : model_table()) {
    if (kind.role == "baseline") continue;
    const MadeSamples made = fitting(kind, 5);
    const std::vector<double> p = fitted(kind, made)->predict(made.samples()),
                              shares = fitted(find_model("prior"), made)->predict(made.samples());
    double gain = 0;
    for (std::size_t i = 0; i < made.label.size(); ++i) {
      const std::size_t at = i * made.classes + static_cast<std::size_t>(made.label[i]);
      gain += made.weight[i] * (std::log(p[at]) - std::log(shares[at]));
    }
    BOOST_TEST(gain > 0, kind.name);
  }
}

BOOST_AUTO_TEST_CASE(a_class_that_never_came_has_no_probability_and_changes_nothing) {
  for (const ModelKind& kind : model_table()) {
    if (kind.role == "baseline") continue;
    BOOST_TEST_CONTEXT(kind.name) {
      MadeSamples made = fitting(kind, 6, 3);
      const std::vector<double> three = fitted(kind, made)->predict(made.samples());
      // The same classes are called 0, 2 and 3 of five; one comes, but weighs nothing.
      for (std::int32_t& label : made.label) label += label > 0 ? 1 : 0;
      made.classes = 5;
      made.direction = {};
      made.add(0, 4, 0);
      const auto model = fitted(kind, made);
      made.first.pop_back();
      const std::vector<double> five = model->predict(made.samples());
      for (std::size_t i = 0; i < made.first.size(); ++i) {
        BOOST_TEST(five[5 * i] == three[3 * i]);
        BOOST_TEST(five[5 * i + 1] == 0);
        BOOST_TEST(five[5 * i + 2] == three[3 * i + 1]);
        BOOST_TEST(five[5 * i + 3] == three[3 * i + 2]);
        BOOST_TEST(five[5 * i + 4] == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_learnt_from_is_refused_with_its_sample) {
  for (const ModelKind& kind : model_table()) {
    BOOST_TEST_CONTEXT(kind.name) {
      const MadeSamples fine = fitting(kind, 7);
      const auto refused = [&](const auto& change) {
        MadeSamples made = fine;
        change(made);
        return refusal_of([&] { fitted(kind, made); });
      };
      BOOST_TEST(refused([](MadeSamples&) {}) == "");
      BOOST_TEST(holds(refused([](MadeSamples& made) { made.label[9] = -99; }), "sample 9 is of class -99"));
      BOOST_TEST(holds(refused([](MadeSamples& made) { made.label[9] = 3; }), "sample 9 is of class 3"));
      BOOST_TEST(holds(refused([](MadeSamples& made) { made.weight[8] = -1; }), "sample 8 weighs -1"));
      BOOST_TEST(holds(refused([](MadeSamples& made) { made.weight[8] = std::nan(""); }), "sample 8 weighs nan"));
      BOOST_TEST(holds(refused([](MadeSamples& made) { made.weight.assign(made.weight.size(), 0); }),
                       "nothing to learn from"));
      BOOST_TEST(holds(refused([](MadeSamples& made) {
                         made.first.clear();
                         made.label.clear();
                         made.weight.clear();
                       }),
                       "none of 0 samples"));
      MadeSamples short_by_one = fine;
      short_by_one.label.pop_back();
      BOOST_CHECK_THROW(fitted(kind, short_by_one), std::invalid_argument);
      if (kind.role == "baseline") continue;
      BOOST_TEST(holds(refused([](MadeSamples& made) { std::ranges::fill(made.label, 1); }),
                       "samples is of class 1: there is nothing to tell apart"));
      BOOST_TEST(holds(refused([](MadeSamples& made) {
                         made.table[20 * made.channels + 1] = std::numeric_limits<float>::infinity();
                       }),
                       "channel 1 of row 20 is inf"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_model_is_asked_for_what_it_was_fitted_on) {
  for (const ModelKind& kind : model_table()) {
    BOOST_TEST_CONTEXT(kind.name) {
      const MadeSamples made = fitting(kind, 8);
      const TemporaryFolder folder;
      const auto empty = kind.make(quick(kind));
      BOOST_CHECK_THROW(empty->predict(made.samples()), std::logic_error);
      BOOST_CHECK_THROW(empty->save(folder.path()), std::logic_error);
      BOOST_TEST(empty->importance().empty());
      BOOST_TEST(std::filesystem::is_empty(folder.path()));
      const auto model = fitted(kind, made);
      const MadeSamples wider = made_samples(1, 30, made.channels + 1, 3, made.steps);
      const MadeSamples longer = made_samples(1, 30, made.channels, 3, made.steps + 1);
      BOOST_TEST(holds(refusal_of([&] { model->predict(wider.samples()); }), "was fitted on samples of"));
      BOOST_TEST(holds(refusal_of([&] { model->predict(longer.samples()); }), "was fitted on samples of"));
      if (kind.role == "baseline") continue;
      MadeSamples broken = made;
      broken.table[0] = std::nanf("");
      BOOST_CHECK_THROW(model->predict(broken.samples()), DataError);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_no_model) {
  for (const ModelKind& kind : model_table()) {
    const TemporaryFolder folder;
    fitted(kind, fitting(kind, 9))->save(folder.path());
    const auto load = [&] { kind.make(quick(kind))->load(folder.path()); };
    BOOST_CHECK_NO_THROW(load());
    for (const auto& [name, bytes] : content(folder.path())) {
      BOOST_TEST_CONTEXT(kind.name << " " << name) {
        for (const std::size_t at : {bytes.size() / 3, bytes.size() / 2, bytes.size() - 3}) {
          std::string other = bytes;
          other[at] = static_cast<char>(other[at] ^ 1);
          write_file(folder / name, other);
          BOOST_CHECK_THROW(load(), DataError);
        }
        write_file(folder / name, bytes.substr(0, bytes.size() / 2));
        BOOST_CHECK_THROW(load(), DataError);
        std::filesystem::remove(folder / name);
        BOOST_CHECK_THROW(load(), IoError);
        write_file(folder / name, bytes);
      }
    }
    BOOST_CHECK_NO_THROW(load());
    for (const ModelKind& other : model_table()) {
      if (other.name == kind.name) continue;
      BOOST_TEST(holds(message_of<DataError>([&] { other.make(quick(other))->load(folder.path()); }),
                       "holds the model " + kind.name + ", and not " + other.name));
    }
  }
}

// A file that is sealed, and yet says what cannot be.
BOOST_AUTO_TEST_CASE(a_model_file_that_contradicts_itself_is_refused) {
  for (const ModelKind& kind : model_table()) {
    BOOST_TEST_CONTEXT(kind.name) {
      const TemporaryFolder folder;
      const MadeSamples made = fitting(kind, 10);
      fitted(kind, made)->save(folder.path());
      std::vector<std::string> others;
      for (const auto& [name, bytes] : content(folder.path())) {
        if (name != "model.json") others.push_back(name);
      }
      const ClassifierFile fine = read_classifier(folder.path(), kind.name, others);
      BOOST_TEST(fine.on.classes == 3U);
      BOOST_TEST(fine.on.channels == made.channels);
      BOOST_TEST(fine.on.steps == made.steps);
      BOOST_TEST((fine.parameters == (kind.keys.empty() ? Json::object() : quick(kind))));
      const auto load = [&](const ClassifierFile& file) {
        write_classifier(folder.path(), file, others);
        return refusal_of([&] { kind.make(quick(kind))->load(folder.path()); });
      };
      BOOST_TEST(load(fine) == "");
      ClassifierFile wrong = fine;
      wrong.on.classes = 2;
      BOOST_TEST(load(wrong) != "");
      wrong = fine;
      wrong.fitted = Json::object();
      BOOST_TEST(load(wrong) != "");
      if (kind.role == "baseline") continue;
      wrong = fine;
      wrong.on.channels += 1;
      BOOST_TEST(load(wrong) != "");
      wrong = fine;
      wrong.on.steps += 1;
      BOOST_TEST(load(wrong) != "");
      wrong = fine;
      wrong.fitted["classes"] = {0, 1};
      BOOST_TEST(load(wrong) != "");
      wrong.fitted["classes"] = {2, 1, 0};
      BOOST_TEST(load(wrong) != "");
      wrong.fitted["classes"] = "all";
      BOOST_TEST(load(wrong) != "");
      BOOST_TEST(load(fine) == "");
      if (others.front() != kArraysFile) continue;
      std::string bytes = read_file(folder / kArraysFile);
      bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
      write_file(folder / kArraysFile, bytes);
      BOOST_TEST(load(fine) != "");
    }
  }
}

BOOST_AUTO_TEST_CASE(whoever_stops_a_fit_gets_his_own_exception_back) {
  struct Stopped {};
  for (const ModelKind& kind : model_table()) {
    if (kind.role == "baseline") continue;
    const MadeSamples made = fitting(kind, 11);
    int calls = 0;
    const FitOptions options{.held_out = nullptr, .check_stop = [&] {
                               if (++calls == 2) throw Stopped{};
                             }};
    BOOST_CHECK_THROW(kind.make(quick(kind))->fit(made.labelled(), options), Stopped);
    BOOST_TEST(calls == 2, kind.name);
  }
}

// Weights 1, 2, 0.5 and 4.5, for classes 0, 1, 1 and 2.
BOOST_AUTO_TEST_CASE(balanced_weights_of_each_class_sum_to_the_same) {
  MadeSamples made{.channels = 1, .classes = 4, .table = {1, 2, 3, 4, 5}};
  made.add(0, 0, 1);
  made.add(1, 1, 2);
  made.add(2, 1, 0.5);
  made.add(3, 2, 4.5);
  made.add(4, 3, 0);
  const LearnableSamples plain = learnable_samples(made.labelled(), false),
                         balanced = learnable_samples(made.labelled(), true);
  BOOST_TEST((plain.weight == std::vector<double>{1, 2, 0.5, 4.5}));
  BOOST_TEST((plain.at == std::vector<std::size_t>{0, 1, 2, 3}));
  BOOST_TEST((plain.classes == std::vector<std::size_t>{0, 1, 2}));
  // 8 / (3 x the weight of the class) each.
  for (std::size_t i = 0; i < 4; ++i) {
    const double of_class[] = {1, 2.5, 2.5, 4.5};
    BOOST_TEST(std::fabs(balanced.weight[i] - plain.weight[i] * 8 / (3 * of_class[i])) < 1e-15);
  }
}

BOOST_AUTO_TEST_CASE(only_rows_that_a_sample_covers_must_be_numbers) {
  MadeSamples made{.channels = 2, .steps = 2, .table = std::vector<float>(20, 1)};
  made.first = {1, 2, 6};  // rows 1 to 3, 6 and 7
  const auto refused = [&](std::size_t row) {
    MadeSamples broken = made;
    broken.table[2 * row + 1] = std::nanf("");
    return refusal_of([&] { check_finite(broken.samples()); });
  };
  for (const std::size_t row : {0, 4, 5, 8, 9}) BOOST_TEST(refused(row) == "");
  for (const std::size_t row : {1, 2, 3, 6, 7})
    BOOST_TEST(holds(refused(row), "channel 1 of row " + std::to_string(row) + " is nan"));
  made.first = {8};
  BOOST_CHECK_NO_THROW(check_finite(made.samples()));
  made.first = {9};
  BOOST_CHECK_THROW(check_finite(made.samples()), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(softmax_of_large_values_is_no_infinity) {
  std::vector<double> values{1000, 1000 + std::log(3.0), 700, -2000};
  softmax(values);
  BOOST_TEST(std::fabs(values[0] - 0.25) < 1e-12);
  BOOST_TEST(std::fabs(values[1] - 0.75) < 1e-12);
  BOOST_TEST(std::fabs(values[2] * std::exp(300.0) - 0.25) < 1e-12);
  BOOST_TEST(values[3] == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(baselines)

namespace {

// Classes 0 falls, 1 neutral, 2 rises; weights 3, 1 and 2.
MadeSamples six() {
  MadeSamples made{.channels = 1, .classes = 3, .table = std::vector<float>(6)};
  const std::int32_t labels[] = {0, 2, 1, 0, 2, 0};
  for (std::size_t i = 0; i < 6; ++i) made.add(i, labels[i], 1);
  made.last_return = {0.5F, -0.25F, 0, 1e-30F, -1e-30F, 0};
  made.direction = {-1, 0, 1};
  return made;
}

std::vector<double> asked(const char* name, const MadeSamples& made) {
  const ModelKind& kind = find_model(name);
  const auto model = kind.make(complete_parameters(kind, Json::object(), "test"));
  model->fit(made.labelled(), {});
  return model->predict(made.samples());
}

std::vector<double> rows(std::initializer_list<std::vector<double>> each) {
  std::vector<double> out;
  for (const auto& row : each) out.insert(out.end(), row.begin(), row.end());
  return out;
}

const std::vector<double> kFirst{1, 0, 0}, kSecond{0, 1, 0}, kThird{0, 0, 1};

}  // namespace

BOOST_AUTO_TEST_CASE(majority_is_the_class_of_most_weight_and_the_first_of_equal_ones) {
  MadeSamples made = six();
  BOOST_TEST((asked("majority", made) == rows({kFirst, kFirst, kFirst, kFirst, kFirst, kFirst})));
  made.weight = {1, 1, 4, 1, 2, 1};  // 3, 4, 3
  BOOST_TEST((asked("majority", made) == rows({kSecond, kSecond, kSecond, kSecond, kSecond, kSecond})));
  made.weight = {1, 2, 1, 1, 1, 1};  // 3, 1, 3
  BOOST_TEST((asked("majority", made) == rows({kFirst, kFirst, kFirst, kFirst, kFirst, kFirst})));
}

BOOST_AUTO_TEST_CASE(prior_is_the_shares_by_weight) {
  MadeSamples made = six();
  made.weight = {1, 3, 2, 0.5, 1, 0.5};
  const std::vector<double> shares{0.25, 0.25, 0.5};
  BOOST_TEST((asked("prior", made) == rows({shares, shares, shares, shares, shares, shares})));
}

BOOST_AUTO_TEST_CASE(last_direction_follows_the_sign_of_the_last_return) {
  MadeSamples made = six();
  BOOST_TEST((asked("last_direction", made) == rows({kThird, kFirst, kSecond, kThird, kFirst, kSecond})));
  // A class of no direction is missing: two that rise, of which the second weighs more.
  made.direction = {-1, 1, 1};
  const std::vector<double> shares{3.0 / 6, 1.0 / 6, 2.0 / 6};
  BOOST_TEST((asked("last_direction", made) == rows({kThird, kFirst, shares, kThird, kFirst, shares})));
  made.weight = {1, 1, 3, 1, 1, 1};
  made.direction = {1, -1, -1};
  const std::vector<double> others{3.0 / 8, 3.0 / 8, 2.0 / 8};
  BOOST_TEST((asked("last_direction", made) == rows({kFirst, kSecond, others, kFirst, kSecond, others})));
}

BOOST_AUTO_TEST_CASE(last_direction_looks_at_the_row_that_a_window_decides_at) {
  MadeSamples made = six();
  made.steps = 3;
  made.first = {0, 1, 2, 3};  // decide at rows 2 to 5
  made.label.resize(4);
  made.weight.resize(4);
  BOOST_TEST((asked("last_direction", made) == rows({kSecond, kThird, kFirst, kSecond})));
}

BOOST_AUTO_TEST_CASE(always_long_is_the_class_that_rises) {
  MadeSamples made = six();
  BOOST_TEST((asked("always_long", made) == rows({kThird, kThird, kThird, kThird, kThird, kThird})));
  made.direction = {1, 1, -1};
  BOOST_TEST((asked("always_long", made) == rows({kFirst, kFirst, kFirst, kFirst, kFirst, kFirst})));
}

BOOST_AUTO_TEST_CASE(one_class_alone_is_enough_for_a_baseline) {
  MadeSamples made = six();
  std::ranges::fill(made.label, 1);
  BOOST_TEST((asked("prior", made) == rows({kSecond, kSecond, kSecond, kSecond, kSecond, kSecond})));
  BOOST_TEST((asked("last_direction", made) == rows({kThird, kFirst, kSecond, kThird, kFirst, kSecond})));
}

BOOST_AUTO_TEST_CASE(baselines_of_direction_say_what_they_miss) {
  MadeSamples made = six();
  made.last_return = {};
  BOOST_TEST(holds(refusal_of([&] { asked("last_direction", made); }), "come without prices"));
  BOOST_CHECK_NO_THROW(asked("always_long", made));
  made = six();
  made.last_return[4] = std::nanf("");
  BOOST_TEST(holds(refusal_of([&] { asked("last_direction", made); }), "the last return at row 4 is nan"));
  made = six();
  made.direction = {};
  BOOST_TEST(holds(refusal_of([&] { asked("last_direction", made); }), "a class that means that prices fall"));
  BOOST_TEST(holds(refusal_of([&] { asked("always_long", made); }), "Leave always_long out"));
  BOOST_CHECK_NO_THROW(asked("majority", made));
  made.direction = {-1, 0, 0};
  BOOST_TEST(holds(refusal_of([&] { asked("last_direction", made); }), "means that prices rise"));
  BOOST_TEST(holds(refusal_of([&] { asked("always_long", made); }), "means that prices rise"));
}

BOOST_AUTO_TEST_SUITE_END()
