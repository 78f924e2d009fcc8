#include <boost/test/unit_test.hpp>

#include "tests/work/prepare_process.h"

BOOST_AUTO_TEST_CASE(a_preparation_killed_at_any_of_twenty_moments_ends_with_what_one_that_was_not_makes) {
  moola::test::check_killed_preparations(20, 20240229);
}
