#include "comm/leaves.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"

using namespace moola::comm;

BOOST_AUTO_TEST_SUITE(leaves_of_ranks)

BOOST_AUTO_TEST_CASE(ranges_are_contiguous_balanced_and_agree_with_owner) {
  for (int leaves = 0; leaves <= 40; ++leaves) {
    for (int ranks = 1; ranks <= 9; ++ranks) {
      const Leaves shared(leaves, ranks);
      int next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const LeafRange own = shared.of(rank);
        BOOST_REQUIRE_EQUAL(own.begin, next);
        BOOST_REQUIRE(own.size() == leaves / ranks || own.size() == leaves / ranks + 1);
        for (int leaf = own.begin; leaf < own.end; ++leaf) BOOST_REQUIRE_EQUAL(shared.owner(leaf), rank);
        next = own.end;
      }
      BOOST_REQUIRE_EQUAL(next, leaves);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_batch_is_cut_with_a_short_last_leaf) {
  BOOST_TEST(leaves_of_batch(512, 64) == 8);
  BOOST_TEST(leaves_of_batch(513, 64) == 9);
  BOOST_TEST(leaves_of_batch(64, 64) == 1);
  BOOST_CHECK_THROW(leaves_of_batch(63, 64), moola::ConfigError);
  BOOST_CHECK_THROW(leaves_of_batch(64, 0), moola::ConfigError);
}

BOOST_AUTO_TEST_CASE(as_many_ranks_as_leaves_are_allowed_and_one_more_is_refused_with_three_ways_out) {
  BOOST_CHECK_NO_THROW(require_leaf_per_rank(512, 64, 8));
  BOOST_CHECK_EXCEPTION(require_leaf_per_rank(512, 64, 9), moola::ConfigError, [](const moola::ConfigError& error) {
    const std::string text = error.what();
    // 63 is the largest micro-batch that cuts 512 windows into 9: ceil(512 / 64) = 8, ceil(512 / 63) = 9.
    return text.find("--ranks 8") != text.npos && text.find("microbatch = 63") != text.npos &&
           text.find("batch = 576") != text.npos;
  });
}

BOOST_AUTO_TEST_CASE(no_smaller_micro_batch_is_offered_where_none_helps) {
  BOOST_CHECK_EXCEPTION(require_leaf_per_rank(4, 2, 9), moola::ConfigError, [](const moola::ConfigError& error) {
    return std::string(error.what()).find("microbatch = ") == std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
