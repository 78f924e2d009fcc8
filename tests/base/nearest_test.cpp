#include "base/nearest.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

using namespace moola;

BOOST_AUTO_TEST_SUITE(nearest_name)

BOOST_AUTO_TEST_CASE(a_swap_of_neighbours_is_one_mistake) { BOOST_TEST(edit_distance("epohcs", "epochs") == 1U); }

BOOST_AUTO_TEST_CASE(the_nearest_key_is_named) {
  const std::vector<std::string> keys{"train.lr", "train.epochs", "model.hidden"};
  BOOST_TEST(nearest("train.epoch", keys).value() == "train.epochs");
  BOOST_TEST(did_you_mean("train.lrr", keys) == " Did you mean 'train.lr'?");
}

BOOST_AUTO_TEST_CASE(what_is_far_from_everything_gets_no_suggestion) {
  const std::vector<std::string> keys{"train.lr", "train.epochs"};
  BOOST_TEST(did_you_mean("zzzzzzzzzzzz", keys).empty());
}

BOOST_AUTO_TEST_SUITE_END()
