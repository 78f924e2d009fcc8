// Symbols of markets that keep different hours, in one preparation.
#include "prepared.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

namespace {

// Bars of five minutes without those from 22:00 to 23:00 UTC, when Chicago's futures rest in winter: three weeks from
// Monday 2019-01-07 on, the weekends (Friday 22:00 to Sunday 23:00) left out.
market::Bars chicago_bars(std::uint64_t seed) {
  constexpr std::int64_t kHour = 60 * kMinuteNs, kDay = 24 * kHour;
  std::vector<std::int64_t> time;
  for (std::int64_t at = 0; at < 21 * kDay; at += 5 * kMinuteNs) {
    const std::int64_t day = at / kDay % 7, hour = at % kDay / kHour;  // Monday is 0
    const bool weekend = day == 5 || (day == 4 && hour >= 22) || (day == 6 && hour < 23);
    if (!weekend && hour != 22) time.push_back(kFirstStamp + 6 * kDay + at);
  }
  market::Bars bars = walking_bars(seed, time.size(), true);
  bars.time = time;
  return bars;
}

struct TwoMarkets : BarsWorkspace {
  TwoMarkets() {
    import(chicago_bars(1), "BTC");
    import(chicago_bars(2), "NSX");
  }
  work::PrepareResult cleaned(const Settings& more) const {
    Settings all{"clean.max_fill=\"1h\""};
    all.insert(all.end(), more.begin(), more.end());
    return prepare_in(*this, small_settings(all), {.to = "clean"});
  }
};

const std::string kBoth = "data.bars=[\"BTC/v1\", \"NSX/v1\"]";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(prepare_calendars, TwoMarkets)

BOOST_AUTO_TEST_CASE(a_symbol_has_the_hours_of_its_own_calendar_and_the_others_those_of_all) {
  const auto result = cleaned({kBoth, "clean.calendars=[\"NSX=cme\"]"});
  const Json always = stage_json(result, "clean", "BTC"), chicago = stage_json(result, "clean", "NSX");
  BOOST_TEST(always["calendar"] == "crypto");
  BOOST_TEST(chicago["calendar"] == "cme");
  // Four nights a week lie between sessions, an hour of twelve bars each: nothing is filled while Chicago rests.
  BOOST_TEST(always["gaps"]["filled_bars"] == 3 * 4 * 12);
  BOOST_TEST(always["gaps"]["left"] == 3);  // the weekends
  BOOST_TEST(chicago["gaps"]["filled_bars"] == 0);
  BOOST_TEST(chicago["gaps"]["left"] == 0);
}

BOOST_AUTO_TEST_CASE(a_symbol_that_is_only_compared_with_may_have_one_too) {
  const auto result = cleaned({"data.bars=BTC/v1", "cross_asset.others=[\"NSX/v1\"]",
                               "features.columns=[\"rsi_14\", \"cross_*\"]", "clean.calendars=[\"NSX=cme\"]"});
  BOOST_TEST(stage_json(result, "clean", "NSX")["gaps"]["filled_bars"] == 0);
  BOOST_TEST(stage_json(result, "clean", "BTC")["gaps"]["filled_bars"] == 3 * 4 * 12);
}

BOOST_AUTO_TEST_CASE(holidays_close_the_markets_that_close_at_all) {
  const auto result =
      cleaned({kBoth, "clean.calendars=[\"NSX=cme\"]", "clean.holidays=[\"2019-01-15\"]"});  // a Tuesday
  // Bars of the session that would have opened on that day at 17:00 in Chicago lie outside of all sessions.
  BOOST_TEST(stage_json(result, "clean", "NSX")["gaps"]["bars_outside_sessions"] == 23 * 12);
  BOOST_TEST(stage_json(result, "clean", "BTC")["gaps"]["bars_outside_sessions"] == 0);
}

BOOST_AUTO_TEST_SUITE_END()
