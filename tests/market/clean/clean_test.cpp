#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>

#include "base/utc_time.h"
#include "market/clean/fill_gaps.h"
#include "market/clean/outliers.h"
#include "market/clean/rolls.h"
#include "market/clean/session_calendar.h"
#include "market/clean/threshold_bars.h"
#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::int64_t kHour = 60 * kMinuteNs, kDayNs = 24 * kHour;

std::int64_t at(const std::string& text) {
  return parse_utc(text);
}

// One-minute bars at these stamps, each closing a point above the last.
Bars minutes_at(const std::vector<std::int64_t>& times) {
  Bars bars;
  bars.resize(times.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double price = 100 + static_cast<double>(i);
    bars.time[i] = times[i];
    bars.open[i] = price - 0.5;
    bars.high[i] = price + 1;
    bars.low[i] = price - 1;
    bars.close[i] = price;
    bars.volume[i] = 10;
    bars.flags[i] = 0;
  }
  return bars;
}

std::vector<std::string> texts(const std::vector<OpenInterval>& intervals) {
  std::vector<std::string> out;
  for (const OpenInterval& each : intervals)
    out.push_back(utc_text(each.open).substr(0, 16) + " " + utc_text(each.close).substr(0, 16));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(calendars)

BOOST_AUTO_TEST_CASE(the_futures_week_moves_with_chicagos_clock) {
  // Clocks go forward on 2024-03-10: the week before opens at 23:00 UTC, the week after at 22:00.
  const SessionCalendar cme("cme");
  const auto week = texts(cme.intervals(at("2024-03-07T12:00:00Z"), at("2024-03-12T12:00:00Z")));
  const std::vector<std::string> want{"2024-03-06T23:00 2024-03-07T22:00", "2024-03-07T23:00 2024-03-08T22:00",
                                      "2024-03-10T22:00 2024-03-11T21:00", "2024-03-11T22:00 2024-03-12T21:00"};
  BOOST_TEST(week == want, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_currency_week_runs_from_sunday_to_friday_in_new_york) {
  const auto week = texts(SessionCalendar("fx").intervals(at("2024-10-31T00:00:00Z"), at("2024-11-05T00:00:00Z")));
  const std::vector<std::string> want{"2024-10-27T21:00 2024-11-01T21:00", "2024-11-03T22:00 2024-11-08T22:00"};
  BOOST_TEST(week == want, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(taipeis_night_session_lasts_into_saturday) {
  const auto days = texts(SessionCalendar("taifex").intervals(at("2024-11-08T00:00:00Z"), at("2024-11-09T12:00:00Z")));
  const std::vector<std::string> want{"2024-11-08T00:45 2024-11-08T05:45", "2024-11-08T07:00 2024-11-08T21:00"};
  BOOST_TEST(days == want, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_holiday_opens_nothing) {
  const SessionCalendar nyse("nyse", {"2024-12-25"});
  const auto days = texts(nyse.intervals(at("2024-12-24T00:00:00Z"), at("2024-12-27T00:00:00Z")));
  const std::vector<std::string> want{"2024-12-24T14:30 2024-12-24T21:00", "2024-12-26T14:30 2024-12-26T21:00"};
  BOOST_TEST(days == want, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_and_days_that_are_none_are_refused) {
  BOOST_TEST(holds(refusal_of([] { SessionCalendar("cmee"); }), "Did you mean 'cme'?"));
  BOOST_TEST(holds(refusal_of([] { SessionCalendar("cme", {"2024-13-01"}); }), "'2024-13-01' is no day"));
  BOOST_TEST(holds(refusal_of([] { SessionCalendar("cme", {"2024-12-25 noon"}); }), "is no day"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gaps)

BOOST_AUTO_TEST_CASE(short_gaps_are_filled_with_the_close_before_and_no_volume) {
  const std::int64_t t = at("2024-03-05T12:00:00Z");
  Bars bars = minutes_at({t, t + kMinuteNs, t + 4 * kMinuteNs, t + 5 * kMinuteNs});
  const GapReport report = fill_gaps(bars, kMinuteNs, SessionCalendar("crypto"), 30 * kMinuteNs);
  BOOST_REQUIRE(bars.size() == 6U);
  for (const std::size_t i : {2U, 3U}) {
    BOOST_TEST(bars.time[i] == t + static_cast<std::int64_t>(i) * kMinuteNs);
    for (const auto* column : {&bars.open, &bars.high, &bars.low, &bars.close}) BOOST_TEST((*column)[i] == 101.0);
    BOOST_TEST(bars.volume[i] == 0.0);
    BOOST_TEST(int{bars.flags[i]} == int{kFilled});
  }
  BOOST_TEST(int{bars.flags[4]} == 0);
  BOOST_TEST(report.gaps == 1);
  BOOST_TEST(report.filled_bars == 2);
  BOOST_TEST(report.longest == 2 * kMinuteNs);
}

BOOST_AUTO_TEST_CASE(a_gap_longer_than_the_limit_stays_whole) {
  const std::int64_t t = at("2024-03-05T12:00:00Z");
  for (const int missing : {30, 31}) {
    Bars bars = minutes_at({t, t + (missing + 1) * kMinuteNs});
    const GapReport report = fill_gaps(bars, kMinuteNs, SessionCalendar("crypto"), 30 * kMinuteNs);
    BOOST_TEST(bars.size() == (missing == 30 ? 32U : 2U));
    BOOST_TEST(report.left_gaps == (missing == 30 ? 0 : 1));
    BOOST_TEST(report.left_bars == (missing == 30 ? 0 : 31));
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_filled_across_a_close) {
  // The market closes at 22:00 UTC and opens at 23:00: neither the last minutes nor the hour are made up.
  const std::int64_t close = at("2024-03-05T22:00:00Z");
  Bars bars =
      minutes_at({close - 10 * kMinuteNs, close - 9 * kMinuteNs, close + 62 * kMinuteNs, close + 64 * kMinuteNs});
  const GapReport report = fill_gaps(bars, kMinuteNs, SessionCalendar("cme"), kDayNs);
  BOOST_REQUIRE(bars.size() == 5U);
  BOOST_TEST(bars.time[3] == close + 63 * kMinuteNs);
  BOOST_TEST(int{bars.flags[2]} == int{kSessionEdge});
  BOOST_TEST(int{bars.flags[3]} == int{kFilled});
  BOOST_TEST(report.filled_bars == 1);
  BOOST_TEST(report.outside == 0);
}

BOOST_AUTO_TEST_CASE(bars_while_the_market_is_closed_are_kept_and_counted) {
  const std::int64_t saturday = at("2024-03-09T12:00:00Z");
  Bars bars = minutes_at({saturday, saturday + 3 * kMinuteNs});
  const GapReport report = fill_gaps(bars, kMinuteNs, SessionCalendar("cme"), kDayNs);
  BOOST_TEST(bars.size() == 2U);
  BOOST_TEST(report.outside == 2);
}

BOOST_AUTO_TEST_CASE(stamps_off_the_grid_are_refused) {
  Bars bars = minutes_at({at("2024-03-05T12:00:30Z")});
  BOOST_TEST(holds(refusal_of([&] { fill_gaps(bars, kMinuteNs, SessionCalendar("crypto"), 0); }), "multiple of 60 s"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rolls_of_contracts)

Bars three_contracts() {
  Bars bars = minutes_at({0, kMinuteNs, 2 * kMinuteNs, 3 * kMinuteNs, 4 * kMinuteNs});
  bars.open = {100, 101, 120, 121, 90};
  bars.close = {101, 102, 121, 120, 91};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    bars.high[i] = std::max(bars.open[i], bars.close[i]) + 1;
    bars.low[i] = std::min(bars.open[i], bars.close[i]) - 1;
  }
  return bars;
}

BOOST_AUTO_TEST_CASE(a_jump_of_a_tenth_is_marked) {
  Bars bars = three_contracts();
  BOOST_TEST(mark_rolls(bars, 0.10) == 2);
  BOOST_TEST((bars.flags[2] & kRoll) != 0);
  BOOST_TEST((bars.flags[4] & kRoll) != 0);
  BOOST_TEST(mark_rolls(bars, 0.10) == 0);  // they carry it already
  BOOST_TEST(holds(refusal_of([&] { mark_rolls(bars, 0); }), "must be above 0"));
}

BOOST_AUTO_TEST_CASE(the_last_contracts_prices_stay_and_earlier_ones_come_to_them) {
  Bars marked = three_contracts();
  mark_rolls(marked, 0.10);
  Bars difference = marked, ratio = marked, none = marked;
  BOOST_TEST(back_adjust(none, BackAdjustment::none).size() == 2U);
  BOOST_TEST(none.close == marked.close, boost::test_tools::per_element());
  back_adjust(difference, BackAdjustment::difference);  // the steps are 120 - 102 and 90 - 120
  const std::vector<double> moved{101 + 18 - 30, 102 + 18 - 30, 121 - 30, 120 - 30, 91};
  BOOST_TEST(difference.close == moved, boost::test_tools::per_element());
  back_adjust(ratio, BackAdjustment::ratio);
  BOOST_TEST(std::fabs(ratio.close[3] - 120 * 90.0 / 120) < 1e-12);
  BOOST_TEST(std::fabs(ratio.close[1] - 102 * 120.0 / 102 * 90 / 120) < 1e-12);
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    // Shapes of bars stay.
    BOOST_TEST(std::fabs(ratio.high[i] / ratio.low[i] - marked.high[i] / marked.low[i]) < 1e-12);
    BOOST_TEST(std::fabs((difference.high[i] - difference.low[i]) - (marked.high[i] - marked.low[i])) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(a_price_that_would_fall_below_zero_is_refused) {
  Bars bars = three_contracts();
  mark_rolls(bars, 0.10);
  bars.open[4] = bars.close[4] = 2;
  bars.high[4] = 3;
  bars.low[4] = 1;
  BOOST_TEST(holds(refusal_of([&] { back_adjust(bars, BackAdjustment::difference); }), "by ratio prices stay above 0"));
  BOOST_TEST(holds(refusal_of([] { parse_back_adjustment("ration"); }), "Did you mean 'ratio'?"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(outliers)

BOOST_AUTO_TEST_CASE(a_spike_goes_and_a_move_that_stays_stays) {
  const Bars calm = walking_bars(31, 600, true);
  for (const OutlierRule rule : {OutlierRule::atr, OutlierRule::zscore, OutlierRule::iqr}) {
    Bars bars = calm;
    for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close}) (*column)[300] *= 1.3;  // one bar
    for (std::size_t i = 450; i < bars.size(); ++i) {
      for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close}) (*column)[i] *= 1.2;  // for good
    }
    const auto dropped = drop_outliers(bars, rule, usual_limit(rule));
    BOOST_TEST_CONTEXT("rule " << static_cast<int>(rule)) {
      BOOST_TEST(dropped == (std::vector<std::int64_t>{300, 450}), boost::test_tools::per_element());
      BOOST_REQUIRE(bars.size() == 598U);
      BOOST_TEST(bars.time[300] == calm.time[301]);
      BOOST_TEST(bars.close[449] == calm.close[451] * 1.2);
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_later_changes_what_was_dropped) {
  Bars bars = walking_bars(32, 900, true);
  for (const std::size_t i : {200U, 500U}) bars.close[i] = bars.high[i] = bars.close[i] * 1.2;
  for (const OutlierRule rule : {OutlierRule::atr, OutlierRule::zscore, OutlierRule::iqr}) {
    Bars whole = bars, half = bars;
    half.resize(450);
    const auto of_whole = drop_outliers(whole, rule, 5), of_half = drop_outliers(half, rule, 5);
    BOOST_TEST(of_half == (std::vector<std::int64_t>{200}), boost::test_tools::per_element());
    BOOST_TEST(of_whole.front() == 200);
    for (std::size_t i = 0; i < half.size(); ++i) BOOST_REQUIRE(half.close[i] == whole.close[i]);
  }
}

BOOST_AUTO_TEST_CASE(a_roll_is_believed_and_none_drops_nothing) {
  Bars bars = walking_bars(33, 400, true);
  for (std::size_t i = 200; i < bars.size(); ++i) {
    for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close}) (*column)[i] *= 1.5;
  }
  bars.flags[200] |= kRoll;
  BOOST_TEST(drop_outliers(bars, OutlierRule::zscore, 5).empty());
  bars.flags[200] = 0;
  BOOST_TEST(drop_outliers(bars, OutlierRule::none, 5).empty());
  BOOST_TEST(drop_outliers(bars, OutlierRule::zscore, 5).size() == 1U);
  BOOST_TEST(holds(refusal_of([&] { drop_outliers(bars, OutlierRule::atr, 0); }), "must be above 0"));
  BOOST_TEST(holds(refusal_of([] { parse_outlier_rule("zscor"); }), "zscore"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bars_by_what_is_traded)

BOOST_AUTO_TEST_CASE(a_bar_ends_when_enough_has_been_traded) {
  Bars bars = minutes_at({0, kMinuteNs, 2 * kMinuteNs, 3 * kMinuteNs, 4 * kMinuteNs});
  bars.volume = {4, 7, 12, 3, 2};
  const Bars volume = threshold_bars(bars, ThresholdKind::volume, 10);
  BOOST_REQUIRE(volume.size() == 2U);  // 4 + 7, 12; 3 + 2 are not enough
  BOOST_TEST(volume.time[0] == 0);
  BOOST_TEST(volume.open[0] == bars.open[0]);
  BOOST_TEST(volume.close[0] == bars.close[1]);
  BOOST_TEST(volume.high[0] == bars.high[1]);
  BOOST_TEST(volume.low[0] == bars.low[0]);
  BOOST_TEST(volume.volume[0] == 11.0);
  BOOST_TEST(volume.time[1] == 2 * kMinuteNs);
  BOOST_TEST(threshold_bars(bars, ThresholdKind::volume, 10, true).size() == 3U);
  const Bars dollars = threshold_bars(bars, ThresholdKind::dollars, 1000);  // 400 + 707, 1224, 309 + 208
  BOOST_TEST(dollars.size() == 2U);
}

BOOST_AUTO_TEST_CASE(bars_without_volume_make_none) {
  Bars bars = flat_bars(20, 1.0, 0.0);
  BOOST_TEST(holds(refusal_of([&] { threshold_bars(bars, ThresholdKind::volume, 10); }), "without volume"));
  BOOST_TEST(holds(refusal_of([&] { threshold_bars(bars, ThresholdKind::volume, 0); }), "must be above 0"));
}

BOOST_AUTO_TEST_SUITE_END()
