// Functions that must give the same bits on every machine, against the C library's in long double.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "market/portable_exp.h"
#include "market/portable_log.h"

using namespace moola::market;

namespace {

// How far `got` is from `exact`, in units of the last place.
double units(double got, long double exact) {
  const double near = std::fabs(static_cast<double>(exact));
  return static_cast<double>(std::fabs(got - exact)) / (std::nextafter(near, INFINITY) - near);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(portable_math)

BOOST_AUTO_TEST_CASE(log1p_agrees_with_long_double_to_three_units_in_the_last_place) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-700, 700), near(0, 2);
  double worst = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double x = i % 2 == 0 ? std::exp(exponent(random)) : near(random);
    worst = std::max(worst, units(portable_log1p(x), std::log1p(static_cast<long double>(x))));
  }
  BOOST_TEST(worst < 3.0);
  BOOST_TEST(portable_log1p(0.0) == 0.0);
  BOOST_TEST(portable_log1p(0x1p-60) == 0x1p-60);
}

BOOST_AUTO_TEST_CASE(expm1_agrees_with_long_double_to_two_units_in_the_last_place) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> wide(-700, 709), near(-2, 2), exponent(-40, 0);
  double worst = 0;
  for (int i = 0; i < 300'000; ++i) {
    const double small = std::exp(exponent(random));
    const double x = i % 3 == 0 ? wide(random) : i % 3 == 1 ? near(random) : i % 2 == 0 ? small : -small;
    worst = std::max(worst, units(portable_expm1(x), std::expm1(static_cast<long double>(x))));
  }
  BOOST_TEST(worst < 2.0);
  BOOST_TEST(portable_expm1(0.0) == 0.0);
  BOOST_TEST(portable_expm1(1e-20) == 1e-20);
  BOOST_TEST(portable_expm1(-700.0) == -1.0);
}

BOOST_AUTO_TEST_SUITE_END()
