#include "market/indicators/bands.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

#include "base/json.h"
#include "tests/market/indicators/plain.h"
#include "tests/market/indicators/reference_bars.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

std::string with(const std::string& name, std::initializer_list<double> parameters) {
  std::string out = name;
  for (const double parameter : parameters) out += fmt::format("_{}", parameter);
  return out;
}

// Bars that walk and then never move again.
Bars halted_bars(std::size_t walking, std::size_t n) {
  Bars bars = walking_bars(7, n, true);
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close})
    std::fill(column->begin() + static_cast<std::ptrdiff_t>(walking), column->end(), 60'000.1);
  return bars;
}

Wide deviation_of(const Wide& x, std::size_t period, std::size_t less) {
  return plain_windows(x, period, [&](std::size_t begin, std::size_t row) {
    long double mean = 0, squares = 0;
    for (std::size_t i = begin; i <= row; ++i) mean += x[i] / static_cast<long double>(period);
    for (std::size_t i = begin; i <= row; ++i) squares += (x[i] - mean) * (x[i] - mean);
    return std::sqrt(squares / static_cast<long double>(period - less));
  });
}

Wide each(const Wide& a, const Wide& b, const auto& value) {
  Wide out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = value(i, a[i], b[i]);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bands)

// Prices around 60,000 that move by some units: what is left of a difference of squares there is noise. A mean is off
// by up to 4e-12, which counts in scores whose deviation is small, so they need windows of some bars.
BOOST_AUTO_TEST_CASE(bollinger_bands_are_those_of_long_double) {
  Bars bars = walking_bars(1, 1500, true);
  for (double& close : bars.close) close = 60'000 + (close - 100);
  const Wide close = wide(bars.close);
  for (const double width : {2.0, 0.5, 3.25}) {
    for (const int period : {2, 5, 20, 31, 250}) {
      const auto length = static_cast<std::size_t>(period);
      const Wide mean = plain_sma(close, length), sample = deviation_of(close, length, 1);
      const Wide population = deviation_of(close, length, 0);
      const auto check = [&](const std::string& name, const Wide& expected, double tolerance) {
        check_same(column_of(bars, name), expected, tolerance, name);
      };
      const auto along = [](long double by) {
        return [by](std::size_t, long double m, long double s) { return m + by * s; };
      };
      const long double w = width, up = width + 1;
      check(with("bb_middle", {static_cast<double>(period), width}), mean, 1e-14);
      check(with("bb_upper", {static_cast<double>(period), width}), each(mean, sample, along(w)), 1e-14);
      check(with("bb_lower", {static_cast<double>(period), width}), each(mean, sample, along(-w)), 1e-14);
      check(with("bb_bandwidth", {static_cast<double>(period), width}),
            each(mean, sample, [&](std::size_t, long double m, long double s) { return 2 * w * s / m; }), 1e-12);
      check(with("bbands_upper", {static_cast<double>(period), width + 1, width}), each(mean, population, along(up)),
            1e-14);
      if (period == 2) continue;
      check(with("bb_position", {static_cast<double>(period), width}),
            each(mean, sample,
                 [&](std::size_t i, long double m, long double s) { return (close[i] - (m - w * s)) / (2 * w * s); }),
            1e-9);
      check(with("close_bb_zscore", {static_cast<double>(period), width}),
            each(mean, sample, [&](std::size_t i, long double m, long double s) { return (close[i] - m) / s; }), 1e-9);
      const std::initializer_list<double> sides{static_cast<double>(period), width + 1, width};
      check(with("bbands_lower", sides), each(mean, population, along(-w)), 1e-14);
      check(with("bbands_middle", sides), mean, 1e-14);
      check(with("bbands_percent_b", sides),
            each(mean, population,
                 [&](std::size_t i, long double m, long double s) { return (close[i] - m + w * s) / ((up + w) * s); }),
            1e-9);
      check(with("bbands_bandwidth", sides),
            each(mean, population, [&](std::size_t, long double m, long double s) { return (up + w) * s / m; }), 1e-12);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_close_that_does_not_move_lies_in_the_middle) {
  const Bars bars = flat_bars(100, 0.1, 5);
  std::int64_t undefined = 0;
  BOOST_TEST(column_of(bars, "bb_position", &undefined)[50] == 0.5);
  BOOST_TEST(undefined == 81);
  BOOST_TEST(column_of(bars, "close_bb_zscore", &undefined)[50] == 0.0);
  BOOST_TEST(undefined == 81);
  BOOST_TEST(column_of(bars, "bbands_percent_b_20_3_1", &undefined)[50] == 0.25);
  BOOST_TEST(undefined == 81);
  BOOST_TEST(column_of(bars, "bb_upper")[50] == column_of(bars, "bb_lower")[50]);
  BOOST_TEST(column_of(bars, "bb_bandwidth")[50] == 0.0);
}

BOOST_AUTO_TEST_CASE(the_factorys_width_is_the_constant_that_it_is) {
  const Bars bars = walking_bars(2, 500);
  for (const auto& [name, constant] : {std::pair{"bb_width", 4.0}, {"bb_width_20_1.5", 3.0}}) {
    const Column width = column_of(bars, name);
    BOOST_TEST(std::isnan(width[18]));
    for (std::size_t i = 19; i < width.size(); ++i) BOOST_REQUIRE(std::fabs(width[i] - constant) <= 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(the_channel_around_the_closes_is_that_of_long_double) {
  const Bars bars = walking_bars(3, 1500, true);
  const Wide high = wide(bars.high), low = wide(bars.low), close = wide(bars.close);
  for (const int period : {1, 2, 14, 20}) {
    const auto length = static_cast<std::size_t>(period);
    const Wide middle = plain_ema(close, length), range = plain_atr(high, low, close, length);
    const auto check = [&](const std::string& name, const auto& value, double tolerance) {
      const std::string full = with(name, {static_cast<double>(period), 1.5});
      check_same(column_of(bars, full), each(middle, range, value), tolerance, full);
    };
    check(
        "kc_upper", [](std::size_t, long double m, long double r) { return m + 1.5L * r; }, 1e-13);
    check(
        "kc_lower", [](std::size_t, long double m, long double r) { return m - 1.5L * r; }, 1e-13);
    check(
        "kc_position",
        [&](std::size_t i, long double m, long double r) { return (close[i] - (m - 1.5L * r)) / (3 * r); }, 1e-11);
    check(
        "close_kc_atr_dev", [&](std::size_t i, long double m, long double r) { return (close[i] - m) / r; }, 1e-11);
    check_same(column_of(bars, with("kc_middle", {static_cast<double>(period), 1.5})), middle, 1e-13, "kc_middle");
  }
}

// The average range halves every 13 bars for ever, and what an average is off the price by rounding stays.
BOOST_AUTO_TEST_CASE(a_market_that_halts_leaves_no_infinite_score) {
  const Bars bars = halted_bars(200, 20'000);
  for (const char* name : {"kc_position", "close_kc_atr_dev"}) {
    std::int64_t undefined = 0;
    const Column out = column_of(bars, name, &undefined);
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST((undefined > 18'000 && undefined < 19'500));
      BOOST_TEST(std::all_of(out.begin() + 20, out.end(), [](double value) { return std::fabs(value) < 50; }));
      BOOST_TEST(out.back() == (std::string(name) == "kc_position" ? 0.5 : 0.0));
    }
  }
}

BOOST_AUTO_TEST_CASE(channels_are_those_of_other_libraries) {
  const Bars bars = reference_bars();
  const Json goldens = read_json(vectors("channel_goldens.json"));
  for (const Json& row : goldens["keltner"]["rows"]) {
    const std::initializer_list<double> parameters{row[0].get<double>(), row[1].get<double>(), row[2].get<double>()};
    const std::size_t bar = row[3].get<std::size_t>();
    const char* lines[] = {"keltner_upper", "keltner_middle", "keltner_lower"};
    for (std::size_t line = 0; line < 3; ++line) {
      BOOST_TEST_CONTEXT(with(lines[line], parameters) << " at bar " << bar) {
        const double got = column_of(bars, with(lines[line], parameters))[bar];
        BOOST_TEST(std::fabs(got - row[4 + line].get<double>()) <= 1e-11);
      }
    }
  }
  for (const Json& row : goldens["donchian"]["rows"]) {
    const std::size_t bar = row[1].get<std::size_t>();
    const char* lines[] = {"donchian_upper", "donchian_middle", "donchian_lower"};
    for (std::size_t line = 0; line < 3; ++line) {
      const std::string name = with(lines[line], {row[0].get<double>()});
      BOOST_TEST_CONTEXT(name << " at bar " << bar) {
        BOOST_TEST(std::fabs(column_of(bars, name)[bar] - row[2 + line].get<double>()) <= 1e-12);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(both_parts_of_the_typical_prices_channel_begin_on_one_row) {
  const Bars bars = walking_bars(4, 60, true);
  // The longer of the two needs rows 0 to 12, or 1 to 12 for true ranges.
  for (const auto& [period, atr_period] : {std::pair{13, 5}, {4, 12}}) {
    long double mean = 0, range = 0;
    for (std::size_t i = 13 - static_cast<std::size_t>(period); i <= 12; ++i)
      mean += (static_cast<long double>(bars.high[i]) + bars.low[i] + bars.close[i]) / (3 * period);
    const Wide ranges = plain_true_range(wide(bars.high), wide(bars.low), wide(bars.close));
    for (std::size_t i = 13 - static_cast<std::size_t>(atr_period); i <= 12; ++i) range += ranges[i] / atr_period;
    const auto name = fmt::format("keltner_upper_{}_{}_2", period, atr_period);
    const Column out = column_of(bars, name);
    BOOST_TEST(std::isnan(out[11]));
    BOOST_TEST(std::fabs(out[12] - static_cast<double>(mean + 2 * range)) <= 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_channel_without_height_holds_its_price_in_the_middle) {
  Bars bars = flat_bars(6, 10, 1);
  bars.high = {11, 11, 10, 10, 10, 14};
  bars.low = {9, 9, 10, 10, 10, 10};
  bars.close = {10, 11, 10, 10, 10, 13};
  std::int64_t undefined = 0;
  const Column position = column_of(bars, "donchian_position_2", &undefined);
  BOOST_TEST(std::isnan(position[0]));
  BOOST_TEST(position[1] == 1.0);   // 11 between 9 and 11
  BOOST_TEST(position[2] == 0.5);   // 10 between 9 and 11
  BOOST_TEST(position[3] == 0.5);   // between 10 and 10
  BOOST_TEST(position[5] == 0.75);  // 13 between 10 and 14
  BOOST_TEST(undefined == 2);
}

BOOST_AUTO_TEST_SUITE_END()
