#include <boost/test/unit_test.hpp>

#include "tests/work/sweep/sweep_kills.h"

using namespace moola::test;

BOOST_AUTO_TEST_CASE(a_sweep_killed_at_any_of_twenty_moments_loses_nothing_that_was_finished) {
  check_killed_sweeps({.kills = 14, .seed = 1});
  check_killed_sweeps({.kills = 6, .seed = 2, .managers = 2, .pruning = true});
}
