#include "market/checks/causality.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>

#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

using Columns = std::vector<std::vector<double>>;

// out[t] of bar t - shift; NaN before the first.
std::vector<double> shifted(const std::vector<double>& values, std::ptrdiff_t shift) {
  std::vector<double> out(values.size(), std::nan(""));
  for (std::ptrdiff_t t = 0; t < std::ssize(values); ++t) {
    if (t - shift >= 0 && t - shift < std::ssize(values))
      out[static_cast<std::size_t>(t)] = values[static_cast<std::size_t>(t - shift)];
  }
  return out;
}

std::vector<double> over_the_mean(const std::vector<double>& values) {
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  std::vector<double> out = shifted(values, 1);
  for (double& value : out) value /= mean;
  return out;
}

const CheckResult& named(const std::vector<CheckResult>& results, const std::string& name) {
  for (const CheckResult& result : results) {
    if (result.name == name) return result;
  }
  throw std::runtime_error("no check " + name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(causality)

BOOST_AUTO_TEST_CASE(the_features_of_a_table_know_no_bar_that_they_should_not) {
  const Bars bars = walking_bars(1, 3000);
  const auto compute = [](const Bars& given) {
    return matrix_of(
        compute_features(given, 5 * kMinuteNs, parse_features({"rsi_14", "sma_20", "macd_line", "hour_sin"}), 1));
  };
  const std::vector<std::string> names{"rsi_14", "sma_20", "macd_line", "hour_sin"};
  const auto results = check_causality(bars, compute, names);
  BOOST_TEST(results.size() == 4U);
  for (const CheckResult& result : results) {
    BOOST_TEST(result.passed, result.name << ": " << result.detail);
    BOOST_TEST(result.worst == 0.0);
  }
  const CheckResult tail = check_corrupted_tail(bars, compute, names);
  BOOST_TEST(tail.name == "corrupted_tail");
  BOOST_TEST(tail.passed, tail.detail);
}

BOOST_AUTO_TEST_CASE(a_row_that_knows_its_own_bar_looks_one_bar_ahead) {
  const auto compute = [](const Bars& bars) {
    return matrix_of(Columns{shifted(bars.close, 1), shifted(bars.close, 0)});
  };
  const std::vector<std::string> names{"good", "bad"};
  const auto results = check_causality(walking_bars(1, 1000), compute, names);
  for (const std::string kind : {"noise", "scale", "reverse"}) {
    const CheckResult& result = named(results, "causality_" + kind);
    BOOST_TEST(!result.passed);
    BOOST_TEST(result.worst == 1.0);
    BOOST_TEST(holds(result.detail, "1 of 2 columns know bars that a row must not know: bad; furthest ahead bad"));
  }
  BOOST_TEST(!check_corrupted_tail(walking_bars(1, 1000), compute, names).passed);
}

BOOST_AUTO_TEST_CASE(a_row_that_knows_a_later_bar_is_told_how_far) {
  const auto compute = [](const Bars& bars) { return matrix_of(Columns{shifted(bars.close, -4)}); };
  const auto results =
      check_causality(walking_bars(1, 1000), compute, std::vector<std::string>{"future"}, {.places = {0.5}});
  // Row 496 knows bar 500, and should know those up to 495.
  BOOST_TEST(named(results, "causality_noise").worst == 5.0);
  BOOST_TEST(holds(named(results, "causality_noise").detail, "future, row 496 of which changes with bar 500"));
}

BOOST_AUTO_TEST_CASE(a_number_of_the_whole_series_is_seen_by_every_corruption) {
  const auto compute = [](const Bars& bars) { return matrix_of(Columns{over_the_mean(bars.close)}); };
  for (const CheckResult& result : check_causality(walking_bars(1, 1000), compute, std::vector<std::string>{"ratio"}))
    BOOST_TEST(!result.passed, result.name);
}

BOOST_AUTO_TEST_CASE(how_many_bars_there_are_is_seen_by_the_cut_alone) {
  const auto compute = [](const Bars& bars) {
    std::vector<double> out = shifted(bars.close, 1);
    for (double& value : out) value += static_cast<double>(bars.size());
    return matrix_of(Columns{out});
  };
  const auto results = check_causality(walking_bars(1, 1000), compute, std::vector<std::string>{"length"});
  BOOST_TEST(named(results, "causality_noise").passed);
  BOOST_TEST(!named(results, "causality_cut").passed);
}

BOOST_AUTO_TEST_CASE(features_of_other_bars_do_not_pass) {
  const Bars bars = walking_bars(1, 1000);
  const auto compute = [&](const Bars& given) {
    std::vector<double> out = shifted(bars.close, 1);
    out.resize(given.size());
    return matrix_of(Columns{out});
  };
  const auto results = check_causality(bars, compute, std::vector<std::string>{"stale"});
  BOOST_TEST(!named(results, "causality_noise").passed);
  BOOST_TEST(holds(named(results, "causality_noise").detail, "Nothing changed at all"));
}

// Rows of bars of 15 minutes beside bars of 5, which know those that had ended `late` bars before they begin.
std::vector<CheckResult> check_beside(std::size_t late, bool must_change = true, bool changes = true) {
  const Bars bars = walking_bars(4, 600, true);
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < bars.size(); i += 3) rows.push_back(bars.time[i]);
  const auto compute = [&](const Bars& given) {
    std::vector<double> out(rows.size(), 1.0);
    for (std::size_t row = 0; row < rows.size() && changes; ++row) {
      const std::size_t bar = std::min(3 * row + 3 - late, given.size());
      out[row] = bar == 0 ? std::nan("") : given.close[bar - 1];
    }
    return matrix_of(Columns{out});
  };
  CausalityOptions options;
  options.row_time = rows;
  options.bar_nanoseconds = 5 * kMinuteNs;
  options.must_change = must_change;
  const std::vector<std::string> names{"beside"};
  return check_causality(bars, compute, names, options);
}

BOOST_AUTO_TEST_CASE(rows_beside_bars_know_those_that_ended_before_they_begin) {
  for (const CheckResult& result : check_beside(3)) BOOST_TEST(result.passed, result.detail);
  // The bar that begins with the row.
  const auto knows_more = check_beside(2);
  BOOST_TEST(!named(knows_more, "causality_noise").passed);
  BOOST_TEST(named(knows_more, "causality_noise").worst == 1);
}

BOOST_AUTO_TEST_CASE(rows_that_nothing_changes_pass_where_they_may_stay) {
  BOOST_TEST(!named(check_beside(3, true, false), "causality_noise").passed);
  BOOST_TEST(named(check_beside(3, false, false), "causality_noise").passed);
}

BOOST_AUTO_TEST_CASE(only_some_of_many_columns_are_named) {
  const auto compute = [](const Bars& bars) { return matrix_of(Columns(7, bars.close)); };
  const std::vector<std::string> names{"a", "b", "c", "d", "e", "f", "g"};
  const auto results = check_causality(walking_bars(1, 100), compute, names, {.named = 2});
  BOOST_TEST(
      holds(named(results, "causality_noise").detail, "7 of 7 columns know bars that a row must not know: a, b, …;"));
}

BOOST_AUTO_TEST_CASE(corrupted_bars_are_still_bars_and_earlier_ones_are_as_they_were) {
  const Bars bars = walking_bars(3, 500, true);
  for (const Corruption corruption : {Corruption::noise, Corruption::reverse, Corruption::scale}) {
    const Bars got = corrupt(bars, 200, corruption);
    BOOST_TEST((got.time == bars.time));
    BOOST_TEST(std::equal(bars.close.begin(), bars.close.begin() + 200, got.close.begin()));
    BOOST_TEST(got.close[200] != bars.close[200]);
    for (std::size_t i = 0; i < got.size(); ++i) {
      BOOST_REQUIRE((got.low[i] > 0 && got.low[i] <= got.open[i] && got.open[i] <= got.high[i]));
      BOOST_REQUIRE((got.low[i] <= got.close[i] && got.close[i] <= got.high[i] && std::isfinite(got.high[i])));
    }
  }
  BOOST_TEST(corrupt(bars, 200, Corruption::reverse).high[200] == bars.high[499]);
  BOOST_TEST(corrupt(bars, 200, Corruption::scale).volume[499] == 7 * bars.volume[499]);
  BOOST_TEST(corrupt(bars, 200, Corruption::cut).size() == 200U);
}

BOOST_AUTO_TEST_CASE(features_of_another_shape_are_refused) {
  const Bars bars = walking_bars(1, 100);
  const auto short_one = [](const Bars&) { return matrix_of(Columns{{1, 2, 3}}); };
  BOOST_CHECK_THROW(check_causality(bars, short_one, std::vector<std::string>{"a"}), std::invalid_argument);
  const auto one = [](const Bars& given) { return matrix_of(Columns{given.close}); };
  BOOST_CHECK_THROW(check_causality(bars, one, std::vector<std::string>{"a", "b"}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
