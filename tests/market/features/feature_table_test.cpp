#include "market/features/feature_table.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <thread>

#include "market/resample.h"
#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::int64_t kFiveMinutes = 5 * kMinuteNs;

std::vector<Feature> some(const std::vector<std::string>& names) {
  std::vector<Feature> out;
  for (const std::string& name : names) out.push_back(parse_feature(name));
  return out;
}

// One column of bars by its name, unshifted.
std::vector<double> direct(const std::string& name, const Bars& bars) {
  const IndicatorColumn column = find_column(name);
  std::vector<double> out(bars.size());
  std::vector<std::span<double>> outs(column.indicator->outputs.size());
  outs[column.output] = out;
  Scratch scratch(bars.size());
  IndicatorCall call(columns_of(bars), column.values, outs, scratch);
  column.indicator->compute(call);
  return out;
}

bool same(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(feature_tables)

BOOST_AUTO_TEST_CASE(a_row_holds_what_was_known_a_bar_before) {
  const Bars bars = walking_bars(1, 400);
  const FeatureTable table = compute_features(bars, kFiveMinutes, some({"sma_20", "close", "price_to_sma_20"}), 1);
  const auto sma = direct("sma_20", bars), ratio = direct("price_to_sma_20", bars);
  BOOST_TEST(std::isnan(table.column(0)[0]));
  BOOST_TEST(std::isnan(table.column(1)[0]));
  for (std::size_t row = 1; row < bars.size(); ++row) {
    BOOST_REQUIRE(same(table.column(0)[row], sma[row - 1]));
    BOOST_REQUIRE(table.column(1)[row] == bars.close[row - 1]);
    BOOST_REQUIRE(same(table.column(2)[row], ratio[row - 1]));
  }
  BOOST_TEST(table.first_row(0) == 20U);
  BOOST_TEST(table.first_row(1) == 1U);
  BOOST_TEST(table.first_complete_row() == 20U);
}

BOOST_AUTO_TEST_CASE(a_longer_bar_counts_when_it_is_over) {
  Bars bars = walking_bars(2, 2000);
  for (std::size_t i = 700; i < bars.size(); ++i) bars.time[i] += 7 * kFiveMinutes;  // a gap in the middle of an hour
  const std::int64_t hour = 60 * kMinuteNs;
  const FeatureTable table = compute_features(bars, kFiveMinutes, some({"sma_20_1h", "close_1h", "close_15m"}), 1);
  const ResampledBars hours = resample(bars, hour);
  const auto sma = direct("sma_20", hours.bars);
  for (std::size_t row = 0; row < bars.size(); ++row) {
    // The last hour that ended by the time the row's bar begins.
    double want_sma = std::nan(""), want_close = std::nan("");
    for (std::size_t k = 0; k < hours.bars.size() && hours.bars.time[k] + hour <= bars.time[row]; ++k) {
      want_sma = sma[k];
      want_close = hours.bars.close[k];
    }
    BOOST_REQUIRE(same(table.column(0)[row], want_sma));
    BOOST_REQUIRE(same(table.column(1)[row], want_close));
  }
  BOOST_TEST(table.first_row(1) == 12U);
  BOOST_TEST(table.first_row(2) == 3U);
}

BOOST_AUTO_TEST_CASE(nothing_of_a_bar_or_a_later_one_is_in_its_row) {
  const Bars before = walking_bars(3, 900);
  std::vector<Feature> features;
  for (const Indicator& indicator : indicators()) {
    for (std::size_t output = 0; output < indicator.outputs.size(); ++output) {
      const std::string name =
          IndicatorColumn{.indicator = &indicator, .values = usual_values(indicator), .output = output}.name();
      features.push_back(parse_feature(name));
      features.push_back(parse_feature(name + "_15m"));
    }
  }
  const FeatureTable first = compute_features(before, kFiveMinutes, features, 2);
  for (const std::size_t from : {1U, 451U, 899U}) {
    Bars after = before;
    const Bars other = walking_bars(4, 900);
    for (std::size_t i = from; i < after.size(); ++i) {
      after.open[i] = other.open[i] * 2;
      after.high[i] = other.high[i] * 2;
      after.low[i] = other.low[i] * 2;
      after.close[i] = other.close[i] * 2;
      after.volume[i] = other.volume[i] + 17;
    }
    const FeatureTable second = compute_features(after, kFiveMinutes, features, 2);
    for (std::size_t f = 0; f < features.size(); ++f) {
      std::size_t changed = 0;
      for (std::size_t row = 0; row <= from; ++row) changed += !same(first.column(f)[row], second.column(f)[row]);
      BOOST_TEST_CONTEXT(features[f].name << " when bars change from " << from << " on") {
        BOOST_TEST(changed == 0U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_set_holds_columns_that_there_are_each_once) {
  for (const FeatureSet& set : feature_sets()) {
    BOOST_TEST_CONTEXT(set.name) {
      BOOST_TEST(!set.help.empty());
      BOOST_TEST(parse_features({std::string(set.name)}).size() == set.features.size());
    }
  }
  BOOST_TEST(parse_features({"core_full"}).size() > 140U);
}

BOOST_AUTO_TEST_CASE(names_add_up_and_a_dash_takes_out) {
  const auto names = [](const std::vector<std::string>& asked) {
    std::vector<std::string> out;
    for (const Feature& feature : parse_features(asked)) out.push_back(feature.name);
    return out;
  };
  const std::vector<std::string> wanted{"rsi_14", "sma_20"};
  BOOST_TEST(names({"rsi_14", "sma_20", "rsi_14"}) == wanted, boost::test_tools::per_element());
  BOOST_TEST(names({"rsi_14", "close", "sma_20", "-close"}) == wanted, boost::test_tools::per_element());
  BOOST_TEST(names({"wavelet_close_energy*"}).size() == 5U);
  BOOST_TEST(names({"transformer_raw", "-hour_*"}).size() + 2 == names({"transformer_raw"}).size());
  for (const std::string& name : names({"*"})) BOOST_TEST(!name.starts_with("d28_"));
  BOOST_TEST(holds(refusal_of([&] { names({"core_mni"}); }), "Did you mean 'core_min'?"));
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_computes_the_same) {
  const Bars bars = walking_bars(5, 1500);
  const auto features = some({"sma_20", "price_to_sma_20", "ema_9", "wma_50", "sma_20_15m", "ema_9_1h", "volume"});
  const FeatureTable one = compute_features(bars, kFiveMinutes, features, 1);
  double last = 0;
  int calls = 0;
  const FeatureTable many = compute_features(bars, kFiveMinutes, features, 8, [&](double share) {
    BOOST_TEST(share > 0);
    last = std::max(last, share);
    ++calls;
  });
  BOOST_TEST(last == 1.0);
  BOOST_TEST(calls == 6);  // sma and price_to_sma are one piece of work
  for (std::size_t f = 0; f < features.size(); ++f) {
    for (std::size_t row = 0; row < bars.size(); ++row) BOOST_REQUIRE(same(one.column(f)[row], many.column(f)[row]));
  }
}

BOOST_AUTO_TEST_CASE(rows_come_out_as_a_file_holds_them) {
  const Bars bars = walking_bars(6, 300);
  const FeatureTable table = compute_features(bars, kFiveMinutes, some({"close", "open", "sma_5"}), 1);
  std::vector<double> rows(3 * 130);
  table.copy_rows(70, 200, rows);
  for (std::size_t row = 70; row < 200; ++row) {
    for (std::size_t f = 0; f < 3; ++f) BOOST_REQUIRE(rows[(row - 70) * 3 + f] == table.column(f)[row]);
  }
}

BOOST_AUTO_TEST_CASE(a_column_may_be_asked_for_twice) {
  const Bars bars = walking_bars(7, 100);
  const FeatureTable table = compute_features(bars, kFiveMinutes, some({"sma_5", "sma_5"}), 2);
  for (std::size_t row = 0; row < bars.size(); ++row) BOOST_REQUIRE(same(table.column(0)[row], table.column(1)[row]));
}

BOOST_AUTO_TEST_CASE(few_bars_give_few_rows) {
  for (const std::size_t n : {0U, 1U, 5U}) {
    const Bars bars = walking_bars(8, n);
    const FeatureTable table = compute_features(bars, kFiveMinutes, some({"sma_20", "close_1d"}), 2);
    BOOST_TEST(table.rows() == n);
    BOOST_TEST(table.first_complete_row() == n);
  }
}

BOOST_AUTO_TEST_CASE(longer_bars_that_cannot_be_made_of_these_are_refused) {
  const Bars bars = walking_bars(9, 50);
  const auto refused = [&](const std::string& name) {
    return refusal_of([&] { compute_features(bars, kFiveMinutes, some({name}), 1); });
  };
  BOOST_TEST(holds(refused("sma_20_7m"), "sma_20_7m is of bars of 7m, which cannot be put together from bars of 5m"));
  BOOST_TEST(holds(refused("sma_20_5m"), "bars of 5m"));
  BOOST_TEST(holds(refused("sma_20_1m"), "bars of 1m"));
  BOOST_TEST(holds(refusal_of([] { parse_feature("sma_20_0m"); }), "no length"));
  BOOST_TEST(holds(refusal_of([] { parse_feature("smo_20_15m"); }), "smo_20"));
}

BOOST_AUTO_TEST_SUITE_END()
