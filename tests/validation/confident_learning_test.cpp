#include "validation/confident_learning.h"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "base/error.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;

namespace {

using Counts = std::vector<std::uint64_t>;
using RowNumbers = std::vector<std::uint32_t>;

struct Sample {
  std::size_t classes;
  std::vector<double> probability = {};
  std::vector<std::int32_t> label = {};

  void add(std::int32_t given, const std::vector<double>& p) {
    label.push_back(given);
    probability.insert(probability.end(), p.begin(), p.end());
  }
  Forecasts forecasts() const { return {.classes = classes, .probability = probability, .truth = label}; }
  std::size_t size() const { return label.size(); }
  std::size_t given(std::size_t row) const { return static_cast<std::size_t>(label[row]); }
  double p(std::size_t row, std::size_t c) const { return probability[row * classes + c]; }
  double own(std::size_t row) const { return p(row, given(row)); }
};

// Labels of a model that is mostly right; coarse ones have many ties, and some classes may have no label.
Sample random_sample(std::mt19937_64& random, std::size_t n, std::size_t classes, bool coarse) {
  std::uniform_real_distribution<double> uniform;
  Sample out{.classes = classes};
  const std::size_t labels = random() % 3 == 0 ? classes - 1 : classes;
  for (std::size_t row = 0; row < n; ++row) {
    std::vector<double> p;
    const std::size_t likely = random() % classes;
    for (std::size_t c = 0; c < classes; ++c) {
      const double some = coarse ? static_cast<double>(1 + random() % 3) : 0.05 + uniform(random);
      p.push_back(c == likely ? 3 * some : some);
    }
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    for (double& each : p) each /= sum;
    const std::size_t label = random() % 3 == 0 ? random() % labels : std::min(likely, labels - 1);
    out.add(static_cast<std::int32_t>(label), p);
  }
  return out;
}

bool near(double a, double b, double tolerance = 1e-12) {
  return std::fabs(a - b) <= tolerance;
}

std::size_t first_largest(const Sample& s, std::size_t row, double more_for_label) {
  std::size_t best = 0;
  const auto p = [&](std::size_t c) { return s.p(row, c) + (c == s.given(row) ? more_for_label : 0.0); };
  for (std::size_t c = 1; c < s.classes; ++c) {
    if (p(c) > p(best)) best = c;
  }
  return best;
}

// The definitions, row by row and by sorting all.
struct Twin {
  const Sample& s;
  std::vector<double> threshold;
  std::vector<std::size_t> given, confident_class;
  Counts confident;

  explicit Twin(const Sample& sample) : s(sample), threshold(s.classes), given(s.classes) {
    const std::size_t k = s.classes;
    for (std::size_t row = 0; row < s.size(); ++row) {
      threshold[s.given(row)] += s.own(row);
      ++given[s.given(row)];
    }
    for (std::size_t c = 0; c < k; ++c)
      threshold[c] = given[c] == 0 ? 2 : std::max(2e-6, threshold[c] / static_cast<double>(given[c]));
    confident.assign(k * k, 0);
    for (std::size_t row = 0; row < s.size(); ++row) {
      std::vector<std::size_t> reached;
      for (std::size_t c = 0; c < k; ++c) {
        if (s.p(row, c) >= threshold[c] - 1e-6) reached.push_back(c);
      }
      confident_class.push_back(reached.empty() ? k : reached.size() == 1 ? reached[0] : first_largest(s, row, 0));
      if (!reached.empty()) ++confident[s.given(row) * k + confident_class[row]];
    }
    for (std::size_t c = 0; c < k; ++c) confident[c * k + c] = std::max<std::uint64_t>(1, confident[c * k + c]);
  }

  bool doubted(std::size_t row) const { return first_largest(s, row, 1e-6) != s.given(row); }

  RowNumbers issues() const {
    RowNumbers out;
    for (std::size_t row = 0; row < s.size(); ++row) {
      if (confident_class[row] < s.classes && confident_class[row] != s.given(row) && doubted(row))
        out.push_back(static_cast<std::uint32_t>(row));
    }
    return out;
  }

