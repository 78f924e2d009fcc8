#include "market/features/scaler.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

std::vector<double> scaled(const ColumnScale& scale, std::vector<double> values, double clip = 5) {
  apply_scale(scale, clip, values);
  return values;
}

void near(double got, double want) {
  BOOST_TEST(std::fabs(got - want) < 1e-12);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scalers)

BOOST_AUTO_TEST_CASE(every_method_does_what_its_name_says) {
  const std::vector<double> x{1, 2, 3, 4, 10};
  const ColumnScale robust = fit_scale("x", x, ScaleMethod::robust, false);
  near(robust(3), 0);
  near(robust(10), 7.0 / 2);  // quartiles 2 and 4
  const ColumnScale standard = fit_scale("x", x, ScaleMethod::standard, false);
  near(standard(4), 0);
  near(standard(10), 6 / std::sqrt((9 + 4 + 1 + 0 + 36) / 5.0));
  const ColumnScale min_max = fit_scale("x", x, ScaleMethod::min_max, false);
  near(min_max(1), 0);
  near(min_max(10), 1);
  near(min_max(5.5), 0.5);
  const ColumnScale quantile = fit_scale("x", x, ScaleMethod::quantile, false, {.knots = 5});
  near(quantile(3), 0);
  near(quantile(0), -0.5);
  near(quantile(11), 0.5);
  near(quantile(3.5), 0.125);
  near(fit_scale("x", x, ScaleMethod::none, true)(7), 7);
}

BOOST_AUTO_TEST_CASE(a_logarithm_comes_first_and_lower_values_than_fitted_stay_finite) {
  const std::vector<double> x{0, 1, 3, 7, 15};  // log2 of 1 + x is 0, 1, 2, 3, 4
  const ColumnScale scale = fit_scale("volume", x, ScaleMethod::robust, true);
  near(scale(3), 0);
  near(scale(15), 1);
  near(scale(-5), scale(0));
  // Where it cannot be taken it is left out.
  BOOST_TEST(!fit_scale("x", std::vector<double>{-2, 0, 5}, ScaleMethod::robust, true).logarithm);
}

BOOST_AUTO_TEST_CASE(columns_that_hardly_move_give_no_infinities) {
  for (const ScaleMethod method :
       {ScaleMethod::standard, ScaleMethod::robust, ScaleMethod::min_max, ScaleMethod::quantile}) {
    const ColumnScale flat = fit_scale("x", std::vector<double>(9, 4.0), method, false);
    BOOST_TEST(std::isfinite(flat(4.0)));
    BOOST_TEST(std::isfinite(flat(1e9)));
    std::vector<double> rare(100, 0.0);
    rare[7] = 3;
    BOOST_TEST(std::isfinite(fit_scale("x", rare, method, false)(3.0)));
  }
  std::vector<double> rare(100, 0.0);
  rare[7] = 3;
  near(fit_scale("x", rare, ScaleMethod::robust, false)(3.0), 1.0);
  near(fit_scale("x", rare, ScaleMethod::quantile, false, {.knots = 101})(0.0), -0.01);  // the middle of the zeros
}

BOOST_AUTO_TEST_CASE(scaled_values_are_clipped_but_not_those_left_alone) {
  const std::vector<double> x{1, 2, 3, 4, 5};
  const auto robust = scaled(fit_scale("x", x, ScaleMethod::robust, false), {-1e6, 3, 1e6});
  BOOST_TEST(robust == (std::vector<double>{-5, 0, 5}), boost::test_tools::per_element());
  BOOST_TEST(scaled(fit_scale("x", x, ScaleMethod::none, false), {1e6})[0] == 1e6);
  BOOST_TEST(scaled(fit_scale("x", x, ScaleMethod::robust, false), {1e6}, 0)[0] > 1e5);
}

BOOST_AUTO_TEST_CASE(kinds_have_their_usual_scales) {
  BOOST_TEST((usual_method(ColumnKind::returns) == ScaleMethod::none));
  BOOST_TEST((usual_method(ColumnKind::state) == ScaleMethod::none));
  BOOST_TEST((usual_method(ColumnKind::oscillator) == ScaleMethod::min_max));
  BOOST_TEST((usual_method(ColumnKind::signed_sum) == ScaleMethod::robust));
  BOOST_TEST(usually_logarithmic(ColumnKind::volume));
  BOOST_TEST(!usually_logarithmic(ColumnKind::signed_sum));
  for (const char* name : {"none", "standard", "robust", "min_max", "quantile"})
    BOOST_TEST(to_string(parse_scale_method(name)) == name);
  BOOST_TEST(holds(refusal_of([] { parse_scale_method("robst"); }), "Did you mean 'robust'?"));
  BOOST_TEST(holds(refusal_of([] { fit_scale("x", {}, ScaleMethod::robust, false); }), "no values"));
}

BOOST_AUTO_TEST_SUITE_END()
