#include "market/percentile.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <vector>

using namespace moola::market;

BOOST_AUTO_TEST_SUITE(percentiles)

BOOST_AUTO_TEST_CASE(percentiles_lie_between_neighbours_on_a_line) {
  // numpy.percentile([3, 1, 4, 1, 5], [0, 20, 50, 90, 100]) = 1, 1, 3, 4.6, 5
  for (const auto& [share, want] : {std::pair{0.0, 1.0}, {0.2, 1.0}, {0.5, 3.0}, {0.9, 4.6}, {1.0, 5.0}}) {
    std::vector<double> values{3, 1, 4, 1, 5};
    BOOST_TEST(std::fabs(percentile(values, share) - want) < 1e-12);
    std::sort(values.begin(), values.end());
    BOOST_TEST(std::fabs(sorted_percentile(values, share) - want) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(one_value_is_every_percentile_and_none_has_no_percentile) {
  std::vector<double> values{7};
  for (const double share : {0.0, 0.3, 1.0}) {
    BOOST_TEST(percentile(values, share) == 7.0);
    BOOST_TEST(sorted_percentile(values, share) == 7.0);
  }
  values.clear();
  BOOST_CHECK_THROW(percentile(values, 0.5), std::invalid_argument);
  BOOST_CHECK_THROW(sorted_percentile(values, 0.5), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
