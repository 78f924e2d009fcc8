#include "market/indicators/rolling.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "base/keyed_random.h"
#include "market/indicators/rolling_kernels.h"

using namespace moola;
using namespace moola::market;

namespace {

using Column = std::vector<double>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Column numbers(std::uint64_t seed, std::size_t n, double around, double spread) {
  Column out;
  KeyedRandom random(seed, Stream::augmentation, 0, 0);
  for (std::size_t i = 0; i < n; ++i) {
    // Every so often a value comes again, so that there are ties.
    const bool again = !out.empty() && random.uniform() < 0.3;
    out.push_back(again ? out[static_cast<std::size_t>(random.uniform() * static_cast<double>(out.size()))]
                        : around + spread * (random.uniform() - 0.5));
  }
  return out;
}

constexpr std::size_t kPeriods[] = {1, 2, 3, 4, 5, 7, 8, 14, 20, 31, 100, 1500};

// Calls check(first row of the window, row) for every row that has one, and asserts NaN before.
template <class Check>
void each_window(const Column& out, std::size_t leading, std::size_t period, Check&& check) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i + 1 < leading + period) {
      BOOST_REQUIRE(std::isnan(out[i]));
    } else {
      check(i + 1 - period, i);
    }
  }
}

using Function = void (*)(std::span<const double>, int, std::span<double>);
using Brute = std::function<long double(const Column&, std::size_t, std::size_t)>;

