// What is taken off the ends of texts.
#include "base/text_ends.h"

#include <boost/test/unit_test.hpp>

using namespace moola;

BOOST_AUTO_TEST_SUITE(text_ends)

BOOST_AUTO_TEST_CASE(blanks_go_at_both_ends_and_stay_within) {
  BOOST_TEST(trimmed(" \t a b\t ") == "a b");
  BOOST_TEST(trimmed("a\r") == "a\r");
  BOOST_TEST(trimmed("a\r", " \t\r") == "a");
  BOOST_TEST(trimmed("\ta ", " ") == "\ta");
  BOOST_TEST(trimmed(" \t ").empty());
  BOOST_TEST(trimmed("").empty());
}

BOOST_AUTO_TEST_CASE(a_text_is_cut_between_letters_only) {
  const std::string text = "aé€😀";  // of 1, 2, 3 and 4 bytes
  const std::size_t letters[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6};
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes)
    BOOST_TEST(shortened(text, bytes, "") == text.substr(0, letters[bytes]));
  BOOST_TEST(shortened(text, text.size()) == text);
  BOOST_TEST(shortened("abc", 2) == "ab…");
  BOOST_TEST(shortened("\x80\x80\x80", 2, "-") == "-");  // no letters at all
}

BOOST_AUTO_TEST_SUITE_END()
