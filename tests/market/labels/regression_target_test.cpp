#include "market/labels/regression_target.h"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/error.h"
#include "tests/support/messages.h"
#include "walk_prices.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

// numpy.quantile: between neighbours by a straight line.
double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const double below = std::floor(place);
  const double low = values[static_cast<std::size_t>(below)], high = values[static_cast<std::size_t>(std::ceil(place))];
  return low + (high - low) * (place - below);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(regression_targets_)

BOOST_AUTO_TEST_CASE(returns_are_those_of_holding_from_entry_to_the_close_at_the_horizon) {
  const WalkPrices t = walk(1, 300);
  for (const std::int32_t horizon : {1, 7, 299, 300}) {
    for (const BarrierEntry entry : {BarrierEntry::close, BarrierEntry::next_open}) {
      const Holding holding{.bars = horizon, .entry = entry};
      const auto simple = forward_returns(t.spans(), holding);
      const auto logs = forward_returns(t.spans(), holding, ReturnKind::logarithmic);
      for (std::size_t i = 0; i < t.size(); ++i) {
        const std::size_t exit = i + static_cast<std::size_t>(horizon);
        BOOST_REQUIRE(std::isnan(simple[i]) == (exit >= t.size()));
        BOOST_REQUIRE(std::isnan(logs[i]) == (exit >= t.size()));
        if (exit >= t.size()) continue;
        const double from = entry == BarrierEntry::close ? t.close[i] : t.open[i + 1];
        BOOST_REQUIRE(simple[i] == t.close[exit] / from - 1.0);
        BOOST_REQUIRE(std::fabs(logs[i] - std::log(t.close[exit] / from)) < 1e-15);
      }
    }
  }
  BOOST_TEST(forward_returns({}, {}).empty());
  BOOST_CHECK_THROW(forward_returns(t.spans(), {.bars = 0}), ConfigError);
}

BOOST_AUTO_TEST_CASE(limits_are_percentiles_of_returns_that_begin_and_end_within_a_range) {
  const WalkPrices t = walk(2, 1000);
  const RegressionTarget rule{.holding = {.bars = 10}, .low = 0.05, .high = 0.9};
  const auto returns = forward_returns(t.spans(), rule.holding);
  const std::array<FitRows, 2> rows{{{100, 400}, {600, 650}}};
  std::vector<double> seen;
  for (const FitRows& range : rows) {
    for (std::size_t i = range.begin; i + 10 < range.end; ++i) seen.push_back(returns[i]);
  }
  const ReturnLimits limits = fit_return_limits(returns, rule, rows);
  BOOST_TEST(limits.fitted == 290 + 40);
  BOOST_TEST(std::fabs(limits.low - quantile(seen, 0.05)) < 1e-15);
  BOOST_TEST(std::fabs(limits.high - quantile(seen, 0.9)) < 1e-15);

  const auto targets = regression_targets(returns, rule, limits);
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (i + 10 >= t.size()) {
      BOOST_REQUIRE(std::isnan(targets[i]));
    } else {
      BOOST_REQUIRE(targets[i] == static_cast<float>(100.0 * std::clamp(returns[i], limits.low, limits.high)));
    }
  }
}

BOOST_AUTO_TEST_CASE(prices_outside_the_fitted_rows_change_no_limit) {
  WalkPrices t = walk(3, 1000);
  const RegressionTarget rule{.holding = {.bars = 10}};
  const std::array<FitRows, 1> rows{{{0, 700}}};
  const ReturnLimits before = fit_return_limits(forward_returns(t.spans(), rule.holding), rule, rows);
  for (std::size_t i = 700; i < t.size(); ++i) {
    for (auto* column : {&t.open, &t.high, &t.low, &t.close}) (*column)[i] *= 5;
  }
  const ReturnLimits after = fit_return_limits(forward_returns(t.spans(), rule.holding), rule, rows);
  BOOST_TEST(before.low == after.low);
  BOOST_TEST(before.high == after.high);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_fitted_is_refused) {
  const WalkPrices t = walk(4, 50);
  const RegressionTarget rule{.holding = {.bars = 10}};
  const auto returns = forward_returns(t.spans(), rule.holding);
  const auto refused = [&](const RegressionTarget& asked, FitRows rows) {
    return refusal_of([&] { fit_return_limits(returns, asked, std::array{rows}); });
  };
  BOOST_TEST(holds(refused(rule, {5, 15}), "no return over 10 bars begins and ends"));
  BOOST_TEST(refused(rule, {5, 16}) == "");
  BOOST_TEST(holds(refused({.low = 0.5, .high = 0.5}, {0, 50}), "0 <= low < high <= 1"));
  BOOST_TEST(holds(refused({.low = -0.1}, {0, 50}), "0 <= low < high <= 1"));
  BOOST_TEST(holds(refused({.high = 1.1}, {0, 50}), "0 <= low < high <= 1"));
  BOOST_CHECK_THROW(fit_return_limits(returns, rule, std::array{FitRows{0, 51}}), std::invalid_argument);
  BOOST_CHECK_THROW(fit_return_limits(returns, rule, std::array{FitRows{7, 6}}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
