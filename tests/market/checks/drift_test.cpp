#include "market/checks/drift.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/keyed_random.h"
#include "market/checks/autocorrelation_time.h"
#include "market/checks/sorted_values.h"
#include "market/percentile.h"
#include "tests/market/checks/series.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

std::vector<double> sorted(std::vector<double> values) {
  sort_values(values);
  return values;
}

// b = noise(400, 31) * 1.5 + 2
std::vector<double> wider() {
  std::vector<double> out = noise(400, 31);
  for (double& value : out) value = value * 1.5 + 2;
  return out;
}

// np.round(noise(count, multiplier) / divisor)
std::vector<double> steps(std::size_t count, std::size_t multiplier, double divisor) {
  std::vector<double> out = noise(count, multiplier);
  for (double& value : out) value = std::nearbyint(value / divisor);
  return out;
}

// The distribution functions' distance at every value of either sample.
SampleDistance brute_force(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  const auto share = [](const std::vector<double>& of, double x) {
    return static_cast<double>(std::count_if(of.begin(), of.end(), [&](double v) { return v <= x; })) /
           static_cast<double>(of.size());
  };
  SampleDistance out{0, 0};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double apart = std::fabs(share(a, all[i]) - share(b, all[i]));
    out.ks = std::max(out.ks, apart);
    if (i + 1 < all.size()) out.wasserstein += apart * (all[i + 1] - all[i]);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drift)

BOOST_AUTO_TEST_CASE(distances_of_two_samples_are_those_of_scipy) {
  // scipy.stats.ks_2samp(noise(1000), b).statistic, wasserstein_distance(noise(1000), b),
  // scipy.special.kolmogorov(statistic * sqrt(1000 * 400 / 1400))
  const auto [ks, wasserstein] = sample_distance(sorted(noise(1000)), sorted(wider()));
  BOOST_TEST(close_to(ks, 0.2475));
  BOOST_TEST(close_to(wasserstein, 2.3843476562499997));
  BOOST_TEST(std::fabs(ks_p_value(ks, 1000, 400) / 1.2565277298759269e-15 - 1) < 1e-10);
}

BOOST_AUTO_TEST_CASE(samples_with_many_equal_values_are_as_far_apart_as_scipy_says) {
  // The same of np.round(noise(1000) / 4) and np.round(noise(400, 31) / 3)
  const auto [ks, wasserstein] = sample_distance(sorted(steps(1000, 7919, 4)), sorted(steps(400, 31, 3)));
  BOOST_TEST(close_to(ks, 0.1075));
  BOOST_TEST(close_to(wasserstein, 0.315));
}

BOOST_AUTO_TEST_CASE(distances_are_those_of_all_values_tried) {
  for (const std::size_t count : {1U, 2U, 57U}) {
    const std::vector<double> a = steps(83, 37, 1.7), b = steps(count, 41, 2);
    const SampleDistance got = sample_distance(sorted(a), sorted(b)), want = brute_force(a, b);
    BOOST_TEST(close_to(got.ks, want.ks));
    BOOST_TEST(close_to(got.wasserstein, want.wasserstein));
  }
}

BOOST_AUTO_TEST_CASE(a_sample_is_no_distance_from_itself) {
  const std::vector<double> a = sorted(noise(500));
  BOOST_TEST(sample_distance(a, a).ks == 0.0);
  BOOST_TEST(sample_distance(a, a).wasserstein == 0.0);
  BOOST_TEST(population_stability(a, a) == 0.0);
  BOOST_TEST(ks_p_value(0, 10, 10) == 1.0);
}

BOOST_AUTO_TEST_CASE(the_stability_index_is_its_formula_in_numpy) {
  // q = np.quantile(a, np.arange(1, 10) / 10); shares of both in (-inf, q1], (q1, q2], ..., at least 1e-4;
  // np.sum((r - p) * np.log(r / p))
  BOOST_TEST(close_to(population_stability(sorted(noise(1000)), sorted(wider())), 0.37396654801398099, 1e-11));
}

BOOST_AUTO_TEST_CASE(an_empty_bin_counts_as_the_least_share) {
  // Halves of the reference; all of the other sample lies in the lower one: 1 and 0 -> 0.01.
  const std::vector<double> reference{1, 2, 3, 4}, other{0, 1};
  const double want = (1 - 0.5) * std::log(1 / 0.5) + (0.01 - 0.5) * std::log(0.01 / 0.5);
  BOOST_TEST(close_to(population_stability(reference, other, {.bins = 2, .least_share = 0.01}), want));
}

BOOST_AUTO_TEST_CASE(values_outside_the_reference_count) {
  const std::vector<double> reference = sorted(noise(1000));
  std::vector<double> beyond(100, 1e6), below(100, -1e6);
  // All in one of ten bins.
  const double want = (1 - 0.1) * std::log(10) + 9 * (1e-4 - 0.1) * std::log(1e-4 / 0.1);
  BOOST_TEST(close_to(population_stability(reference, beyond), want));
  BOOST_TEST(close_to(population_stability(reference, below), want));
}

