#include "market/labels/label_quality.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "market/labels/barrier_fitness.h"
#include "market/portable_exp.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::market;

namespace {

std::string vectors(const std::string& name) {
  return fmt::format("{}/tests/market/vectors/{}", MOOLA_SOURCE_DIR, name);
}

struct Factory {
  BarrierLabels labels;
  LabelQuality quality;
};

// 4,000 labels of the factory for horizon 6, and what it made of them.
Factory factory_labels() {
  Factory out;
  std::istringstream text(read_file(vectors("factory_quality_h6.csv")));
  std::string line;
  std::getline(text, line);
  while (std::getline(text, line)) {
    int label = 0, bars = 0;
    float v[6];
    BOOST_REQUIRE(std::sscanf(line.c_str(), "%d,%d,%f,%f,%f,%f,%f,%f", &label, &bars, &v[0], &v[1], &v[2], &v[3], &v[4],
                              &v[5]) == 8);
    out.labels.label.push_back(static_cast<std::int8_t>(label));
    out.labels.touch.push_back(0);
    out.labels.bars.push_back(bars);
    out.labels.mae.push_back(v[0]);
    out.labels.mfe.push_back(v[1]);
    out.labels.exit_return.push_back(0);
    out.quality.pain_to_gain.push_back(v[2]);
    out.quality.drawdown.push_back(v[3]);
    out.quality.quality.push_back(v[4]);
    out.quality.weight.push_back(v[5]);
  }
  BOOST_REQUIRE(out.labels.size() == 4000U);
  return out;
}

BarrierLabels labels_of(const std::vector<std::array<double, 4>>& rows) {
  BarrierLabels out;
  for (const auto& [label, bars, mae, mfe] : rows) {
    out.label.push_back(static_cast<std::int8_t>(label));
    out.touch.push_back(0);
    out.bars.push_back(static_cast<std::int32_t>(bars));
    out.mae.push_back(static_cast<float>(mae));
    out.mfe.push_back(static_cast<float>(mfe));
    out.exit_return.push_back(0);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(label_quality)

BOOST_AUTO_TEST_CASE(the_factorys_qualities_and_weights_come_out) {
  const Factory want = factory_labels();
  const QualityScale scale = fit_quality(want.labels, 6, 0, want.labels.size(), QualityRule::factory_d28);
  const LabelQuality got = score_quality(want.labels, 6, scale, QualityRule::factory_d28);
  double pain = 0, drawdown = 0, quality = 0;
  std::size_t weights = 0;
  for (std::size_t i = 0; i < want.labels.size(); ++i) {
    pain = std::max(pain, std::fabs(static_cast<double>(got.pain_to_gain[i]) - want.quality.pain_to_gain[i]));
    drawdown = std::max(drawdown, std::fabs(static_cast<double>(got.drawdown[i]) - want.quality.drawdown[i]));
    quality = std::max(quality, std::fabs(static_cast<double>(got.quality[i]) - want.quality.quality[i]));
    weights += got.weight[i] != want.quality.weight[i];
  }
  // The vectors hold 32-bit numbers, whose steps below 4 are 2.4e-7.
  BOOST_TEST(pain <= 2.4e-7);
  BOOST_TEST(drawdown <= 1.2e-7);
  // The factory adds five terms in 32 bits, which leaves three such steps below 1.
  BOOST_TEST(quality <= 1.8e-7);
  BOOST_TEST(weights == 0U);
}

BOOST_AUTO_TEST_CASE(qualities_are_those_of_long_double_to_their_last_bit) {
  const BarrierLabels labels = factory_labels().labels;
  const QualityScale scale = fit_quality(labels, 6, 0, labels.size());
  const LabelQuality got = score_quality(labels, 6, scale);
  const auto part = [](long double value, double of) { return std::min(1.0L, value / of); };
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels.label[i] == kInvalidLabel) continue;
    long double fall = -static_cast<long double>(labels.mae[i]), rise = labels.mfe[i];
    if (labels.label[i] == -1 || (labels.label[i] == 0 && rise > fall)) std::swap(fall, rise);
    const long double slow = (labels.bars[i] - 9.0L) / 9.0L;
    const long double want = 0.20L * std::exp(-slow * slow) + 0.25L * (1 - part(fall, scale.adverse)) +
                             0.20L * part(rise, scale.favourable) +
                             0.20L * (1 - part(got.pain_to_gain[i], scale.pain_to_gain)) +
                             0.15L * (1 - part(got.drawdown[i], scale.drawdown));
    BOOST_REQUIRE(std::fabs(static_cast<double>(want - got.quality[i])) <= 3.1e-8);
  }
}

BOOST_AUTO_TEST_CASE(a_short_trade_is_hurt_by_the_rise) {
  // As clean a fall as the first trade's rise, and one that was hurt.
  const BarrierLabels labels = labels_of({{1, 9, -0.001, 0.01}, {-1, 9, -0.01, 0.001}, {-1, 9, -0.01, 0.02}});
  const QualityScale scale = fit_quality(labels, 6, 0, 3);
  const LabelQuality got = score_quality(labels, 6, scale);
  BOOST_TEST(got.quality[0] == got.quality[1]);
  BOOST_TEST(got.quality[2] < got.quality[1]);
  BOOST_TEST(got.pain_to_gain[2] == 2.0F);
  BOOST_TEST(got.drawdown[2] == 1.0F);  // twice half of three horizons
}

BOOST_AUTO_TEST_CASE(rows_that_do_not_fit_change_no_scale) {
  const Factory given = factory_labels();
  BarrierLabels changed = given.labels;
  for (std::size_t i = 3000; i < changed.size(); ++i) {
    changed.mae[i] *= 9;
    changed.mfe[i] *= 7;
    changed.label[i] = 1;
  }
  const QualityScale one = fit_quality(given.labels, 6, 0, 3000), two = fit_quality(changed, 6, 0, 3000);
  BOOST_TEST(one.adverse == two.adverse);
  BOOST_TEST(one.pain_to_gain == two.pain_to_gain);
  BOOST_TEST(one.low == two.low);
  BOOST_TEST(one.high == two.high);
  const QualityScale all = fit_quality(changed, 6, 0, changed.size());
  BOOST_TEST(all.adverse > one.adverse);
}

BOOST_AUTO_TEST_CASE(a_label_that_is_none_weighs_nothing) {
  const BarrierLabels labels = labels_of({{1, 3, -0.001, 0.01}, {kInvalidLabel, 0, 0, 0}, {0, 12, -0.002, 0.003}});
  const LabelQuality got = score_quality(labels, 6, fit_quality(labels, 6, 0, 3));
  BOOST_TEST(got.quality[1] == 0.0F);
  BOOST_TEST(got.weight[1] == 0.0F);
  BOOST_TEST(got.weight[0] == 1.5F);
  BOOST_TEST(got.weight[2] == 0.5F);
  BOOST_TEST(got.pain_to_gain[2] == 1.0F);
}

BOOST_AUTO_TEST_CASE(labels_without_a_signal_cannot_fit) {
  const BarrierLabels labels = labels_of({{0, 12, -0.002, 0.003}, {kInvalidLabel, 0, 0, 0}});
  BOOST_TEST(test::holds(test::refusal_of([&] { fit_quality(labels, 6, 0, 2); }), "rows 0 to 2 have no labels"));
}

BOOST_AUTO_TEST_CASE(the_portable_exponential_is_that_of_long_double) {
  double worst = 0;
  for (double x = -700; x < 700; x += 0.0137) {
    const long double want = std::exp(static_cast<long double>(x));
    worst = std::max(worst, static_cast<double>(std::fabs((portable_exp(x) - want) / want)));
  }
  BOOST_TEST(worst < 4.5e-16);
  BOOST_TEST(portable_exp(0.0) == 1.0);
  BOOST_TEST(portable_exp(-1e9) == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fitness_of_barriers)

BOOST_AUTO_TEST_CASE(the_factorys_fitness_comes_out) {
  const Json given = read_json(vectors("factory_fitness.json"));
  BOOST_REQUIRE(given["fitness"].size() == 5U);
  for (const Json& one : given["fitness"]) {
    const LabelSummary labels{.longs = one["longs"],
                              .shorts = one["shorts"],
                              .neutrals = one["neutrals"],
                              .signal_bars = one["signal_bars"],
                              .gain = one["gain"],
                              .pain = one["pain"]};
    const double got = factory_d28_fitness(labels, one["horizon"], {.mean_scale = one["mean_scale"]});
    BOOST_TEST(std::fabs(got - one["fitness"].get<double>()) <= 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(a_summary_counts_what_a_plain_loop_counts) {
  const BarrierLabels labels = labels_of(
      {{1, 3, -0.25, 0.5}, {-1, 5, -0.75, 0.125}, {0, 12, -0.5, 0.5}, {kInvalidLabel, 0, 0, 0}, {1, 1, 0, 1}});
  const LabelSummary got = summarise_labels(labels, 0, 5);
  BOOST_TEST(got.longs == 2);
  BOOST_TEST(got.shorts == 1);
  BOOST_TEST(got.neutrals == 1);
  BOOST_TEST(got.signal_bars == 9.0);
  BOOST_TEST(got.gain == 0.5 + 0.75 + 1.0);
  BOOST_TEST(got.pain == 0.25 + 0.125);
  BOOST_TEST(summarise_labels(labels, 3, 4).valid() == 0);
}

BOOST_AUTO_TEST_CASE(even_shares_beat_uneven_ones_and_which_side_is_rare_does_not_matter) {
  const auto fitness = [](std::int64_t longs, std::int64_t shorts, std::int64_t neutrals) {
    const auto signals = static_cast<double>(longs + shorts);
    return barrier_fitness({.longs = longs,
                            .shorts = shorts,
                            .neutrals = neutrals,
                            .signal_bars = 6 * signals,
                            .gain = 0.01 * signals,
                            .pain = 0.003 * signals},
                           6, 0.0005);
  };
  // 10 for 26 % neutral, 2 for even sides, 1 - 6 / 12, 0.5, 0.5
  BOOST_TEST(std::fabs(fitness(370, 370, 260) - 13.5) < 1e-12);
  BOOST_TEST(std::fabs(fitness(300, 440, 260) - fitness(440, 300, 260)) < 1e-12);
  BOOST_TEST(fitness(370, 370, 260) > fitness(300, 440, 260));
  BOOST_TEST(fitness(300, 440, 260) > fitness(200, 540, 260));
  // Below what can be learnt from, and the further off the worse.
  BOOST_TEST(fitness(90, 650, 260) < -1000);
  BOOST_TEST(fitness(50, 690, 260) < fitness(90, 650, 260));
  BOOST_TEST(fitness(200, 200, 600) < -1000);
  BOOST_TEST(fitness(480, 490, 30) < -1000);
}

BOOST_AUTO_TEST_CASE(a_cost_is_measured_by_the_mean_gain) {
  const LabelSummary labels{
      .longs = 370, .shorts = 370, .neutrals = 260, .signal_bars = 6.0 * 740, .gain = 7.4, .pain = 2};
  BOOST_TEST(std::fabs(barrier_fitness(labels, 6, 0.002) - 13.5) < 1e-12);          // a fifth of 0.01
  BOOST_TEST(std::fabs(barrier_fitness(labels, 6, 0.004) - (13.0 - 2.0)) < 1e-12);  // two fifths
  BOOST_TEST(std::fabs(barrier_fitness(labels, 6, 1.0) - (13.0 - 10.0)) < 1e-12);   // the floor
}

BOOST_AUTO_TEST_CASE(a_margin_takes_off_what_lies_between_it_and_the_least_neutral_share) {
  const auto fitness = [](std::int64_t neutrals, double margin) {
    const std::int64_t each = (1000 - neutrals) / 2;
    const auto signals = static_cast<double>(2 * each);
    return barrier_fitness({.longs = each,
                            .shorts = each,
                            .neutrals = neutrals,
                            .signal_bars = 6 * signals,
                            .gain = 0.01 * signals,
                            .pain = 0.003 * signals},
                           6, 0.0005, margin);
  };
  const auto lost = [&](std::int64_t neutrals, double margin) {
    return fitness(neutrals, 0) - fitness(neutrals, margin);
  };
  BOOST_TEST(lost(260, 0.05) == 0.0);
  BOOST_TEST(std::fabs(lost(250, 0.05)) < 1e-12);
  BOOST_TEST(std::fabs(lost(230, 0.05) - 40 * 0.02) < 1e-12);
  BOOST_TEST(std::fabs(lost(200, 0.05) - 40 * 0.05) < 1e-12);
  BOOST_TEST(std::fabs(lost(160, 0.05) - 40 * 0.05) < 1e-12);  // no more below the edge, which has its own loss
  BOOST_TEST(fitness(200, 0.05) > fitness(198, 0.05));
}

BOOST_AUTO_TEST_CASE(no_labels_at_all_are_the_worst) {
  BOOST_TEST(barrier_fitness({}, 6, 0) < -2000);
}

BOOST_AUTO_TEST_SUITE_END()
