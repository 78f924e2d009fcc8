#include "base/byte_size.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(byte_size)

BOOST_AUTO_TEST_CASE(a_size_has_a_unit_of_powers_of_1000_or_1024) {
  BOOST_TEST(parse_byte_size("200G") == 200'000'000'000U);
  BOOST_TEST(parse_byte_size("1.5TB") == 1'500'000'000'000U);
  BOOST_TEST(parse_byte_size("64K") == 64'000U);
  BOOST_TEST(parse_byte_size("2Mi") == 2U * 1024 * 1024);
  BOOST_TEST(parse_byte_size("1GiB") == 1U << 30);
  BOOST_TEST(parse_byte_size("0G") == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_size_is_refused_with_what_was_expected) {
  for (const char* text : {"", "200", "G", "-1G", "20 G", "1e400G", "nanG", "infG", "12X", "i", "iB", "B"})
    BOOST_TEST(holds(message_of<ConfigError>([&] { parse_byte_size(text); }), "such as \"200G\""), text);
  BOOST_TEST(holds(message_of<ConfigError>([] { parse_byte_size("1000000P"); }), "more room than there is"));
}

BOOST_AUTO_TEST_CASE(people_read_four_digits_and_a_unit) {
  BOOST_TEST(readable_bytes(0) == "0 B");
  BOOST_TEST(readable_bytes(999) == "999 B");
  BOOST_TEST(readable_bytes(1000) == "1.0 kB");
  BOOST_TEST(readable_bytes(999'949) == "999.9 kB");
  BOOST_TEST(readable_bytes(999'950) == "1.0 MB");
  BOOST_TEST(readable_bytes(231'400'000'000) == "231.4 GB");
}

BOOST_AUTO_TEST_SUITE_END()
