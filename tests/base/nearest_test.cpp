#include "base/nearest.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

using namespace moola;

BOOST_AUTO_TEST_SUITE(nearest_name)

BOOST_AUTO_TEST_CASE(each_kind_of_mistake_counts_one) {
  BOOST_TEST(edit_distance("epochs", "epochs") == 0U);
  BOOST_TEST(edit_distance("epohcs", "epochs") == 1U);   // a swap of neighbours
  BOOST_TEST(edit_distance("epoch", "epochs") == 1U);    // one left out
  BOOST_TEST(edit_distance("epoochs", "epochs") == 1U);  // one too many
  BOOST_TEST(edit_distance("epochz", "epochs") == 1U);   // another one
  BOOST_TEST(edit_distance("", "epochs") == 6U);
  BOOST_TEST(edit_distance("epochs", "") == 6U);
  BOOST_TEST(edit_distance("kitten", "sitting") == 3U);
  BOOST_TEST(edit_distance("ca", "abc") == 3U);  // where optimal alignment and the full distance (2) differ
}

BOOST_AUTO_TEST_CASE(the_nearest_key_is_named) {
  const std::vector<std::string> keys{"train.lr", "train.epochs", "model.hidden"};
  BOOST_TEST(nearest("train.epoch", keys).value() == "train.epochs");
  BOOST_TEST(did_you_mean("train.lrr", keys) == " Did you mean 'train.lr'?");
}

BOOST_AUTO_TEST_CASE(a_word_cut_short_or_grown_long_is_near) {
  const std::vector<std::string> keys{"learning_rate", "epochs"};
  BOOST_TEST(nearest("rate", keys).value() == "learning_rate");
  BOOST_TEST(nearest("number_of_epochs", keys).value() == "epochs");
}

BOOST_AUTO_TEST_CASE(of_several_that_hold_the_word_the_one_with_least_beside_it_is_named) {
  BOOST_TEST(nearest("label", std::vector<std::string>{"initial_labels", "labels"}).value() == "labels");
}

BOOST_AUTO_TEST_CASE(what_is_far_from_everything_gets_no_suggestion) {
  const std::vector<std::string> keys{"train.lr", "train.epochs"};
  BOOST_TEST(did_you_mean("zzzzzzzzzzzz", keys).empty());
  BOOST_TEST(did_you_mean("", keys).empty());
  BOOST_TEST(did_you_mean("lr", std::vector<std::string>{}).empty());
}

BOOST_AUTO_TEST_CASE(a_short_word_of_which_nothing_is_left_is_no_suggestion) {
  BOOST_TEST(did_you_mean("zz", std::vector<std::string>{"lr", ""}).empty());
  BOOST_TEST(did_you_mean("lz", std::vector<std::string>{"lr"}) == " Did you mean 'lr'?");
}

BOOST_AUTO_TEST_SUITE_END()
