#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "cluster/diagnose/diagnose.h"
#include "cluster/diagnose/log_evidence.h"
#include "cluster/diagnose/log_pattern.h"
#include "cluster/diagnose/pattern_search.h"

using namespace moola::cluster;

namespace {

// A line of that pattern, its stars standing for `part`.
std::string line_of(std::string_view pattern, const std::string& part) {
  std::string out;
  for (const char c : pattern) out += c == '*' ? part : std::string(1, c);
  if (out.starts_with('^')) out.erase(0, 1);
  if (out.ends_with('$')) out.pop_back();
  return out;
}

// Those patterns whose stars stand for stars.
bool has_plain_stars(std::string_view pattern) {
  return pattern.find("***") != std::string_view::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(patterns)

BOOST_AUTO_TEST_CASE(texts_are_found_as_a_plain_search_finds_them) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    const auto word = [&](std::size_t longest) {
      std::string out;
      for (std::size_t n = 1 + random() % longest; n > 0; --n) out += static_cast<char>('a' + random() % 3);
      return out;
    };
    std::vector<std::string> texts;
    for (int i = 0; i < 8; ++i) texts.push_back(word(5));
    const PatternSearch search(std::vector<std::string_view>(texts.begin(), texts.end()));
    for (int i = 0; i < 20; ++i) {
      const std::string line = word(30);
      std::vector<std::uint16_t> found, expected;
      for (std::size_t k = 0; k < texts.size(); ++k) {
        if (line.find(texts[k]) != std::string::npos) expected.push_back(static_cast<std::uint16_t>(k));
      }
      search.find(line, found);
      BOOST_TEST(found == expected, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(stars_stand_for_the_shortest_that_fits) {
  std::vector<std::string_view> parts;
  const LogPattern pattern{Cause::missing_library, Weight::cause, "libraries: *: cannot *"};
  BOOST_TEST(matches(pattern, "./a: libraries: libx.so: cannot open: cannot", parts));
  BOOST_TEST((parts == std::vector<std::string_view>{"libx.so", "open: cannot"}));
  BOOST_TEST(!matches(pattern, "libraries: libx.so", parts));
  const LogPattern begin{Cause::killed, Weight::outcome, "^Killed$"};
  BOOST_TEST(matches(begin, "Killed", parts));
  BOOST_TEST(matches(begin, "3: Killed", parts));
  BOOST_TEST(matches(begin, "[1,12]<stderr>:Killed", parts));
  BOOST_TEST(!matches(begin, "Killed 3 workers", parts));
  BOOST_TEST(!matches(begin, "not Killed", parts));
}

BOOST_AUTO_TEST_CASE(marks_of_ranks_are_taken_off_and_nothing_else) {
  BOOST_TEST(without_rank("[rank0]: a") == "a");
  BOOST_TEST(without_rank("[rank 12] a") == "a");
  BOOST_TEST(without_rank(" 0: a") == "a");
  BOOST_TEST(without_rank("[1,0]<stdout>:0: a") == "a");
  for (const char* line : {"", "[", "[rank", "[rank]: a", "[1,]<stdout>:", "12:30 a", "a: b", ": a", "[1,0] a"})
    BOOST_TEST(without_rank(line) == line);
}

BOOST_AUTO_TEST_CASE(every_pattern_matches_a_line_of_its_own_and_is_told_with_all_that_its_words_need) {
  std::set<std::string_view> texts;
  std::vector<std::string_view> parts;
  for (const LogPattern& pattern : log_patterns()) {
    BOOST_TEST_CONTEXT(pattern.text) {
      BOOST_TEST(texts.insert(pattern.text).second);
      const std::string line = line_of(pattern.text, has_plain_stars(pattern.text) ? "*" : "a 7");
      BOOST_TEST(matches(pattern, line, parts));
      for (const std::string_view said : {words_of(pattern.cause).means, words_of(pattern.cause).advice}) {
        for (std::size_t i = parts.size() + 1; i < 10; ++i)
          BOOST_TEST(said.find("{" + std::to_string(i) + "}") == std::string_view::npos);
      }
      // And the whole way through: evidence of that cause, or of one that stands before it for a reason.
      LogEvidence log;
      log.line(line, 1);
      BOOST_TEST(log.found().size() == 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(short_texts_of_daily_life_are_no_pattern) {
  LogEvidence log;
  std::size_t number = 0;
  for (const char* line :
       {"", " ", "moola 0.1.0-ab12cd", "moola pretrain configs/a.toml", "error", "warning: out of memory is 3 of 4",
        "loss nan_count 0", "killed 0 workers", "time limit 2 h", "no such file yet, it is made", "Permission: granted",
        "[env]", "NCCL_DEBUG = \"WARN\"", "ssh: agent forwarding is on", "MemoryErrors: 0 of 12 pages", "0: fine"})
    log.line(line, ++number);
  for (const Evidence& each : log.found()) BOOST_TEST(each.line == "");
}

BOOST_AUTO_TEST_SUITE_END()
