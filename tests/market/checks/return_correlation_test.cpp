#include "market/checks/return_correlation.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>

#include "base/keyed_random.h"
#include "tests/market/checks/series.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

std::vector<double> random_returns(std::size_t count) {
  KeyedRandom random(5, Stream::augmentation, 0, 0);
  std::vector<double> out(count);
  for (double& value : out) value = static_cast<double>(random.uniform()) - 0.5;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(return_correlation)

BOOST_AUTO_TEST_CASE(a_column_goes_together_with_the_return_that_it_holds) {
  const std::vector<double> returns = random_returns(2000);
  std::vector<double> past(2000), present(2000), future(2000);
  for (std::size_t t = 1; t + 1 < 2000; ++t) {
    past[t] = 1e6 + returns[t - 1];
    present[t] = -returns[t];
    future[t] = returns[t + 1];
  }
  const std::vector<std::span<const double>> columns{past, present, future};
  const auto got = return_correlations(columns, std::vector<Rows>{{1, 1999}}, returns, 2);
  BOOST_TEST(close_to(got[0].known, 1.0, 1e-9));
  BOOST_TEST(std::fabs(got[0].next) < 0.1);
  BOOST_TEST(close_to(got[1].next, -1.0));
  BOOST_TEST(close_to(got[2].later, 1.0));
  const std::vector<std::string> names{"past", "present", "future"};
  const CheckResult result = check_future_returns(got, names);
  BOOST_TEST(!result.passed);
  BOOST_TEST(holds(result.detail, "2 of 3 columns"));
  BOOST_TEST(check_future_returns(std::span(got).first(1), std::span(names).first(1)).passed);
}

BOOST_AUTO_TEST_CASE(correlations_are_numpys_of_the_rows_where_all_is_known) {
  // r, x = noise(300), noise(300, 123); t = [t for t in range(1, 299) if t not in (50, 51, 52, 70)]
  // [np.corrcoef(x[t], r[t + k])[0, 1] for k in (-1, 0, 1)]
  std::vector<double> returns = noise(300);
  const std::vector<double> other = noise(300, 123);
  std::vector<double> column = other;
  returns[51] = std::nan("");
  column[70] = std::nan("");
  const std::vector<std::span<const double>> columns{column};
  const auto got = return_correlations(columns, std::vector<Rows>{{0, 300}}, returns, 1)[0];
  BOOST_TEST(close_to(got.known, -0.033298604816063));
  BOOST_TEST(close_to(got.next, -0.0479424231769709));
  BOOST_TEST(close_to(got.later, 0.0217767377096179));
}

BOOST_AUTO_TEST_CASE(the_limit_itself_passes) {
  const std::vector<ReturnCorrelation> some{{.known = 0.9, .next = -0.5, .later = 0.1}};
  const std::vector<std::string> names{"x"};
  BOOST_TEST(check_future_returns(some, names, 0.5).passed);
  BOOST_TEST(!check_future_returns(some, names, 0.49).passed);
  BOOST_TEST(check_future_returns(some, names, 0.5).worst == 0.5);
  BOOST_CHECK_THROW(check_future_returns(some, {}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(columns_that_do_not_move_and_short_ones_have_none) {
  const std::vector<double> returns = random_returns(10), constant(10, 3.0);
  const std::vector<std::span<const double>> columns{constant};
  BOOST_TEST(return_correlations(columns, std::vector<Rows>{{0, 10}}, returns, 1)[0].next == 0.0);
  const std::vector<std::span<const double>> empty{std::span<const double>{}};
  BOOST_TEST(return_correlations(empty, {}, {}, 1)[0].next == 0.0);
  BOOST_CHECK_THROW(return_correlations(columns, {}, std::span(returns).first(9), 1), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
