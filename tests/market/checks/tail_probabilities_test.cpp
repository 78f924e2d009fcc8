#include "market/checks/tail_probabilities.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

using namespace moola::market;

namespace {

const double kInfinity = std::numeric_limits<double>::infinity();

bool relatively_close(double got, double want) {
  return std::fabs(got - want) <= 1e-12 * std::fabs(want);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tail_probabilities)

BOOST_AUTO_TEST_CASE(the_normal_distribution_is_that_of_scipy_in_its_tails_too) {
  // scipy.stats.norm.cdf(x)
  const std::vector<std::pair<double, double>> want{{-20, 2.7536241186061556e-89},
                                                    {-5, 2.8665157187919328e-07},
                                                    {-3, 0.0013498980316300933},
                                                    {-1.5, 0.066807201268858071},
                                                    {0, 0.5},
                                                    {0.25, 0.5987063256829237},
                                                    {2, 0.97724986805182079},
                                                    {3.5, 0.99976737092096446},
                                                    {8, 0.99999999999999933}};
  for (const auto& [x, p] : want) BOOST_TEST(relatively_close(normal_cdf(x), p));
  BOOST_TEST(normal_cdf(-kInfinity) == 0.0);
  BOOST_TEST(normal_cdf(kInfinity) == 1.0);
  BOOST_TEST(std::isnan(normal_cdf(std::nan(""))));
}

BOOST_AUTO_TEST_CASE(chi_squared_is_that_of_scipy_on_both_sides_of_its_middle) {
  // scipy.stats.chi2.sf(x, degrees)
  BOOST_TEST(relatively_close(chi_squared_survival(0.5, 1), 0.47950012218695337));
  BOOST_TEST(relatively_close(chi_squared_survival(3, 2), 0.22313016014842982));  // e^-1.5
  BOOST_TEST(relatively_close(chi_squared_survival(30, 4), 4.8944371280292168e-06));
  BOOST_TEST(relatively_close(chi_squared_survival(10, 18), 0.93190636527815163));
  BOOST_TEST(relatively_close(chi_squared_survival(700, 18), 5.6750223493946622e-137));
  BOOST_TEST(relatively_close(chi_squared_survival(1200, 1000), 1.2255942330622893e-05));
  BOOST_TEST(chi_squared_survival(0, 3) == 1.0);
  BOOST_TEST(chi_squared_survival(kInfinity, 3) == 0.0);
}

BOOST_AUTO_TEST_CASE(kolmogorovs_distribution_is_that_of_scipy_on_both_sides_of_its_seam) {
  // scipy.special.kolmogorov(x)
  const std::vector<std::pair<double, double>> want{{0.3, 0.99999069419866549},   {0.5, 0.96394524366487511},
                                                    {0.79, 0.56049510447308104},  {0.81, 0.52796143231231485},
                                                    {1.36, 0.049485876755377876}, {3, 3.0459959489425258e-08},
                                                    {10, 2.7677930534734751e-87}};
  for (const auto& [x, p] : want) BOOST_TEST(relatively_close(kolmogorov_survival(x), p));
  BOOST_TEST(kolmogorov_survival(0) == 1.0);
  BOOST_TEST(kolmogorov_survival(kInfinity) == 0.0);
}

BOOST_AUTO_TEST_CASE(the_gamma_functions_logarithm_is_that_of_scipy) {
  // scipy.special.gammaln(x)
  const std::vector<std::pair<double, double>> want{{0.5, 0.57236494292469997},
                                                    {1.5, -0.12078223763524526},
                                                    {9, 10.604602902745251},
                                                    {16, 27.899271383840894},
                                                    {100.5, 361.43554046777757}};
  for (const auto& [x, y] : want) BOOST_TEST(std::fabs(log_gamma(x) - y) <= 1e-14 * std::fmax(1, y) * 4);
}

BOOST_AUTO_TEST_SUITE_END()
