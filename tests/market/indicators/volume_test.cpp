#include "market/indicators/volume.h"

#include <boost/test/unit_test.hpp>

#include "tests/market/indicators/brute_force.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::size_t kRows = 2500;
constexpr std::int64_t kDayNs = 86'400'000'000'000;

const Bars& walk() {
  static const Bars bars = walking_bars(1, kRows);
  return bars;
}

long double typical(const Bars& bars, std::size_t i) {
  return (static_cast<long double>(bars.high[i]) + bars.low[i] + bars.close[i]) / 3;
}

// What a bar adds to accumulation and distribution.
long double gain(const Bars& bars, std::size_t i) {
  const long double range = static_cast<long double>(bars.high[i]) - bars.low[i];
  return range == 0 ? 0 : bars.volume[i] * (2.0L * bars.close[i] - bars.high[i] - bars.low[i]) / range;
}

LongColumn accumulation(const Bars& bars) {
  long double total = 0;
  return rows_from(0, bars.size(), [&](std::size_t i) { return total += gain(bars, i); });
}

LongColumn balance(const Bars& bars, long double first) {
  long double total = first;
  return rows_from(0, bars.size(), [&](std::size_t i) {
    if (i > 0 && bars.close[i] > bars.close[i - 1]) total += bars.volume[i];
    if (i > 0 && bars.close[i] < bars.close[i - 1]) total -= bars.volume[i];
    return total;
  });
}