  // The lowest `count` of `rows` by `value`, the first of equal ones.
  static RowNumbers lowest(RowNumbers rows, std::size_t count, const auto& value) {
    std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return value(a) < value(b); });
    rows.resize(std::min(count, rows.size()));
    return rows;
  }

  RowNumbers labelled(std::size_t c) const {
    RowNumbers out;
    for (std::size_t row = 0; row < s.size(); ++row) {
      if (s.given(row) == c) out.push_back(static_cast<std::uint32_t>(row));
    }
    return out;
  }

  RowNumbers found(const Counts& calibrated, const LabelFilterOptions& options) const {
    const std::size_t k = s.classes;
    RowNumbers all(s.size());
    std::iota(all.begin(), all.end(), 0);
    if (options.filter == LabelFilter::confident_learning) return issues();
    const auto low = [&](const auto& value) {
      RowNumbers out = lowest(all, issues().size(), value);
      std::sort(out.begin(), out.end());
      return out;
    };
    if (options.filter == LabelFilter::low_self_confidence) return low([&](auto row) { return s.own(row); });
    if (options.filter == LabelFilter::low_normalized_margin) {
      return low([&](auto row) {
        double other = 0;
        for (std::size_t c = 0; c < k; ++c) other = c == s.given(row) ? other : std::max(other, s.p(row, c));
        return (s.own(row) - other + 1) / 2;
      });
    }
    std::vector<bool> by_rate(s.size()), by_class(s.size());
    for (std::size_t g = 0; g < k; ++g) {
      const RowNumbers rows = labelled(g);
      if (rows.size() <= options.min_rows_per_class) continue;
      double others = 0;
      for (std::size_t t = 0; t < k; ++t) others += t != g && calibrated[g * k + t] > 0;
      const auto right = static_cast<double>(calibrated[g * k + g]),
                 least = static_cast<double>(options.min_rows_per_class);
      double stay = std::max(right, least);
      for (std::size_t t = 0; t < k; ++t) {
        if (t == g || calibrated[g * k + t] == 0) continue;
        const double wrong =
            std::max(0.0, static_cast<double>(calibrated[g * k + t]) - std::max(0.0, least - right) / others);
        const auto count = static_cast<std::size_t>(wrong * options.noise_share);
        stay += wrong - wrong * options.noise_share;
        for (const auto row : lowest(rows, count, [&](auto r) { return s.p(r, g) - s.p(r, t); })) by_rate[row] = true;
      }
      const auto left = static_cast<std::size_t>(stay);
      if (left >= rows.size()) continue;
      for (const auto row : lowest(rows, rows.size() - left, [&](auto r) { return s.own(r); })) by_class[row] = true;
    }
    RowNumbers out;
    for (const std::uint32_t row : all) {
      const bool wrong = options.filter == LabelFilter::prune_by_noise_rate ? by_rate[row]
                         : options.filter == LabelFilter::prune_by_class    ? by_class[row]
                         : options.filter == LabelFilter::both              ? by_rate[row] && by_class[row]
                                                                            : first_largest(s, row, 0) != s.given(row);
      if (wrong && doubted(row)) out.push_back(row);
    }
    return out;
  }
};

constexpr std::array kAllFilters{
    LabelFilter::prune_by_noise_rate,  LabelFilter::prune_by_class,      LabelFilter::both,
    LabelFilter::confident_learning,   LabelFilter::predicted_neq_given, LabelFilter::low_self_confidence,
    LabelFilter::low_normalized_margin};
constexpr std::array kAllScores{LabelScore::self_confidence, LabelScore::normalized_margin,
                                LabelScore::confidence_weighted_entropy};

