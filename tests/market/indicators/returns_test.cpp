#include "market/indicators/returns.h"

#include <boost/test/unit_test.hpp>

#include "tests/market/indicators/brute_force.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(returns)

BOOST_AUTO_TEST_CASE(returns_relate_a_close_to_an_earlier_one) {
  const Bars bars = walking_bars(1, 2500);
  for (const std::size_t lag : {1U, 2U, 7U, 60U, 700U}) {
    const std::string period = std::to_string(lag);
    const auto wanted = [&](auto&& change) {
      return rows_from(lag, bars.size(), [&](std::size_t i) {
        return change(static_cast<long double>(bars.close[i]), static_cast<long double>(bars.close[i - lag]));
      });
    };
    require_column("return_" + period, bars, wanted([](auto now, auto then) { return now / then - 1; }), 1e-15);
    require_column("log_return_" + period, bars, wanted([](auto now, auto then) { return std::log(now / then); }),
                   1e-15);
    require_column("mom_" + period, bars, wanted([](auto now, auto then) { return now - then; }), 1e-15);
    require_column("roc_" + period, bars, wanted([](auto now, auto then) { return 100 * (now - then) / then; }), 1e-14);
    require_column("rocp_" + period, bars, wanted([](auto now, auto then) { return (now - then) / then; }), 1e-15);
    require_column("rocr_" + period, bars, wanted([](auto now, auto then) { return now / then; }), 1e-15);
    require_column("rocr100_" + period, bars, wanted([](auto now, auto then) { return 100 * now / then; }), 1e-15);
  }
}

BOOST_AUTO_TEST_CASE(small_moves_of_large_prices_keep_their_digits) {
  Bars bars = flat_bars(3, 60'000.0, 1.0);
  bars.close[1] = 60'000.01;
  BOOST_TEST(computed("return_1", bars).values[1] == 0.01 / 60'000.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(computed("return_1", bars).values[2] == -0.01 / 60'000.01, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(computed("log_return_1", bars).values[1] == 0.01 / 60'000.0, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(changes_begin_after_the_leading_nans_and_are_0_where_there_was_nothing) {
  const Column x{kNaN, kNaN, 0.0, 2.0, 3.0};
  Column out(x.size());
  change_rate(x, 1, 100.0, out);
  for (const std::size_t i : {0U, 1U, 2U}) BOOST_TEST(std::isnan(out[i]));
  BOOST_TEST(out[3] == 0.0);
  BOOST_TEST(out[4] == 50.0);
  change_ratio(x, 1, 1.0, out);
  BOOST_TEST(out[3] == 0.0);
  BOOST_TEST(out[4] == 1.5);
  momentum(x, 2, out);
  BOOST_TEST(std::isnan(out[3]));
  BOOST_TEST(out[4] == 3.0);
}

BOOST_AUTO_TEST_CASE(a_lag_that_is_longer_than_the_series_leaves_it_empty) {
  const Column x{1.0, 2.0, 3.0};
  Column out(3, 7.0);
  log_change(x, 3, out);
  for (const double value : out) BOOST_TEST(std::isnan(value));
}

BOOST_AUTO_TEST_CASE(a_bar_is_told_by_ratios_of_its_prices) {
  Bars bars = flat_bars(3, 8.0, 1.0);
  bars.open[0] = 10;
  bars.high[0] = 16;
  bars.low[0] = 8;
  bars.close[0] = 14;
  bars.high[1] = 12;
  bars.close[1] = 12;
  const auto is = [&](const char* name, std::size_t row, double value) {
    BOOST_TEST_CONTEXT(name << " of row " << row) {
      BOOST_TEST(computed(name, bars).values[row] == value);
    }
  };
  is("hl_ratio", 0, 2.0);
  is("co_ratio", 0, 1.4);
  is("range_pct", 0, 8.0 / 14.0);
  is("clv", 0, 0.5);
  is("clv", 1, 1.0);
  is("clv", 2, 0.0);
  BOOST_TEST(computed("clv", bars).undefined == 1);
}

BOOST_AUTO_TEST_CASE(a_close_lies_somewhere_between_its_low_and_high) {
  const Bars bars = walking_bars(2, 2500);
  require_column("clv", bars,
                 rows_from(0, bars.size(),
                           [&](std::size_t i) {
                             const long double range = static_cast<long double>(bars.high[i]) - bars.low[i];
                             return range == 0 ? 0 : (2.0L * bars.close[i] - bars.high[i] - bars.low[i]) / range;
                           }),
                 1e-11);
}

BOOST_AUTO_TEST_SUITE_END()
