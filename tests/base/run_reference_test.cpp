// Which run a person means.
#include "base/run_reference.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;

namespace {

std::string refusal(const std::vector<std::string>& meant, const std::vector<std::string>& known) {
  return message_of<ConfigError>([&] { only_run_meant("nigth", meant, known, "/w/runs", "moola status"); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_references)

BOOST_AUTO_TEST_CASE(the_only_one_is_meant) {
  const std::vector<std::string> meant{"2026_night"};
  BOOST_TEST(only_run_meant("2026", meant, {}, "/w/runs", "moola status") == "2026_night");
}

BOOST_AUTO_TEST_CASE(where_there_is_none_the_nearest_is_named) {
  BOOST_TEST(refusal({}, {"night", "day", "night"}) ==
             "there is no run 'nigth' in /w/runs. Did you mean 'night'? `moola status` lists them all.");
  BOOST_TEST(refusal({}, {}) == "there is no run 'nigth' in /w/runs. `moola status` lists them all.");
}

BOOST_AUTO_TEST_CASE(of_several_five_are_named) {
  const std::string end = ". Give more of the id, or \"latest\".";
  BOOST_TEST(refusal({"a", "b"}, {}) == "'nigth' can mean 2 runs: a, b" + end);
  BOOST_TEST(refusal({"a", "b", "c", "d", "e"}, {}) == "'nigth' can mean 5 runs: a, b, c, d, e" + end);
  BOOST_TEST(refusal({"a", "b", "c", "d", "e", "f", "g"}, {}) ==
             "'nigth' can mean 7 runs: a, b, c, d, e and 2 more" + end);
}

BOOST_AUTO_TEST_SUITE_END()
