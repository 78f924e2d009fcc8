#include "market/indicators/volatility.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <charconv>
#include <cmath>
#include <functional>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

using Column = std::vector<double>;
using Exact = long double;

Exact squared(Exact x) {
  return x * x;
}

Exact true_range_at(const Bars& bars, std::size_t i) {
  const Exact high = bars.high[i], low = bars.low[i], before = bars.close[i - 1];
  return std::max({high - low, std::fabs(high - before), std::fabs(low - before)});
}

// NaN up to row `first`, and from it on what wanted(row) says, to `tolerance` of the larger of it and 1.
void check(const Column& got, std::size_t first, double tolerance, const std::function<Exact(std::size_t)>& wanted) {
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (i < first) {
      BOOST_REQUIRE_MESSAGE(std::isnan(got[i]), "a value at row " << i);
      continue;
    }
    const Exact exact = wanted(i);
    const double off =
        std::fabs(static_cast<double>(got[i] - exact)) / std::max(1.0, std::fabs(static_cast<double>(exact)));
    BOOST_REQUIRE_MESSAGE(!std::isnan(off), "no value at row " << i);
    worst = std::max(worst, off);
  }
  BOOST_TEST(worst <= tolerance);
}

// The mean of term(i) over `period` rows up to `row`.
Exact mean(std::size_t row, std::size_t period, const std::function<Exact(std::size_t)>& term) {
  Exact total = 0;
  for (std::size_t i = row + 1 - period; i <= row; ++i) total += term(i);
  return total / static_cast<Exact>(period);
}

Exact sample_variance(std::size_t row, std::size_t period, const std::function<Exact(std::size_t)>& term) {
  const Exact middle = mean(row, period, term);
  const auto n = static_cast<Exact>(period);
  return mean(row, period, [&](std::size_t i) { return squared(term(i) - middle); }) * n / (n - 1);
}

// Log returns of single bars, by what they are of.
struct Logs {
  const Bars& bars;
  static Exact log(double x, double y) { return std::log(static_cast<Exact>(x) / y); }
  Exact move(std::size_t i) const { return log(bars.close[i], bars.close[i - 1]); }
  Exact overnight(std::size_t i) const { return log(bars.open[i], bars.close[i - 1]); }
  Exact day(std::size_t i) const { return log(bars.close[i], bars.open[i]); }
  Exact range(std::size_t i) const { return log(bars.high[i], bars.low[i]); }
  Exact within(std::size_t i) const {
    return log(bars.high[i], bars.close[i]) * log(bars.high[i], bars.open[i]) +
           log(bars.low[i], bars.close[i]) * log(bars.low[i], bars.open[i]);
  }
};

using Estimator = void (*)(const BarColumns&, int, double, Scratch&, std::span<double>);

Column estimate(Estimator estimator, const Bars& bars, std::size_t period, double bars_per_year) {
  Scratch scratch(bars.size());
  Column out(bars.size());
  estimator(columns_of(bars), static_cast<int>(period), bars_per_year, scratch, out);
  return out;
}

constexpr double kYear = 78 * 252;

}  // namespace

BOOST_AUTO_TEST_SUITE(volatility)

BOOST_AUTO_TEST_CASE(a_true_range_reaches_to_the_close_before) {
  const Column high{10, 12, 9, 11}, low{8, 11, 7, 8}, close{9, 11.5, 8, 10};
  Column out(4);
  true_range(high, low, close, out);
  BOOST_TEST(std::isnan(out[0]));
  BOOST_TEST(out[1] == 3.0);  // 12 - 9
  BOOST_TEST(out[2] == 4.5);  // 11.5 - 7
  BOOST_TEST(out[3] == 3.0);  // 11 - 8
}

BOOST_AUTO_TEST_CASE(an_average_true_range_starts_with_a_mean_that_leaves_the_first_bar_out) {
  const Column high{10, 12, 9, 11}, low{8, 11, 7, 8}, close{9, 11.5, 8, 10};
  Column out(4);
  atr(high, low, close, 2, out);
  BOOST_TEST((std::isnan(out[0]) && std::isnan(out[1])));
  BOOST_TEST(out[2] == 3.75);     // (3 + 4.5) / 2
  BOOST_TEST(out[3] == 3.375);    // (3.75 + 3) / 2
  atr(high, low, close, 4, out);  // would need a fifth bar
  BOOST_TEST(std::isnan(out[3]));
}

