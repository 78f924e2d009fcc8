#include "market/checks/stationarity.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>

#include "tests/market/checks/series.h"

using namespace moola::market;
using namespace moola::test;

namespace {

// i = np.arange(n); ((i*i*i % 2003) * (i % 7 + 3) % 2003 - 1001) / 1024
std::vector<double> steps(std::size_t n) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = (static_cast<double>(i * i * i % 2003 * (i % 7 + 3) % 2003) - 1001) / 1024;
  return out;
}

// ar[t] = 0.875 ar[t - 1] + steps[t], from 0
std::vector<double> returning(std::size_t n) {
  std::vector<double> out = steps(n);
  out[0] = 0;
  for (std::size_t i = 1; i < n; ++i) out[i] += 0.875 * out[i - 1];
  return out;
}

// 60000 + np.cumsum(steps)
std::vector<double> wandering(std::size_t n) {
  std::vector<double> out = steps(n);
  double sum = 60000;
  for (double& value : out) value = sum += value;
  return out;
}

// np.convolve(wandering, np.ones(32) / 32, 'valid'): neighbouring differences hardly differ.
std::vector<double> smooth(std::size_t n) {
  const std::vector<double> walk = wandering(n);
  std::vector<double> out;
  for (std::size_t i = 31; i < n; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < 32; ++k) sum += walk[i - k];
    out.push_back(sum / 32);
  }
  return out;
}

struct Expected {
  double statistic, p;
  std::size_t lags, observations;
};

void check_adf(const std::vector<double>& series, const DickeyFullerOptions& options, const Expected& want) {
  const auto got = dickey_fuller(series, options);
  BOOST_REQUIRE(got);
  BOOST_TEST(close_to(got->statistic, want.statistic, 1e-9));
  BOOST_TEST(std::fabs(got->p - want.p) <= 1e-9 * std::fmax(want.p, 1e-3));
  BOOST_TEST(got->lags == want.lags);
  BOOST_TEST(got->observations == want.observations);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stationarity)

// statsmodels.tsa.stattools.adfuller(x, regression="c", autolag="AIC" | "BIC" | None, maxlag=...)[:4]
BOOST_AUTO_TEST_CASE(a_series_that_returns_has_the_statistic_of_statsmodels) {
  const std::vector<double> x = returning(3000);
  check_adf(x, {}, {-15.3304461236908, 3.9524167819150362e-28, 0, 2999});
  check_adf(x, {.choice = LagChoice::bic}, {-15.3304461236908, 3.9524167819150362e-28, 0, 2999});
  check_adf(x, {.choice = LagChoice::fixed, .lags = 3}, {-14.269204950462219, 1.3836189238252015e-26, 3, 2996});
  check_adf(x, {.choice = LagChoice::fixed, .lags = 0}, {-15.3304461236908, 3.9524167819150362e-28, 0, 2999});
}

BOOST_AUTO_TEST_CASE(a_series_that_wanders_off_has_the_statistic_of_statsmodels) {
  const std::vector<double> x = wandering(3000);
  check_adf(x, {}, {-1.9079043743157764, 0.32835182917724753, 1, 2998});
  check_adf(x, {.choice = LagChoice::bic}, {-1.8687793953487195, 0.34688774292175184, 0, 2999});
  check_adf(x, {.choice = LagChoice::fixed, .lags = 3}, {-2.0357000171730935, 0.27114249994590978, 3, 2996});
}

BOOST_AUTO_TEST_CASE(a_smooth_series_keeps_its_digits) {
  const std::vector<double> x = smooth(3000);
  check_adf(x, {}, {-1.8067070280154822, 0.37713696133481994, 28, 2940});
  check_adf(x, {.choice = LagChoice::bic}, {-2.1047267409306731, 0.24261820798347439, 1, 2967});
  check_adf(x, {.choice = LagChoice::fixed, .lags = 3}, {-1.9858433438676453, 0.29281458698025253, 3, 2965});
}

BOOST_AUTO_TEST_CASE(a_short_series_has_the_critical_values_of_its_length) {
  std::vector<double> x = returning(3000);
  x.resize(60);
  check_adf(x, {}, {-2.0784528847170067, 0.25326659706845267, 0, 59});
  check_adf(x, {.choice = LagChoice::fixed, .lags = 3}, {-3.1852260578666862, 0.020855938558622153, 3, 56});
  // The last of adfuller(x, autolag=None, maxlag=3): 1 %, 5 %, 10 %.
  const auto got = dickey_fuller(x, {.choice = LagChoice::fixed, .lags = 3});
  BOOST_TEST(close_to(got->critical_1, -3.5529282035805392));
  BOOST_TEST(close_to(got->critical_5, -2.9147306250000002));
  BOOST_TEST(close_to(got->critical_10, -2.5951371556122451));
}

