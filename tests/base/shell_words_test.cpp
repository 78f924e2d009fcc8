// Words that go through a shell and come out as they were.
#include <boost/test/unit_test.hpp>
#include <random>

#include "base/error.h"
#include "base/shell_words.h"
#include "base/subprocess.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(shells)

BOOST_AUTO_TEST_CASE(a_real_shell_reads_every_word_as_it_was) {
  std::vector<std::string> all{"",  " ",     "a b", "'",  "\"",  "$HOME", "`id`", "a\nb", "\\", "!",  "*",
                               "~", "größe", "-n",  "#x", "a,b", "{a,b}", "a=b",  "%x",   "\t", "\r", "|&;<>()[]?^"};
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    std::string word;
    for (unsigned n = random() % 20; n > 0; --n) word += static_cast<char>(1 + random() % 255);
    all.push_back(word);
  }
  // Each word ends with a zero byte, which none can hold.
  const ProcessResult read = run_process({"sh", "-c", "printf '%s\\0' " + shell_words(all)});
  BOOST_REQUIRE(read.exit_code == 0);
  std::string expected;
  for (const std::string& word : all) expected += word + '\0';
  BOOST_TEST((read.output == expected));
}

BOOST_AUTO_TEST_CASE(plain_words_stay_readable) {
  BOOST_TEST(shell_words({"./x.sh", "--lr=1e-3", "a b"}) == "./x.sh --lr=1e-3 'a b'");
  BOOST_CHECK_THROW(shell_word(std::string_view("a\0b", 3)), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_shells_line_is_no_list_of_words) {
  check_words({"./my program", "x"}, "sweep.command");
  check_words({"./x"}, "sweep.command");
  check_words({}, "sweep.command");
  BOOST_TEST(holds(message_of<ConfigError>([] { check_words({"./x  --a \"b\""}, "sweep.command"); }),
                   "command = [\"./x\", \"--a\", \"\\\"b\\\"\"]"));
}

BOOST_AUTO_TEST_CASE(a_variable_has_letters_digits_and_underscores_and_no_digit_first) {
  for (const char* name : {"a", "_", "A1", "MOOLA_2_b"}) BOOST_TEST(is_variable_name(name), name);
  for (const char* name : {"", "1", "1A", "a-b", "a b", "a=b", "a.b", "\xc3\xa4"})
    BOOST_TEST(!is_variable_name(name), name);
}

BOOST_AUTO_TEST_SUITE_END()
