#include "market/checks/label_statistics.h"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <stdexcept>

#include "tests/market/checks/series.h"

using namespace moola::market;
using namespace moola::test;

namespace {

// i = np.arange(600); l = (((i // 3) ** 2) % 11) % 3 - 1
std::vector<std::int8_t> six_hundred() {
  std::vector<std::int8_t> out(600);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::int8_t>((i / 3) * (i / 3) % 11 % 3) - 1;
  return out;
}

const std::vector<Rows> kAll{{0, 600}};

}  // namespace

BOOST_AUTO_TEST_SUITE(label_statistics)

BOOST_AUTO_TEST_CASE(shares_are_of_valid_labels_in_the_rows) {
  const std::vector<std::int8_t> labels{1, 1, -99, 0, -1, 1, 1};
  const LabelCounts got = count_labels(labels, std::vector<Rows>{{0, 4}, {4, 6}});
  BOOST_TEST(got.up == 3U);
  BOOST_TEST(got.neutral == 1U);
  BOOST_TEST(got.down == 1U);
  BOOST_TEST(got.invalid == 1U);
  BOOST_TEST(got.up_share() == 0.6);
  BOOST_TEST(got.down_share() == 0.2);
  BOOST_TEST(count_labels(labels, {}).up_share() == 0.0);
  BOOST_CHECK_THROW(count_labels(labels, std::vector<Rows>{{0, 8}}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(chunks_cover_every_row_once) {
  const std::vector<std::int8_t> labels{1, 1, 0, 0, -1, -1, -99};
  const auto got = count_labels_over_time(labels, 3);  // rows 0-1, 2-3, 4-6
  BOOST_REQUIRE(got.size() == 3U);
  BOOST_TEST(got[0].up == 2U);
  BOOST_TEST(got[1].neutral == 2U);
  BOOST_TEST(got[2].down == 2U);
  BOOST_TEST(got[2].invalid == 1U);
  BOOST_TEST(count_labels_over_time(labels, 20).size() == 20U);  // some of them empty
  BOOST_TEST(count_labels_over_time(labels, 0).empty());
}

BOOST_AUTO_TEST_CASE(autocorrelations_are_those_of_pandas) {
  // s = pd.Series(l); s.autocorr(1), s.autocorr(2), s.autocorr(7)
  const std::vector<double> want{0.46171703009084525, -0.077532102973601899, 0.13706230104592995};
  const auto got = label_autocorrelation(six_hundred(), kAll, std::vector<std::size_t>{1, 2, 7});
  for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(close_to(got[k].correlation, want[k]));
  BOOST_TEST(got[2].lag == 7U);
  BOOST_TEST(got[2].pairs == 593U);
}

BOOST_AUTO_TEST_CASE(a_pair_with_an_invalid_label_is_left_out) {
  // s[i % 13 == 5] = np.nan; the same
  const std::vector<double> want{0.46338863457114338, -0.082803522451226991, 0.13240552208624587};
  std::vector<std::int8_t> labels = six_hundred();
  for (std::size_t i = 5; i < labels.size(); i += 13) labels[i] = -99;
  const auto got = label_autocorrelation(labels, kAll, std::vector<std::size_t>{1, 2, 7});
  for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(close_to(got[k].correlation, want[k]));
}

BOOST_AUTO_TEST_CASE(no_pair_crosses_from_one_range_to_the_next) {
  const auto got =
      label_autocorrelation(six_hundred(), std::vector<Rows>{{0, 10}, {10, 15}}, std::vector<std::size_t>{5, 20});
  BOOST_TEST(got[0].pairs == 5U);
  BOOST_TEST(got[1].pairs == 0U);
  BOOST_TEST(got[1].correlation == 0.0);
}

BOOST_AUTO_TEST_CASE(labels_as_numbers_go_together_as_they_do_as_labels) {
  std::vector<std::int8_t> labels = six_hundred();
  for (std::size_t i = 5; i < labels.size(); i += 13) labels[i] = -99;
  std::vector<double> values(labels.begin(), labels.end());
  for (double& value : values) {
    if (value < -1) value = std::numeric_limits<double>::quiet_NaN();
  }
  const std::vector<std::size_t> lags{1, 2, 7, 599, 600};
  const auto want = label_autocorrelation(labels, kAll, lags), got = value_autocorrelation(values, kAll, lags);
  for (std::size_t k = 0; k < lags.size(); ++k) {
    BOOST_TEST(got[k].pairs == want[k].pairs);
    BOOST_TEST(close_to(got[k].correlation, want[k].correlation));
  }
  BOOST_CHECK_THROW(value_autocorrelation(values, kAll, std::vector<std::size_t>{0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(labels_that_never_change_have_no_autocorrelation) {
  const std::vector<std::int8_t> labels(50, 1);
  BOOST_TEST(label_autocorrelation(labels, std::vector<Rows>{{0, 50}}, std::vector<std::size_t>{1})[0].correlation ==
             0.0);
  BOOST_CHECK_THROW(label_autocorrelation(labels, std::vector<Rows>{{0, 50}}, std::vector<std::size_t>{0}),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_run_ends_with_another_label_an_invalid_one_or_the_range) {
  const std::vector<std::int8_t> labels{1, 1, 1, 0, 0, -99, 0, -1};
  const LabelRuns got = label_runs(labels, std::vector<Rows>{{0, 8}});
  BOOST_TEST(got.runs == 4U);
  BOOST_TEST(got.longest == 3U);
  BOOST_TEST(got.mean_length == 7.0 / 4);
  BOOST_TEST(label_runs(labels, std::vector<Rows>{{0, 1}, {1, 3}}).longest == 2U);
  BOOST_TEST(label_runs(labels, {}).mean_length == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
