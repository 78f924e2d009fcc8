#include "market/indicators/moving_averages.h"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <numeric>

#include "market/indicators/hilbert.h"
#include "tests/market/indicators/plain.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::size_t kPeriods[] = {1, 2, 3, 4, 5, 14, 20, 31, 100};

// The closes of a walk with flat stretches, around 100 and around 60,000, and with values missing at the beginning.
std::vector<Column> closes() {
  std::vector<Column> out{walking_bars(1, 1200).close, walking_bars(2, 1200).close, walking_bars(3, 1200).close};
  for (double& close : out[1]) close = 60'000 + (close - 100);
  std::fill_n(out[2].begin(), 3, std::numeric_limits<double>::quiet_NaN());
  return out;
}

using Function = std::function<void(std::span<const double>, int, std::span<double>)>;
using Plain = std::function<Wide(const Wide&, std::size_t)>;

void compare(const Function& function, const Plain& plain, std::size_t least = 1, double tolerance = 1e-12) {
  for (const Column& x : closes()) {
    for (const std::size_t period : kPeriods) {
      if (period < least) continue;
      Column out(x.size(), 1e300);
      function(x, static_cast<int>(period), out);
      check_same(out, plain(wide(x), period), tolerance, "period " + std::to_string(period));
    }
  }
}

Wide combined(const std::vector<Wide>& parts, const std::vector<long double>& weights) {
  Wide out(parts[0].size(), 0);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += weights[k] * parts[k][i];
  }
  return out;
}

