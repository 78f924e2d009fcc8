// What is said of windows that are not as they should be.
#include "market/window_features/window_checks.h"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "sample_windows.h"
#include "tests/support/messages.h"

using namespace moola::market;
using namespace moola::test;

namespace {

// The finding of one check after windows 0, 1, … .
WindowFinding finding(const std::string& check, const std::vector<std::vector<double>>& windows) {
  WindowChecks checks;
  for (std::size_t i = 0; i < windows.size(); ++i) checks.add(static_cast<std::int64_t>(i), windows[i]);
  const auto found = std::ranges::find(checks.findings(), std::string_view(check), &WindowFinding::check);
  BOOST_REQUIRE(found != checks.findings().end());
  return *found;
}

std::vector<double> with_bar(std::size_t t, const WindowBar& bar) {
  std::vector<double> window = flat_window(20, 100);
  const double prices[4] = {bar.open, bar.high, bar.low, bar.close};
  std::copy_n(prices, 4, window.begin() + static_cast<std::ptrdiff_t>(t * 4));
  return window;
}

bool fails(const std::string& check, const WindowBar& bar) {
  return finding(check, {with_bar(7, bar)}).bars > 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(window_checks)

BOOST_AUTO_TEST_CASE(windows_of_candles_meet_all_checks) {
  WindowChecks checks;
  for (std::uint64_t seed = 0; seed < 10; ++seed) checks.add(0, smooth_window(105, seed));
  for (const WindowFinding& found : checks.findings()) {
    BOOST_TEST(found.bars == 0, found.check);
    BOOST_TEST(found.windows == 0);
    BOOST_TEST(found.first_window == -1);
  }
}

BOOST_AUTO_TEST_CASE(bars_and_windows_are_counted_and_the_first_is_named) {
  const std::vector<double> good = flat_window(20, 100);
  std::vector<double> bad = with_bar(7, {.open = 100, .high = 99, .low = 99, .close = 99});
  bad[9 * 4 + 1] = 99;
  const WindowFinding found = finding("high", {good, good, bad, good, bad});
  BOOST_TEST(found.bars == 4);
  BOOST_TEST(found.windows == 2);
  BOOST_TEST(found.first_window == 2);
  BOOST_TEST(found.first_bar == 7);
}

BOOST_AUTO_TEST_CASE(a_high_is_at_least_every_other_price_and_a_low_at_most) {
  BOOST_TEST(!fails("high", {.open = 101, .high = 101, .low = 99, .close = 100}));
  BOOST_TEST(fails("high", {.open = 101, .high = 100.5, .low = 99, .close = 100}));
  BOOST_TEST(fails("high", {.open = 100, .high = 100.5, .low = 99, .close = 101}));
  BOOST_TEST(!fails("low", {.open = 99, .high = 101, .low = 99, .close = 100}));
  BOOST_TEST(fails("low", {.open = 99, .high = 101, .low = 99.5, .close = 100}));
  BOOST_TEST(fails("low", {.open = 100, .high = 101, .low = 99.5, .close = 99}));
}

BOOST_AUTO_TEST_CASE(prices_are_a_thousandth_at_least) {
  BOOST_TEST(!fails("price", {.open = 0.001, .high = 0.001, .low = 0.001, .close = 0.001}));
  BOOST_TEST(fails("price", {.open = 0.001, .high = 0.001, .low = 0.000999, .close = 0.001}));
}

BOOST_AUTO_TEST_CASE(no_candle_is_wider_than_twice_its_middle) {
  // (high - low) / ((high + low) / 2) is below 2 for every low above 0, so only a price below 0 could fail; those are
  // no prices at all and are refused before.
  BOOST_TEST(!fails("range", {.open = 100, .high = 1000, .low = 0.001, .close = 100}));
  BOOST_TEST(fails("range", {.open = 100, .high = 100, .low = -1, .close = 100}));
}

BOOST_AUTO_TEST_CASE(a_step_beyond_five_deviations_is_told) {
  // One step of s among n - 1 of 0: mean s / n, deviation s sqrt(n - 1) / n, so it is sqrt(n - 1) deviations away: more
  // than 5 for n = 27 steps, not for 25.
  const auto jumps = [](std::size_t steps) {
    std::vector<double> window = flat_window(steps + 1, 100);
    for (std::size_t i = steps * 4; i < window.size(); ++i) window[i] = 101;
    return finding("step", {window});
  };
  BOOST_TEST(jumps(25).bars == 0);
  BOOST_TEST(jumps(27).bars == 1);
  BOOST_TEST(jumps(27).first_bar == 27);
}

BOOST_AUTO_TEST_CASE(a_price_that_is_none_is_named_with_its_bar) {
  BOOST_TEST(!price_problem(flat_window(5, 1)).has_value());
  for (const double bad :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    std::vector<double> window = flat_window(5, 1);
    window[3 * 4 + 2] = bad;
    BOOST_TEST(holds(price_problem(window).value(), "low of bar 3 is "));
  }
}

BOOST_AUTO_TEST_SUITE_END()
