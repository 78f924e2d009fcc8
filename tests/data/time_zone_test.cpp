#include "data/files/time_zone.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "base/utc_time.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000, kHour = 60 * kMinute;

std::vector<std::string> converted(const std::string& zone, const std::vector<std::string>& local) {
  std::vector<std::int64_t> stamps;
  for (const std::string& text : local) stamps.push_back(parse_utc(text));
  TimeZone(zone).to_utc(stamps);
  std::vector<std::string> texts;
  for (const std::int64_t stamp : stamps) texts.push_back(stamp == kNoTime ? "none" : utc_text(stamp));
  return texts;
}

std::string refusal(const std::string& zone) {
  return refusal_of([&] { const TimeZone ignored(zone); });
}

// Minutes of local time around a change of clocks at `change` (UTC), written down by a clock that keeps the rule.
std::vector<std::int64_t> clock_readings(const std::vector<std::int64_t>& utc, std::int64_t change, std::int64_t before,
                                         std::int64_t after) {
  std::vector<std::int64_t> local;
  for (const std::int64_t stamp : utc) local.push_back(stamp + (stamp < change ? before : after));
  return local;
}

std::vector<std::int64_t> minutes_around(std::int64_t change, std::int64_t step) {
  std::vector<std::int64_t> utc;
  for (std::int64_t t = change - 50 * kHour; t <= change + 50 * kHour; t += step) utc.push_back(t);
  return utc;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(time_zone)

BOOST_AUTO_TEST_CASE(summer_and_winter_have_their_own_offsets) {
  BOOST_TEST(converted("America/New_York", {"2018-01-15T17:00", "2018-07-15T17:00"}) ==
                 (std::vector<std::string>{"2018-01-15T22:00:00Z", "2018-07-15T21:00:00Z"}),
             boost::test_tools::per_element());
  BOOST_TEST(converted("Asia/Taipei", {"2024-11-05T08:45"})[0] == "2024-11-05T00:45:00Z");
}

BOOST_AUTO_TEST_CASE(a_fixed_offset_has_no_summer) {
  for (const char* name : {"UTC-5", "utc-05", "-05:00", "GMT-0500", "-5"}) {
    BOOST_TEST_CONTEXT(name) BOOST_TEST(converted(name, {"2018-07-15T17:00"})[0] == "2018-07-15T22:00:00Z");
  }
  BOOST_TEST(converted("+05:30", {"2018-07-15T05:30"})[0] == "2018-07-15T00:00:00Z");
  for (const char* name : {"UTC", "utc", "GMT", "Z", "+0"}) BOOST_TEST(TimeZone(name).name() == "UTC");
}

BOOST_AUTO_TEST_CASE(american_abbreviations_mean_the_zones_with_daylight_saving) {
  BOOST_TEST(TimeZone("EST").name() == "America/New_York");
  BOOST_TEST(TimeZone("EDT").name() == "America/New_York");
  BOOST_TEST(TimeZone("CST").name() == "America/Chicago");
  BOOST_TEST(TimeZone("PDT").name() == "America/Los_Angeles");
  BOOST_TEST(TimeZone("america/new_york").name() == "America/New_York");
}

BOOST_AUTO_TEST_CASE(an_hour_that_spring_skips_has_no_instant) {
  BOOST_TEST(
      converted("America/New_York", {"2018-03-11T01:59", "2018-03-11T02:00", "2018-03-11T02:59", "2018-03-11T03:00"}) ==
          (std::vector<std::string>{"2018-03-11T06:59:00Z", "none", "none", "2018-03-11T07:00:00Z"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_hour_that_autumn_repeats_means_its_first_occurrence_when_alone) {
  BOOST_TEST(converted("America/New_York", {"2018-11-04T01:30"})[0] == "2018-11-04T05:30:00Z");
}

BOOST_AUTO_TEST_CASE(a_step_back_within_the_repeated_hour_means_its_second_occurrence) {
  BOOST_TEST(
      converted("America/New_York", {"2018-11-04T01:58", "2018-11-04T01:59", "2018-11-04T01:00", "2018-11-04T01:01"}) ==
          (std::vector<std::string>{"2018-11-04T05:58:00Z", "2018-11-04T05:59:00Z", "2018-11-04T06:00:00Z",
                                    "2018-11-04T06:01:00Z"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_minute_around_both_changes_comes_back_forward_and_backward) {
  struct Change {
    const char *zone, *utc;
    std::int64_t before, after;
  };
  const std::vector<Change> changes{{"America/New_York", "2018-03-11T07:00", -5, -4},
                                    {"America/New_York", "2018-11-04T06:00", -4, -5},
                                    {"Europe/Berlin", "2019-03-31T01:00", 1, 2},
                                    {"Europe/Berlin", "2019-10-27T01:00", 2, 1},
                                    {"Australia/Sydney", "2019-04-06T16:00", 11, 10}};
  for (const Change& change : changes) {
    for (const std::int64_t step : {kMinute, 5 * kMinute, 30 * kMinute}) {
      const std::vector<std::int64_t> utc = minutes_around(parse_utc(change.utc), step);
      std::vector<std::int64_t> local =
          clock_readings(utc, parse_utc(change.utc), change.before * kHour, change.after * kHour);
      std::vector<std::int64_t> backward(local.rbegin(), local.rend());
      const TimeZone zone(change.zone);
      zone.to_utc(local);
      zone.to_utc(backward);
      std::reverse(backward.begin(), backward.end());
      BOOST_TEST_CONTEXT(change.zone << " " << change.utc << " " << step) {
        BOOST_TEST((local == utc));
        BOOST_TEST((backward == utc));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_exception_goes_before_the_rules_from_its_begin_up_to_its_end) {
  TimeZone zone("America/New_York");
  zone.set_exceptions({parse_offset_exception("2019-10-27/2019-11-03=-05:00")});
  std::vector<std::int64_t> stamps;
  for (const char* local :
       {"2019-10-26T23:59", "2019-10-27T00:00", "2019-11-02T23:59", "2019-11-03T17:00", "2019-10-27T12:00"}) {
    stamps.push_back(parse_utc(local));
  }
  zone.to_utc(stamps);
  const std::vector<std::int64_t> expected{parse_utc("2019-10-27T03:59"), parse_utc("2019-10-27T05:00"),
                                           parse_utc("2019-11-03T04:59"), parse_utc("2019-11-03T22:00"),
                                           parse_utc("2019-10-27T17:00")};
  BOOST_TEST(stamps == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_wrong_exception_is_refused) {
  for (const char* text : {"", "2019-10-27", "2019-10-27/2019-11-03", "2019-11-03/2019-10-27=-05:00",
                           "2019-10-27/2019-11-03=five", "2019-10-27/2019-10-27=-05:00", "x/2019-10-27=-05:00"}) {
    BOOST_TEST_CONTEXT(text) BOOST_CHECK_THROW(parse_offset_exception(text), ConfigError);
  }
  TimeZone zone("UTC");
  BOOST_CHECK_THROW(zone.set_exceptions({{0, 10, 0}, {9, 20, 0}}), ConfigError);
  BOOST_CHECK_NO_THROW(zone.set_exceptions({{10, 20, 0}, {0, 10, 0}}));
}

BOOST_AUTO_TEST_CASE(an_unknown_zone_names_the_nearest) {
  BOOST_TEST(refusal("America/NewYork").find("Did you mean 'America/New_York'?") != std::string::npos);
  BOOST_TEST(refusal("Berlin").find("Europe/Berlin") != std::string::npos);
  BOOST_TEST(refusal("Mars/Olympus").find("there is no time zone 'Mars/Olympus'") != std::string::npos);
  for (const char* wrong : {"", "UTC+99", "UTC+5:", "../../etc/passwd", "posixrules/../UTC"}) {
    if (std::string(wrong).empty()) continue;
    BOOST_TEST_CONTEXT(wrong) BOOST_TEST(!refusal(wrong).empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
