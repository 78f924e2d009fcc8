#include "base/duration.h"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "base/error.h"
#include "config_fixture.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(duration)

BOOST_AUTO_TEST_CASE(a_number_and_a_unit_is_a_length_of_time) {
  const auto nanoseconds = [](const char* text) { return parse_duration(text).nanoseconds; };
  BOOST_TEST(nanoseconds("1ns") == 1);
  BOOST_TEST(nanoseconds("1us") == 1'000);
  BOOST_TEST(nanoseconds("250ms") == 250'000'000);
  BOOST_TEST(nanoseconds("90s") == 90'000'000'000);
  BOOST_TEST(nanoseconds("10m") == 600'000'000'000);
  BOOST_TEST(nanoseconds("10min") == 600'000'000'000);
  BOOST_TEST(nanoseconds("1.5h") == 5'400'000'000'000);
  BOOST_TEST(nanoseconds("1d") == 86'400'000'000'000);
  BOOST_TEST(nanoseconds("2w") == 1'209'600'000'000'000);
  BOOST_TEST(nanoseconds("1e3s") == 1'000'000'000'000);
  BOOST_TEST(nanoseconds("0") == 0);
  BOOST_TEST(nanoseconds("0s") == 0);
}

BOOST_AUTO_TEST_CASE(whole_numbers_are_exact_to_the_largest) {
  BOOST_TEST(parse_duration("9007199254740993ns").nanoseconds == 9'007'199'254'740'993);  // 2^53 + 1
  BOOST_TEST(parse_duration("9223372036854775807ns").nanoseconds == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(parse_duration("15250w").nanoseconds == 15'250 * 604'800'000'000'000);
  BOOST_CHECK_THROW(parse_duration("15251w"), ConfigError);
  BOOST_CHECK_THROW(parse_duration("9223372036854775808ns"), ConfigError);
}

BOOST_AUTO_TEST_CASE(what_is_none_is_refused_with_an_example) {
  for (const char* text : {"", "10", "m", "ten minutes", "10 m", " 10m", "10m ", "-1s", "nans", "infs", "1e400s",
                           "1e300w", "10M", "1,5h", "1m30s", "0x10s", ".", "+5s"}) {
    const std::string message = message_of<ConfigError>([&] { parse_duration(text); });
    BOOST_TEST(holds(message, std::string("'") + text + "' is not a length of time"), text);
    BOOST_TEST(holds(message, "such as 10m"));
  }
}

BOOST_AUTO_TEST_CASE(the_text_reads_back_exactly) {
  BOOST_TEST(to_string(Duration{0}) == "0s");
  BOOST_TEST(to_string(Duration::seconds(600)) == "10m");
  BOOST_TEST(to_string(Duration::seconds(90)) == "90s");
  BOOST_TEST(to_string(Duration::seconds(86'400)) == "1d");
  BOOST_TEST(to_string(Duration::seconds(14 * 86'400)) == "2w");
  BOOST_TEST(to_string(Duration{1'500'000'000}) == "1500ms");
  for (const std::int64_t n : {1LL, 999LL, 1'000LL, 1'001LL, 1'000'001LL, 59'999'999'999LL, 9'007'199'254'740'993LL,
                               9'223'372'036'854'775'807LL}) {
    BOOST_TEST(parse_duration(to_string(Duration{n})).nanoseconds == n);
  }
}

BOOST_AUTO_TEST_CASE(people_read_two_units) {
  BOOST_TEST(readable_seconds(0) == "0.0 s");
  BOOST_TEST(readable_seconds(4.24) == "4.2 s");
  BOOST_TEST(readable_seconds(59.94) == "59.9 s");
  BOOST_TEST(readable_seconds(59.96) == "1 min 00 s");
  BOOST_TEST(readable_seconds(750) == "12 min 30 s");
  BOOST_TEST(readable_seconds(3599.4) == "59 min 59 s");
  BOOST_TEST(readable_seconds(3599.6) == "1 h 00 min");
  BOOST_TEST(readable_seconds(11'100) == "3 h 05 min");
  BOOST_TEST(readable_seconds(172'799) == "47 h 59 min");
  BOOST_TEST(readable_seconds(172'800) == "2 d 00 h");
  BOOST_TEST(readable_seconds(-1) == "unknown");
  BOOST_TEST(readable_seconds(std::numeric_limits<double>::quiet_NaN()) == "unknown");
  BOOST_TEST(readable_seconds(std::numeric_limits<double>::infinity()) == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()
