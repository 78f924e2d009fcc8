#include "market/labels/adaptive_barriers.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/error.h"
#include "base/keyed_random.h"
#include "tests/support/messages.h"
#include "walk_prices.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

// States that last for a while, some of them unknown at first.
std::vector<double> states(std::uint64_t seed, std::size_t n, std::size_t unknown, double length) {
  std::vector<double> out(n, kNaN);
  KeyedRandom random(seed, Stream::augmentation, 1, 0);
  double state = 0;
  for (std::size_t i = unknown; i < n; ++i) {
    if (random.uniform() < 1 / length) state = std::floor(3 * random.uniform()) - 1;
    out[i] = state;
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(adaptive_barriers)

BOOST_AUTO_TEST_CASE(the_usual_factors_are_those_of_the_reference) {
  // Reference factory.md 1.5: volatility high 1.2/1.2/1.1 in an uptrend 1.05/0.95/1 that goes on 1.05/1.05/1.1; low
  // 0.9/0.9/0.9, downtrend the reverse, mean-reverting 0.95/0.95/0.9; sideways 1/1/0.95.
  const std::vector<double> scale{2, 2, 2, 2}, volatility{1, -1, 0, 0}, trend{1, -1, 0, 1}, hurst{1, -1, 0, kNaN};
  const std::array<std::span<const double>, 3> columns{volatility, trend, hurst};
  BOOST_TEST((regime_features(usual_regime_factors()) ==
              std::vector<std::string>{"atr_regime", "trend_regime", "hurst_regime"}));
  const AdaptiveBarriers got = adapt_barriers(scale, 50, usual_regime_factors(), columns);
  const auto near = [](double a, double b) { return std::fabs(a - b) < 1e-12; };
  BOOST_TEST(near(got.up[0], 2 * 1.2 * 1.05 * 1.05));
  BOOST_TEST(near(got.down[0], 2 * 1.2 * 0.95 * 1.05));
  BOOST_TEST(got.max_bars[0] == 61);  // 50 * 1.1 * 1 * 1.1 = 60.5
  BOOST_TEST(near(got.up[1], 2 * 0.9 * 0.95 * 0.95));
  BOOST_TEST(near(got.down[1], 2 * 0.9 * 1.05 * 0.95));
  BOOST_TEST(got.max_bars[1] == 41);  // 50 * 0.9 * 1 * 0.9 = 40.5
  BOOST_TEST(got.up[2] == 2.0);
  BOOST_TEST(got.max_bars[2] == 48);  // 50 * 0.95 = 47.5
  BOOST_TEST(std::isnan(got.up[3]));
  BOOST_TEST(std::isnan(got.down[3]));
  BOOST_TEST(longest_adaptive(50, usual_regime_factors()) == 61);
}

BOOST_AUTO_TEST_CASE(labels_of_barriers_that_differ_are_those_of_each_bar_s_own_barriers) {
  const WalkPrices t = walk(1, 3000);
  for (const double length : {1.0, 5.0, 40.0}) {
    const auto volatility = states(2, t.size(), 114, length), trend = states(3, t.size(), 199, length);
    const std::array<std::span<const double>, 2> columns{volatility, trend};
    const std::vector<RegimeFactors> table{
        {"v", 1, {1.5, 2.0, 1.7}}, {"v", -1, {0.5, 1.0, 0.4}}, {"t", 0, {1, 1, 0.5}}};
    TripleBarrier rule{.up = 3, .down = 2, .max_bars = 20, .cost = 0.25};
    for (const BarrierTouch touch : {BarrierTouch::high_low, BarrierTouch::close}) {
      rule.touch = touch;
      const AdaptiveBarriers barriers = adapt_barriers(t.scale, rule.max_bars, table, columns);
      const BarrierLabels got = triple_barrier_per_bar(t.spans(), barriers.spans(), rule);
      // Bar by bar: the plain triple barrier with that bar's own numbers. A column of zeros but for one bar costs
      // nothing to label.
      for (std::size_t i = 0; i < t.size(); i += i + 40 < t.size() ? 11 : 1) {
        TripleBarrier own = rule;
        own.up = rule.up * barriers.up[i];
        own.down = rule.down * barriers.down[i];
        own.max_bars = barriers.max_bars[i];
        if (!(barriers.up[i] > 0)) {
          BOOST_REQUIRE(got.label[i] == kInvalidLabel);
          continue;
        }
        BarrierLabels want;
        want.resize(t.size());
        const std::vector<double> one(t.size(), 1.0);
        triple_barrier(t.spans(), one, own, static_cast<std::int64_t>(i), static_cast<std::int64_t>(i) + 1, want);
        BOOST_REQUIRE(int{got.label[i]} == int{want.label[i]});
        BOOST_REQUIRE(got.bars[i] == want.bars[i]);
        BOOST_REQUIRE(got.mae[i] == want.mae[i]);
        BOOST_REQUIRE(got.exit_return[i] == want.exit_return[i]);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_and_stretches_change_no_bit) {
  const WalkPrices t = walk(4, 20'000);
  const auto trend = states(5, t.size(), 0, 3000.0);  // stretches longer than a piece of the kernel's
  const std::vector<RegimeFactors> table{{"t", 1, {1, 1, 2}}, {"t", -1, {1, 1, 0.5}}};
  const AdaptiveBarriers barriers = adapt_barriers(t.scale, 30, table, std::array<std::span<const double>, 1>{trend});
  const TripleBarrier rule{.up = 3, .down = 3, .max_bars = 30};
  const BarrierLabels one = triple_barrier_per_bar(t.spans(), barriers.spans(), rule, 1);
  for (const unsigned threads : {2U, 5U}) {
    const BarrierLabels many = triple_barrier_per_bar(t.spans(), barriers.spans(), rule, threads);
    BOOST_TEST((many.label == one.label));
    BOOST_TEST((many.bars == one.bars));
    BOOST_TEST((many.mfe == one.mfe));
  }
}

BOOST_AUTO_TEST_CASE(no_factors_are_the_plain_triple_barrier) {
  const WalkPrices t = walk(6, 2000);
  const TripleBarrier rule{.up = 3, .down = 2, .max_bars = 50};
  const AdaptiveBarriers barriers = adapt_barriers(t.scale, 50, {}, {});
  const BarrierLabels got = triple_barrier_per_bar(t.spans(), barriers.spans(), rule),
                      want = triple_barrier(t.spans(), t.scale, rule);
  BOOST_TEST((got.label == want.label));
  BOOST_TEST((got.bars == want.bars));
  BOOST_TEST((got.exit_return == want.exit_return));
}

BOOST_AUTO_TEST_CASE(a_cost_in_price_and_one_in_shares_of_it_move_barriers_alike) {
  // Every entry at 64: 0.5 of it is 1 / 128.
  WalkPrices t = walk(7, 2000);
  std::fill(t.close.begin(), t.close.end(), 64.0);
  std::fill(t.open.begin(), t.open.end(), 64.0);
  for (std::size_t i = 0; i < t.size(); ++i) {
    t.high[i] = 64 + std::fabs(t.high[i] - 250) / 32;
    t.low[i] = 64 - std::fabs(t.low[i] - 245) / 32;
  }
  const std::vector<double> scale(t.size(), 1.0);
  TripleBarrier in_price{.up = 1, .down = 1, .max_bars = 5, .cost = 0.5}, in_shares = in_price, both = in_price;
  in_shares.cost = 0;
  in_shares.cost_share = 1.0 / 128;
  both.cost = 0.25;
  both.cost_share = 1.0 / 256;
  const BarrierLabels a = triple_barrier(t.spans(), scale, in_price);
  for (const TripleBarrier& rule : {in_shares, both}) {
    const BarrierLabels b = triple_barrier(t.spans(), scale, rule);
    BOOST_TEST((a.label == b.label));
    BOOST_TEST((a.bars == b.bars));
    BOOST_TEST((a.exit_return == b.exit_return));
  }
  BOOST_TEST((a.label != triple_barrier(t.spans(), scale, {.up = 1, .down = 1, .max_bars = 5}).label));
}

BOOST_AUTO_TEST_CASE(factors_are_read_from_a_text_of_their_column_its_value_and_three_numbers) {
  const RegimeFactors line = parse_regime_factors("atr_regime=-1:0.5,2,1.25");
  BOOST_TEST(line.feature == "atr_regime");
  BOOST_TEST(line.state == -1);
  BOOST_TEST(line.factors.up == 0.5);
  BOOST_TEST(line.factors.down == 2);
  BOOST_TEST(line.factors.bars == 1.25);
  for (const char* wrong : {"", "=1:1,1,1", "atr_regime", "atr_regime=1", "atr_regime:1=1,1,1", "atr_regime=1:1,1",
                            "a=1:1,1,1,1", "a=x:1,1,1", "a=1:1,,1", "a=1:1,1,1 "})
    BOOST_CHECK_THROW(parse_regime_factors(wrong), ConfigError);
}

// Both would be multiplied, and the longest label be taken for one.
BOOST_AUTO_TEST_CASE(a_regime_that_is_named_twice_is_refused) {
  const std::vector<RegimeFactors> twice{{"x", 1, {1, 1, 2}}, {"y", 1, {1, 1, 2}}, {"x", 1, {1, 1, 2}}};
  BOOST_CHECK_THROW(longest_adaptive(20, twice), ConfigError);
  const std::vector<RegimeFactors> states{{"x", 1, {1, 1, 2}}, {"x", -1, {1, 1, 2}}};
  BOOST_TEST(longest_adaptive(20, states) == 40);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused) {
  const WalkPrices t = walk(8, 10);
  const std::vector<double> state(10, 1.0);
  const std::array<std::span<const double>, 1> columns{state};
  for (const BarrierFactors& factors : {BarrierFactors{0, 1, 1}, {1, -1, 1}, {1, 1, kNaN}}) {
    const std::vector<RegimeFactors> table{{"x", 1, factors}};
    BOOST_CHECK_THROW(adapt_barriers(t.scale, 20, table, columns), ConfigError);
    BOOST_CHECK_THROW(longest_adaptive(20, table), ConfigError);
  }
  const std::vector<RegimeFactors> table{{"x", 1, {1, 1, 0.01}}};
  BOOST_CHECK_THROW(adapt_barriers(t.scale, 20, table, {}), std::invalid_argument);
  BOOST_CHECK_THROW(adapt_barriers(std::span(t.scale).first(4), 20, table, columns), std::invalid_argument);
  BOOST_TEST(adapt_barriers(t.scale, 20, table, columns).max_bars[0] == 1);  // not below one bar
  const std::vector<std::int32_t> none(10, 0);
  BOOST_CHECK_THROW(triple_barrier_per_bar(t.spans(), {.max_bars = none}, {}), std::invalid_argument);
  BOOST_CHECK_THROW(triple_barrier_per_bar(t.spans(), {.up = t.scale}, {}), std::invalid_argument);
  BOOST_CHECK_THROW(triple_barrier(t.spans(), {}, {.cost_share = -1}), ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()
