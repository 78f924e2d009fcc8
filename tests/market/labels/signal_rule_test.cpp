#include "market/labels/signal_rule.h"

#include <array>
#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "tests/support/messages.h"
#include "walk_prices.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

const std::vector<double> kX{20, 30, 50, 70, 80, kNaN};

std::vector<std::int8_t> sides(const std::string& text, const std::vector<double>& other = {}) {
  const SignalRule rule = parse_signal_rule(text);
  const std::array<std::span<const double>, 2> columns{kX, other};
  return signal_sides(rule, std::span(columns).first(rule.features().size()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signal_rules)

BOOST_AUTO_TEST_CASE(a_comparison_is_long_above_and_short_below_or_the_other_way_round) {
  using Sides = std::vector<std::int8_t>;
  BOOST_TEST((sides("x > 50") == Sides{-1, -1, 0, 1, 1, 0}));
  BOOST_TEST((sides("x<50") == Sides{1, 1, 0, -1, -1, 0}));
  BOOST_TEST((sides("x < 30..70") == Sides{1, 0, 0, 0, -1, 0}));
  BOOST_TEST((sides(" x > 30 .. 70 ") == Sides{-1, 0, 0, 0, 1, 0}));
  BOOST_TEST((sides("x") == Sides{1, 1, 1, 1, 1, 0}));
  BOOST_TEST((sides("x > -1.5e2") == Sides{1, 1, 1, 1, 1, 0}));
  BOOST_TEST((sides("x > y", {20, 20, 60, kNaN, 90, 1}) == Sides{0, 1, -1, 0, -1, 0}));
  BOOST_TEST((parse_signal_rule("sma_10 > sma_50").features() == std::vector<std::string>{"sma_10", "sma_50"}));
}

BOOST_AUTO_TEST_CASE(what_is_no_rule_is_refused_with_examples) {
  for (const char* text :
       {"", "> 50", "x >", "x > 70..30", "x > 30..", "x > 5x", "x y", "x = 5", "x > -inf", "x > 1 > 2"})
    BOOST_TEST(holds(refusal_of([&] { parse_signal_rule(text); }), "rsi_14 < 30..70"));
}

BOOST_AUTO_TEST_SUITE_END()
