#include "cluster/notify/notice_text.h"

#include <boost/test/unit_test.hpp>
#include <random>

#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::cluster;

namespace {

std::string slack_text(const Notice& notice) {
  const Json body = parse_json(slack_body(notice), "a body");
  BOOST_TEST(body.size() == 1U);
  return body.at("text").get<std::string>();
}

std::size_t characters(const std::string& text) {
  std::size_t out = 0;
  for (const char c : text) out += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(notice_text)

BOOST_AUTO_TEST_CASE(a_slack_message_says_what_happened_and_brings_the_digest_as_code) {
  BOOST_TEST(slack_text({.event = "failure", .job = "night", .run = "r1", .digest = "a  b\nc\n"}) ==
             "*night* has failed (run r1)\n```\na  b\nc\n```");
  BOOST_TEST(slack_text({.event = "finish", .job = "night"}) == "*night* has finished");
  BOOST_TEST(holds(slack_text({.event = "over-budget", .job = "night"}), "over its budget"));
}

BOOST_AUTO_TEST_CASE(nothing_in_a_message_is_a_mention_a_link_or_the_end_of_the_block) {
  const std::string text = slack_text(
      {.event = "finish", .job = "<!channel> *x*", .run = "a\nb", .digest = "<@U1> & ```oops``` <http://x>"});
  BOOST_TEST(text ==
             "*&lt;!channel&gt; 'x'* has finished (run a b)\n```\n&lt;@U1&gt; &amp; '''oops''' &lt;http://x&gt;\n```");
}

BOOST_AUTO_TEST_CASE(a_digest_that_is_too_long_loses_whole_lines_at_its_end_and_says_so) {
  std::string digest;
  for (int i = 0; i < 5000; ++i) digest += "line " + std::to_string(i) + " <\xE2\x82\xAC>\n";
  const std::string text = slack_text({.event = "finish", .job = "night", .digest = digest});
  BOOST_TEST(characters(text) <= kSlackText);
  BOOST_TEST(characters(text) > kSlackText - 250);
  const std::size_t end = text.rfind("\n```");
  const std::size_t kept =
      static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<long>(end), '\n')) - 1;
  BOOST_TEST(holds(text, "\n" + std::to_string(5000 - kept) + " more lines are left out"));
  // One line that is too long by itself.
  BOOST_TEST(holds(slack_text({.event = "finish", .job = "n", .digest = std::string(50'000, '&')}),
                   "1 more line is left out"));
}

BOOST_AUTO_TEST_CASE(any_bytes_make_a_message_that_can_be_read) {
  BOOST_TEST(readable_text("\x1B[1;31mred\x1B[0m\r\nx\x01\xFF\xED\xA0\x80") ==
             "red\nx\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  const std::string good = "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\t|\n";
  BOOST_TEST(readable_text(good) == good);
  std::mt19937 random(5);
  for (int turn = 0; turn < 300; ++turn) {
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random() % 3 == 0 ? "\x1B[`\n<\xC3\xA9\xF0\x9F"[random() % 9] : random());
    const Notice notice{.event = "finish", .job = bytes, .run = bytes, .digest = bytes};
    BOOST_TEST(Json::accept(slack_body(notice)));
    BOOST_TEST(Json::accept(json_body(notice)));
    BOOST_TEST(readable_text(readable_text(bytes)) == readable_text(bytes));
  }
}

BOOST_AUTO_TEST_CASE(plain_json_holds_the_fields_that_are_documented) {
  const Json body = parse_json(
      json_body({.event = "failure", .job = "night", .run = "r1", .digest = "<&>", .json = {{"steps", 3}}}), "a body");
  const Json expected{
      {"schema", "moola.notice/1"}, {"event", "failure"}, {"job", "night"}, {"run", "r1"}, {"digest", "<&>"},
      {"details", {{"steps", 3}}}};
  BOOST_TEST(body == expected);
}

BOOST_AUTO_TEST_SUITE_END()
