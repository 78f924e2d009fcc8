#include "market/labels/directional.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/error.h"
#include "tests/support/messages.h"
#include "walk_prices.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(directional)

BOOST_AUTO_TEST_CASE(every_rule_agrees_with_its_definition_bar_by_bar) {
  const WalkPrices t = walk(1, 900);
  for (const BarrierEntry entry : {BarrierEntry::close, BarrierEntry::next_open}) {
    for (const int horizon : {1, 2, 17, 899, 900, 2000}) {
      for (const bool with_scale : {false, true}) {
        // On a grid of quarters: bands that moves meet exactly, where there is a scale of quarters.
        const Directional rule{.holding = {.bars = horizon, .entry = entry},
                               .dead_band = with_scale ? 1.0 : 0.004,
                               .cost = horizon % 2 == 0 ? 0.25 : 0.0,
                               .cost_share = 0.0};
        const BarrierLabels got = directional_labels(t.spans(), with_scale ? t.scale : std::span<const double>(), rule);
        const auto ahead = static_cast<std::size_t>(horizon);
        for (std::size_t i = 0; i < t.size(); ++i) {
          BOOST_REQUIRE(got.touch[i] == 0);
          if (i + ahead >= t.size() || (with_scale && !(t.scale[i] > 0))) {
            BOOST_REQUIRE(got.label[i] == kInvalidLabel);
            BOOST_REQUIRE(got.exit_bar(i) == -1);
            BOOST_REQUIRE((got.bars[i] == 0 && got.mae[i] == 0 && got.mfe[i] == 0 && got.exit_return[i] == 0));
            continue;
          }
          const double from = entry == BarrierEntry::close ? t.close[i] : t.open[i + 1], to = t.close[i + ahead];
          const double band = rule.dead_band * (with_scale ? t.scale[i] : from) + rule.cost;
          const int want = to - from > band ? 1 : to - from < -band ? -1 : 0;
          BOOST_REQUIRE(int{got.label[i]} == want);
          BOOST_REQUIRE(got.exit_bar(i) == static_cast<std::int64_t>(i + ahead));
          BOOST_REQUIRE(got.exit_return[i] == static_cast<float>(to / from - 1.0));
          double top = from, bottom = from;
          for (std::size_t j = i + 1; j <= i + ahead; ++j) {
            top = std::max(top, t.high[j]);
            bottom = std::min(bottom, t.low[j]);
          }
          BOOST_REQUIRE(got.mfe[i] == static_cast<float>((top - from) / from));
          BOOST_REQUIRE(got.mae[i] == static_cast<float>((bottom - from) / from));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_ends_of_the_dead_band_are_neutral) {
  // From 100: moves of 2, a little more, -2, a little less, and none.
  const double more = std::nextafter(102.0, 200.0), less = std::nextafter(98.0, 0.0);
  for (const auto& [to, want] : {std::pair{102.0, 0}, {more, 1}, {98.0, 0}, {less, -1}, {100.0, 0}}) {
    const std::vector<double> price{100.0, to};
    const PriceSpans prices{price, price, price, price};
    const auto label = [&](const Directional& rule) { return int{directional_labels(prices, {}, rule).label[0]}; };
    BOOST_TEST(label({.holding = {.bars = 1}, .dead_band = 0.02}) == want);
    BOOST_TEST(label({.holding = {.bars = 1}, .cost = 2.0}) == want);
    BOOST_TEST(label({.holding = {.bars = 1}, .cost = 1.0, .cost_share = 0.01}) == want);
    BOOST_TEST(label({.holding = {.bars = 1}}) == (to > 100) - (to < 100));
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused) {
  const WalkPrices t = walk(2, 10);
  for (const Directional& rule :
       {Directional{.holding = {.bars = 0}}, Directional{.dead_band = -0.1}, Directional{.dead_band = kNaN},
        Directional{.cost = -1}, Directional{.cost_share = kNaN}})
    BOOST_CHECK_THROW(directional_labels(t.spans(), {}, rule), ConfigError);
  BOOST_CHECK_THROW(directional_labels(t.spans(), std::span(t.scale).first(3), {}), std::invalid_argument);
  BOOST_CHECK_THROW(directional_labels({t.open, t.high, t.low, std::span(t.close).first(3)}, {}, {}),
                    std::invalid_argument);
  BOOST_TEST(directional_labels({}, {}, {}).size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
