#include "market/labels/trend_scan.h"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/error.h"
#include "market/labels/triple_barrier.h"
#include "tests/support/messages.h"
#include "walk_prices.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

// t of the slope of the least-squares line through close[first .. last], from the residuals themselves.
long double slope_t(const std::vector<double>& close, std::size_t first, std::size_t last) {
  const auto count = static_cast<long double>(last - first + 1);
  long double mean_x = (count - 1) / 2, mean_y = 0, products = 0, squares = 0;
  for (std::size_t i = first; i <= last; ++i) mean_y += close[i] / count;
  for (std::size_t i = first; i <= last; ++i) {
    const long double x = static_cast<long double>(i - first) - mean_x;
    products += x * (close[i] - mean_y);
    squares += x * x;
  }
  const long double slope = products / squares;
  long double residual = 0;
  for (std::size_t i = first; i <= last; ++i) {
    const long double miss = close[i] - mean_y - slope * (static_cast<long double>(i - first) - mean_x);
    residual += miss * miss;
  }
  return slope == 0 ? 0 : slope / std::sqrt(residual / (count - 2) / squares);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trend_scans)

BOOST_AUTO_TEST_CASE(the_trend_with_the_largest_t_gives_the_label) {
  const WalkPrices t = walk(1, 6000);
  for (const auto& [least, most] : {std::pair{2, 2}, {4, 19}, {3, 60}}) {
    const TrendScan rule{.least = least, .most = most};
    const TrendLabels got = trend_scan(t.close, rule);
    for (std::size_t i = 0; i < t.size(); i += i < 5900 ? 37 : 1) {
      if (i + static_cast<std::size_t>(most) >= t.size()) {
        BOOST_REQUIRE(got.label[i] == kInvalidLabel);
        BOOST_REQUIRE((got.bars[i] == 0 && got.t_value[i] == 0 && got.exit_return[i] == 0));
        BOOST_REQUIRE(got.last_bar(i, rule) == -1);
        continue;
      }
      long double best = 0;
      for (int length = least; length <= most; ++length) {
        const long double one = slope_t(t.close, i, i + static_cast<std::size_t>(length));
        if (std::fabs(one) > std::fabs(best)) best = one;
      }
      // Three closes on a line are common on a grid: their t is some large number.
      const long double got_t = got.t_value[i];
      BOOST_TEST_CONTEXT("bar " << i << ", t " << static_cast<double>(best)) {
        if (std::fabs(best) > 1e5L) {
          BOOST_REQUIRE(std::fabs(got_t) > 1e5L);
        } else {
          BOOST_REQUIRE(std::fabs(got_t - best) <= 1e-6L * std::fabs(best));
        }
        BOOST_REQUIRE(int{got.label[i]} == (best > 0) - (best < 0));
        if (best != 0 && std::fabs(best) < 1e5L) {
          const auto end = i + static_cast<std::size_t>(got.bars[i]);
          BOOST_REQUIRE(std::fabs(slope_t(t.close, i, end) - best) <= 1e-9L * std::fabs(best));
        }
        BOOST_REQUIRE(got.bars[i] >= least);
        BOOST_REQUIRE(got.bars[i] <= most);
        const double to = t.close[i + static_cast<std::size_t>(got.bars[i])];
        BOOST_REQUIRE(got.exit_return[i] == static_cast<float>(to / t.close[i] - 1.0));
        // Which length won is known when the longest is.
        BOOST_REQUIRE(got.last_bar(i, rule) == static_cast<std::int64_t>(i) + most);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_straight_line_has_a_large_finite_t_and_no_move_has_none) {
  std::vector<double> line(50), flat(50, 100.0);
  for (std::size_t i = 0; i < line.size(); ++i) line[i] = 100.0 - 0.5 * static_cast<double>(i);
  const TrendLabels down = trend_scan(line, {.least = 4, .most = 10}),
                    none = trend_scan(flat, {.least = 4, .most = 10});
  for (std::size_t i = 0; i + 10 < line.size(); ++i) {
    BOOST_REQUIRE(down.label[i] == -1);
    BOOST_REQUIRE(down.t_value[i] < -1e5F);
    BOOST_REQUIRE(std::isfinite(down.t_value[i]));
    BOOST_REQUIRE(none.label[i] == 0);
    BOOST_REQUIRE(none.t_value[i] == 0.0F);
    BOOST_REQUIRE(none.bars[i] == 4);
  }
}

BOOST_AUTO_TEST_CASE(weak_trends_are_neutral_and_keep_their_t) {
  const WalkPrices t = walk(2, 2000);
  const TrendLabels all = trend_scan(t.close, {}), strong = trend_scan(t.close, {.least_t = 5});
  std::size_t weak = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    BOOST_REQUIRE(all.t_value[i] == strong.t_value[i]);
    if (all.label[i] == kInvalidLabel) continue;
    const bool kept = std::fabs(all.t_value[i]) >= 5;
    weak += !kept && all.label[i] != 0;
    BOOST_REQUIRE(strong.label[i] == (kept ? all.label[i] : 0));
  }
  BOOST_TEST(weak > 100U);
}

BOOST_AUTO_TEST_CASE(threads_change_no_bit) {
  const WalkPrices t = walk(3, 9001);
  const TrendLabels one = trend_scan(t.close, {}, 1);
  for (const unsigned threads : {2U, 3U, 8U}) {
    const TrendLabels many = trend_scan(t.close, {}, threads);
    BOOST_TEST((many.label == one.label));
    BOOST_TEST((many.bars == one.bars));
    BOOST_TEST((many.t_value == one.t_value));
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused) {
  const WalkPrices t = walk(4, 30);
  for (const TrendScan& rule : {TrendScan{.least = 1, .most = 5}, TrendScan{.least = 5, .most = 4},
                                TrendScan{.least_t = -1}, TrendScan{.least_t = kNaN}})
    BOOST_CHECK_THROW(trend_scan(t.close, rule), ConfigError);
  // Fewer bars than a trend takes: no labels, and no error.
  for (const std::int8_t label : trend_scan(t.close, {.least = 4, .most = 30}).label)
    BOOST_TEST(int{label} == int{kInvalidLabel});
  BOOST_TEST(trend_scan({}, {}).size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
