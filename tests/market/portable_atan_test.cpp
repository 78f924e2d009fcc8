#include "market/portable_atan.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/keyed_random.h"

using namespace moola;
using namespace moola::market;

namespace {

double error_of(double y, double x) {
  const long double expected = std::atan(static_cast<long double>(y) / static_cast<long double>(x));
  return static_cast<double>(std::fabs(static_cast<long double>(portable_atan(y, x)) - expected));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(portable_arc_tangent)

BOOST_AUTO_TEST_CASE(its_error_is_below_3e_16) {
  KeyedRandom random(1, Stream::augmentation, 0, 0);
  double worst = 0, worst_small = 0;
  for (int i = 0; i < 300'000; ++i) {
    const double angle = 3.14 * (random.uniform() - 0.5), length = std::exp(40 * (random.uniform() - 0.5));
    worst = std::max(worst, error_of(length * std::sin(angle), length * std::cos(angle)));
    worst = std::max(worst, error_of(std::tan(angle), 1.0));
    const double small = std::exp(-30 * random.uniform());
    worst_small = std::max(worst_small, error_of(small, 1.0) / small);
  }
  BOOST_TEST(worst <= 3e-16);
  BOOST_TEST(worst_small <= 4e-16);  // relative: small angles keep their digits
}

BOOST_AUTO_TEST_CASE(it_is_exact_at_its_ends_and_odd) {
  constexpr double kHalf = std::numbers::pi / 2;
  BOOST_TEST(portable_atan(0.0) == 0.0);
  BOOST_TEST(portable_atan(1.0) == std::numbers::pi / 4);
  BOOST_TEST(portable_atan(-1.0) == -std::numbers::pi / 4);
  BOOST_TEST(portable_atan(2.0, -2.0) == -std::numbers::pi / 4);
  BOOST_TEST(portable_atan(1.0, 0.0) == kHalf);
  BOOST_TEST(portable_atan(-1.0, 0.0) == -kHalf);
  BOOST_TEST(portable_atan(1e300) == kHalf);
  BOOST_TEST(portable_atan(std::numeric_limits<double>::infinity()) == kHalf);
  for (const double x : {1e-9, 0.19, 0.2, 0.66, 0.67, 1.49, 1.5, 5.0, 5.1, 1e9})
    BOOST_TEST(portable_atan(-x) == -portable_atan(x));
}

BOOST_AUTO_TEST_SUITE_END()
