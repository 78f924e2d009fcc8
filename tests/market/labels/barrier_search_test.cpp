#include "market/labels/barrier_search.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

struct Sample {
  Bars bars;
  std::vector<double> scale;
  PriceSpans prices() const { return {bars.open, bars.high, bars.low, bars.close}; }
};

Sample sample(std::size_t n) {
  Sample out{.bars = walking_bars(21, n, true), .scale = {}};
  double range = 0.5;
  for (std::size_t i = 0; i < n; ++i) {
    out.scale.push_back(range);  // of the bars before
    range += (out.bars.high[i] - out.bars.low[i] - range) / 14;
  }
  return out;
}

BarrierSearchOptions quick() {
  BarrierSearchOptions options;
  options.horizon = 12;
  options.genetic.population = 20;
  options.genetic.generations = 8;
  return options;
}

// The standard deviation of the share of neutral labels among the eighths of the rows.
double spread_by_hand(const BarrierLabels& labels) {
  std::vector<double> shares;
  for (std::size_t piece = 0; piece < 8; ++piece) {
    double neutral = 0, valid = 0;
    for (std::size_t i = labels.size() * piece / 8; i < labels.size() * (piece + 1) / 8; ++i) {
      neutral += labels.label[i] == 0;
      valid += labels.label[i] != kInvalidLabel;
    }
    shares.push_back(neutral / valid);
  }
  double mean = 0, squares = 0;
  for (const double share : shares) mean += share;
  mean /= 8;
  for (const double share : shares) squares += (share - mean) * (share - mean);
  return std::sqrt(squares / 7);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(searching_barriers)

BOOST_AUTO_TEST_CASE(the_best_is_the_best_of_what_was_evaluated_and_says_what_its_labels_were) {
  const Sample s = sample(6000);
  const BarrierOptimum found = search_barriers(s.prices(), s.scale, 100, 5000, quick(), 2);
  double best = -1e300;
  std::set<std::tuple<double, double, int>> different;
  for (const BarrierEvaluation& one : found.evaluations) {
    best = std::max(best, one.fitness);
    BOOST_TEST(different.insert({one.up, one.down, one.max_bars}).second);
    BOOST_REQUIRE((one.up >= 0.8 && one.up <= 2.5 && one.down >= 0.8 && one.down <= 2.5));
    BOOST_REQUIRE((one.max_bars >= 24 && one.max_bars <= 36));
  }
  BOOST_TEST(found.fitness == best);
  BOOST_TEST(found.fitness > 10.0);
  BOOST_TEST(found.best_by_generation.back() == best);
  BOOST_TEST(std::is_sorted(found.best_by_generation.begin(), found.best_by_generation.end()));
  // The winner again, by hand: a stretch of three tenths of 4,900 rows.
  BOOST_TEST(found.end - found.begin == 1470);
  BOOST_TEST((found.begin >= 100 && found.end <= 5000));
  const auto from = static_cast<std::size_t>(found.begin), rows = static_cast<std::size_t>(found.end - found.begin);
  const auto cut = [&](const std::vector<double>& x) { return std::span(x).subspan(from, rows); };
  const BarrierLabels labels = triple_barrier({cut(s.bars.open), cut(s.bars.high), cut(s.bars.low), cut(s.bars.close)},
                                              cut(s.scale), found.rule);
  const double margin = std::min(0.08, spread_by_hand(labels));
  BOOST_TEST(margin > 0);
  BOOST_TEST(barrier_fitness(summarise_labels(labels, 0, rows), 12, 0, margin) == found.fitness);
}

// Where the scale of the first half is too large, its barriers are too far, and more of its labels are neutral.
BOOST_AUTO_TEST_CASE(where_eighths_of_the_rows_differ_the_best_lies_further_from_the_edge) {
  Sample s = sample(8000);
  BarrierSearchOptions options = quick();
  options.sample = 1;
  options.most_scale = 4;
  options.genetic.population = 60;
  const auto margin = [&](const Sample& of) {
    const BarrierOptimum found = search_barriers(of.prices(), of.scale, 100, 8000, options, 2);
    const auto best = std::find_if(found.evaluations.begin(), found.evaluations.end(),
                                   [&](const BarrierEvaluation& each) { return each.fitness == found.fitness; });
    const double share = static_cast<double>(best->labels.neutrals) / static_cast<double>(best->labels.valid());
    BOOST_TEST(share >= 0.2 + best->margin - 0.005);
    return best->margin;
  };
  const double little = margin(s);
  for (std::size_t i = 100; i < 4000; ++i) s.scale[i] *= 1.3;
  const double much = margin(s);
  BOOST_TEST(much > little);
  BOOST_TEST(much <= 0.08);
}

BOOST_AUTO_TEST_CASE(rows_outside_the_fitting_part_have_no_part_in_it) {
  const Sample s = sample(6000);
  Sample changed = s;
  const BarrierOptimum before = search_barriers(s.prices(), s.scale, 1000, 4000, quick(), 1);
  for (std::size_t i = 0; i < s.bars.size(); ++i) {
    if (i >= 1000 && i < 4000) continue;
    for (auto* column :
         {&changed.bars.open, &changed.bars.high, &changed.bars.low, &changed.bars.close, &changed.scale})
      (*column)[i] *= 3;
  }
  const BarrierOptimum after = search_barriers(changed.prices(), changed.scale, 1000, 4000, quick(), 1);
  BOOST_TEST(after.fitness == before.fitness);
  BOOST_TEST(after.rule.up == before.rule.up);
  BOOST_TEST(after.evaluations.size() == before.evaluations.size());
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_finds_the_same) {
  const Sample s = sample(4000);
  const BarrierOptimum one = search_barriers(s.prices(), s.scale, 0, 4000, quick(), 1);
  const BarrierOptimum many = search_barriers(s.prices(), s.scale, 0, 4000, quick(), 7);
  BOOST_REQUIRE(one.evaluations.size() == many.evaluations.size());
  for (std::size_t i = 0; i < one.evaluations.size(); ++i) {
    BOOST_TEST(one.evaluations[i].fitness == many.evaluations[i].fitness);
    BOOST_TEST(one.evaluations[i].up == many.evaluations[i].up);
  }
}

BOOST_AUTO_TEST_CASE(another_seed_looks_elsewhere) {
  const Sample s = sample(6000);
  BarrierSearchOptions options = quick();
  const auto begin = search_barriers(s.prices(), s.scale, 0, 6000, options, 1).begin;
  options.seed = 43;
  BOOST_TEST(search_barriers(s.prices(), s.scale, 0, 6000, options, 1).begin != begin);
}

BOOST_AUTO_TEST_CASE(too_few_rows_and_impossible_options_are_refused) {
  const Sample s = sample(1500);
  const auto refused = [&](auto change, std::int64_t end = 1500) {
    BarrierSearchOptions options = quick();
    change(options);
    return refusal_of([&] { search_barriers(s.prices(), s.scale, 0, end, options, 1); });
  };
  BOOST_TEST(holds(refused([](auto&) {}, 999), "fitted on 999 bars, but 1000 at least"));
  BOOST_TEST(holds(refused([](auto& o) { o.horizon = 0; }), "a horizon of 0"));
  BOOST_TEST(holds(refused([](auto& o) { o.least_scale = 0; }), "barriers from 0"));
  BOOST_TEST(holds(refused([](auto& o) { o.most_length = 1; }), "max_bars from 2 to 1"));
  BOOST_TEST(holds(refused([](auto& o) { o.sample = 0; }), "a sample of 0"));
  BOOST_TEST(holds(refused([](auto& o) { o.cost = -1; }), "a cost of -1"));
}

// Steps of a hundredth would make one barrier of them all.
BOOST_AUTO_TEST_CASE(shares_of_the_price_are_searched_in_steps_of_their_own_size_and_within_their_bounds) {
  const Sample s = sample(6000);
  BarrierSearchOptions shares = quick();
  shares.least_scale = 0.0013;
  shares.most_scale = 0.0127;
  const BarrierOptimum found = search_barriers(s.prices(), {}, 100, 5000, shares, 2);
  std::set<double> up;
  for (const BarrierEvaluation& one : found.evaluations) {
    up.insert(one.up);
    BOOST_REQUIRE((one.up >= 0.0013 && one.up <= 0.0127 && one.down >= 0.0013 && one.down <= 0.0127));
  }
  BOOST_TEST(up.size() > 20U);
}

BOOST_AUTO_TEST_CASE(lengths_that_leave_no_whole_number_of_bars_are_refused) {
  const Sample s = sample(3000);
  BarrierSearchOptions options = quick();
  options.horizon = 1;
  options.least_length = 2.1;
  options.most_length = 2.9;
  BOOST_TEST(holds(refusal_of([&] { search_barriers(s.prices(), s.scale, 0, 3000, options, 1); }), "whole number"));
  options.most_length = 3;
  BOOST_TEST(search_barriers(s.prices(), s.scale, 0, 3000, options, 1).rule.max_bars == 3);
}

BOOST_AUTO_TEST_SUITE_END()