std::vector<Wide> emas_of_emas(Wide x, std::size_t period, std::size_t count) {
  std::vector<Wide> out;
  for (std::size_t k = 0; k < count; ++k) {
    x = plain_ema(x, period);
    out.push_back(x);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(moving_averages)

BOOST_AUTO_TEST_CASE(recursive_averages_are_those_of_long_double) {
  compare(ema, plain_ema);
  compare(wilder_average, [](const Wide& x, std::size_t period) {
    return plain_smoothed(x, period, 1.0L / static_cast<long double>(period));
  });
}

BOOST_AUTO_TEST_CASE(an_average_does_not_depend_on_how_many_rows_come_after) {
  const Column x = walking_bars(4, 400).close;
  for (const auto& function : std::vector<Function>{ema, dema, tema, midpoint, hma}) {
    Column whole(x.size());
    function(x, 14, whole);
    for (const std::size_t n : {60U, 61U, 62U, 63U, 64U}) {
      Column part(n);
      function(std::span(x).first(n), 14, part);
      BOOST_TEST(std::equal(part.begin() + 50, part.end(), whole.begin() + 50));
    }
  }
}

BOOST_AUTO_TEST_CASE(weighted_averages_are_those_of_long_double) {
  compare(wma, plain_wma);
  compare(trima, [](const Wide& x, std::size_t period) {
    return plain_windows(x, period, [&](std::size_t begin, std::size_t row) {
      long double sum = 0, weights = 0;
      for (std::size_t i = begin; i <= row; ++i) {
        const auto weight = static_cast<long double>(std::min(i - begin, row - i) + 1);
        sum += weight * x[i];
        weights += weight;
      }
      return sum / weights;
    });
  });
  // Weights 1 2 2 1 and 1 2 3 2 1.
  const Column x{1, 2, 4, 8, 16};
  Column out(x.size());
  trima(x, 4, out);
  BOOST_TEST(out[3] == (1.0 + 2 * 2 + 2 * 4 + 8) / 6, boost::test_tools::tolerance(1e-15));
  trima(x, 5, out);
  BOOST_TEST(out[4] == (1.0 + 2 * 2 + 3 * 4 + 2 * 8 + 16) / 9, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(averages_of_averages_are_put_together_of_exponential_ones) {
  compare(dema, [](const Wide& x, std::size_t period) { return combined(emas_of_emas(x, period, 2), {2, -1}); });
  compare(tema, [](const Wide& x, std::size_t period) { return combined(emas_of_emas(x, period, 3), {3, -3, 1}); });
  for (const double factor : {0.0, 0.3, 0.7, 1.0}) {
    const auto t3_of = [&](std::span<const double> x, int period, std::span<double> out) {
      t3(x, period, factor, out);
    };
    // (1 + v) E - v E E three times over: its powers, of averages that are seeded one by one.
    compare(t3_of, [&](const Wide& x, std::size_t period) {
      const auto e = emas_of_emas(x, period, 6);
      const long double v = factor, u = 1 + v;
      return combined({e[2], e[3], e[4], e[5]}, {u * u * u, -3 * u * u * v, 3 * u * v * v, -v * v * v});
    });
  }
}

BOOST_AUTO_TEST_CASE(kaufmans_average_is_that_of_long_double) {
  for (const auto& [fast, slow] : {std::pair{2, 30}, {1, 5}, {3, 100}}) {
    const auto of = [fast = fast, slow = slow](std::span<const double> x, int period, std::span<double> out) {
      kama(x, period, fast, slow, out);
    };
    compare(of, [fast = fast, slow = slow](const Wide& x, std::size_t period) {
      Wide out(x.size(), kNone);
      const std::size_t begin = begin_of(x);
      long double value = x[begin + period - 1];
      for (std::size_t i = begin + period; i < x.size(); ++i) {
        long double path = 0;
        for (std::size_t k = i + 1 - period; k <= i; ++k) path += std::fabs(x[k] - x[k - 1]);
        const long double efficiency = path == 0 ? 1 : std::fabs(x[i] - x[i - period]) / path;
        const long double least = 2.0L / (slow + 1), share = efficiency * (2.0L / (fast + 1) - least) + least;
        value += (x[i] - value) * share * share;
        out[i] = value;
      }
      return out;
    });
  }
}

BOOST_AUTO_TEST_CASE(kaufmans_average_counts_windows_that_do_not_move) {
  // Windows of two steps: rows 4 and 5 see none; the share is 4 / 9 there.
  const Column x{10, 12, 13, 13, 13, 13, 14};
  Column out(x.size());
  BOOST_TEST(kama(x, 2, 2, 30, out) == 2);
  BOOST_TEST(std::isnan(out[1]));
  // From 12, all of the way of 3 was made: 12 + (13 - 12) 4 / 9.
  BOOST_TEST(out[2] == 12 + 4.0 / 9, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(out[4] == out[3] + (13 - out[3]) * 4 / 9, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(hulls_and_zero_lag_averages_are_put_together_as_defined) {
  compare(
      hma,
      [](const Wide& x, std::size_t period) {
        const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(period)));
        return plain_wma(combined({plain_wma(x, period / 2), plain_wma(x, period)}, {2, -1}), root);
      },
      2);
  Scratch scratch(1200);
  const auto zero_lag = [&](std::span<const double> x, int period, std::span<double> out) {
    zlema(x, period, out, scratch);
  };
  compare(zero_lag, [](const Wide& x, std::size_t period) {
    const std::size_t lag = (period - 1) / 2;
    Wide ahead(x.size(), kNone);
    for (std::size_t i = lag; i < x.size(); ++i) ahead[i] = 2 * x[i] - x[i - lag];
    return plain_ema(ahead, period);
  });
}

BOOST_AUTO_TEST_CASE(volume_weighs_and_none_weighs_alike) {
  const Bars bars = walking_bars(5, 1200);  // with stretches of no volume
  Scratch scratch(bars.size());
  for (const std::size_t period : kPeriods) {
    Column out(bars.size());
    const std::int64_t silent = vwma(bars.close, bars.volume, static_cast<int>(period), out, scratch);
    std::int64_t expected_silent = 0;
    const Wide expected = plain_windows(wide(bars.close), period, [&](std::size_t begin, std::size_t row) {
      long double traded = 0, volume = 0, sum = 0;
      for (std::size_t i = begin; i <= row; ++i) {
        traded += static_cast<long double>(bars.close[i]) * bars.volume[i];
        volume += bars.volume[i];
        sum += bars.close[i];
      }
      expected_silent += volume == 0;
      return volume == 0 ? sum / static_cast<long double>(period) : traded / volume;
    });
    check_same(out, expected, 1e-13, "period " + std::to_string(period));
    BOOST_TEST(silent == expected_silent);
    BOOST_TEST((silent > 0 || period > 50));
  }
}

BOOST_AUTO_TEST_CASE(middles_lie_between_the_extremes) {
  compare(
      midpoint,
      [](const Wide& x, std::size_t period) {
        return plain_windows(x, period, [&](std::size_t begin, std::size_t row) {
          const auto from = x.begin() + static_cast<std::ptrdiff_t>(begin);
          const auto to = x.begin() + static_cast<std::ptrdiff_t>(row) + 1;
          return (*std::max_element(from, to) + *std::min_element(from, to)) / 2;
        });
      },
      1, 1e-15);
  const Column high{3, 5, 4}, low{1, 4, 2};
  Column out(3);
  midprice(high, low, 2, out);
  BOOST_TEST(std::isnan(out[0]));
  BOOST_TEST(out[1] == 3.0);
  BOOST_TEST(out[2] == 3.5);
}

// The whole of Ehlers' chain, signal by signal, every column from row 37 on and 0 before.
BOOST_AUTO_TEST_CASE(the_hilbert_trendline_is_that_of_long_double) {
  for (const std::size_t leading : {0U, 7U}) {
    Column close = walking_bars(6, 1500, true).close;
    std::fill_n(close.begin(), leading, std::numeric_limits<double>::quiet_NaN());
    Column out(close.size());
    hilbert_trendline(close, out);
    const Wide x = wide(close);

    const std::size_t n = x.size(), begin = leading + 37;
    Wide smooth(n, 0), detrended(n, 0), quadrature(n, 0), in_phase(n, 0), i(n, 0), q(n, 0), length(n, 0),
        smoothed(n, 0), mean(n, 0);
    Wide expected(n, kNone);
    long double real = 0, imaginary = 0;
    const auto quarter_behind = [&](const Wide& signal, std::size_t row) {
      const long double size = 0.075L * length[row == begin ? 0 : row - 1] + 0.54L;
      const auto at = [&](std::size_t back) { return row < back ? 0 : signal[row - back]; };
      return (0.0962L * at(0) + 0.5769L * at(2) - 0.5769L * at(4) - 0.0962L * at(6)) * size;
    };
    for (std::size_t row = begin; row < n; ++row) {
      smooth[row] = (4 * x[row] + 3 * x[row - 1] + 2 * x[row - 2] + x[row - 3]) / 10;
      detrended[row] = quarter_behind(smooth, row);
      quadrature[row] = quarter_behind(detrended, row);
      in_phase[row] = detrended[row - 3];
      const long double ahead_i = quarter_behind(in_phase, row), ahead_q = quarter_behind(quadrature, row);
      i[row] = 0.2L * (in_phase[row] - ahead_q) + 0.8L * i[row - 1];
      q[row] = 0.2L * (quadrature[row] + ahead_i) + 0.8L * q[row - 1];
      real = 0.2L * (i[row] * i[row - 1] + q[row] * q[row - 1]) + 0.8L * real;
      imaginary = 0.2L * (i[row] * q[row - 1] - q[row] * i[row - 1]) + 0.8L * imaginary;
      const long double before = row == begin ? 0 : length[row - 1];
      long double measured = before;
      if (imaginary != 0 && real != 0) measured = 8 * std::atan(1.0L) / std::atan(imaginary / real);
      measured = std::max(std::min(measured, 1.5L * before), 0.67L * before);
      measured = std::min(std::max(measured, 6.0L), 50.0L);
      length[row] = 0.2L * measured + 0.8L * before;
      smoothed[row] = 0.33L * length[row] + 0.67L * smoothed[row - 1];
      const auto bars = static_cast<std::size_t>(smoothed[row] + 0.5L);
      for (std::size_t k = 0; k < bars; ++k) mean[row] += x[row - k] / static_cast<long double>(bars);
      if (row >= leading + 63)
        expected[row] = (4 * mean[row] + 3 * mean[row - 1] + 2 * mean[row - 2] + mean[row - 3]) / 10;
    }
    check_same(out, expected, 1e-11, "leading " + std::to_string(leading));
  }
}

BOOST_AUTO_TEST_CASE(the_hilbert_trendline_of_a_flat_price_is_the_price) {
  const Column x(2500, 60'000.1);
  Column out(x.size());
  hilbert_trendline(x, out);
  for (std::size_t row = 63; row < x.size(); ++row) BOOST_REQUIRE(std::fabs(out[row] - 60'000.1) <= 1e-10);
}

BOOST_AUTO_TEST_SUITE_END()
