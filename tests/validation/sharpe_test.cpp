#include "validation/sharpe.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "base/error.h"
#include "market/checks/tail_probabilities.h"
#include "tests/support/messages.h"
#include "validation/multiple_testing.h"
#include "validation/normal.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

bool near(double a, double b, double tolerance = 1e-12) {
  return std::fabs(a - b) <= tolerance * std::max(1.0, std::fabs(b));
}

ReturnMoments moments(double sharpe, std::size_t observations, double skew, double kurtosis) {
  return {.observations = observations, .skew = skew, .kurtosis = kurtosis, .sharpe = sharpe};
}

// Returns that follow each other by `rho`.
std::vector<double> following(std::uint64_t seed, std::size_t n, double rho, double mean) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> out;
  double last = 0;
  for (std::size_t i = 0; i < n; ++i) {
    last = rho * last + std::sqrt(1 - rho * rho) * normal(random);
    out.push_back(mean + 0.01 * last);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sharpe)

BOOST_AUTO_TEST_CASE(quantiles_turn_shares_round) {
  BOOST_TEST(near(normal_quantile(0.975), 1.959963984540054));
  BOOST_TEST(near(normal_quantile(1e-10), -6.361340902404056));
  BOOST_TEST(std::fabs(normal_quantile(0.5)) < 1e-16);
  BOOST_TEST(normal_quantile(0) == -HUGE_VAL);
  BOOST_TEST(normal_quantile(1) == HUGE_VAL);
  BOOST_TEST(std::isnan(normal_quantile(1.5)));
  for (double x = -8; x <= 5; x += 0.01) BOOST_REQUIRE(near(normal_quantile(market::normal_cdf(x)), x, 1e-10));
}

// Numbers of pypbo's and RiskLabAI's tests, which are those of the papers.
BOOST_AUTO_TEST_CASE(numbers_of_the_papers) {
  BOOST_TEST(near(expected_maximum(100), 2.5306028932016846));
  BOOST_TEST(expected_maximum(1) == 0);
  BOOST_TEST(near(probabilistic_sharpe(moments(0.45755008833277844, 24, -2.448, 10.164)), 0.9132343068848602));
  BOOST_TEST(near(probabilistic_sharpe(moments(0.1, 1250, -3, 10)), 0.9989409305095035));
  BOOST_TEST(near(deflation_benchmark(0.002, 100), 0.11317200186513214));
  BOOST_TEST(near(deflated_sharpe(moments(0.15811388300841897, 1250, -3, 10), 0.002, 100), 0.9003968344493903));
  BOOST_TEST(
      near(min_track_record(moments(0.12649110640673517, 0, 0, 3), 0.06324555320336758) / 250, 2.731187801728176));
  BOOST_TEST(near(min_track_record(moments(0.2773500981126146, 0, 0, 3), 0.1386750490563073) / 52, 2.828833586945237));
  BOOST_TEST(
      near(min_track_record(moments(0.8660254037844387, 0, -0.72, 5.78), 0.7216878364870323) / 12, 27.3529201960403));
  BOOST_TEST(min_track_record(moments(0.1, 0, 0, 3), 0.1) == HUGE_VAL);
  BOOST_TEST(near(min_backtest_years(45, 1), 4.998087004443404));
}

BOOST_AUTO_TEST_CASE(moments_are_those_of_the_sample) {
  const std::vector<double> returns{0.259, 0.198, 0.364, -0.081, 0.057, 0.055, 0.188, 0.317, 0.24, 0.184, -0.01, 0.526};
  BOOST_TEST(near(measure_returns(returns, 0.05).sharpe, 0.834364, 1e-6));
  const ReturnMoments two = measure_returns(std::vector<double>{-1, 1, -1, 1});
  BOOST_TEST(two.skew == 0);
  BOOST_TEST(two.kurtosis == 1);
  BOOST_TEST(near(two.deviation, std::sqrt(4.0 / 3)));
}

