#include "market/window_transform.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "market/portable_log.h"

using namespace moola;
using namespace moola::market;

namespace {

const std::vector<std::string> kOhlc{"open", "high", "low", "close"};

// A random walk of valid bars (bars, 4).
std::vector<double> random_bars(std::size_t bars, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> move(0.0, 0.002);
  std::vector<double> out;
  double close = 100.0;
  for (std::size_t t = 0; t < bars; ++t) {
    const double open = close * std::exp(move(random));
    close = open * std::exp(move(random));
    out.insert(out.end(), {open, std::max(open, close) * (1 + std::fabs(move(random))),
                           std::min(open, close) * (1 - std::fabs(move(random))), close});
  }
  return out;
}

std::vector<float> normalised(const WindowTransform& transform, const std::vector<double>& window) {
  std::vector<float> out(window.size() / transform.channels_in() * transform.channels_out());
  transform(window, out);
  return out;
}

bool mentions(const Error& error, const std::string& text) {
  return std::string(error.what()).find(text) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(window_transform)

BOOST_AUTO_TEST_CASE(the_portable_log_agrees_with_long_double_to_two_units_in_the_last_place) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-700, 700), near(0.5, 2.0);
  double worst = 0.0;
  for (int i = 0; i < 200'000; ++i) {
    const double x = i % 2 == 0 ? std::exp(exponent(random)) : near(random);
    const long double exact = std::log(static_cast<long double>(x));
    const double unit =
        std::nextafter(std::fabs(static_cast<double>(exact)), INFINITY) - std::fabs(static_cast<double>(exact));
    worst = std::max(worst, static_cast<double>(std::fabs(portable_log(x) - exact)) / unit);
  }
  BOOST_TEST(worst < 2.0);
  BOOST_TEST(portable_log(1.0) == 0.0);
  BOOST_TEST(portable_log(0x1p-1074) == -1074 * std::log(2.0), boost::test_tools::tolerance(1e-15));
  BOOST_TEST(portable_log(std::numeric_limits<double>::max()) == std::log(std::numeric_limits<double>::max()),
             boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(none_gives_the_prices) {
  const std::vector<float> out = normalised({Normalisation::none, kOhlc}, {1, 3, 0.5, 2});
  const std::vector<float> expected{1, 3, 0.5F, 2};
  BOOST_TEST(out == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(window_log_return_is_the_log_of_the_price_over_the_first_close) {
  const std::vector<double> window = random_bars(105, 7);
  const std::vector<float> out = normalised({Normalisation::window_log_return, kOhlc}, window);
  for (std::size_t i = 0; i < window.size(); ++i)
    BOOST_TEST(std::fabs(out[i] - std::log(window[i] / window[3])) < 1e-8);
  BOOST_TEST(out[3] == 0.0F);
}

BOOST_AUTO_TEST_CASE(window_log_return_does_not_depend_on_the_price_level) {
  const std::vector<double> window = random_bars(64, 8);
  std::vector<double> scaled = window;
  for (double& price : scaled) price *= 4.0;  // a power of two: only the exponent changes
  const std::vector<float> a = normalised({Normalisation::window_log_return, kOhlc}, window);
  const std::vector<float> b = normalised({Normalisation::window_log_return, kOhlc}, scaled);
  for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(std::fabs(a[i] - b[i]) < 1e-9);
}

BOOST_AUTO_TEST_CASE(a_single_channel_is_measured_from_its_first_value) {
  const std::vector<float> out = normalised({Normalisation::window_log_return, {"dim_0"}}, {2, 4, 8});
  BOOST_TEST(std::fabs(out[0]) == 0.0F);
  BOOST_TEST(std::fabs(out[2] - std::log(4.0)) < 1e-7);
}

BOOST_AUTO_TEST_CASE(zscore_takes_the_prices_together_and_keeps_the_candle) {
  const std::vector<double> window = random_bars(105, 9);
  const std::vector<float> out = normalised({Normalisation::zscore, kOhlc}, window);
  double mean = 0, square = 0;
  for (const double price : window) mean += price;
  mean /= 420;
  for (const double price : window) square += (price - mean) * (price - mean);
  const double deviation = std::sqrt(square / 420);
  for (std::size_t i = 0; i < window.size(); ++i) BOOST_TEST(std::fabs(out[i] - (window[i] - mean) / deviation) < 1e-5);
  for (std::size_t t = 0; t < 105; ++t) {
    BOOST_TEST(out[t * 4 + 1] >= std::max(out[t * 4], out[t * 4 + 3]));
    BOOST_TEST(out[t * 4 + 2] <= std::min(out[t * 4], out[t * 4 + 3]));
  }
}

BOOST_AUTO_TEST_CASE(zscore_gives_a_channel_of_another_unit_its_own_mean) {
  // close 1, 3 and volume 100, 300: each becomes -1, 1.
  const std::vector<float> out = normalised({Normalisation::zscore, {"close", "volume"}}, {1, 100, 3, 300});
  const std::vector<float> expected{-1, -1, 1, 1};
  BOOST_TEST(out == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(zscore_of_a_window_that_does_not_move_is_zero) {
  for (const float value : normalised({Normalisation::zscore, kOhlc}, std::vector<double>(40, 0.1)))
    BOOST_TEST(value == 0.0F);
}

BOOST_AUTO_TEST_CASE(relative_agrees_with_its_definition_written_out) {
  const std::vector<double> x = random_bars(105, 10);
  const WindowTransform transform(Normalisation::relative, kOhlc);
  BOOST_TEST(transform.channels_out() == 11U);
  const std::vector<float> out = normalised(transform, x);
  const double eps = 1e-8;
  for (std::size_t t = 0; t < 105; ++t) {
    const double o = x[t * 4], h = x[t * 4 + 1], l = x[t * 4 + 2], c = x[t * 4 + 3];
    std::vector<double> expected(11, 0.0);
    for (std::size_t k = 0; k < 4 && t > 0; ++k) expected[k] = std::log(x[t * 4 + k] / x[t * 4 - 4 + k]);
    expected[4] = std::min(1.0, std::fabs(c - o) / (h - l + eps));
    expected[5] = std::min(1.0, (h - std::max(o, c)) / (h - l + eps));
    expected[6] = std::min(1.0, (std::min(o, c) - l) / (h - l + eps));
    const std::size_t from = t < 19 ? 0 : t - 19;
    for (std::size_t k = 0; k < 4 && t > 0; ++k) {
      double mean = 0, square = 0;
      for (std::size_t i = from; i <= t; ++i) mean += x[i * 4 + k];
      mean /= static_cast<double>(t - from + 1);
      for (std::size_t i = from; i <= t; ++i) square += (x[i * 4 + k] - mean) * (x[i * 4 + k] - mean);
      const double z = (x[t * 4 + k] - mean) / (std::sqrt(square / static_cast<double>(t - from + 1)) + eps);
      expected[7 + k] = std::clamp(z, -10.0, 10.0);
    }
    for (std::size_t k = 0; k < 11; ++k) {
      BOOST_TEST_CONTEXT("bar " << t << " channel " << k) BOOST_TEST(std::fabs(out[t * 11 + k] - expected[k]) < 2e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(relative_looks_back_twenty_bars_and_no_further) {
  // Bar 19 is the last whose trailing 20 bars hold bar 0; bar 20 must not see it.
  std::vector<double> x = random_bars(30, 11);
  const WindowTransform transform(Normalisation::relative, kOhlc);
  const std::vector<float> before = normalised(transform, x);
  for (std::size_t c = 0; c < 4; ++c) x[c] *= 1.5;
  const std::vector<float> after = normalised(transform, x);
  BOOST_TEST(before[19 * 11 + 7] != after[19 * 11 + 7]);
  BOOST_TEST(before[20 * 11 + 7] == after[20 * 11 + 7]);
}

BOOST_AUTO_TEST_CASE(relative_of_bars_without_range_is_zero) {
  for (const float value : normalised({Normalisation::relative, kOhlc}, std::vector<double>(40, 5.0)))
    BOOST_TEST(value == 0.0F);
}

BOOST_AUTO_TEST_CASE(visible_bars_know_nothing_of_hidden_ones_in_any_normalisation) {
  std::mt19937_64 random(5);
  for (const Normalisation kind :
       {Normalisation::none, Normalisation::window_log_return, Normalisation::zscore, Normalisation::relative}) {
    const WindowTransform transform(kind, kOhlc);
    const std::size_t channels = transform.channels_out();
    for (int round = 0; round < 200; ++round) {
      const std::vector<double> window = random_bars(60, static_cast<std::uint64_t>(round));
      std::vector<double> other = window;
      std::vector<std::uint8_t> hidden(60);
      for (std::size_t t = 0; t < 60; ++t) {
        hidden[t] = (round % 3 == 0 && t < 7) || random() % 4 == 0 ? 1 : 0;
        if (hidden[t] == 0) continue;
        for (std::size_t c = 0; c < 4; ++c)
          other[t * 4 + c] *= std::exp(static_cast<double>(random() % 1000) / 300 - 1.5);
      }
      std::vector<float> a(60 * channels), b(60 * channels);
      transform(window, hidden, a);
      transform(other, hidden, b);
      bool same = true, moved = false;
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (hidden[i / channels] == 0) {
          same = same && a[i] == b[i];
        } else {
          moved = moved || a[i] != b[i];
        }
      }
      BOOST_TEST_INFO_SCOPE(to_string(kind) << ", round " << round);
      BOOST_TEST(same);
      BOOST_TEST(moved);
    }
  }
}

BOOST_AUTO_TEST_CASE(hidden_bars_are_told_in_the_measure_of_the_visible_ones) {
  const std::vector<double> window = random_bars(40, 3);
  std::vector<std::uint8_t> hidden(40);
  std::fill_n(hidden.begin(), 3, std::uint8_t{1});
  std::fill_n(hidden.begin() + 20, 6, std::uint8_t{1});
  std::vector<float> out(160);
  WindowTransform(Normalisation::window_log_return, kOhlc)(window, hidden, out);
  for (std::size_t i = 0; i < 160; ++i)
    BOOST_TEST(out[i] == static_cast<float>(portable_log(window[i]) - portable_log(window[3 * 4 + 3])));

  double mean = 0, square = 0;
  for (std::size_t i = 0; i < 160; ++i) mean += hidden[i / 4] == 0 ? window[i] / (31 * 4) : 0;
  for (std::size_t i = 0; i < 160; ++i) square += hidden[i / 4] == 0 ? std::pow(window[i] - mean, 2) / (31 * 4) : 0;
  WindowTransform(Normalisation::zscore, kOhlc)(window, hidden, out);
  for (std::size_t i = 0; i < 160; ++i) BOOST_TEST(std::fabs(out[i] - (window[i] - mean) / std::sqrt(square)) < 1e-5);
}

BOOST_AUTO_TEST_CASE(nothing_hidden_is_the_plain_normalisation) {
  const std::vector<double> window = random_bars(50, 8);
  const std::vector<std::uint8_t> none(50);
  for (const Normalisation kind :
       {Normalisation::none, Normalisation::window_log_return, Normalisation::zscore, Normalisation::relative}) {
    const WindowTransform transform(kind, kOhlc);
    std::vector<float> out(50 * transform.channels_out());
    transform(window, none, out);
    const std::vector<float> plain = normalised(transform, window);
    for (std::size_t i = 0; i < out.size(); ++i) BOOST_TEST(std::fabs(out[i] - plain[i]) <= 1e-5);
  }
}

BOOST_AUTO_TEST_CASE(a_price_that_has_no_log_is_a_problem_with_its_bar_and_channel) {
  const WindowTransform logs(Normalisation::window_log_return, kOhlc), raw(Normalisation::none, kOhlc);
  std::vector<double> window(12, 1.0);
  BOOST_TEST(!logs.problem(window).has_value());
  window[6] = 0.0;
  BOOST_TEST(logs.problem(window).value() == "low of bar 1 is 0");
  BOOST_TEST(!raw.problem(window).has_value());
  window[6] = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(raw.problem(window).value() == "low of bar 1 is nan");
}

BOOST_AUTO_TEST_CASE(channels_that_do_not_allow_a_normalisation_are_refused_with_what_would) {
  BOOST_CHECK_EXCEPTION(WindowTransform(Normalisation::relative, {"close"}), ConfigError,
                        [](const Error& error) { return mentions(error, "channels = \"ohlc\""); });
  BOOST_CHECK_EXCEPTION(WindowTransform(Normalisation::window_log_return, {"close", "volume"}), ConfigError,
                        [](const Error& error) { return mentions(error, "'volume' is no price"); });
  BOOST_CHECK_EXCEPTION(WindowTransform(Normalisation::window_log_return, {"open", "high"}), ConfigError,
                        [](const Error& error) { return mentions(error, "there is no close"); });
  BOOST_CHECK_THROW(WindowTransform(Normalisation::none, {}), ConfigError);
}

BOOST_AUTO_TEST_CASE(a_mistyped_normalisation_names_the_nearest) {
  BOOST_TEST(static_cast<int>(parse_normalisation("zscore")) == static_cast<int>(Normalisation::zscore));
  BOOST_CHECK_EXCEPTION(parse_normalisation("z_score"), ConfigError,
                        [](const Error& error) { return mentions(error, "Did you mean 'zscore'?"); });
  for (const char* name : {"none", "window_log_return", "zscore", "relative"}) {
    BOOST_TEST(to_string(parse_normalisation(name)) == name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