// A case that cleanlab was run on.
struct GivenRow {
  std::int32_t label;
  std::vector<double> p;
};
const std::vector<GivenRow> kCleanlabRows{
    // clang-format off
    {0, {0.809278, 0.12588, 0.064842}},
    {1, {0.019047, 0.751311, 0.229642}},
    {0, {0.711599, 0.109852, 0.178549}},
    {1, {0.036129, 0.831236, 0.132635}},
    {0, {0.367613, 0.461023, 0.171364}},
    {2, {0.11868, 0.011402, 0.869918}},
    {0, {0.907383, 0.078956, 0.013661}},
    {2, {0.115159, 0.077927, 0.806914}},
    {0, {0.862961, 0.077298, 0.059741}},
    {0, {0.18609, 0.480411, 0.333499}},
    {0, {0.858978, 0.048027, 0.092995}},
    {1, {0.045139, 0.068013, 0.886848}},
    {1, {0.032678, 0.80474, 0.162582}},
    {2, {0.035085, 0.199403, 0.765512}},
    {2, {0.30012930012930006, 0.07825807825807825, 0.6216126216126217}},
    {0, {0.791637, 0.182316, 0.026047}},
    {1, {0.225829, 0.560125, 0.214046}},
    {0, {0.10763689236310764, 0.3481026518973481, 0.5442604557395443}},
    {1, {0.019329019329019325, 0.9708129708129707, 0.009858009858009857}},
    {1, {0.046958, 0.897534, 0.055508}},
    {0, {0.202034, 0.156131, 0.641835}},
    {1, {0.239023, 0.634477, 0.1265}},
    {0, {0.286984, 0.288002, 0.425014}},
    {0, {0.752295, 0.151764, 0.095941}},
    {1, {0.0671030671030671, 0.864991864991865, 0.0679050679050679}},
    {2, {0.203802, 0.386375, 0.409823}},
    {0, {0.659147, 0.19805, 0.142803}},
    {2, {0.021895, 0.188606, 0.789499}},
    {0, {0.899183, 0.04237, 0.058447}},
    {1, {0.25393225393225394, 0.647903647903648, 0.09816409816409817}},
    {1, {0.059337, 0.714703, 0.22596}},
    {1, {0.211393, 0.391669, 0.396938}},
    {0, {0.643118, 0.145314, 0.211568}},
    {1, {0.007334000000000001, 0.8545210000000001, 0.13814500000000002}},
    {1, {0.02823697176302824, 0.9404190595809405, 0.03134396865603134}},
    {1, {0.04144995855004145, 0.88002811997188, 0.07852192147807853}},
    {0, {0.49171150828849175, 0.36774263225736775, 0.14054585945414055}},
    {2, {0.007527, 0.00328, 0.989193}},
    {0, {0.9113800000000001, 0.042121000000000006, 0.046499000000000006}},
    {2, {0.10072, 0.244301, 0.654979}},
    {2, {0.033465, 0.208956, 0.757579}},
    {0, {0.8427290000000001, 0.017670000000000005, 0.13960100000000003}},
    {0, {0.290016, 0.107879, 0.602105}},
    {0, {0.5701265701265701, 0.03273603273603273, 0.3971373971373971}},
    {0, {0.6993753006246994, 0.03254196745803255, 0.2680827319172681}},
    {0, {0.974989, 0.021431, 0.00358}},
    {1, {0.031891, 0.924937, 0.043172}},
    {1, {0.188908, 0.647366, 0.163726}},
    {2, {0.024034, 0.08439, 0.891576}},
    {0, {0.960635, 0.019146, 0.020219}},
    {0, {0.8477490000000001, 0.13320200000000001, 0.019049000000000003}},
    {1, {0.161129, 0.81221, 0.026661}},
    {0, {0.944365, 0.032939, 0.022696}},
    {1, {0.053666, 0.902058, 0.044276}},
    {0, {0.04750895249104751, 0.04535995464004535, 0.907131092868907}},
    {2, {0.3343506656493343, 0.3599516400483599, 0.3056976943023057}},
    {0, {0.839371, 0.051237, 0.109392}},
    {1, {0.00838199161800838, 0.9444110555889443, 0.0472069527930472}},
    {1, {0.017241, 0.799174, 0.183585}},
    {0, {0.018434, 0.96206, 0.019506}}
    // clang-format on
};