LongColumn long_rows(const std::function<long double(std::size_t)>& value) {
  return rows_from(0, kRows, value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(volume_indicators)

BOOST_AUTO_TEST_CASE(on_balance_volume_is_exact) {
  const LongColumn from_nothing = balance(walk(), 0), from_first = balance(walk(), walk().volume[0]);
  require_column("obv", walk(), from_nothing, 0.0);
  require_column("talib_obv", walk(), from_first, 0.0);
  for (const std::size_t period : {1U, 20U, 700U})
    require_column("obv_sma_" + std::to_string(period), walk(), mean(from_nothing, period), 1e-14);
}

BOOST_AUTO_TEST_CASE(on_balance_volume_by_hand) {
  Bars bars = flat_bars(5, 10.0, 1.0);
  bars.close = {10, 11, 11, 9, 12};
  bars.volume = {5, 7, 100, 3, 2};
  const Column from_nothing = computed("obv", bars).values, from_first = computed("talib_obv", bars).values;
  BOOST_TEST(from_nothing == (Column{0, 7, 7, 4, 6}), boost::test_tools::per_element());
  BOOST_TEST(from_first == (Column{5, 12, 12, 9, 11}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(accumulation_adds_volume_by_where_the_bar_closes) {
  require_column("ad", walk(), accumulation(walk()), 1e-11);
  Bars bars = flat_bars(3, 10.0, 8.0);
  bars.high[1] = 12;
  bars.low[2] = 6;
  bars.close[2] = 7;
  BOOST_TEST(computed("ad", bars).values == (Column{0, -8, -12}), boost::test_tools::per_element());
  BOOST_TEST(computed("ad", bars).undefined == 1);
}

BOOST_AUTO_TEST_CASE(sums_over_many_rows_do_not_drift) {
  const std::size_t n = 1'000'000;
  Bars bars = walking_bars(7, n, true);
  for (double& volume : bars.volume) volume += 0.1;
  const LongColumn wanted = accumulation(bars);
  const Column got = computed("ad", bars).values;
  long double most = 0, worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    most = std::max(most, std::fabs(wanted[i]));
    worst = std::max(worst, std::fabs(got[i] - wanted[i]));
  }
  // What is left is the rounding of what each bar adds, not that of the sum.
  BOOST_TEST(static_cast<double>(worst / most) < 1e-14);
}

BOOST_AUTO_TEST_CASE(chaikins_oscillator_is_a_difference_of_averages_of_the_sum) {
  const LongColumn sum = accumulation(walk());
  struct Case {
    std::size_t fast, slow;
  };
  for (const auto& [fast, slow] : {Case{3, 10}, Case{10, 3}, Case{1, 1}, Case{50, 600}}) {
    const LongColumn quick = smoothed(sum, 1, 2.0L / static_cast<long double>(fast + 1));
    const LongColumn calm = smoothed(sum, 1, 2.0L / static_cast<long double>(slow + 1));
    require_column("adosc_" + std::to_string(fast) + "_" + std::to_string(slow), walk(),
                   rows_from(std::max(fast, slow) - 1, kRows, [&](std::size_t i) { return quick[i] - calm[i]; }), 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(bars_without_range_are_counted_from_the_first_value_on) {
  const Bars bars = flat_bars(30, 10.0, 5.0);
  BOOST_TEST(computed("ad", bars).undefined == 30);
  BOOST_TEST(computed("adosc", bars).undefined == 21);
}

BOOST_AUTO_TEST_CASE(money_flows_with_the_typical_price) {
  const Bars& bars = walk();
  Column price(kRows);
  for (std::size_t i = 0; i < kRows; ++i) price[i] = (bars.high[i] + bars.low[i] + bars.close[i]) / 3;
  for (const std::size_t period : {1U, 14U, 300U}) {
    require_column("mfi_" + std::to_string(period), bars, rows_from(period, kRows, [&, period](std::size_t i) {
                     long double up = 0, down = 0;
                     for (std::size_t k = i + 1 - period; k <= i; ++k) {
                       const long double flow = static_cast<long double>(price[k]) * bars.volume[k];
                       if (price[k] > price[k - 1]) up += flow;
                       if (price[k] < price[k - 1]) down += flow;
                     }
                     return up + down == 0 ? 0 : 100 * up / (up + down);
                   }));
    require_column("cmf_" + std::to_string(period), bars, rows_from(period - 1, kRows, [&, period](std::size_t i) {
                     long double sum = 0, volume = 0;
                     for (std::size_t k = i + 1 - period; k <= i; ++k) {
                       sum += gain(bars, k);
                       volume += bars.volume[k];
                     }
                     return volume == 0 ? 0 : sum / volume;
                   }));
  }
}

BOOST_AUTO_TEST_CASE(movement_is_easy_on_little_volume) {
  const Bars& bars = walk();
  const LongColumn moves = rows_from(1, kRows, [&](std::size_t i) -> long double {
    const long double middle = (static_cast<long double>(bars.high[i]) + bars.low[i]) / 2;
    const long double before = (static_cast<long double>(bars.high[i - 1]) + bars.low[i - 1]) / 2;
    if (bars.volume[i] == 0) return 0;
    return (middle - before) / (bars.volume[i] / 10'000.0L / (static_cast<long double>(bars.high[i]) - bars.low[i]));
  });
  for (const std::size_t period : {1U, 14U, 300U}) {
    require_column("emv_" + std::to_string(period), bars, rows_from(period, kRows, [&, period](std::size_t i) {
                     // A bar that has volume but no range has an infinite box.
                     long double total = 0;
                     for (std::size_t k = i + 1 - period; k <= i; ++k)
                       total += bars.high[k] == bars.low[k] ? 0 : moves[k];
                     return total / static_cast<long double>(period);
                   }));
  }
  Bars two = flat_bars(2, 10.0, 200.0);
  two.high[1] = 14;
  two.low[1] = 12;
  BOOST_TEST(computed("emv_1_100", two).values[1] == 3.0);
  BOOST_TEST(computed("emv_1", two).values[1] == 300.0);
  BOOST_TEST(computed("emv_1", two).undefined == 0);
  two.volume[1] = 0;
  BOOST_TEST(computed("emv_1", two).values[1] == 0.0);
  BOOST_TEST(computed("emv_1", two).undefined == 1);
}

BOOST_AUTO_TEST_CASE(force_is_change_times_volume) {
  const Bars& bars = walk();
  const LongColumn force = rows_from(1, kRows, [&](std::size_t i) {
    return (static_cast<long double>(bars.close[i]) - bars.close[i - 1]) * bars.volume[i];
  });
  for (const std::size_t period : {1U, 13U, 300U})
    require_column("force_index_" + std::to_string(period), bars, exponential(force, period), 1e-9);
}

BOOST_AUTO_TEST_CASE(volume_indices_compound_what_quiet_and_busy_bars_return) {
  const Bars& bars = walk();
  const auto index = [&](auto&& counts) {
    long double value = 1000;
    return long_rows([&bars, value, counts](std::size_t i) mutable {
      if (i > 0 && counts(bars.volume[i], bars.volume[i - 1])) {
        value *= static_cast<long double>(bars.close[i]) / bars.close[i - 1];
      }
      return value;
    });
  };
  require_column("nvi", bars, index([](double now, double before) { return now < before; }), 1e-12);
  require_column("pvi", bars, index([](double now, double before) { return now > before; }), 1e-12);
}

BOOST_AUTO_TEST_CASE(volume_indices_end_at_the_largest_numbers) {
  Bars bars = flat_bars(10'000, 1.0, 1.0);
  // Up fourfold on half the volume, and back on twice the volume.
  for (std::size_t i = 1; i < bars.size(); i += 2) {
    bars.close[i] = 4.0;
    bars.volume[i] = 0.5;
  }
  const Column rising = computed("nvi", bars).values, falling = computed("pvi", bars).values;
  BOOST_TEST(rising[1] == 4000.0);
  BOOST_TEST(rising[3] == 16'000.0);
  BOOST_TEST(rising.back() == 1e300);
  BOOST_TEST(falling[2] == 250.0);
  BOOST_TEST(falling.back() == 1e-300);
}

BOOST_AUTO_TEST_CASE(the_weighted_price_begins_anew_at_midnight_utc) {
  Bars bars = walk();
  // From the evening before the epoch on, an odd bar length, and a day without a bar.
  for (std::size_t i = 0; i < kRows; ++i) {
    bars.time[i] = (static_cast<std::int64_t>(i) - 30) * 7 * kMinuteNs + (i > 1000 ? 2 * kDayNs : 0);
  }
  const auto day = [&](std::size_t i) {
    return std::floor(static_cast<long double>(bars.time[i]) / static_cast<long double>(kDayNs));
  };
  std::int64_t silent = 0;
  const LongColumn wanted = rows_from(0, kRows, [&](std::size_t i) {
    long double flow = 0, volume = 0;
    for (std::size_t k = i + 1; k-- > 0 && day(k) == day(i);) {
      flow += typical(bars, k) * bars.volume[k];
      volume += bars.volume[k];
    }
    silent += volume == 0;
    return volume == 0 ? typical(bars, i) : flow / volume;
  });
  require_column("vwap", bars, wanted, 1e-13);
  require_column("price_to_vwap", bars,
                 rows_from(0, kRows, [&](std::size_t i) { return bars.close[i] / wanted[i] - 1; }), 1e-13);
  BOOST_TEST(computed("vwap", bars).undefined == silent);
  BOOST_TEST(computed("price_to_vwap", bars).undefined == silent);
}

BOOST_AUTO_TEST_CASE(volume_is_compared_with_its_recent_mean) {
  const Bars& bars = walk();
  const LongColumn volume = long_column(bars.volume);
  const LongColumn dollars =
      long_rows([&](std::size_t i) { return static_cast<long double>(bars.close[i]) * bars.volume[i]; });
  require_column("dollar_volume", bars, dollars, 1e-15);
  for (const std::size_t period : {1U, 2U, 20U, 600U}) {
    const std::string text = std::to_string(period);
    const auto ratio = [&](const LongColumn& x) {
      const LongColumn middle = mean(x, period);
      return rows_from(period - 1, kRows,
                       [&x, middle](std::size_t i) { return middle[i] == 0 ? 1 : x[i] / middle[i]; });
    };
    const LongColumn middle = mean(volume, period);
    require_column("volume_sma_" + text, bars, middle);
    require_column("volume_ratio_" + text, bars, ratio(volume));
    require_column("volume_zscore_" + text, bars, rows_from(period - 1, kRows, [&, period](std::size_t i) {
                     long double squares = 0;
                     for (std::size_t k = 0; k < period; ++k)
                       squares += (volume[i - k] - middle[i]) * (volume[i - k] - middle[i]);
                     if (highest(bars.volume, i, period) == lowest(bars.volume, i, period)) return 0.0L;
                     return (volume[i] - middle[i]) / std::sqrt(squares / static_cast<long double>(period - 1));
                   }));
    require_column("dollar_volume_sma_" + text, bars, mean(dollars, period));
    require_column("dollar_volume_ratio_" + text, bars, ratio(dollars));
  }
}

BOOST_AUTO_TEST_CASE(windows_without_volume_have_neutral_values) {
  const Bars bars = flat_bars(50, 10.0, 0.0);
  const auto all = [&](const char* name, double value, std::int64_t undefined) {
    const ComputedColumn got = computed(name, bars);
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(got.values[49] == value);
      BOOST_TEST(got.undefined == undefined);
    }
  };
  all("volume_ratio", 1.0, 31);
  all("volume_zscore", 0.0, 31);
  all("dollar_volume_ratio", 1.0, 31);
  all("mfi_14", 0.0, 36);
  all("cmf_20", 0.0, 31);
  all("emv_14", 0.0, 36);
  all("vwap", 10.0, 50);
  all("price_to_vwap", 0.0, 50);
}

BOOST_AUTO_TEST_SUITE_END()
