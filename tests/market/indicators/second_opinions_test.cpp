// Indicators that TA-Lib 0.6 lacks, against other programs' values on TA-Lib's bars.
#include <boost/test/unit_test.hpp>

#include "tests/market/indicators/brute_force.h"
#include "tests/market/indicators/reference_bars.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(second_opinions)

BOOST_AUTO_TEST_CASE(other_programs_find_the_same_on_the_same_bars) {
  const market::Bars bars = reference_bars();
  std::size_t compared = 0;
  for (const auto& fields : vector_lines("second_opinions_252.csv", "column,source,first,values")) {
    LongColumn wanted(static_cast<std::size_t>(number(fields[2])), kNaN);
    for (std::size_t i = 3; i < fields.size(); ++i) wanted.push_back(number(fields[i]));
    BOOST_TEST_CONTEXT(fields[1]) {
      require_column(fields[0], bars, wanted);
    }
    ++compared;
  }
  BOOST_TEST(compared == 13U);
}

BOOST_AUTO_TEST_CASE(chaikins_money_flow_is_that_of_talibs_own_tests) {
  const market::Bars bars = reference_bars();
  for (const auto& fields : vector_lines("cmf_goldens.csv", "period,row,value")) {
    const Column got = computed("cmf_" + fields[0], bars).values;
    const auto row = static_cast<std::size_t>(number(fields[1]));
    BOOST_TEST(std::fabs(got[row] - number(fields[2])) <= 1e-13);
  }
}

BOOST_AUTO_TEST_SUITE_END()