void compare(Function function, const Brute& brute, double tolerance) {
  for (const std::size_t leading : {0, 3}) {
    Column x = numbers(1, 2500, 60'000, 100);
    std::fill_n(x.begin(), leading, kNaN);
    for (const std::size_t period : kPeriods) {
      Column out(x.size());
      function(x, static_cast<int>(period), out);
      double worst = 0;
      each_window(out, leading, period, [&](std::size_t begin, std::size_t row) {
        worst = std::max(worst, static_cast<double>(std::fabs(out[row] - brute(x, begin, row))));
      });
      BOOST_TEST_CONTEXT("period " << period) {
        BOOST_TEST(worst <= tolerance * static_cast<double>(period));
      }
    }
  }
}

long double mean_of(const Column& x, std::size_t begin, std::size_t row) {
  long double total = 0;
  for (std::size_t i = begin; i <= row; ++i) total += x[i];
  return total / static_cast<long double>(row + 1 - begin);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rolling_windows)

// 60,000 in double has steps of 7e-12.
BOOST_AUTO_TEST_CASE(sums_and_means_are_those_of_long_double) {
  compare(window_mean, mean_of, 1e-11);
  compare(
      window_sum,
      [](const Column& x, std::size_t begin, std::size_t row) {
        return mean_of(x, begin, row) * static_cast<long double>(row + 1 - begin);
      },
      3e-11);
}

BOOST_AUTO_TEST_CASE(extremes_are_exact) {
  compare(
      window_max,
      [](const Column& x, std::size_t begin, std::size_t row) {
        return *std::max_element(x.begin() + static_cast<std::ptrdiff_t>(begin),
                                 x.begin() + static_cast<std::ptrdiff_t>(row) + 1);
      },
      0);
  compare(
      window_min,
      [](const Column& x, std::size_t begin, std::size_t row) {
        return *std::min_element(x.begin() + static_cast<std::ptrdiff_t>(begin),
                                 x.begin() + static_cast<std::ptrdiff_t>(row) + 1);
      },
      0);
}

BOOST_AUTO_TEST_CASE(bars_since_an_extreme_count_from_the_latest_of_equals) {
  for (const bool highest : {true, false}) {
    compare(
        highest ? window_bars_since_max : window_bars_since_min,
        [highest](const Column& x, std::size_t begin, std::size_t row) {
          std::size_t at = begin;
          for (std::size_t i = begin; i <= row; ++i) {
            if (highest ? x[i] >= x[at] : x[i] <= x[at]) at = i;
          }
          return static_cast<long double>(row - at);
        },
        0);
  }
}

BOOST_AUTO_TEST_CASE(squares_and_products_are_of_deviations_from_the_windows_own_mean) {
  const auto squares = [](const Column& x, std::size_t begin, std::size_t row) {
    const long double mean = mean_of(x, begin, row);
    long double total = 0;
    for (std::size_t i = begin; i <= row; ++i) total += (x[i] - mean) * (x[i] - mean);
    return total;
  };
  // Deviations of up to 50 from 60,000: the square of one is 2500 to 7e-10.
  compare(window_squares, squares, 1e-9);
  const Column x = numbers(2, 2500, 60'000, 100), y = numbers(3, 2500, -3, 1);
  for (const std::size_t period : kPeriods) {
    Column out(x.size());
    window_products(x, y, static_cast<int>(period), out);
    each_window(out, 0, period, [&](std::size_t begin, std::size_t row) {
      const long double mx = mean_of(x, begin, row), my = mean_of(y, begin, row);
      long double total = 0;
      for (std::size_t i = begin; i <= row; ++i) total += (x[i] - mx) * (y[i] - my);
      BOOST_REQUIRE(std::fabs(static_cast<double>(out[row] - total)) <= 1e-10 * static_cast<double>(period));
    });
  }
}

BOOST_AUTO_TEST_CASE(a_window_that_does_not_move_has_no_squares_to_the_bit) {
  const Column x(300, 0.1);
  for (const std::size_t period : kPeriods) {
    Column out(x.size());
    window_squares(x, static_cast<int>(period), out);
    each_window(out, 0, period, [&](std::size_t, std::size_t row) { BOOST_REQUIRE(out[row] == 0.0); });
  }
}

BOOST_AUTO_TEST_CASE(the_newest_value_weighs_most) {
  compare([](std::span<const double> values, int period,
             std::span<double> out) { window_weighted_sum(values, period, out, 0.5); },
          [](const Column& x, std::size_t begin, std::size_t row) {
            long double total = 0;
            for (std::size_t i = begin; i <= row; ++i) total += static_cast<long double>(i + 1 - begin) * x[i];
            return total / 2;
          },
          1500 * 3e-11);
}

BOOST_AUTO_TEST_CASE(mean_deviations_are_from_the_given_means) {
  const Column x = numbers(4, 2500, 60'000, 100);
  for (const std::size_t period : kPeriods) {
    Column mean(x.size()), out(x.size());
    window_mean(x, static_cast<int>(period), mean);
    window_mean_deviation(x, mean, static_cast<int>(period), out);
    each_window(out, 0, period, [&](std::size_t begin, std::size_t row) {
      long double total = 0;
      for (std::size_t i = begin; i <= row; ++i) total += std::fabs(x[i] - mean[row]);
      BOOST_REQUIRE(std::fabs(static_cast<double>(out[row] - total / static_cast<long double>(period))) <= 1e-9);
    });
  }
}

BOOST_AUTO_TEST_CASE(a_value_does_not_depend_on_where_the_series_begins) {
  const Column x = numbers(5, 4000, 60'000, 100);
  for (const Function function : {window_sum, window_mean, window_max, window_squares}) {
    for (const int period : {3, 20, 127}) {
      Column whole(x.size()), late(x.size() - 777);
      function(x, period, whole);
      function(std::span(x).subspan(777), period, late);
      for (std::size_t i = static_cast<std::size_t>(period) - 1; i < late.size(); ++i)
        BOOST_REQUIRE(late[i] == whole[i + 777]);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_instruction_set_computes_the_same_bits) {
  const Column x = numbers(6, 1300, 60'000, 100), y = numbers(7, 1300, 5, 100);
  for (const std::size_t period : {1U, 2U, 13U, 20U, 100U}) {
    const std::size_t rows = x.size() - period + 1;
    Column work(rolling::work_size(rows, period)), mean(rows);
    rolling::kernels(Isa::v2).mean(x.data(), rows, period, mean.data(), work.data());
    const auto all = [&](Isa set) {
      const rolling::Kernels& k = rolling::kernels(set);
      std::vector<Column> outs(10, Column(rows));
      k.sum(x.data(), rows, period, outs[0].data(), work.data());
      k.mean(x.data(), rows, period, outs[9].data(), work.data());
      k.max(x.data(), rows, period, outs[1].data(), work.data());
      k.min(x.data(), rows, period, outs[2].data(), work.data());
      k.weighted_sum(x.data(), rows, period, 0.1, outs[3].data(), work.data());
      k.squares(x.data(), rows, period, outs[4].data(), work.data());
      k.products(x.data(), y.data(), rows, period, outs[5].data(), work.data());
      k.mean_deviation(x.data(), mean.data(), rows, period, outs[6].data());
      k.since_max(x.data(), rows, period, outs[7].data(), work.data());
      k.since_min(x.data(), rows, period, outs[8].data(), work.data());
      return outs;
    };
    const auto first = all(Isa::v2);
    for (const Isa set : {Isa::v3, Isa::v4}) {
      if (supported(set)) BOOST_TEST((all(set) == first));
    }
  }
}

BOOST_AUTO_TEST_CASE(series_shorter_than_the_window_have_no_value) {
  for (const std::size_t n : {0U, 1U, 19U, 20U}) {
    const Column x(n, 1.0);
    Column out(n);
    window_mean(x, 20, out);
    each_window(out, 0, 20, [&](std::size_t, std::size_t row) { BOOST_TEST(out[row] == 1.0); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