BOOST_AUTO_TEST_CASE(returns_that_follow_each_other_are_worth_less_over_a_year) {
  const auto alone = following(1, 20'000, 0, 0.001), together = following(2, 20'000, 0.3, 0.001);
  const double root = std::sqrt(12.0);
  BOOST_TEST(near(annual_sharpe(alone, 12) / measure_returns(alone).sharpe, root, 0.05));
  BOOST_TEST(annual_sharpe(alone, 1) == measure_returns(alone).sharpe);
  // 12 + 2 sum over k of (12 - k) 0.3^k = 12 + 2 (12 * 3/7 - 0.3 / 0.49), but for 0.3^12.
  const double factor = 12 / std::sqrt(12 + 2 * (12 * 3.0 / 7 - 0.3 / 0.49));
  BOOST_TEST(near(annual_sharpe(together, 12) / measure_returns(together).sharpe, factor, 0.05));
}

// What the Sharpe ratios of many samples differ by.
BOOST_AUTO_TEST_CASE(standard_errors_are_how_far_samples_differ) {
  for (const double rho : {0.0, 0.3}) {
    double sum = 0, squares = 0, errors = 0;
    constexpr int kSamples = 400;
    for (int sample = 0; sample < kSamples; ++sample) {
      const auto returns = following(static_cast<std::uint64_t>(100 + sample), 1000, rho, 0.001);
      const double found = measure_returns(returns).sharpe;
      sum += found;
      squares += found * found;
      errors += sharpe_standard_error(returns) / kSamples;
    }
    const double spread = std::sqrt(squares / kSamples - sum * sum / kSamples / kSamples);
    BOOST_TEST(near(errors / spread, 1, 0.15), rho << ": " << errors << " " << spread);
  }
  // Without lags and of normal returns: sqrt((1 + SR^2 / 2) / T).
  const auto returns = following(3, 100'000, 0, 0.002);
  const double sharpe = measure_returns(returns).sharpe;
  BOOST_TEST(near(sharpe_standard_error(returns, 0, 0) * std::sqrt(1e5), std::sqrt(1 + sharpe * sharpe / 2), 0.02));
}

BOOST_AUTO_TEST_CASE(what_has_no_sharpe_ratio_is_refused) {
  const auto refused = [](std::vector<double> returns) {
    return message_of<DataError>([&] { measure_returns(returns); });
  };
  BOOST_TEST(holds(refused({1, 2}), "2 returns"));
  BOOST_TEST(holds(refused({0.5, 0.5, 0.5}), "all 3 returns are 0.5"));
  BOOST_TEST(holds(refused({1, std::nan(""), 2}), "return 1 is nan"));
  BOOST_CHECK_THROW(expected_maximum(0.5), ConfigError);
  BOOST_CHECK_THROW(annual_sharpe(std::vector<double>{1, 2, 3}, 0), ConfigError);
}

// Of statsmodels.
BOOST_AUTO_TEST_CASE(chances_are_adjusted_as_statsmodels_does) {
  const std::vector<double> p{0.001, 0.02, 0.04, 0.3, 0.5, 0.008, 0.15};
  const auto same = [](const std::vector<double>& found, const std::vector<double>& expected) {
    bool out = found.size() == expected.size();
    for (std::size_t i = 0; out && i < found.size(); ++i) out = near(found[i], expected[i]);
    return out;
  };
  BOOST_TEST(same(holm(p), {0.007, 0.1, 0.16, 0.6, 0.6, 0.048, 0.45}));
  BOOST_TEST(same(benjamini_hochberg(p), {0.007, 0.14 / 3, 0.07, 0.35, 0.5, 0.028, 0.21}));
  BOOST_TEST(same(benjamini_yekutieli(p), {0.01815, 0.121, 0.1815, 0.9075, 1, 0.0726, 0.5445}));
  BOOST_TEST(holm({}).empty());
  BOOST_CHECK_THROW(holm(std::vector<double>{0.5, 1.5}), DataError);
}

BOOST_AUTO_TEST_SUITE_END()