BOOST_AUTO_TEST_CASE(average_true_ranges_are_wilders_over_thousands_of_bars) {
  const Bars bars = walking_bars(21, 3000);
  for (const std::size_t period : {1U, 2U, 7U, 14U, 100U, 1000U}) {
    Column out(bars.size()), average(bars.size()), percent(bars.size());
    atr(bars.high, bars.low, bars.close, static_cast<int>(period), out);
    atr_percent(bars.high, bars.low, bars.close, static_cast<int>(period), average, percent);
    Exact value = 0;
    std::size_t at = 0;  // the row that `value` is of
    const auto wanted = [&](std::size_t row) {
      if (at == 0) {
        value = mean(period, period, [&](std::size_t i) { return true_range_at(bars, i); });
        at = period;
      }
      while (at < row) value += (true_range_at(bars, ++at) - value) / static_cast<Exact>(period);
      return value;
    };
    check(out, period, 1e-13, wanted);
    BOOST_TEST(std::isnan(percent[period - 1]));
    for (std::size_t i = period; i < out.size(); ++i) {
      BOOST_REQUIRE(average[i] == out[i]);
      BOOST_REQUIRE(percent[i] == out[i] / bars.close[i] * 100.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(volatilities_of_closes_are_deviations_of_log_returns) {
  const Bars bars = walking_bars(22, 2600);
  const Logs logs{bars};
  for (const std::size_t period : {2U, 10U, 20U, 61U, 1100U}) {
    Scratch scratch(bars.size());
    Column out(bars.size());
    const int n = static_cast<int>(period);
    historical_volatility(bars.close, n, kYear, scratch, out);
    check(out, period, 1e-12, [&](std::size_t row) {
      return std::sqrt(sample_variance(row, period, [&](std::size_t i) { return logs.move(i); }) * kYear);
    });
    realised_volatility(bars.close, n, 1.0, scratch, out);
    check(out, period, 1e-12, [&](std::size_t row) {
      return std::sqrt(mean(row, period, [&](std::size_t i) { return squared(logs.move(i)); }));
    });
  }
}

BOOST_AUTO_TEST_CASE(volatilities_of_whole_bars_are_those_of_their_authors_formulas) {
  const Bars bars = walking_bars(23, 1500);
  const Logs logs{bars};
  constexpr Exact kLn2 = std::numbers::ln2_v<Exact>;
  for (const std::size_t period : {2U, 5U, 20U, 97U}) {
    check(estimate(parkinson_volatility, bars, period, kYear), period - 1, 1e-12, [&](std::size_t row) {
      return std::sqrt(mean(row, period, [&](std::size_t i) { return squared(logs.range(i)); }) / (4 * kLn2) * kYear);
    });
    check(estimate(garman_klass_volatility, bars, period, 1.0), period - 1, 1e-12, [&](std::size_t row) {
      return std::sqrt(mean(row, period, [&](std::size_t i) {
        return squared(logs.range(i)) / 2 - (2 * kLn2 - 1) * squared(logs.day(i));
      }));
    });
    check(estimate(rogers_satchell_volatility, bars, period, kYear), period - 1, 1e-12, [&](std::size_t row) {
      // Rounding may leave a flat window's a little below 0.
      return std::sqrt(std::max(Exact{0}, mean(row, period, [&](std::size_t i) { return logs.within(i); })) * kYear);
    });
    const auto n = static_cast<Exact>(period);
    const Exact k = 0.34L / (1.34L + (n + 1) / (n - 1));
    const auto open = [&](std::size_t i) { return logs.overnight(i); };
    const auto day = [&](std::size_t i) { return logs.day(i); };
    const auto within = [&](std::size_t i) { return logs.within(i); };
    check(estimate(yang_zhang_volatility, bars, period, kYear), period, 1e-12, [&](std::size_t row) {
      return std::sqrt((sample_variance(row, period, open) + k * sample_variance(row, period, day) +
                        (1 - k) * mean(row, period, within)) *
                       kYear);
    });
    if (period > 20) continue;  // the next costs the period's square
    const auto trailing = [&](std::size_t row, const std::function<Exact(std::size_t)>& term) {
      return mean(row, period, [&](std::size_t i) { return squared(term(i) - mean(i, period, term)); });
    };
    check(estimate(yang_zhang_volatility_of_trailing_means, bars, period, kYear), 2 * period - 1, 1e-12,
          [&](std::size_t row) {
            return std::sqrt((trailing(row, open) + k * trailing(row, day) + (1 - k) * mean(row, period, within)) *
                             kYear);
          });
  }
}

BOOST_AUTO_TEST_CASE(a_bar_that_doubles_from_low_to_high_has_the_volatility_of_the_book) {
  Bars bars = flat_bars(1, 1.0, 1.0);
  bars.high[0] = 2.0;
  // ln 2 / sqrt(4 ln 2) = sqrt(ln 2) / 2
  BOOST_TEST(estimate(parkinson_volatility, bars, 1, 1.0)[0] == 0.41627730557884884,
             boost::test_tools::tolerance(1e-15));
  // ln 2 / sqrt(2), as open and close are the same
  BOOST_TEST(estimate(garman_klass_volatility, bars, 1, 1.0)[0] == 0.49012907173427356,
             boost::test_tools::tolerance(1e-15));
  // ln 2: high over close times high over open
  BOOST_TEST(estimate(rogers_satchell_volatility, bars, 1, 1.0)[0] == 0.69314718055994529,
             boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(extremes_that_do_not_enclose_open_and_close_give_no_volatility_below_0) {
  Bars bars = flat_bars(3, 1.0, 1.0);
  bars.close[1] = 1.5;  // above its high
  for (const Estimator estimator : {garman_klass_volatility, rogers_satchell_volatility})
    BOOST_TEST(estimate(estimator, bars, 1, 1.0)[1] == 0.0);
}

BOOST_AUTO_TEST_CASE(choppiness_is_that_of_the_published_example) {
  std::istringstream text(read_file(fmt::format("{}/tests/market/vectors/choppiness_14.csv", MOOLA_SOURCE_DIR)));
  std::string line, field;
  std::getline(text, line);
  Bars bars;
  Column wanted;
  const auto number = [](const std::string& of) {
    double value = 0;
    BOOST_REQUIRE((std::from_chars(of.data(), of.data() + of.size(), value).ec == std::errc()));
    return value;
  };
  while (std::getline(text, line)) {
    std::istringstream fields(line);
    for (auto* column : {&bars.high, &bars.low, &bars.close}) {
      std::getline(fields, field, ',');
      column->push_back(number(field));
    }
    field.clear();
    std::getline(fields, field);
    wanted.push_back(field.empty() ? 0.0 : number(field));
  }
  BOOST_REQUIRE(wanted.size() == 24U);
  Scratch scratch(24);
  Column out(24);
  BOOST_TEST(choppiness(columns_of(bars), 14, scratch, out) == 0);
  check(out, 14, 1e-13, [&](std::size_t row) { return Exact{wanted[row]}; });
}

BOOST_AUTO_TEST_CASE(choppiness_compares_summed_ranges_with_that_of_the_window) {
  const Bars bars = walking_bars(24, 2500);
  for (const std::size_t period : {2U, 14U, 33U}) {
    Scratch scratch(bars.size());
    Column out(bars.size());
    const std::int64_t undefined = choppiness(columns_of(bars), static_cast<int>(period), scratch, out);
    std::int64_t flat = 0;
    check(out, period, 1e-12, [&](std::size_t row) {
      Exact sum = 0, high = 0, low = 1e9;
      for (std::size_t i = row + 1 - period; i <= row; ++i) {
        sum += true_range_at(bars, i);
        high = std::max(high, Exact{bars.high[i]});
        low = std::min(low, Exact{bars.low[i]});
      }
      flat += high == low;
      return high == low ? 100 : 100 * std::log(sum / (high - low)) / std::log(static_cast<Exact>(period));
    });
    BOOST_TEST(undefined == flat);
    BOOST_TEST(flat > 0);
  }
}

BOOST_AUTO_TEST_CASE(a_mass_index_sums_ratios_of_averaged_ranges_to_their_own_average) {
  // A flat start leaves averages of 0; what falls into it later is never 0 again.
  Bars bars = walking_bars(25, 1200);
  const Bars still = flat_bars(60, bars.open[0], 1.0);
  for (std::size_t i = 0; i < still.size(); ++i) bars.high[i] = bars.low[i] = bars.open[i] = bars.close[i] = 100;
  for (const auto& [fast, slow] : {std::pair{9, 25}, {1, 1}, {3, 7}, {20, 100}}) {
    Scratch scratch(bars.size());
    Column out(bars.size());
    const std::int64_t undefined = mass_index(columns_of(bars), fast, slow, scratch, out);
    const auto p = static_cast<std::size_t>(fast), s = static_cast<std::size_t>(slow);
    std::vector<Exact> once(bars.size()), twice(bars.size()), ratio(bars.size());
    const auto averages = [&](std::size_t from, const std::function<Exact(std::size_t)>& x, std::vector<Exact>& to) {
      const std::size_t first = from + p - 1;
      to[first] = mean(first, p, x);
      for (std::size_t i = first + 1; i < to.size(); ++i)
        to[i] = to[i - 1] + (x(i) - to[i - 1]) * 2 / static_cast<Exact>(fast + 1);
    };
    averages(
        0, [&](std::size_t i) { return Exact{bars.high[i]} - bars.low[i]; }, once);
    averages(
        p - 1, [&](std::size_t i) { return once[i]; }, twice);
    std::int64_t flat = 0;
    check(out, 2 * p + s - 3, 1e-12, [&](std::size_t row) {
      Exact total = 0;
      bool any = false;
      for (std::size_t i = row + 1 - s; i <= row; ++i) {
        total += twice[i] == 0 ? 1 : once[i] / twice[i];
        any = any || twice[i] == 0;
      }
      flat += any;
      return total;
    });
    BOOST_TEST(undefined == flat);
    BOOST_TEST(flat > 0);
  }
}

BOOST_AUTO_TEST_CASE(a_mass_index_of_bars_without_ranges_is_its_length) {
  const Bars bars = flat_bars(60, 7.0, 1.0);
  Scratch scratch(60);
  Column out(60);
  BOOST_TEST(mass_index(columns_of(bars), 9, 25, scratch, out) == 20);  // rows 40 to 59
  check(out, 40, 0, [](std::size_t) { return Exact{25}; });
}

BOOST_AUTO_TEST_SUITE_END()
