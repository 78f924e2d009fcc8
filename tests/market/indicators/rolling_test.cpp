#include "market/indicators/rolling.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <vector>

#include "base/keyed_random.h"
#include "market/indicators/rolling_blocks.h"
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

BOOST_AUTO_TEST_CASE(weighted_means_are_their_sums_over_the_weights) {
  const Column x = numbers(12, 1000, 60'000, 100);
  for (const std::size_t period : kPeriods) {
    Column sum(x.size()), mean(x.size());
    window_weighted_sum(x, static_cast<int>(period), sum);
    window_weighted_mean(x, static_cast<int>(period), mean);
    const double weights = 0.5 * static_cast<double>(period) * (static_cast<double>(period) + 1);
    each_window(mean, 0, period, [&](std::size_t, std::size_t row) {
      BOOST_REQUIRE(std::fabs(mean[row] - sum[row] / weights) <= 1e-10);
    });
  }
}

BOOST_AUTO_TEST_CASE(a_mean_by_weights_is_none_where_they_are_all_0) {
  const Column x = numbers(13, 2500, 60'000, 100);
  Column weights = numbers(14, 2500, 500, 1000);
  std::fill(weights.begin() + 100, weights.begin() + 150, 0.0);
  for (const std::size_t period : kPeriods) {
    Column out(x.size());
    window_mean_by(x, weights, static_cast<int>(period), out);
    for (std::size_t row = period - 1; row < x.size(); ++row) {
      long double weighted = 0, total = 0;
      for (std::size_t i = row + 1 - period; i <= row; ++i) {
        weighted += static_cast<long double>(x[i]) * weights[i];
        total += weights[i];
      }
      BOOST_REQUIRE((total == 0 ? std::isnan(out[row]) : std::fabs(out[row] - weighted / total) <= 1e-10));
    }
  }
}

BOOST_AUTO_TEST_CASE(weights_of_a_triangle_rise_and_fall) {
  compare(
      window_triangle,
      [](const Column& x, std::size_t begin, std::size_t row) {
        long double total = 0, weights = 0;
        for (std::size_t i = begin; i <= row; ++i) {
          const auto weight = static_cast<long double>(std::min(i - begin, row - i) + 1);
          total += weight * x[i];
          weights += weight;
        }
        return total / weights;
      },
      2e-11);
}

BOOST_AUTO_TEST_CASE(the_middle_lies_between_the_extremes_of_two_columns) {
  const Column high = numbers(8, 2500, 60'000, 100), low = numbers(9, 2500, 59'990, 100);
  for (const std::size_t period : kPeriods) {
    Column out(high.size());
    window_middle(high, low, static_cast<int>(period), out);
    each_window(out, 0, period, [&](std::size_t begin, std::size_t row) {
      double highest = high[begin], lowest = low[begin];
      for (std::size_t i = begin; i <= row; ++i) {
        highest = std::max(highest, high[i]);
        lowest = std::min(lowest, low[i]);
      }
      BOOST_REQUIRE(out[row] == (highest + lowest) / 2);
    });
  }
}

BOOST_AUTO_TEST_CASE(the_line_is_that_of_least_squares) {
  const Column x = numbers(10, 2500, 60'000, 100), flat(2500, 0.1);
  for (const std::size_t period : kPeriods) {
    Column slope(x.size()), next(x.size()), still(x.size()), angle(x.size());
    if (period == 1) {
      BOOST_CHECK_THROW(window_slope(x, 1, slope), std::invalid_argument);
      BOOST_CHECK_THROW(window_line(x, 1, 0, slope), std::invalid_argument);
      continue;
    }
    window_slope(x, static_cast<int>(period), slope);
    window_line(x, static_cast<int>(period), 1.0, next);
    window_slope(flat, static_cast<int>(period), still);
    window_slope_angle(x, static_cast<int>(period), angle);
    double worst_slope = 0, worst_next = 0;
    each_window(slope, 0, period, [&](std::size_t begin, std::size_t row) {
      const long double mean = mean_of(x, begin, row), middle = static_cast<long double>(begin + row) / 2;
      long double products = 0, squares = 0;
      for (std::size_t i = begin; i <= row; ++i) {
        const long double from_middle = static_cast<long double>(i) - middle;
        products += from_middle * (x[i] - mean);
        squares += from_middle * from_middle;
      }
      const long double expected = products / squares;
      worst_slope = std::max(worst_slope, static_cast<double>(std::fabs(slope[row] - expected)));
      const long double ahead = mean + expected * (static_cast<long double>(row + 1) - middle);
      worst_next = std::max(worst_next, static_cast<double>(std::fabs(next[row] - ahead)));
      BOOST_REQUIRE(still[row] == 0.0);
      BOOST_REQUIRE(std::fabs(angle[row] - std::atan(slope[row]) * 180 / std::numbers::pi) <= 1e-13);
    });
    BOOST_TEST_CONTEXT("period " << period) {
      BOOST_TEST(worst_slope <= 2e-11);
      BOOST_TEST(worst_next <= 1e-10);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_mean_comes_with_its_squares) {
  const Column x = numbers(11, 2500, 60'000, 100);
  for (const std::size_t period : kPeriods) {
    Column mean(x.size()), squares(x.size()), alone(x.size());
    window_mean_and_squares(x, static_cast<int>(period), mean, squares);
    window_squares(x, static_cast<int>(period), alone);
    each_window(mean, 0, period, [&](std::size_t begin, std::size_t row) {
      BOOST_REQUIRE(std::fabs(static_cast<double>(mean[row] - mean_of(x, begin, row))) <= 1e-10);
      BOOST_REQUIRE(squares[row] == alone[row]);
    });
  }
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

BOOST_AUTO_TEST_CASE(moments_are_those_of_deviations_from_the_windows_own_mean) {
  const Column x = numbers(8, 2500, 60'000, 100);
  for (const std::size_t leading : {0U, 3U}) {
    Column from = x;
    std::fill_n(from.begin(), leading, kNaN);
    // Parts of two, three, four and five, one more after each of them, and a number without small divisors.
    for (const std::size_t period : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 11U, 16U, 25U, 30U, 31U, 60U, 97U, 509U}) {
      Column squares(x.size()), cubes(x.size()), fourths(x.size());
      window_moments(from, static_cast<int>(period), squares, cubes, fourths);
      const auto n = static_cast<double>(period);
      double worst = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (i + 1 < leading + period) {
          BOOST_REQUIRE((std::isnan(squares[i]) && std::isnan(cubes[i]) && std::isnan(fourths[i])));
          continue;
        }
        const long double mean = mean_of(x, i + 1 - period, i);
        long double two = 0, three = 0, four = 0;
        for (std::size_t k = i + 1 - period; k <= i; ++k) {
          const long double d = x[k] - mean;
          two += d * d;
          three += d * d * d;
          four += d * d * d * d;
        }
        // Deviations of up to 50 are known to 1e-11.
        worst = std::max({worst, std::fabs(static_cast<double>(squares[i] - two)) / (n * 1e-9),
                          std::fabs(static_cast<double>(cubes[i] - three)) / (n * 1e-7),
                          std::fabs(static_cast<double>(fourths[i] - four)) / (n * 1e-5)});
      }
      BOOST_TEST_CONTEXT("period " << period) {
        BOOST_TEST(worst <= 1.0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_window_that_does_not_move_has_no_moments_to_the_bit) {
  const Column x(700, 0.1);
  for (const std::size_t period : kPeriods) {
    if (period > x.size()) continue;
    Column squares(x.size()), cubes(x.size()), fourths(x.size());
    window_moments(x, static_cast<int>(period), squares, cubes, fourths);
    for (std::size_t i = period - 1; i < x.size(); ++i)
      BOOST_REQUIRE((squares[i] == 0.0 && cubes[i] == 0.0 && fourths[i] == 0.0));
  }
}

BOOST_AUTO_TEST_CASE(counts_are_of_values_strictly_below_and_above_the_newest) {
  for (const bool below : {true, false}) {
    compare(
        below ? window_count_below : window_count_above,
        [below](const Column& x, std::size_t begin, std::size_t row) {
          long double count = 0;
          for (std::size_t i = begin; i <= row; ++i) count += below ? x[i] < x[row] : x[i] > x[row];
          return count;
        },
        0);
  }
}

BOOST_AUTO_TEST_CASE(a_rescaled_range_is_how_far_summed_deviations_reach_over_the_sample_deviation) {
  Column x = numbers(9, 2500, 0, 1);
  std::fill_n(x.begin() + 1200, 100, 0.25);
  for (const std::size_t period : {2U, 3U, 5U, 8U, 20U, 100U}) {
    Column out(x.size());
    window_rescaled_range(x, static_cast<int>(period), out);
    std::size_t still = 0;
    each_window(out, 0, period, [&](std::size_t begin, std::size_t row) {
      const long double mean = mean_of(x, begin, row);
      long double path = 0, high = 0, low = 0, squares = 0;
      for (std::size_t i = begin; i <= row; ++i) {
        path += x[i] - mean;
        high = std::max(high, path);
        low = std::min(low, path);
        squares += (x[i] - mean) * (x[i] - mean);
      }
      still += squares == 0;
      const long double wanted =
          squares == 0 ? 0 : (high - low) / std::sqrt(squares / static_cast<long double>(period - 1));
      BOOST_REQUIRE(std::fabs(static_cast<double>(out[row] - wanted)) <= 1e-11);
    });
    BOOST_TEST(still >= 101 - period);
  }
}

BOOST_AUTO_TEST_CASE(the_first_weight_is_the_newest_values) {
  const Column x = numbers(10, 1300, 60'000, 100);
  for (const std::size_t count : {1U, 2U, 7U, 300U}) {
    const Column weights = numbers(11, count, 0, 1);
    Column out(x.size());
    window_dot(x, weights, out);
    each_window(out, 0, count, [&](std::size_t, std::size_t row) {
      long double wanted = 0;
      for (std::size_t k = 0; k < count; ++k) wanted += static_cast<long double>(weights[k]) * x[row - k];
      BOOST_REQUIRE(std::fabs(static_cast<double>(out[row] - wanted)) <= 1e-10 * static_cast<double>(count));
    });
  }
}

BOOST_AUTO_TEST_CASE(every_instruction_set_computes_the_same_bits_of_moments_counts_paths_and_logs) {
  const Column x = numbers(13, 1300, 60'000, 100), y = numbers(14, 1300, 5, 100);
  Column ratios = numbers(15, 1300, 1, 0.1);
  ratios[7] = std::numeric_limits<double>::denorm_min();
  for (const std::size_t period : {2U, 5U, 7U, 13U, 20U, 97U}) {
    const std::size_t rows = x.size() - period + 1;
    Column work(rolling::work_size(rows, period));
    const auto all = [&](Isa set) {
      const rolling::Kernels& k = rolling::kernels(set);
      std::vector<Column> outs(14, Column(rows));
      k.squares(x.data(), rows, period, outs[0].data(), work.data());
      k.pair(x.data(), y.data(), rows, period, outs[1].data(), outs[2].data(), outs[3].data(), work.data());
      k.moments(x.data(), rows, period, outs[4].data(), outs[5].data(), outs[6].data(), work.data());
      k.count_below(x.data(), rows, period, outs[7].data());
      k.count_above(x.data(), rows, period, outs[8].data());
      k.rescaled_range(y.data(), rows, period, outs[9].data());
      k.dot(x.data(), y.data(), rows, period, outs[10].data());
      k.log(ratios.data(), rows, outs[11].data());
      k.log_ratio(x.data(), ratios.data() + 8, rows - 8, outs[12].data());
      outs.push_back(
          {static_cast<double>(k.correlation(x.data(), y.data(), rows, period, outs[13].data(), work.data()))});
      return outs;
    };
    const auto first = all(Isa::v2);
    for (const Isa set : {Isa::v3, Isa::v4}) {
      if (supported(set)) BOOST_TEST((all(set) == first));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
