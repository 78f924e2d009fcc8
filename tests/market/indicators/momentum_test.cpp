#include "market/indicators/momentum.h"
#include "market/indicators/convergence.h"
#include "market/indicators/stochastic.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "tests/market/indicators/brute_force.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::size_t kRows = 2500;

const Bars& walk() {
  static const Bars bars = walking_bars(1, kRows);
  return bars;
}

LongColumn change(const Column& x) {
  return rows_from(1, x.size(), [&](std::size_t i) { return static_cast<long double>(x[i]) - x[i - 1]; });
}

LongColumn rate(const Column& x, std::size_t lag) {
  return rows_from(lag, x.size(),
                   [&](std::size_t i) { return 100 * (static_cast<long double>(x[i]) - x[i - lag]) / x[i - lag]; });
}

LongColumn each(const LongColumn& a, const LongColumn& b,
                const std::function<long double(long double, long double)>& f) {
  LongColumn out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = f(a[i], b[i]);
  return out;
}

LongColumn mapped(const LongColumn& x, const std::function<long double(long double)>& f) {
  return each(x, x, [&](long double value, long double) { return f(value); });
}

// NaN must stay NaN where `f` would compare it.
long double flag(long double value, bool is) {
  return std::isnan(static_cast<double>(value)) ? value : is ? 1.0L : 0.0L;
}

LongColumn brute_rsi(const Column& x, std::size_t period, bool chande) {
  const LongColumn moves = change(x);
  const auto side = [&](long double sign) {
    return smoothed(mapped(moves,
                           [=](long double move) {
                             return std::isnan(static_cast<double>(move)) ? move : std::max(0.0L, sign * move);
                           }),
                    period, 1.0L / static_cast<long double>(period));
  };
  return each(side(1), side(-1), [=](long double rise, long double fall) {
    const long double both = rise + fall;
    return both == 0 ? 0 : 100 * (chande ? rise - fall : rise) / both;
  });
}

// Where `value` lies in the range of the last `period` rows, in percent.
LongColumn place(const Column& high, const Column& low, const Column& value, std::size_t period, long double flat) {
  const std::size_t first = first_value(long_column(value)) + period - 1;
  return rows_from(first, value.size(), [&, period](std::size_t i) {
    const long double bottom = lowest(low, i, period), range = highest(high, i, period) - bottom;
    return range == 0 ? flat : 100 * (value[i] - bottom) / range;
  });
}