BOOST_AUTO_TEST_CASE(the_approximation_of_p_ends_where_mackinnon_ends_it) {
  BOOST_TEST(dickey_fuller_p(2.75) == 1.0);
  BOOST_TEST(dickey_fuller_p(2.73) < 1.0);
  BOOST_TEST(dickey_fuller_p(-18.84) == 0.0);
  BOOST_TEST(dickey_fuller_p(-18.82) > 0.0);
}

BOOST_AUTO_TEST_CASE(a_series_without_an_answer_gets_none) {
  BOOST_TEST(!dickey_fuller(std::vector<double>(100, 3.0)));
  std::vector<double> line(100), shortest = returning(8);
  for (std::size_t i = 0; i < line.size(); ++i) line[i] = static_cast<double>(i);
  BOOST_TEST(!dickey_fuller(line));  // its differences leave no rest
  BOOST_TEST(!dickey_fuller(std::vector<double>(shortest.begin(), shortest.end() - 1)).has_value());
  BOOST_TEST(dickey_fuller(shortest, {.choice = LagChoice::fixed, .lags = 2}).has_value());
  BOOST_TEST(!dickey_fuller(shortest, {.choice = LagChoice::fixed, .lags = 3}).has_value());
  BOOST_CHECK_THROW(dickey_fuller(std::vector<double>(10, std::nan(""))), std::invalid_argument);
}

// statsmodels.tsa.stattools.kpss(x, "c", "auto")
BOOST_AUTO_TEST_CASE(the_test_for_a_level_is_that_of_statsmodels) {
  const auto check = [](const std::vector<double>& series, double statistic, double p, std::size_t lags) {
    const auto got = kpss(series);
    BOOST_REQUIRE(got);
    BOOST_TEST(close_to(got->statistic, statistic, 1e-10));
    BOOST_TEST(close_to(got->p, p));
    BOOST_TEST(got->lags == lags);
  };
  check(returning(3000), 0.10595339488011013, 0.1, 28);
  check(wandering(3000), 7.140596781044529, 0.01, 32);
  check(smooth(3000), 7.0563731331895942, 0.01, 32);
  std::vector<double> some = returning(3000);
  some.resize(60);
  check(some, 0.19012892089824962, 0.1, 4);
  // steps + i / 32768, whose p lies between those of the table
  std::vector<double> tilted = steps(3000);
  for (std::size_t i = 0; i < tilted.size(); ++i) tilted[i] += static_cast<double>(i) / 32768;
  check(tilted, 0.49657284273227575, 0.04243854893417213, 11);
}

BOOST_AUTO_TEST_CASE(a_series_without_a_level_to_test_gets_no_answer) {
  BOOST_TEST(!kpss(std::vector<double>(100, 3.0)));
  BOOST_TEST(!kpss(std::vector<double>{1, 2}));
  BOOST_CHECK_THROW(kpss(std::vector<double>{1, std::nan(""), 2}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_last_rows_without_a_hole_of_the_longest_range_are_tested) {
  std::vector<double> column = wandering(3000), holed = column;
  holed[2500] = std::nan("");
  const std::vector<std::span<const double>> columns{column, holed};
  const std::vector<Rows> rows{{0, 900}, {1000, 2900}};
  const auto got = test_stationarity(columns, rows, {.block = 500}, 2);
  BOOST_TEST(got[0].rows.begin == 2400U);
  BOOST_TEST(got[0].rows.end == 2900U);
  BOOST_TEST(got[0].adf->statistic == dickey_fuller(std::span(column).subspan(2400, 500))->statistic);
  BOOST_TEST(got[0].level->statistic == kpss(std::span(column).subspan(2400, 500))->statistic);
  BOOST_TEST(got[1].rows.begin == 2501U);
  BOOST_TEST(test_stationarity(columns, rows, {.block = 500}, 1)[1].adf->p == got[1].adf->p);
  BOOST_TEST(!test_stationarity(columns, {}, {}, 1)[0].adf);
  BOOST_CHECK_THROW(test_stationarity(columns, std::vector<Rows>{{0, 3001}}, {}, 1), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
