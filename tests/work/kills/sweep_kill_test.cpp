#include <boost/test/unit_test.hpp>

#include "tests/work/sweep/sweep_workspace.h"

BOOST_AUTO_TEST_CASE(a_sweep_killed_at_any_of_twenty_moments_loses_nothing_that_was_finished) {
  moola::test::check_killed_sweeps(20, 20240229);
}