LongColumn from_row(LongColumn x, std::size_t first) {
  std::fill_n(x.begin(), std::min(first, x.size()), static_cast<long double>(kNaN));
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(momentum_indicators)

BOOST_AUTO_TEST_CASE(strength_is_the_share_of_rises) {
  for (const std::size_t period : {1U, 2U, 14U, 37U, 700U}) {
    const LongColumn strength = brute_rsi(walk().close, period, false);
    const std::string text = std::to_string(period);
    require_column("rsi_" + text, walk(), strength, 1e-9);
    require_column("cmo_" + text, walk(), brute_rsi(walk().close, period, true), 1e-9);
    require_column("rsi_overbought_" + text, walk(), mapped(strength, [](long double x) { return flag(x, x > 70); }));
    if (period == 1) continue;  // then what does not move has no strength
    bool moved = false;
    require_column("rsi_oversold_" + text, walk(), rows_from(period, kRows, [&](std::size_t i) {
                     for (std::size_t k = 1; k <= i && !moved; ++k) moved = walk().close[k] != walk().close[k - 1];
                     return moved && strength[i] < 30 ? 1.0L : 0.0L;
                   }));
  }
}

BOOST_AUTO_TEST_CASE(what_only_rises_has_full_strength_and_what_does_not_move_has_none) {
  Bars bars = flat_bars(40, 10.0, 1.0);
  BOOST_TEST(computed("rsi_5", bars).undefined == 35);
  BOOST_TEST(computed("rsi_5", bars).values[39] == 0.0);
  BOOST_TEST(computed("rsi_oversold_5", bars).values[39] == 0.0);
  BOOST_TEST(computed("rsi_oversold_5", bars).undefined == 35);
  for (std::size_t i = 20; i < 40; ++i) bars.close[i] = bars.close[i - 1] + 1;
  BOOST_TEST(computed("rsi_5", bars).undefined == 15);
  BOOST_TEST(computed("rsi_5", bars).values[20] == 100.0);
  BOOST_TEST(computed("rsi_overbought_5", bars).values[20] == 1.0);
  for (std::size_t i = 20; i < 40; ++i) bars.close[i] = bars.close[i - 1] - 0.1;
  BOOST_TEST(computed("rsi_5", bars).values[39] == 0.0);
  BOOST_TEST(computed("rsi_oversold_5", bars).values[39] == 1.0);
  BOOST_TEST(computed("cmo_5", bars).values[39] == -100.0);
}

// Rises of 1, falls of 1, a rise of 2: Wilder's averages of two are 1/2 and 1/2, then 5/4 and 1/4.
BOOST_AUTO_TEST_CASE(strength_by_hand) {
  Bars bars = flat_bars(4, 10.0, 1.0);
  bars.close = {10, 11, 10, 12};
  const Column strength = computed("rsi_2", bars).values, chande = computed("cmo_2", bars).values;
  BOOST_TEST(std::isnan(strength[1]));
  BOOST_TEST(strength[2] == 50.0);
  BOOST_TEST(strength[3] == 100.0 * 1.25 / 1.5, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(chande[3] == 100.0 / 1.5, boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(oscillators_stay_within_their_bounds_however_long_nothing_happens) {
  Bars bars = flat_bars(40'000, 100.0, 10.0);
  const Bars before = walking_bars(3, 500);
  for (auto column : {&Bars::open, &Bars::high, &Bars::low, &Bars::close, &Bars::volume})
    std::copy((before.*column).begin(), (before.*column).end(), (bars.*column).begin());
  for (const char* name : {"rsi_14", "rsi_2", "tsi", "cmo_14", "imi_14", "stoch_k", "stochrsi_k", "mfi_14", "ultosc"}) {
    const Column values = computed(name, bars).values;
    std::size_t outside = 0;
    for (std::size_t i = 600; i < values.size(); ++i) outside += !(std::fabs(values[i]) <= 100.0);
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(outside == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stochastic_is_a_place_in_a_range_and_its_means) {
  const Bars& bars = walk();
  struct Case {
    std::size_t range, mean;
  };
  for (const auto& [range, period] : {Case{14, 3}, Case{1, 1}, Case{40, 7}, Case{600, 300}}) {
    const std::string text = std::to_string(range) + "_" + std::to_string(period);
    const LongColumn k = place(bars.high, bars.low, bars.close, range, 50);
    require_column("stoch_k_" + text, bars, k);
    require_column("stoch_d_" + text, bars, mean(k, period));
    require_column("stoch_overbought_" + text, bars, mapped(k, [](long double x) { return flag(x, x > 80); }));
    require_column("stoch_oversold_" + text, bars, mapped(k, [](long double x) { return flag(x, x < 20); }));
    const LongColumn talib_k = place(bars.high, bars.low, bars.close, range, 0);
    require_column("stochf_k_" + text, bars, from_row(talib_k, range + period - 2));
    require_column("stochf_d_" + text, bars, mean(talib_k, period));
    const LongColumn slow = mean(talib_k, 4);
    const std::string slow_text = std::to_string(range) + "_4_" + std::to_string(period);
    require_column("stoch_slowk_" + slow_text, bars, from_row(slow, range + period + 1));
    require_column("stoch_slowd_" + slow_text, bars, mean(slow, period));
    Column strength = computed("rsi_9", bars).values;
    // Moves of its last digits alone are none.
    for (std::size_t i = 1; i < strength.size(); ++i) {
      if (std::fabs(strength[i] - strength[i - 1]) <= 1e-10) strength[i] = strength[i - 1];
    }
    const LongColumn of_strength = place(strength, strength, strength, range, 0);
    require_column("stochrsi_k_9_" + text, bars, from_row(of_strength, 9 + range + period - 2));
    require_column("stochrsi_d_9_" + text, bars, mean(of_strength, period));
  }
}

BOOST_AUTO_TEST_CASE(flat_ranges_are_counted_from_the_first_value_on) {
  const Bars bars = flat_bars(100, 10.0, 1.0);
  BOOST_TEST(computed("stoch_k", bars).undefined == 87);
  BOOST_TEST(computed("stoch_d", bars).undefined == 85);
  BOOST_TEST(computed("stoch_d", bars).values[50] == 50.0);
  BOOST_TEST(computed("stochf_k", bars).undefined == 94);
  BOOST_TEST(computed("stoch_slowd", bars).undefined == 92);
  BOOST_TEST(computed("williams_r", bars).undefined == 87);
  BOOST_TEST(computed("cci_20", bars).undefined == 81);
  BOOST_TEST(computed("fisher_10", bars).undefined == 91);
  BOOST_TEST(computed("fisher_signal_10", bars).undefined == 90);
  BOOST_TEST(computed("imi_14", bars).values[50] == 50.0);
}

BOOST_AUTO_TEST_CASE(convergence_is_a_difference_of_averages) {
  const LongColumn close = long_column(walk().close);
  struct Case {
    std::size_t fast, slow, signal;
  };
  for (const auto& [fast, slow, signal] : {Case{12, 26, 9}, Case{3, 5, 1}, Case{40, 30, 20}, Case{100, 400, 300}}) {
    const std::string text = std::to_string(fast) + "_" + std::to_string(slow) + "_" + std::to_string(signal);
    const auto check = [&](const std::string& name, const LongColumn& line, std::size_t shown) {
      const LongColumn average = exponential(line, signal);
      LongColumn apart = each(line, average, [](long double a, long double b) { return a - b; });
      require_column(fmt::format("{}_line_{}", name, text), walk(), from_row(line, shown));
      require_column(fmt::format("{}_signal_{}", name, text), walk(), average);
      require_column(fmt::format("{}_hist_{}", name, text), walk(), apart);
      return apart;
    };
    const auto minus = [](long double a, long double b) { return a - b; };
    const LongColumn apart = check("macd", each(exponential(close, fast), exponential(close, slow), minus), 0);
    const std::size_t first = std::max(fast, slow) + signal - 1;
    const auto crosses = [&](long double side) {
      return rows_from(first, kRows, [&, side](std::size_t i) {
        return side * apart[i] > 0 && side * apart[i - 1] <= 0 ? 1.0L : 0.0L;
      });
    };
    // A signal of one row is the line itself, so only rounding crosses it.
    if (signal > 1) require_column("macd_cross_up_" + text, walk(), crosses(1));
    if (signal > 1) require_column("macd_cross_down_" + text, walk(), crosses(-1));

    const std::size_t least = std::min(fast, slow), most = std::max(fast, slow);
    const LongColumn late = exponential(from_row(close, most - least), least);
    check("talib_macd", each(late, exponential(close, most), minus), most + signal - 2);
  }
}

BOOST_AUTO_TEST_CASE(price_oscillators_are_differences_of_means) {
  const Bars& bars = walk();
  const LongColumn close = long_column(bars.close);
  const LongColumn middle =
      rows_from(0, kRows, [&](std::size_t i) { return (static_cast<long double>(bars.high[i]) + bars.low[i]) / 2; });
  struct Case {
    std::size_t fast, slow;
  };
  for (const auto& [fast, slow] : {Case{12, 26}, Case{26, 12}, Case{1, 2}, Case{90, 700}}) {
    const std::string text = std::to_string(fast) + "_" + std::to_string(slow);
    const LongColumn quick = mean(close, std::min(fast, slow)), calm = mean(close, std::max(fast, slow));
    require_column("apo_" + text, bars, each(quick, calm, [](long double a, long double b) { return a - b; }));
    require_column("ppo_" + text, bars,
                   each(quick, calm, [](long double a, long double b) { return 100 * (a - b) / b; }));
    require_column("ao_" + text, bars,
                   each(mean(middle, fast), mean(middle, slow), [](long double a, long double b) { return a - b; }));
  }
}

BOOST_AUTO_TEST_CASE(prices_that_do_not_move_have_averages_that_agree) {
  for (const char* name : {"apo", "ppo", "ao", "macd_line", "macd_hist", "trix_30", "coppock", "kst"}) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(computed(name, flat_bars(200, 50.25, 1.0)).values[199] == 0.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_channel_index_counts_mean_deviations) {
  const Bars& bars = walk();
  Column typical(kRows);
  for (std::size_t i = 0; i < kRows; ++i) typical[i] = (bars.high[i] + bars.low[i] + bars.close[i]) / 3;
  for (const std::size_t period : {1U, 2U, 20U, 300U}) {
    // Where a window has only rounding in it, nothing can be compared but that it is flat.
    require_column("cci_" + std::to_string(period), bars,
                   rows_from(period - 1, kRows,
                             [&, period](std::size_t i) -> long double {
                               if (highest(typical, i, period) == lowest(typical, i, period)) return 0;
                               const LongColumn x = long_column(typical);
                               const long double middle = window_total(x, i, period) / static_cast<long double>(period);
                               long double deviation = 0;
                               for (std::size_t k = 0; k < period; ++k) deviation += std::fabs(x[i - k] - middle);
                               return (x[i] - middle) / (0.015L * deviation / static_cast<long double>(period));
                             }),
                   1e-8);
  }
}

BOOST_AUTO_TEST_CASE(a_threefold_average_changes_little) {
  for (const std::size_t period : {1U, 5U, 30U, 150U}) {
    const LongColumn thrice = exponential(exponential(exponential(long_column(walk().close), period), period), period);
    require_column("trix_" + std::to_string(period), walk(), rows_from(3 * period - 2, kRows, [&](std::size_t i) {
                     return 100 * (thrice[i] - thrice[i - 1]) / thrice[i - 1];
                   }));
  }
}

BOOST_AUTO_TEST_CASE(the_ultimate_oscillator_weighs_three_windows_the_shortest_most) {
  const Bars& bars = walk();
  const LongColumn pressure = rows_from(1, kRows, [&](std::size_t i) {
    return static_cast<long double>(bars.close[i]) - std::min(bars.low[i], bars.close[i - 1]);
  });
  const LongColumn range = rows_from(1, kRows, [&](std::size_t i) {
    return static_cast<long double>(std::max(bars.high[i], bars.close[i - 1])) -
           std::min(bars.low[i], bars.close[i - 1]);
  });
  struct Case {
    const char* name;
    std::size_t periods[3];
  };
  for (const auto& [name, periods] : {Case{"ultosc", {7, 14, 28}}, Case{"ultosc_28_7_14", {7, 14, 28}},
                                      Case{"ultosc_5_9_11", {5, 9, 11}}, Case{"ultosc_1_2_300", {1, 2, 300}}}) {
    require_column(name, bars, rows_from(periods[2], kRows, [&](std::size_t i) {
                     const auto part = [&](std::size_t period) {
                       const long double whole = window_total(range, i, period);
                       return whole == 0 ? 0 : window_total(pressure, i, period) / whole;
                     };
                     return 100 * (4 * part(periods[0]) + 2 * part(periods[1]) + part(periods[2])) / 7;
                   }));
  }
}

BOOST_AUTO_TEST_CASE(williams_r_is_the_distance_from_the_top) {
  const Bars& bars = walk();
  for (const std::size_t period : {1U, 14U, 900U}) {
    require_column("willr_" + std::to_string(period), bars, rows_from(period - 1, kRows, [&, period](std::size_t i) {
                     const long double top = highest(bars.high, i, period), range = top - lowest(bars.low, i, period);
                     return range == 0 ? 0 : -100 * (top - bars.close[i]) / range;
                   }));
  }
  BOOST_TEST(find_column("willr_14").name() == "williams_r");
}

BOOST_AUTO_TEST_CASE(power_and_intraday_momentum_go_from_open_to_close) {
  const Bars& bars = walk();
  require_column("bop", bars, rows_from(0, kRows, [&](std::size_t i) {
                   const long double range = static_cast<long double>(bars.high[i]) - bars.low[i];
                   return range == 0 ? 0 : (static_cast<long double>(bars.close[i]) - bars.open[i]) / range;
                 }));
  for (const std::size_t period : {1U, 14U, 200U}) {
    require_column("imi_" + std::to_string(period), bars, rows_from(period - 1, kRows, [&, period](std::size_t i) {
                     long double up = 0, down = 0;
                     for (std::size_t k = i + 1 - period; k <= i; ++k) {
                       const long double move = static_cast<long double>(bars.close[k]) - bars.open[k];
                       (move > 0 ? up : down) += std::fabs(move);
                     }
                     return up + down == 0 ? 50 : 100 * up / (up + down);
                   }));
  }
}

BOOST_AUTO_TEST_CASE(true_strength_averages_twice) {
  const LongColumn moves = change(walk().close);
  const LongColumn sizes = mapped(moves, [](long double x) { return std::fabs(x); });
  struct Case {
    std::size_t first, second;
  };
  for (const auto& [first, second] : {Case{25, 13}, Case{1, 1}, Case{2, 400}, Case{300, 20}}) {
    const auto twice = [&](const LongColumn& x) { return exponential(exponential(x, first), second); };
    // Without the flat stretches of the walk averages of one row would be undefined there.
    require_column(
        "tsi_" + std::to_string(first) + "_" + std::to_string(second), walk(),
        each(twice(moves), twice(sizes), [](long double a, long double b) { return b == 0 ? 0 : 100 * a / b; }), 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(the_sure_thing_adds_four_averaged_rates) {
  const Column& close = walk().close;
  const LongColumn a = mean(rate(close, 10), 10), b = mean(rate(close, 15), 10), c = mean(rate(close, 20), 10),
                   d = mean(rate(close, 30), 15);
  const LongColumn line = rows_from(44, kRows, [&](std::size_t i) { return a[i] + 2 * b[i] + 3 * c[i] + 4 * d[i]; });
  require_column("kst", walk(), line);
  for (const std::size_t signal : {1U, 9U, 500U}) {
    require_column("kst_" + std::to_string(signal), walk(), line);
    require_column("kst_signal_" + std::to_string(signal), walk(), mean(line, signal));
  }
}

BOOST_AUTO_TEST_CASE(the_fisher_transform_stretches_the_ends) {
  const Bars& bars = walk();
  Column middle(kRows);
  for (std::size_t i = 0; i < kRows; ++i) middle[i] = (bars.high[i] + bars.low[i]) / 2;
  for (const std::size_t period : {1U, 10U, 250U}) {
    LongColumn wanted(kRows, kNaN), before(kRows, kNaN);
    long double v = 0, f = 0;
    for (std::size_t i = period - 1; i < kRows; ++i) {
      const long double bottom = lowest(middle, i, period), range = highest(middle, i, period) - bottom;
      v = 0.66L * (range == 0 ? 0 : (middle[i] - bottom) / range - 0.5L) + 0.67L * v;
      if (v > 0.99L) v = 0.999L;
      if (v < -0.99L) v = -0.999L;
      if (i >= period) before[i] = f;
      f = (std::log((1 + v) / (1 - v)) + f) / 2;
      wanted[i] = f;
    }
    require_column("fisher_" + std::to_string(period), bars, wanted);
    require_column("fisher_signal_" + std::to_string(period), bars, before);
  }
}

BOOST_AUTO_TEST_CASE(coppocks_curve_weighs_two_rates) {
  struct Case {
    std::size_t average, a, b;
  };
  for (const auto& [average, lag_a, lag_b] : {Case{10, 11, 14}, Case{1, 3, 2}, Case{400, 5, 600}}) {
    const LongColumn rates =
        each(rate(walk().close, lag_a), rate(walk().close, lag_b), [](long double a, long double b) { return a + b; });
    require_column("coppock_" + std::to_string(average) + "_" + std::to_string(lag_a) + "_" + std::to_string(lag_b),
                   walk(), rows_from(std::max(lag_a, lag_b) + average - 1, kRows, [&, period = average](std::size_t i) {
                     long double total = 0, weights = 0;
                     for (std::size_t k = 0; k < period; ++k) {
                       total += static_cast<long double>(period - k) * rates[i - k];
                       weights += static_cast<long double>(period - k);
                     }
                     return total / weights;
                   }));
  }
}

BOOST_AUTO_TEST_CASE(series_with_leading_nans_give_later_values) {
  const Column& close = walk().close;
  constexpr std::size_t kLead = 7;
  Column late(close.size() + kLead, kNaN);
  std::copy(close.begin(), close.end(), late.begin() + kLead);
  using Function = std::function<void(std::span<const double>, std::span<double>)>;
  const Function functions[] = {
      [](auto x, auto out) { rsi(x, 14, out); },
      [](auto x, auto out) { cmo(x, 14, out); },
      [](auto x, auto out) {
        macd(x, {12, 26, 9}, {}, {}, out);
      },
      [](auto x, auto out) {
        talib_macd(x, {12, 26, 9}, {}, out, {});
      },
      [](auto x, auto out) { apo(x, 12, 26, out); },
      [](auto x, auto out) { ppo(x, 12, 26, out); },
      [](auto x, auto out) { trix(x, 9, out); },
      [](auto x, auto out) { tsi(x, 25, 13, out); },
      [](auto x, auto out) { coppock(x, 10, 11, 14, out); },
      [](auto x, auto out) {
        Column signal(x.size());
        kst(x, 9, out, signal);
      },
      [](auto x, auto out) {
        Column k(x.size());
        stochastic(x, x, x, {5, 3, 3}, 0.0, k, out);
      },
      [](auto x, auto out) { cci(x, x, x, 20, out); },
      [](auto x, auto out) { williams_r(x, x, x, 20, out); },
      [](auto x, auto out) { ultimate_oscillator(x, x, x, 7, 14, 28, out); },
      [](auto x, auto out) { imi(x, x, 14, out); },
  };
  for (const Function& function : functions) {
    Column out(close.size()), late_out(late.size());
    function(close, out);
    function(late, late_out);
    std::size_t other = 0;
    for (std::size_t i = 0; i < out.size(); ++i)
      other += !(out[i] == late_out[i + kLead] || (std::isnan(out[i]) && std::isnan(late_out[i + kLead])));
    BOOST_TEST(other == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
