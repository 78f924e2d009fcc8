#include "market/checks/label_relevance.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>

#include "tests/market/checks/series.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;
using namespace moola::test;

namespace {

constexpr std::size_t kRows = 900;
const std::vector<Rows> kAll{{0, kRows}};

// i = np.arange(900); y = (((i // 3) ** 2) % 11) % 3 - 1
std::vector<std::int8_t> labels() {
  std::vector<std::int8_t> out(kRows);
  for (std::size_t i = 0; i < kRows; ++i) out[i] = static_cast<std::int8_t>((i / 3) * (i / 3) % 11 % 3) - 1;
  return out;
}

LabelRelevance relevance(const std::vector<double>& column, const std::vector<std::int8_t>& of,
                         const RelevanceOptions& options = {.bins = 8}) {
  const std::vector<std::span<const double>> columns{column};
  return label_relevance(columns, of, std::vector<Rows>{{0, of.size()}}, options, 1)[0];
}

struct Expected {
  double information, plug_in, uncertainty, g_p, auc, rank_correlation;
  double rank_t_overlapping, g_p_overlapping;  // with an overlap of 4
};

// x; b: bins of x, cut at np.quantile(x, np.arange(1, 8) / 8), a value on a cut below it; tab: counts of (b, y)
// mi = sklearn.metrics.mutual_info_score(y, b); mi + (cells of x + 3 - cells of both - 1) / 1800
// 2 * mi / (entropy(b) + entropy(y)); G = scipy.stats.chi2_contingency(tab, lambda_="log-likelihood", correction=False)
// sklearn.metrics.roc_auc_score(y == 1, x); r = scipy.stats.spearmanr(x, y).statistic
// r * np.sqrt((900 / 4 - 2) / (1 - r * r)); scipy.stats.chi2.sf(G.statistic / 4, G.dof)
void check(const std::vector<double>& column, const Expected& want) {
  const LabelRelevance got = relevance(column, labels());
  BOOST_TEST(got.rows == kRows);
  BOOST_TEST(close_to(got.information, want.information));
  BOOST_TEST(close_to(got.plug_in, want.plug_in));
  BOOST_TEST(close_to(got.uncertainty, want.uncertainty));
  BOOST_TEST(std::fabs(got.g_p / want.g_p - 1) < 1e-9);
  BOOST_TEST(close_to(got.auc, want.auc));
  BOOST_TEST(close_to(got.rank_correlation, want.rank_correlation));
  const LabelRelevance overlapping = relevance(column, labels(), {.bins = 8, .overlap = 4});
  BOOST_TEST(close_to(overlapping.rank_t, want.rank_t_overlapping));
  BOOST_TEST(std::fabs(overlapping.g_p / want.g_p_overlapping - 1) < 1e-9);
}

std::vector<double> column_of(auto&& value) {
  const std::vector<double> other = noise(kRows, 31);
  const std::vector<std::int8_t> y = labels();
  std::vector<double> out(kRows);
  for (std::size_t i = 0; i < kRows; ++i) out[i] = value(other[i], static_cast<double>(y[i]));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(label_relevance_of_columns)

BOOST_AUTO_TEST_CASE(a_column_of_many_values_says_what_scipy_and_scikit_learn_say) {
  check(column_of([](double x, double y) { return x + 2 * y; }),
        {0.2744557118527457, 0.28056682296385682, 0.18016134460346497, 7.9979970071185831e-99, 0.86377095252434,
         0.27299425947968287, 4.2376375050745212, 3.7208745800100487e-20});
  check(column_of([](double x, double y) { return x - y; }),
        {0.17211225939411437, 0.17877892606078102, 0.11480029267606448, 3.311211353074719e-60, 0.61137876810866865,
         -0.15980717527914665, -2.4174991319395338, 2.3341198015355148e-11});
}

BOOST_AUTO_TEST_CASE(so_does_one_with_many_equal_values) {
  check(column_of([](double x, double y) { return std::nearbyint(x / 2) + y; }),
        {0.24804561160605515, 0.25415672271716627, 0.16609440042815557, 9.3163969526133725e-89, 0.85737645956706487,
         0.26898118563193785, 4.1704456542761195, 7.9125141558404003e-18});
}

BOOST_AUTO_TEST_CASE(so_does_a_flag) {
  check(column_of([](double x, double y) { return x + 3 * y > 6 ? 1.0 : 0.0; }),
        {0.13852597676188322, 0.13908153231743878, 0.19452852468714255, 4.3440236589923964e-55, 0.73042758205359837,
         0.47954424613844243, 8.1606589866095227, 2.5672788647724667e-14});
}

BOOST_AUTO_TEST_CASE(a_column_that_is_the_label_says_all_of_it) {
  const LabelRelevance got = relevance(column_of([](double, double y) { return y; }), labels());
  BOOST_TEST(close_to(got.uncertainty, 1.0));
  BOOST_TEST(got.auc == 1.0);
  BOOST_TEST(close_to(got.rank_correlation, 1.0));
}

BOOST_AUTO_TEST_CASE(a_constant_column_and_a_single_class_say_nothing) {
  const LabelRelevance constant = relevance(std::vector<double>(kRows, 2.0), labels());
  BOOST_TEST(constant.information == 0.0);
  BOOST_TEST(constant.g_p == 1.0);
  BOOST_TEST(constant.auc == 0.5);
  BOOST_TEST(constant.rank_correlation == 0.0);
  const LabelRelevance single = relevance(noise(kRows), std::vector<std::int8_t>(kRows, 1));
  BOOST_TEST(single.information == 0.0);
  BOOST_TEST(single.uncertainty == 0.0);
  BOOST_TEST(single.auc == 0.5);
}

BOOST_AUTO_TEST_CASE(rows_without_a_label_or_a_value_are_left_out) {
  std::vector<double> column = column_of([](double x, double y) { return x + 2 * y; });
  std::vector<std::int8_t> y = labels();
  const LabelRelevance want = relevance(column, y);
  for (const double odd : {std::nan(""), HUGE_VAL}) {
    column.push_back(odd);
    y.push_back(1);
  }
  column.push_back(1e9);
  y.push_back(-99);
  const LabelRelevance got = relevance(column, y);
  BOOST_TEST(got.rows == kRows);
  BOOST_TEST(got.information == want.information);
  BOOST_TEST(got.rank_t == want.rank_t);
  BOOST_TEST(relevance({}, {}).rows == 0U);
}

BOOST_AUTO_TEST_CASE(both_zeros_are_one_value) {
  const std::vector<double> zeros{0.0, -0.0, 0.0, -0.0};
  BOOST_TEST(relevance(zeros, {1, 0, 0, 1}).auc == 0.5);
}

BOOST_AUTO_TEST_CASE(columns_are_ranked_by_information_and_then_by_their_curve) {
  const std::vector<LabelRelevance> some{{.information = 0.1, .auc = 0.5},
                                         {.information = 0.3, .auc = 0.5},
                                         {.information = 0.1, .auc = 0.2},
                                         {.information = 0.1, .auc = 0.5}};
  BOOST_TEST((rank_features(some) == std::vector<std::size_t>{1, 2, 0, 3}));
}

BOOST_AUTO_TEST_CASE(threads_change_nothing_and_wrong_options_are_refused) {
  const std::vector<double> a = noise(kRows), b = walk(kRows);
  const std::vector<std::span<const double>> columns{a, b};
  const std::vector<std::int8_t> y = labels();
  const auto one = label_relevance(columns, y, kAll, {}, 1), three = label_relevance(columns, y, kAll, {}, 3);
  BOOST_TEST(one[1].information == three[1].information);
  BOOST_TEST(one[1].rank_t == three[1].rank_t);
  BOOST_TEST(holds(refusal_of([&] { label_relevance(columns, y, kAll, {.bins = 1}, 1); }), "by 1 bins"));
  BOOST_TEST(holds(refusal_of([&] { label_relevance(columns, y, kAll, {.overlap = 0.5}, 1); }), "over 0.5 rows"));
  BOOST_CHECK_THROW(label_relevance(columns, std::span(y).first(9), {}, {}, 1), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
