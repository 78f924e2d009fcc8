#include "work/evaluate/rows/shared_training.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <random>

using namespace moola;
using namespace moola::work;

namespace {

constexpr std::size_t kRows = 60, kFeatures = 6;

struct Cut {
  EvaluationSplits splits = {};

  Cut(SplitStrategy strategy, std::int64_t groups) {
    LoadedEvaluateConfig config{
        .values = {}, .strategy = strategy, .configurations = {}, .resolved = {}, .identity = {}};
    config.values.splits.embargo = "0bars";
    config.values.splits.folds = config.values.splits.groups = groups;
    EvaluationData data{.symbols = {"SYM"}, .class_names = {"-1", "1"}, .direction = {-1, 1}};
    for (std::size_t row = 0; row < kRows; ++row) {
      data.time.push_back(static_cast<std::int64_t>(row) * 1'000'000'000);
      data.t1.push_back(data.time.back());
      data.label.push_back(static_cast<std::int32_t>(row % 2));
      data.symbol.push_back(0);
    }
    splits = make_splits(config, data);
  }

  // The variance of what a path earns over that of its rows, of models that weigh features by the signs of returns over
  // the train rows, and bet on the sign of the sum. Nothing is foretold.
  double simulated(const std::vector<EvaluationSplits::Part>& path, std::size_t draws) const {
    std::mt19937_64 random(12);
    std::normal_distribution<double> normal(0, 1);
    std::vector<double> x(kRows * kFeatures), earns(kRows);
    double squares = 0;
    for (std::size_t draw = 0; draw < draws; ++draw) {
      for (double& each : x) each = normal(random);
      for (double& each : earns) each = normal(random);
      double earned = 0;
      for (const EvaluationSplits::Part& part : path) {
        std::vector<double> weight(kFeatures);
        for (const validation::RowRange& range : splits.splits[part.split].train) {
          for (std::size_t row = range.begin; row < range.end; ++row) {
            for (std::size_t f = 0; f < kFeatures; ++f)
              weight[f] += std::copysign(x[row * kFeatures + f], x[row * kFeatures + f] * earns[row]);
          }
        }
        for (std::size_t row = part.rows.begin; row < part.rows.end; ++row) {
          double sum = 0;
          for (std::size_t f = 0; f < kFeatures; ++f) sum += weight[f] * x[row * kFeatures + f];
          earned += std::copysign(earns[row], sum * earns[row]);
        }
      }
      squares += earned * earned;
    }
    double rows = 0;
    for (const EvaluationSplits::Part& part : path) rows += static_cast<double>(part.rows.size());
    return squares / static_cast<double>(draws) / rows;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_training)

BOOST_AUTO_TEST_CASE(parts_that_teach_each_other_earn_with_the_variance_that_a_simulation_has) {
  // The variance of 20,000 draws has a standard error of 1 to 1.5 %.
  for (const auto& [strategy, groups] : {std::pair(SplitStrategy::purged_k_fold, 4),
                                         {SplitStrategy::combinatorial, 5},
                                         {SplitStrategy::walk_forward, 5}}) {
    const Cut cut(strategy, groups);
    for (const auto& path : cut.splits.paths) {
      const double said = shared_training_variance(cut.splits, path);
      BOOST_TEST(cut.simulated(path, 20'000) == said, boost::test_tools::tolerance(0.06));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cross_validation_has_more_variance_than_its_returns_say_and_walking_forward_has_not) {
  for (const std::int64_t folds : {2, 5, 12}) {
    const Cut cut(SplitStrategy::purged_k_fold, folds);
    BOOST_TEST(
        shared_training_variance(cut.splits, cut.splits.paths[0]) == 1 + 4 / (std::numbers::pi * std::numbers::pi),
        boost::test_tools::tolerance(1e-9));
  }
  const Cut forward(SplitStrategy::walk_forward, 5);
  BOOST_TEST(shared_training_variance(forward.splits, forward.splits.paths[0]) == 1.0);
  const Cut once(SplitStrategy::chronological, 5);
  BOOST_TEST(shared_training_variance(once.splits, once.splits.paths[0]) == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
