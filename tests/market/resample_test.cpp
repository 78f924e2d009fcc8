#include "market/resample.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;

BOOST_AUTO_TEST_SUITE(resampling)

BOOST_AUTO_TEST_CASE(longer_bars_are_those_of_a_plain_scan) {
  Bars bars = test::walking_bars(1, 500);
  for (std::size_t i = 200; i < bars.size(); ++i) bars.time[i] += 86'400'000'000'000;  // a day without bars
  bars.flags[7] = kRoll;
  const std::int64_t step = 15 * test::kMinuteNs;
  const ResampledBars got = resample(bars, step);
  BOOST_REQUIRE(got.holder.size() == bars.size());
  std::size_t k = 0;
  for (std::size_t begin = 0; begin < bars.size(); ++k) {
    std::size_t end = begin;
    while (end < bars.size() && bars.time[end] / step == bars.time[begin] / step) ++end;
    double high = bars.high[begin], low = bars.low[begin], volume = 0;
    std::uint8_t flags = 0;
    for (std::size_t i = begin; i < end; ++i) {
      high = std::max(high, bars.high[i]);
      low = std::min(low, bars.low[i]);
      volume += bars.volume[i];
      flags |= bars.flags[i];
      BOOST_REQUIRE(got.holder[i] == k);
    }
    BOOST_REQUIRE(k < got.bars.size());
    BOOST_TEST(got.bars.time[k] == bars.time[begin] / step * step);
    BOOST_TEST(got.bars.open[k] == bars.open[begin]);
    BOOST_TEST(got.bars.high[k] == high);
    BOOST_TEST(got.bars.low[k] == low);
    BOOST_TEST(got.bars.close[k] == bars.close[end - 1]);
    BOOST_TEST(got.bars.volume[k] == volume);
    BOOST_TEST(got.bars.flags[k] == flags);
    begin = end;
  }
  BOOST_TEST(got.bars.size() == k);
}

BOOST_AUTO_TEST_CASE(bars_before_1970_are_put_together_as_later_ones) {
  Bars bars = test::walking_bars(2, 6);
  for (std::size_t i = 0; i < bars.size(); ++i)
    bars.time[i] = (static_cast<std::int64_t>(i) - 3) * 5 * test::kMinuteNs;  // 23:45 to 00:10
  const ResampledBars got = resample(bars, 15 * test::kMinuteNs);
  BOOST_REQUIRE(got.bars.size() == 2U);
  BOOST_TEST(got.bars.time[0] == -15 * test::kMinuteNs);
  BOOST_TEST(got.bars.time[1] == 0);
}

BOOST_AUTO_TEST_CASE(nothing_becomes_nothing) {
  BOOST_TEST(resample(Bars{}, 1).bars.empty());
  BOOST_CHECK_THROW(resample(Bars{}, 0), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
