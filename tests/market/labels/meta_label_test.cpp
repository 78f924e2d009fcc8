#include "market/labels/meta_label.h"

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

std::vector<std::int8_t> random_sides(std::uint64_t seed, std::size_t n) {
  std::vector<std::int8_t> out(n);
  KeyedRandom random(seed, Stream::augmentation, 2, 0);
  for (auto& side : out) side = static_cast<std::int8_t>(static_cast<int>(3 * random.uniform()) - 1);
  return out;
}

struct Judged {
  int label = kInvalidLabel;
  std::size_t bars = 0;
};

// A trade of a side, bar by bar: its profit and its loss, wherever they lie.
Judged expected(const WalkPrices& t, int side, const TripleBarrier& rule, double unit, TimeoutIs timeout,
                std::size_t i) {
  const auto most = static_cast<std::size_t>(rule.max_bars);
  if (side == 0 || i + most >= t.size() || !(unit > 0)) return {};
  const double entry = rule.entry == BarrierEntry::close ? t.close[i] : t.open[i + 1];
  // Distances in the side's own direction; what is better for it is larger.
  const double profit = rule.up * unit + rule.cost, loss = rule.down * unit + rule.cost;
  for (std::size_t j = i + 1; j <= i + most; ++j) {
    const double best = side > 0 ? t.high[j] - entry : entry - t.low[j];
    const double worst = side > 0 ? t.low[j] - entry : entry - t.high[j];
    const double open = side * (t.open[j] - entry);
    const bool won = best >= profit, lost = worst <= -loss;
    if (!won && !lost) continue;
    const std::size_t bars = j - i;
    if (open >= profit) return {1, bars};
    if (open <= -loss) return {0, bars};
    if (!won || !lost) return {won ? 1 : 0, bars};
    if (rule.tie == BarrierTie::invalid) return {};
    if (rule.tie == BarrierTie::stop_first) return {0, bars};
    const double to_profit = profit - open, to_loss = open + loss;
    // As near: the upper barrier, which is a short trade's loss.
    return {(side > 0 ? to_profit <= to_loss : to_profit < to_loss) ? 1 : 0, bars};
  }
  const double gain = side * (t.close[i + most] - entry);
  return {timeout == TimeoutIs::by_return && gain > rule.cost ? 1 : 0, most};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(meta_labels_)

BOOST_AUTO_TEST_CASE(sides_are_right_where_their_profit_comes_before_their_loss) {
  const WalkPrices t = walk(1, 4000);
  const auto side = random_sides(2, t.size());
  for (const BarrierEntry entry : {BarrierEntry::close, BarrierEntry::next_open}) {
    for (const BarrierTie tie : {BarrierTie::nearest_open, BarrierTie::stop_first, BarrierTie::invalid}) {
      for (const TimeoutIs timeout : {TimeoutIs::by_return, TimeoutIs::wrong}) {
        const TripleBarrier rule{.up = 3, .down = 2, .max_bars = 12, .entry = entry, .tie = tie, .cost = 0.25};
        const MetaLabels got = meta_labels(t.spans(), t.scale, side, rule, timeout, 2);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < t.size(); ++i) {
          const Judged want = expected(t, side[i], rule, t.scale[i], timeout, i);
          wrong += int{got.label[i]} != want.label || static_cast<std::size_t>(got.trade.bars[i]) != want.bars;
        }
        BOOST_TEST(wrong == 0U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(without_a_scale_barriers_are_shares_of_the_entry) {
  const WalkPrices t = walk(3, 1000);
  const auto side = random_sides(4, t.size());
  for (const BarrierEntry entry : {BarrierEntry::close, BarrierEntry::next_open}) {
    const TripleBarrier rule{.up = 0.01, .down = 0.007, .max_bars = 12, .entry = entry};
    const MetaLabels got = meta_labels(t.spans(), {}, side, rule);
    for (std::size_t i = 0; i < t.size(); ++i) {
      const double unit = i + 1 == t.size() ? kNaN : entry == BarrierEntry::close ? t.close[i] : t.open[i + 1];
      BOOST_REQUIRE(int{got.label[i]} == expected(t, side[i], rule, unit, TimeoutIs::by_return, i).label);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_long_side_sees_the_plain_triple_barrier) {
  const WalkPrices t = walk(5, 2000);
  const std::vector<std::int8_t> side(t.size(), 1);
  const TripleBarrier rule{.up = 3, .down = 2, .max_bars = 30, .tie = BarrierTie::stop_first};
  const MetaLabels got = meta_labels(t.spans(), t.scale, side, rule);
  const BarrierLabels want = triple_barrier(t.spans(), t.scale, rule);
  BOOST_TEST((got.trade.label == want.label));
  BOOST_TEST((got.trade.mae == want.mae));
  BOOST_TEST((got.trade.exit_return == want.exit_return));
}

BOOST_AUTO_TEST_CASE(sides_are_right_where_the_price_ends_on_them) {
  const WalkPrices t = walk(6, 800);
  const auto side = random_sides(7, t.size());
  const Directional rule{.holding = {.bars = 9}, .cost = 0.5};
  const MetaLabels got = meta_labels(t.spans(), {}, side, rule);
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (side[i] == 0 || i + 9 >= t.size()) {
      BOOST_REQUIRE(got.label[i] == kInvalidLabel);
      BOOST_REQUIRE(got.trade.exit_bar(i) == -1);
      continue;
    }
    BOOST_REQUIRE(got.label[i] == (side[i] * (t.close[i + 9] - t.close[i]) > 0.5 ? 1 : 0));
    BOOST_REQUIRE(got.trade.exit_bar(i) == static_cast<std::int64_t>(i) + 9);
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused) {
  const WalkPrices t = walk(8, 20);
  const std::vector<std::int8_t> side(20, 1), no_side(20, 2), few(3, 1);
  BOOST_CHECK_THROW(meta_labels(t.spans(), t.scale, no_side, TripleBarrier{}), std::invalid_argument);
  BOOST_CHECK_THROW(meta_labels(t.spans(), t.scale, few, TripleBarrier{}), std::invalid_argument);
  BOOST_CHECK_THROW(meta_labels(t.spans(), t.scale, few, Directional{}), std::invalid_argument);
  BOOST_CHECK_THROW(meta_labels(t.spans(), std::span(t.scale).first(3), side, TripleBarrier{}), std::invalid_argument);
  BOOST_CHECK_THROW(meta_labels(t.spans(), t.scale, side, TripleBarrier{.up = 0}), ConfigError);
  BOOST_TEST(holds(refusal_of([] { parse_timeout_is("by_retrun"); }), "Did you mean 'by_return'?"));
  BOOST_TEST(to_string(parse_timeout_is("wrong")) == "wrong");
}

BOOST_AUTO_TEST_SUITE_END()
