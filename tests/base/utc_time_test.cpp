#include "base/utc_time.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "config_fixture.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

namespace {
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kAutumn = 1'572'206'340 * kSecond;  // date -u -d 2019-10-27T19:59:00 +%s
}  // namespace

BOOST_AUTO_TEST_SUITE(utc_time)

BOOST_AUTO_TEST_CASE(a_time_has_one_text) {
  BOOST_TEST(utc_text(0) == "1970-01-01T00:00:00Z");
  BOOST_TEST(utc_text(kAutumn) == "2019-10-27T19:59:00Z");
  BOOST_TEST(utc_text(kAutumn + 500'000'000) == "2019-10-27T19:59:00.5Z");
  BOOST_TEST(utc_text(kAutumn + 1) == "2019-10-27T19:59:00.000000001Z");
  BOOST_TEST(utc_text(-1) == "1969-12-31T23:59:59.999999999Z");
  BOOST_TEST(utc_compact(kAutumn + 999'999'999) == "20191027T195900Z");
}

BOOST_AUTO_TEST_CASE(every_form_is_read_as_utc) {
  for (const char* text : {"2019-10-27T19:59", "2019-10-27T19:59:00", "2019-10-27T19:59:00Z", "2019-10-27 19:59",
                           "2019-10-27 19:59:00.0Z", "2019-10-27T19:59Z"}) {
    BOOST_TEST(parse_utc(text) == kAutumn, text);
  }
  BOOST_TEST(parse_utc("2019-10-27") == kAutumn - (19 * 60 + 59) * 60 * kSecond);
  BOOST_TEST(parse_utc("2019-10-27 19:59:00.5Z") == kAutumn + 500'000'000);
  BOOST_TEST(parse_utc("1969-12-31T23:59:59.999999999") == -1);
  BOOST_TEST(parse_utc("2019-10-27 19:59:00.123456789") == kAutumn + 123'456'789);
  BOOST_TEST(parse_utc("2020-02-29") == 1'582'934'400 * kSecond);
}

BOOST_AUTO_TEST_CASE(the_text_reads_back) {
  for (const std::int64_t time :
       {std::int64_t{0}, kAutumn, kAutumn + 123'456'789, std::int64_t{-1}, -kAutumn, 9'214'646'399 * kSecond}) {
    BOOST_TEST(parse_utc(utc_text(time)) == time);
  }
}

BOOST_AUTO_TEST_CASE(the_first_and_the_last_year_fit_and_their_neighbours_do_not) {
  BOOST_TEST(utc_text(parse_utc("1678-01-01")) == "1678-01-01T00:00:00Z");
  BOOST_TEST(utc_text(parse_utc("2261-12-31T23:59:59")) == "2261-12-31T23:59:59Z");
  BOOST_CHECK_THROW(parse_utc("1677-12-31"), ConfigError);
  BOOST_CHECK_THROW(parse_utc("2262-01-01"), ConfigError);
}

BOOST_AUTO_TEST_CASE(what_is_no_time_is_refused_with_an_example) {
  for (const char* text : {"",
                           "Z",
                           "yesterday",
                           "2019",
                           "2019-10",
                           "2019-13-01",
                           "2019-02-29",
                           "2019-10-27T25:00",
                           "2019-10-27T19:60",
                           "2019-10-27T19:59:61",
                           "2019-10-27T19:59:00+02:00",
                           "2019-10-27x",
                           "27-10-2019",
                           "0000-00-00",
                           "99999-01-01",
                           "2019-10-27T",
                           "-2019-10-27",
                           "2019-1-5",
                           "2019-10-27T24:00",
                           "2019-10-27T19:59:60",
                           "2019-10-27T-1:00",
                           "2019-10-27T19:59:00.",
                           "2019-10-27T19:59:00.1234567890",
                           "2019-10-27T19:59ZZ",
                           " 2019-10-27",
                           "2019-21-27T",
                           "1572206340"}) {
    const std::string message = message_of<ConfigError>([&] { parse_utc(text); });
    BOOST_TEST(holds(message, std::string("'") + text + "' is not a time"), text);
    BOOST_TEST(holds(message, "such as 2019-10-27"));
  }
}

BOOST_AUTO_TEST_CASE(now_is_after_this_was_written) {
  BOOST_TEST(utc_now() > 1'735'689'600 * kSecond);
}

BOOST_AUTO_TEST_SUITE_END()