BOOST_AUTO_TEST_CASE(a_rare_flag_that_becomes_common_is_seen) {
  std::vector<double> rare(100, 1.0), common(100, 1.0);
  std::fill_n(rare.begin(), 1, 0.0);
  std::fill_n(common.begin(), 50, 0.0);
  const double want = (0.5 - 0.01) * std::log(0.5 / 0.01) + (0.5 - 0.99) * std::log(0.5 / 0.99);
  BOOST_TEST(close_to(population_stability(rare, common), want));
}

BOOST_AUTO_TEST_CASE(a_reference_of_one_value_has_bins_beside_it) {
  const std::vector<double> reference(100, 3.0);
  BOOST_TEST(population_stability(reference, std::vector<double>(7, 3.0)) == 0.0);
  BOOST_TEST(population_stability(reference, std::vector<double>(7, 2.0)) > 9.0);
  BOOST_TEST(population_stability(reference, std::vector<double>(7, 4.0)) > 9.0);
}

BOOST_AUTO_TEST_CASE(the_table_of_all_columns_says_what_the_pieces_say) {
  const std::vector<double> walked = walk(3000);
  std::vector<double> constant(3000, 1.0), holed = noise(3000, 37);
  for (std::size_t i = 2000; i < 3000; ++i) holed[i] = std::nan("");
  const std::vector<std::span<const double>> columns{walked, constant, holed};
  const std::vector<Rows> reference{{0, 1000}, {1500, 2000}};
  const std::vector<std::vector<Rows>> others{{{2000, 3000}}, {{1000, 1500}}};
  const auto got = column_drift(columns, reference, others, {}, 3);
  const std::vector<double> from = sorted_finite(walked, reference), to = sorted_finite(walked, others[1]);
  const ColumnDrift& drift = got[0][1];
  BOOST_TEST(drift.reference == 1500U);
  BOOST_TEST(drift.other == 500U);
  BOOST_TEST(drift.psi == population_stability(from, to));
  BOOST_TEST(drift.bins == 10U);
  BOOST_TEST(drift.ks == sample_distance(from, to).ks);
  BOOST_TEST(drift.wasserstein == sample_distance(from, to).wasserstein);
  const double middle = sorted_percentile(from, 0.75) - sorted_percentile(from, 0.25);
  BOOST_TEST(drift.wasserstein_scaled == drift.wasserstein / middle);
  BOOST_TEST(drift.reference_time == autocorrelation_time(walked, reference));
  BOOST_TEST(drift.ks_p == ks_p_value(drift.ks, 1500, 500));
  BOOST_TEST(drift.ks_p_effective ==
             ks_p_value(drift.ks, 1500 / drift.reference_time, 500 / autocorrelation_time(walked, others[1])));
  BOOST_TEST(got[1][0].psi == 0.0);
  BOOST_TEST(got[1][0].ks_p == 1.0);
  BOOST_TEST(got[2][0].other == 0U);
  BOOST_TEST(got[2][0].psi == 0.0);
  const auto alone = column_drift(columns, reference, others, {}, 1);
  BOOST_TEST(alone[0][1].psi == drift.psi);
  BOOST_TEST(alone[0][1].ks_p_effective == drift.ks_p_effective);
}

BOOST_AUTO_TEST_CASE(options_that_mean_nothing_are_refused) {
  const std::vector<double> a{1, 2};
  BOOST_TEST(holds(refusal_of([&] { population_stability(a, a, {.bins = 1}); }), "drift by 1 bins"));
  BOOST_TEST(holds(refusal_of([&] { population_stability(a, a, {.least_share = 0}); }), "at least 0"));
}

BOOST_AUTO_TEST_CASE(independent_values_count_as_one_each) {
  // 58 batches of 3,419: the estimate's own deviation is sqrt(2 / 58) = 0.19.
  std::vector<double> column(200000);
  KeyedRandom random(1, Stream::augmentation, 0, 0);
  for (double& value : column) value = static_cast<double>(random.uniform());
  const double time = autocorrelation_time(column, std::vector<Rows>{{0, column.size()}});
  BOOST_TEST(time >= 1.0);
  BOOST_TEST(time < 1.6);
}

BOOST_AUTO_TEST_CASE(values_that_hang_together_count_as_often_as_their_formula_says) {
  // x[t] = 0.8 x[t-1] + e: 1 plus twice 0.8 + 0.64 + ... = 9, and a deviation of 0.19 of that.
  std::vector<double> column(200000);
  KeyedRandom random(2, Stream::augmentation, 0, 0);
  double last = 0;
  for (double& value : column) value = last = 0.8 * last + static_cast<double>(random.uniform()) - 0.5;
  const double time = autocorrelation_time(column, std::vector<Rows>{{0, 100000}, {100000, 200000}});
  BOOST_TEST(time > 9 - 5);
  BOOST_TEST(time < 9 + 5);
}

BOOST_AUTO_TEST_CASE(few_values_and_constant_ones_have_no_memory) {
  BOOST_TEST(autocorrelation_time(std::vector<double>{1, 2, 3, 4, 5, 6, 7}, std::vector<Rows>{{0, 7}}) == 1.0);
  BOOST_TEST(autocorrelation_time(std::vector<double>(100, 5.0), std::vector<Rows>{{0, 100}}) == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
