// What an evaluation asks about of its own accord: features that tell too much, labels that reach beyond their t1.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"
#include "work/evaluate/rows/label_reach.h"
#include "work/evaluate/rows/telling_features.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

constexpr std::size_t kRows = 3000;

// Rows of three classes, of which the first two thirds train.
struct Rows {
  EvaluationData data = {};
  EvaluationSplits splits = {};

  explicit Rows(std::size_t rows = kRows) {
    data.class_names = {"-1", "0", "1"};
    data.direction = {-1, 0, 1};
    data.symbols = {"SYM"};
    data.time.resize(rows);
    data.label.resize(rows);
    data.symbol.assign(rows, 0);
    data.position.resize(rows);
    std::iota(data.position.begin(), data.position.end(), std::size_t{0});
    std::mt19937_64 random(6);
    for (std::int32_t& label : data.label) label = static_cast<std::int32_t>(random() % 4) - 1;  // -1: none
    splits.splits.push_back({.train = {{0, rows * 2 / 3}}, .test = {{rows * 2 / 3, rows}}});
  }

  // A feature that knows the class `of` up to noise: 0 all of it.
  std::vector<double> knows(std::int32_t of, double noise, double sign = 1) const {
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal(0, 1);
    std::vector<double> out;
    for (const std::int32_t label : data.label) out.push_back(sign * (label == of ? 1 : 0) + noise * normal(random));
    return out;
  }
  void set(const std::vector<std::vector<double>>& columns) {
    data.features.clear();
    data.x.assign(data.size() * columns.size(), 0);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      data.features.push_back("f" + std::to_string(c));
      for (std::size_t row = 0; row < data.size(); ++row)
        data.x[row * columns.size() + c] = static_cast<float>(columns[c][row]);
    }
  }
  // Of all pairs of train rows, one of the class and one of another, in how many the first is larger.
  double auc(std::size_t feature, std::int32_t of) const {
    double pairs = 0, larger = 0;
    const std::size_t width = data.features.size(), end = splits.splits[0].train[0].end;
    for (std::size_t a = 0; a < end; ++a) {
      for (std::size_t b = 0; data.label[a] == of && b < end; ++b) {
        if (data.label[b] == of || data.label[b] < 0) continue;
        const float mine = data.x[a * width + feature], other = data.x[b * width + feature];
        pairs += 1;
        larger += mine > other ? 1 : mine == other ? 0.5 : 0;
      }
    }
    return larger / pairs;
  }
};

// Bars, and labels that say where the price goes in `reach` bars, whatever t1 says.
struct Labelled {
  Rows rows{kRows};
  Prices prices = {};

  Labelled(std::size_t reach, std::size_t t1) {
    constexpr std::size_t kHorizon = 10;
    prices.symbols.push_back(
        {.name = "SYM", .source = {}, .bars = walking_bars(9, kRows + 2 * kHorizon, true), .cost = {}});
    const market::Bars& bars = prices.symbols[0].bars;
    EvaluationData& data = rows.data;
    data.horizon = kHorizon;
    for (std::size_t row = 0; row < kRows; ++row) {
      data.time[row] = bars.time[row];
      data.t1.push_back(bars.time[row + t1]);
      data.label[row] = bars.close[row + reach] > bars.close[row] ? 2 : 0;
      prices.bar.push_back(static_cast<std::int64_t>(row));
    }
  }
  std::vector<std::string> said() const { return find_labels_beyond_t1(rows.data, rows.splits, prices); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(suspicions)

BOOST_AUTO_TEST_CASE(features_are_asked_about_whose_auc_is_above_the_limit_and_no_others) {
  Rows rows;
  std::vector<std::vector<double>> columns;
  for (const std::int32_t of : {0, 1, 2}) {
    for (const double noise : {0.3, 0.5, 0.54, 0.56, 0.6, 1.0}) {
      columns.push_back(rows.knows(of, noise));
      columns.push_back(rows.knows(of, noise, -1));
    }
  }
  rows.set(columns);
  const std::vector<std::string> said = find_telling_features(rows.data, rows.splits, 1);
  BOOST_TEST((said == find_telling_features(rows.data, rows.splits, 3)));
  std::size_t telling = 0;
  for (std::size_t f = 0; f < columns.size(); ++f) {
    double most = 0.5;
    for (const std::int32_t of : {0, 1, 2}) most = std::max({most, rows.auc(f, of), 1 - rows.auc(f, of)});
    if (!(most > kTellingAuc)) continue;
    ++telling;
    const std::string name = "feature 'f" + std::to_string(f) + "' alone tells";
    BOOST_TEST(std::ranges::any_of(said, [&](const std::string& each) { return each.starts_with(name); }), name);
  }
  BOOST_TEST(said.size() == telling);
  BOOST_TEST(telling > 6U);
  BOOST_TEST(telling < columns.size() - 6);
  BOOST_TEST(holds(said.front(), "AUC 0.99"));
}

BOOST_AUTO_TEST_CASE(rows_that_are_tested_are_not_looked_at) {
  Rows rows;
  std::vector<double> knows = rows.knows(2, 0);
  std::fill(knows.begin(), knows.begin() + kRows * 2 / 3, 0.0);
  rows.set({knows});
  BOOST_TEST(find_telling_features(rows.data, rows.splits, 1).empty());
}

BOOST_AUTO_TEST_CASE(few_rows_tell_nothing_of_a_feature) {
  Rows rows(90);  // some 15 of each class
  rows.set({rows.knows(2, 0)});
  BOOST_TEST(find_telling_features(rows.data, rows.splits, 1).empty());
}

BOOST_AUTO_TEST_CASE(what_no_split_can_train_on_is_not_looked_at) {
  Rows rows;
  rows.set({rows.knows(2, 0)});
  BOOST_TEST(find_telling_features(rows.data, rows.splits, 1).size() == 1U);
  rows.splits.splits[0].fault = "nothing to train on";
  BOOST_TEST(find_telling_features(rows.data, rows.splits, 1).empty());
}

BOOST_AUTO_TEST_CASE(labels_are_doubted_where_they_reach_beyond_their_t1) {
  BOOST_TEST(Labelled(10, 10).said().empty());
  BOOST_TEST(Labelled(6, 10).said().empty());  // known earlier than t1 says
  for (const std::size_t t1 : {0U, 1U, 4U}) {
    const std::vector<std::string> said = Labelled(10, t1).said();
    BOOST_REQUIRE_MESSAGE(said.size() == 1U, t1);
    BOOST_TEST(holds(said[0], "labels know what comes after their t1"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
