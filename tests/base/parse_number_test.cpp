#include "base/parse_number.h"

#include <boost/test/unit_test.hpp>

using moola::parse_number;

BOOST_AUTO_TEST_SUITE(numbers_in_text)

BOOST_AUTO_TEST_CASE(a_text_that_is_a_finite_number_as_a_whole_is_read) {
  BOOST_TEST(parse_number("-1.5e2").value() == -150.0);
  BOOST_TEST(parse_number("0").value() == 0.0);
  BOOST_TEST(parse_number(".5").value() == 0.5);
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_number) {
  for (const char* text : {"", " 1", "1 ", "1x", "+1", "nan", "inf", "-inf", "1e999", "0x10", "1,5"})
    BOOST_TEST(!parse_number(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