Sample cleanlab_sample() {
  Sample out{.classes = 3};
  for (const GivenRow& row : kCleanlabRows) out.add(row.label, row.p);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(labels_that_are_wrong)

// Of cleanlab (7506257). Two of three counts lie as far from the whole numbers below: the last is raised.
BOOST_AUTO_TEST_CASE(noise_is_what_cleanlab_finds) {
  const Sample sample = cleanlab_sample();
  const ConfidentLearning learning(sample.forecasts());
  const LabelNoise& noise = learning.noise();
  BOOST_TEST(noise.rows == 60U);
  BOOST_TEST((noise.given == Counts{28, 21, 11}));
  const std::vector<double> thresholds{0.6244402579962113, 0.7544114628023928, 0.714754846901357};
  for (std::size_t c = 0; c < 3; ++c) BOOST_TEST(near(noise.threshold[c], thresholds[c]));
  BOOST_TEST((noise.confident == Counts{18, 1, 1, 0, 13, 1, 0, 0, 7}));
  BOOST_TEST((noise.calibrated == Counts{25, 1, 2, 0, 19, 2, 0, 0, 11}));
  BOOST_TEST(noise.issues == 3U);
  const std::vector<double> share{25.0 / 60, 20.0 / 60, 15.0 / 60};
  for (std::size_t c = 0; c < 3; ++c) BOOST_TEST(near(noise.true_share[c], share[c]));
  BOOST_TEST(near(noise.joint[2], 2.0 / 60));
  BOOST_TEST(near(noise.given_if_true[1], 0.05));
  BOOST_TEST(near(noise.given_if_true[5], 0.13333333333333333));
  BOOST_TEST(near(noise.true_if_given[5], 0.09523809523809523));
}

BOOST_AUTO_TEST_CASE(every_filter_picks_what_cleanlab_picks) {
  const Sample sample = cleanlab_sample();
  const ConfidentLearning learning(sample.forecasts());
  const std::vector<std::pair<LabelFilter, RowNumbers>> expected{
      {LabelFilter::prune_by_noise_rate, {11, 20, 31, 54, 59}},
      {LabelFilter::prune_by_class, {11, 17, 31, 54, 59}},
      {LabelFilter::both, {11, 31, 54, 59}},
      {LabelFilter::confident_learning, {11, 54, 59}},
      {LabelFilter::predicted_neq_given, {4, 9, 11, 17, 20, 22, 31, 42, 54, 55, 59}},
      {LabelFilter::low_self_confidence, {11, 54, 59}},
      {LabelFilter::low_normalized_margin, {11, 54, 59}}};
  for (const auto& [filter, rows] : expected)
    BOOST_TEST((learning.find({.filter = filter}).rows == rows), to_string(filter));
  const LabelIssues issues = learning.find();
  BOOST_TEST((issues.removed == Counts{3, 2, 0}));
  BOOST_TEST((issues.kept == Counts{25, 19, 11}));
  BOOST_TEST(
      (worst_first(issues.rows, learning.scores(LabelScore::self_confidence)) == RowNumbers{59, 54, 11, 20, 31}));
}

BOOST_AUTO_TEST_CASE(scores_are_those_of_cleanlab) {
  const Sample sample = cleanlab_sample();
  const ConfidentLearning learning(sample.forecasts());
  const std::vector<std::vector<double>> expected{
      {0.809278, 0.751311, 0.711599, 0.831236, 0.367613},
      {0.841699, 0.7608345, 0.766525, 0.8493005, 0.453295},
      {0.7615624342975315, 0.7436038192113492, 0.6905442696500329, 0.7851832842175265, 0.4974113711192283}};
  for (std::size_t i = 0; i < kAllScores.size(); ++i) {
    const std::vector<double> found = learning.scores(kAllScores[i]);
    BOOST_TEST(found.size() == 60U);
    for (std::size_t row = 0; row < 5; ++row) BOOST_TEST(near(found[row], expected[i][row]), to_string(kAllScores[i]));
  }
}

BOOST_AUTO_TEST_CASE(every_filter_picks_what_its_definition_says) {
  std::mt19937_64 random(61);
  for (int round = 0; round < 600; ++round) {
    const std::size_t classes = 2 + random() % 4;
    const Sample sample = random_sample(random, 3 + random() % 120, classes, round % 2 == 0);
    const ConfidentLearning learning(sample.forecasts(), static_cast<unsigned>(1 + random() % 3));
    const Twin twin(sample);
    const LabelNoise& noise = learning.noise();
    for (std::size_t c = 0; c < classes; ++c) BOOST_REQUIRE(near(noise.threshold[c], twin.threshold[c]));
    BOOST_REQUIRE(noise.confident == twin.confident);
    BOOST_REQUIRE(noise.issues == twin.issues().size());
    for (const LabelFilter filter : kAllFilters) {
      const LabelFilterOptions options{
          .filter = filter,
          .min_rows_per_class = random() % 3 == 0 ? noise.given[random() % classes] : random() % 8,
          .noise_share = random() % 2 == 0 ? 1 : 0.1 * static_cast<double>(random() % 11)};
      const LabelIssues found = learning.find(options);
      BOOST_REQUIRE(found.rows == twin.found(noise.calibrated, options));
      for (std::size_t c = 0; c < classes; ++c) BOOST_REQUIRE(found.kept[c] + found.removed[c] == noise.given[c]);
      BOOST_REQUIRE(std::accumulate(found.removed.begin(), found.removed.end(), std::size_t{0}) == found.rows.size());
    }
  }
}

// Whole numbers with the right sums, of which those with the largest fractions were raised.
BOOST_AUTO_TEST_CASE(calibrated_counts_keep_the_labels_numbers) {
  std::mt19937_64 random(62);
  for (int round = 0; round < 500; ++round) {
    const std::size_t k = 2 + random() % 4;
    const Sample sample = random_sample(random, 5 + random() % 200, k, false);
    const ConfidentLearning learning(sample.forecasts());
    const LabelNoise& noise = learning.noise();
    for (std::size_t g = 0; g < k; ++g) {
      double confident = 0;
      for (std::size_t t = 0; t < k; ++t) confident += static_cast<double>(noise.confident[g * k + t]);
      std::uint64_t sum = 0;
      double least_raised = 1, most_left = 0;  // of the fractions
      for (std::size_t t = 0; t < k; ++t) {
        sum += noise.calibrated[g * k + t];
        const double exact =
            static_cast<double>(noise.confident[g * k + t]) / confident * static_cast<double>(noise.given[g]);
        const double more = static_cast<double>(noise.calibrated[g * k + t]) - exact;
        BOOST_REQUIRE(std::fabs(more) < 1 + 1e-9);
        if (more > 1e-9) least_raised = std::min(least_raised, 1 - more);
        if (more < -1e-9) most_left = std::max(most_left, -more);
      }
      BOOST_REQUIRE(sum == noise.given[g]);
      BOOST_REQUIRE(most_left <= least_raised + 1e-9);
      double of_label = 0;
      for (std::size_t t = 0; t < k; ++t) of_label += noise.true_if_given[g * k + t];
      BOOST_REQUIRE(near(of_label, noise.given[g] == 0 ? 0 : 1));
    }
    for (std::size_t t = 0; t < k; ++t) {
      double of_true = 0, joint = 0;
      for (std::size_t g = 0; g < k; ++g) {
        of_true += noise.given_if_true[g * k + t];
        joint += noise.joint[g * k + t];
      }
      BOOST_REQUIRE(near(joint, noise.true_share[t]));
      BOOST_REQUIRE(near(of_true, joint == 0 ? 0 : 1));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_class_that_nobody_gave_is_out_of_reach) {
  Sample sample{.classes = 3};
  for (int i = 0; i < 5; ++i) sample.add(0, {0.8, 0.1, 0.1});
  for (int i = 0; i < 5; ++i) sample.add(1, {0.1, 0.8, 0.1});
  sample.add(0, {0, 0, 1});
  const ConfidentLearning learning(sample.forecasts());
  BOOST_TEST(learning.noise().threshold[2] == 2);
  BOOST_TEST((learning.noise().confident == Counts{5, 0, 0, 0, 5, 0, 0, 0, 1}));
  BOOST_TEST((learning.noise().calibrated == Counts{6, 0, 0, 0, 5, 0, 0, 0, 0}));
  BOOST_TEST(learning.noise().given_if_true[8] == 0);
  BOOST_TEST(learning.find().rows.empty());
  BOOST_TEST((learning.find({.filter = LabelFilter::predicted_neq_given}).rows == RowNumbers{10}));
}

// Nobody who gave label 1 was believed; rows that are sure of nothing are not taken for it.
BOOST_AUTO_TEST_CASE(a_probability_of_nothing_reaches_no_threshold) {
  Sample sample{.classes = 3};
  for (int i = 0; i < 3; ++i) sample.add(0, {0.9, 0, 0.1});
  for (int i = 0; i < 3; ++i) sample.add(1, {0.3, 0, 0.7});
  const ConfidentLearning learning(sample.forecasts());
  BOOST_TEST(learning.noise().threshold[1] == 2e-6);
  BOOST_TEST((learning.noise().confident == Counts{3, 0, 0, 0, 1, 0, 0, 0, 1}));
}

// Thresholds are 0.6 and 0.7; the last row of label 0 comes as near to that of class 1 as it says.
BOOST_AUTO_TEST_CASE(thresholds_are_reached_within_a_millionth) {
  for (const double missing : {0.9e-6, 1.1e-6}) {
    Sample sample{.classes = 3};
    const double first = 0.7 - missing;
    sample.add(0, {0.25, first, 0.75 - first});
    sample.add(0, {0.95, 0.05, 0});
    sample.add(1, {0.3, 0.7, 0});
    const ConfidentLearning learning(sample.forecasts());
    BOOST_TEST(learning.noise().confident[1] == (missing < 1e-6 ? 1U : 0U));
    BOOST_TEST(learning.find({.filter = LabelFilter::confident_learning}).rows.size() == (missing < 1e-6 ? 1U : 0U));
  }
}

BOOST_AUTO_TEST_CASE(a_label_that_is_as_likely_within_a_millionth_stays) {
  for (const double apart : {0.9e-6, 1.1e-6}) {
    for (const std::int32_t given : {0, 1}) {
      Sample sample{.classes = 2};
      const double other = 0.5 + apart / 2;
      sample.add(given, given == 0 ? std::vector{1 - other, other} : std::vector{other, 1 - other});
      sample.add(0, {0.9, 0.1});
      sample.add(1, {0.1, 0.9});
      const ConfidentLearning learning(sample.forecasts());
      const RowNumbers found = learning.find({.filter = LabelFilter::predicted_neq_given}).rows;
      BOOST_TEST((found == (apart < 1e-6 ? RowNumbers{} : RowNumbers{0})));
    }
  }
}

// With the millionth exactly as probable: then the first class is the most probable.
BOOST_AUTO_TEST_CASE(of_equal_classes_the_first_is_the_most_probable) {
  const double label = 0.4999995, other = label + 1e-6;
  for (const std::int32_t given : {0, 1}) {
    Sample sample{.classes = 2};
    sample.add(given, given == 0 ? std::vector{label, other} : std::vector{other, label});
    const ConfidentLearning learning(sample.forecasts());
    const RowNumbers found = learning.find({.filter = LabelFilter::predicted_neq_given}).rows;
    BOOST_TEST((found == (given == 0 ? RowNumbers{} : RowNumbers{0})));
  }
}

// Four rows of label 0 are as wrong; two of them are counted wrong.
BOOST_AUTO_TEST_CASE(of_equal_rows_the_first_are_picked) {
  Sample sample{.classes = 2};
  for (int i = 0; i < 4; ++i) sample.add(0, {0.3, 0.7});
  for (int i = 0; i < 6; ++i) sample.add(0, {0.9, 0.1});
  for (int i = 0; i < 10; ++i) sample.add(1, {0.3, 0.7});
  const ConfidentLearning learning(sample.forecasts());
  BOOST_TEST((learning.noise().calibrated == Counts{6, 4, 0, 10}));
  for (const LabelFilter filter : {LabelFilter::prune_by_noise_rate, LabelFilter::prune_by_class, LabelFilter::both}) {
    BOOST_TEST((learning.find({.filter = filter}).rows == RowNumbers{0, 1, 2, 3}));
    BOOST_TEST((learning.find({.filter = filter, .noise_share = 0.5}).rows == RowNumbers{0, 1}));
    BOOST_TEST(learning.find({.filter = filter, .noise_share = 0}).rows.empty());
    // Seven must stay, and so three may go; of ten nobody goes.
    BOOST_TEST((learning.find({.filter = filter, .min_rows_per_class = 7}).rows == RowNumbers{0, 1, 2}));
    BOOST_TEST((learning.find({.filter = filter, .min_rows_per_class = 9}).rows == RowNumbers{0}));
    BOOST_TEST(learning.find({.filter = filter, .min_rows_per_class = 10}).rows.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_entropy_score_has_its_limits_at_the_ends) {
  Sample sample{.classes = 2};
  sample.add(0, {1, 0});
  sample.add(0, {0, 1});
  sample.add(0, {0.5, 0.5});
  sample.add(0, {1 - 1e-9, 1e-9});
  sample.add(0, {1e-9, 1 - 1e-9});
  sample.add(1, {0, 1});
  const std::vector<double> found =
      ConfidentLearning(sample.forecasts()).scores(LabelScore::confidence_weighted_entropy);
  BOOST_TEST(found[0] == 1);
  BOOST_TEST(found[1] == 0);
  BOOST_TEST(near(found[2], std::log(3.0) / 2));  // entropy 1 of p = 1/2: x = 2
  BOOST_TEST((found[3] < 1 && found[3] > 1 - 1e-6));
  BOOST_TEST((found[4] > 0 && found[4] < 0.2));
  BOOST_TEST(found[5] == 1);
}

BOOST_AUTO_TEST_CASE(the_most_probable_other_class_is_suggested) {
  Sample sample{.classes = 3};
  sample.add(0, {0.5, 0.2, 0.3});
  sample.add(1, {0.5, 0.2, 0.3});
  sample.add(2, {0.4, 0.4, 0.2});
  sample.add(0, {0.5, 0.25, 0.25});
  sample.add(0, {1, 0, 0});
  const std::vector<std::int32_t> found = ConfidentLearning(sample.forecasts()).suggestions();
  BOOST_TEST((found == std::vector<std::int32_t>{2, 0, 0, 1, 1}));
}

BOOST_AUTO_TEST_CASE(rows_of_equal_scores_stay_in_order) {
  const std::vector<double> scores{0.5, 0.1, 0.5, 0.1, 0.9};
  BOOST_TEST((worst_first(RowNumbers{0, 1, 2, 3}, scores) == RowNumbers{1, 3, 0, 2}));
}

BOOST_AUTO_TEST_CASE(threads_change_no_row_and_no_bit) {
  std::mt19937_64 random(63);
  const Sample sample = random_sample(random, 5000, 3, false);
  const ConfidentLearning one(sample.forecasts(), 1), three(sample.forecasts(), 3);
  BOOST_TEST(one.noise().threshold == three.noise().threshold);
  BOOST_TEST(one.noise().calibrated == three.noise().calibrated);
  for (const LabelFilter filter : kAllFilters)
    BOOST_TEST(one.find({.filter = filter}).rows == three.find({.filter = filter}).rows);
  for (const LabelScore score : kAllScores) BOOST_TEST(one.scores(score) == three.scores(score));
  BOOST_TEST(one.suggestions() == three.suggestions());
}

// More classes than there are bins for.
BOOST_AUTO_TEST_CASE(many_classes_are_pruned_as_few_are) {
  std::mt19937_64 random(64);
  const Sample sample = random_sample(random, 3000, 120, false);
  const ConfidentLearning learning(sample.forecasts(), 2);
  const LabelFilterOptions options{.filter = LabelFilter::prune_by_noise_rate};
  const RowNumbers found = learning.find(options).rows;
  BOOST_TEST(!found.empty());
  BOOST_TEST(found == Twin(sample).found(learning.noise().calibrated, options));
}

BOOST_AUTO_TEST_CASE(filters_and_scores_have_names) {
  for (const LabelFilter filter : kAllFilters)
    BOOST_TEST((parse_label_filter(std::string(to_string(filter))) == filter));
  for (const LabelScore score : kAllScores) BOOST_TEST((parse_label_score(std::string(to_string(score))) == score));
  BOOST_TEST(to_string(LabelFilter::both) == "both");
  BOOST_TEST(holds(message_of<ConfigError>([] { parse_label_filter("prune_by_clas"); }), "'prune_by_class'"));
  BOOST_TEST(holds(message_of<ConfigError>([] { parse_label_score("self_confidense"); }), "'self_confidence'"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_judged_is_refused_with_its_place) {
  Sample sample{.classes = 2};
  sample.add(0, {0.6, 0.4});
  sample.add(1, {0.3, 0.7});
  const auto refused = [](const Sample& s) { return message_of<DataError>([&] { ConfidentLearning(s.forecasts()); }); };
  BOOST_TEST(refused(sample) == "");
  Sample unlabeled = sample;
  unlabeled.label[1] = -99;
  BOOST_TEST(holds(refused(unlabeled), "row 1 is of class -99"));
  Sample beyond = sample;
  beyond.label[0] = 2;
  BOOST_TEST(holds(refused(beyond), "row 0 is of class 2"));
  Sample broken = sample;
  broken.probability[3] = std::nan("");
  BOOST_TEST(holds(refused(broken), "row 1 has the probability nan"));
  broken.probability[3] = 0.6;
  BOOST_TEST(holds(refused(broken), "the probabilities of row 1 sum to"));
  BOOST_TEST(holds(refused({.classes = 1, .probability = {1}, .label = {0}}), "forecasts of 1 classes"));
  BOOST_TEST(holds(refused({.classes = 2}), "none of 0 rows"));

  const std::vector<double> weight{1, 2};
  Forecasts weighted = sample.forecasts();
  weighted.weight = weight;
  BOOST_CHECK_THROW(ConfidentLearning{weighted}, std::invalid_argument);
  const ConfidentLearning learning(sample.forecasts());
  for (const double share : {-0.1, 1.1, std::nan("")}) {
    BOOST_TEST(holds(message_of<ConfigError>([&] { learning.find({.noise_share = share}); }), "a noise share of"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
