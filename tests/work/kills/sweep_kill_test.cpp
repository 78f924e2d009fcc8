#include <boost/test/unit_test.hpp>

#include "tests/work/sweep/sweep_kills.h"

using namespace moola::test;

BOOST_AUTO_TEST_CASE(a_sweep_killed_at_any_of_two_hundred_moments_loses_nothing_that_was_finished) {
  check_killed_sweeps({.kills = 100, .seed = 20240229});
  check_killed_sweeps({.kills = 100, .seed = 20240301, .pruning = true});
}

BOOST_AUTO_TEST_CASE(two_sweeps_of_one_study_of_which_one_is_killed_at_any_of_a_hundred_moments_lose_nothing) {
  check_killed_sweeps({.kills = 100, .seed = 20240302, .managers = 2, .pruning = true});
}
