// Lists of elements as people and Slurm write them.
#include "cluster/job/element_list.h"

#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(element_lists)

BOOST_AUTO_TEST_CASE(ranges_and_strides_are_short) {
  BOOST_TEST(element_list_text({7}) == "7");
  BOOST_TEST(element_list_text({0, 1, 2, 3, 7}) == "0-3,7");
  BOOST_TEST(element_list_text({0, 2, 4, 6}) == "0-6:2");
  BOOST_TEST(element_list_text({0, 2}) == "0,2");
  BOOST_TEST(element_list_text({}) == "");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back) {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    std::set<std::size_t> some;
    const auto count = random() % 12, span = 1 + random() % 30;
    for (std::size_t k = 0; k <= count; ++k) some.insert(random() % span);
    const std::vector<std::size_t> elements(some.begin(), some.end());
    BOOST_TEST(parse_element_list(element_list_text(elements)) == elements, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  for (const char* text : {"", ",", "a", "1-", "-1", "3-1", "1,,2", "1:2", "0-4:0", "0-999999999", "1 2", "0x3"})
    BOOST_TEST(holds(message_of<ConfigError>([&] { parse_element_list(text); }), "are no elements"), text);
}

BOOST_AUTO_TEST_SUITE_END()
