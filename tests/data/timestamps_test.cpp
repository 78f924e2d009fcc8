#include "data/files/timestamps.h"

#include <boost/test/unit_test.hpp>

#include "base/utc_time.h"

using namespace moola;
using namespace moola::data;

namespace {

// "2018-01-01T17:00:00Z epoch in seconds", or "none".
std::string read(const std::string& text) {
  const auto parser = StampParser::recognise(text);
  if (!parser) return "none";
  const auto stamp = parser->parse(text);
  return stamp ? utc_text(*stamp) + " " + parser->description() : "none";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timestamps)

BOOST_AUTO_TEST_CASE(the_unit_of_an_epoch_follows_from_its_size) {
  BOOST_TEST(read("1364774820") == "2013-04-01T00:07:00Z epoch in seconds");
  BOOST_TEST(read("1364774820000") == "2013-04-01T00:07:00Z epoch in milliseconds");
  BOOST_TEST(read("1364774820000000") == "2013-04-01T00:07:00Z epoch in microseconds");
  BOOST_TEST(read("1364774820000000000") == "2013-04-01T00:07:00Z epoch in nanoseconds");
  BOOST_TEST(read("1364774820.5") == "2013-04-01T00:07:00.5Z epoch in seconds");
  BOOST_TEST(read("1.36477482e9") == "2013-04-01T00:07:00Z epoch in seconds");
  BOOST_TEST(read("0") == "1970-01-01T00:00:00Z epoch in seconds");
  BOOST_TEST(read("-86400") == "1969-12-31T00:00:00Z epoch in seconds");
}

BOOST_AUTO_TEST_CASE(calendar_forms_are_read) {
  const std::string local = "2018-01-31T17:05:00Z calendar", zoned = local + " with offset";
  for (const char* text : {"20180131 170500", "20180131170500", "201801311705", "20180131 17:05", "20180131T1705",
                           "2018-01-31 17:05:00", "2018-01-31T17:05", "2018/01/31 17:05", "2018.01.31 17:05:00.000",
                           "2018-01-31_17:05", "2018-01-31-17:05", "31.01.2018 17:05:00", " 2018-01-31 17:05 "}) {
    BOOST_TEST_CONTEXT(text) BOOST_TEST(read(text) == local);
  }
  for (const char* text : {"2018-01-31T17:05:00Z", "2018-01-31 18:05+01:00", "2018-01-31 12:05:00.000-0500",
                           "2018-01-31 17:05 UTC", "31.01.2018 18:05:00.000 GMT+0100"}) {
    BOOST_TEST_CONTEXT(text) BOOST_TEST(read(text) == zoned);
  }
  BOOST_TEST(read("2018-01-31") == "2018-01-31T00:00:00Z calendar");
  BOOST_TEST(read("20180131") == "2018-01-31T00:00:00Z calendar");
  BOOST_TEST(read("2018-01-31 17:05:00.123456789") == "2018-01-31T17:05:00.123456789Z calendar");
  BOOST_TEST(read("2018-01-31 9:05") == "2018-01-31T09:05:00Z calendar");
}

BOOST_AUTO_TEST_CASE(what_is_no_stamp_or_may_mean_two_things_is_not_read) {
  for (const char* text : {"",
                           " ",
                           "time",
                           "nan",
                           "inf",
                           "01/02/2018 17:00",
                           "1/2/2018",
                           "2018-02-29",
                           "2018-13-01",
                           "2018-00-10",
                           "2018-01-32",
                           "2018-01-31 24:00",
                           "2018-01-31 17:60",
                           "2018-01-31 17:05:61",
                           "2018-01-31 17",
                           "2018-01-31 17:05 Mars",
                           "2018-01-31 17:05+99:00",
                           "2018-01-31T",
                           "2018-01-31 17:05:00.",
                           "1e300",
                           "-1e300",
                           "99999999999999999999",
                           "0x10",
                           "12-31-2018",
                           "2018-1-1"}) {
    BOOST_TEST_CONTEXT(text) BOOST_TEST(read(text) == "none");
  }
}

BOOST_AUTO_TEST_CASE(a_leap_day_is_read_in_leap_years_only) {
  BOOST_TEST(read("2020-02-29") == "2020-02-29T00:00:00Z calendar");
  BOOST_TEST(read("2000-02-29") == "2000-02-29T00:00:00Z calendar");
  BOOST_TEST(read("2019-02-29") == "none");
  BOOST_TEST(read("1900-02-29") == "none");
}

BOOST_AUTO_TEST_CASE(the_first_stamp_settles_the_kind_for_all) {
  const auto seconds = StampParser::recognise("1364774820");
  BOOST_TEST(!seconds->parse("1364774820000").has_value());  // year 45218
  BOOST_TEST(!seconds->parse("2018-01-31").has_value());
  const auto local = StampParser::recognise("2018-01-31 17:05");
  BOOST_TEST(!local->parse("2018-01-31 17:05Z").has_value());
  BOOST_TEST(!local->parse("1364774820").has_value());
  BOOST_TEST(local->parse("20180131 170500").has_value());
  BOOST_TEST(!local->zoned());
  BOOST_TEST(seconds->zoned());
}

BOOST_AUTO_TEST_CASE(every_minute_of_some_years_is_read_back) {
  const auto parser = StampParser::recognise("2018-01-31 17:05");
  for (std::int64_t stamp = parse_utc("1999-12-01"); stamp < parse_utc("2001-03-02"); stamp += 7 * 60'000'000'000) {
    std::string text = utc_text(stamp);
    text.pop_back();
    BOOST_REQUIRE(parser->parse(text).value() == stamp);
  }
}

BOOST_AUTO_TEST_SUITE_END()
