#include "work/evaluate/results/evaluation_results.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "tests/support/messages.h"
#include "tests/support/sample_bars.h"
#include "validation/sharpe.h"
#include "work/evaluate/results/trading_results.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
using boost::test_tools::tolerance;

namespace {

constexpr std::size_t kRows = 1500;
constexpr std::int32_t kHorizon = 6;

// Configurations that guess with more or less knowledge of the labels, on six groups of which two are tested: five
// paths. The models of each split are their own, so that paths differ.
struct Guesses {
  LoadedEvaluateConfig config{
      .values = {}, .strategy = SplitStrategy::combinatorial, .configurations = {}, .resolved = {}, .identity = {}};
  EvaluationData data = {};
  std::optional<Prices> prices = {};
  EvaluationSplits splits = {};
  std::vector<std::vector<FoldResult>> folds = {};

  Guesses() {
    config.values.bootstrap.replicates = 0;
    config.values.overfitting.blocks = 8;
    config.values.data.trust = true;
    data.table = {.id = {.kind = "feature_table", .name = "demo", .version = 1}, .content_sha256 = "3f9a"};
    data.horizon = kHorizon;
    data.features = {"guess"};
    data.symbols = {"SYM"};
    data.class_names = {"-1", "1"};
    data.direction = {-1, 1};
    prices.emplace();
    prices->timeframe = "5m";
    prices->periods_per_year = 100'000;
    prices->symbols.push_back(
        {.name = "SYM",
         .source = {.id = {.kind = "bars", .name = "SYM", .version = 1}, .content_sha256 = "81c0"},
         .bars = walking_bars(3, kRows + kHorizon + 1, true),
         .cost = {.price = 0, .share = 0.0004}});
    const market::Bars& bars = prices->symbols[0].bars;
    for (std::size_t i = 0; i < kRows; ++i) {
      data.time.push_back(bars.time[i]);
      data.t1.push_back(bars.time[i + kHorizon]);
      data.label.push_back(bars.close[i + kHorizon] > bars.close[i] ? 1 : 0);
      data.symbol.push_back(0);
      prices->bar.push_back(static_cast<std::int64_t>(i));
    }
    splits = make_splits(config, data);
    add("flip", true, 0);
    for (const double knows : {0.02, 0.0, 0.06, 0.04}) add("guess " + std::to_string(folds.size()), false, knows);
  }

  void add(const std::string& name, bool baseline, double knows) {
    std::vector<FoldResult>& out = folds.emplace_back();
    for (std::size_t s = 0; s < splits.splits.size(); ++s) {
      std::mt19937_64 random(1000 * folds.size() + s);
      std::normal_distribution<double> noise(0, 0.1);
      FoldResult& fold = out.emplace_back();
      for (const validation::RowRange& range : splits.splits[s].test) {
        for (std::size_t row = range.begin; row < range.end; ++row) {
          const double shift = (data.label[row] == 1 ? knows : -knows) + noise(random);
          const auto up = static_cast<float>(std::clamp(0.5 + shift, 0.05, 0.95));
          fold.row.push_back(row);
          fold.probability.insert(fold.probability.end(), {1 - up, up});
        }
      }
    }
    config.configurations.push_back({.name = name, .model = name, .parameters = Json::object(), .baseline = baseline});
  }

  std::vector<const FoldResult*> folds_of(std::size_t c) const {
    std::vector<const FoldResult*> out;
    for (const FoldResult& fold : folds[c]) out.push_back(&fold);
    return out;
  }
  EvaluationResults results(unsigned threads = 1) const {
    std::vector<const EvaluationSplits*> cut(folds.size(), &splits);
    std::vector<std::vector<const FoldResult*>> all;
    for (std::size_t c = 0; c < folds.size(); ++c) all.push_back(folds_of(c));
    return evaluate_folds(config, data, prices, cut, all, threads);
  }
  // What a path earned, traded by itself.
  PathReturns path(std::size_t c, std::size_t number, double cost_multiple = 1) const {
    return trade_path(config.values, data, *prices, return_clock(data, *prices), splits.paths[number],
                      path_forecast(data, splits.paths[number], folds_of(c)), cost_multiple);
  }
  ScoredRows scored(std::size_t c, std::size_t number) const {
    return scored_rows(data, path_forecast(data, splits.paths[number], folds_of(c)));
  }
};

std::vector<double> finite(const std::vector<double>& all) {
  std::vector<double> out;
  for (const double x : all) {
    if (!std::isnan(x)) out.push_back(x);
  }
  return out;
}

double log_loss(const EvaluationData& data, const ScoredRows& scored) {
  double sum = 0;
  for (std::size_t i = 0; i < scored.row.size(); ++i)
    sum -= std::log(scored.probability[i * data.classes() + static_cast<std::size_t>(scored.truth[i])]);
  return sum / static_cast<double>(scored.row.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evaluation_results)

BOOST_AUTO_TEST_CASE(what_is_said_of_a_configuration_is_said_of_the_path_with_the_lower_median_ratio) {
  const Guesses guesses;
  const EvaluationResults results = guesses.results();
  for (const ConfigurationResult& each : results.configurations) {
    BOOST_REQUIRE(each.paths.size() == 5U);
    std::vector<double> ratios;
    for (std::size_t number = 0; number < 5; ++number) {
      const validation::PathSummary alone =
          validation::summarise_path(finite(guesses.path(each.configuration, number).net));
      ratios.push_back(alone.sharpe);
      BOOST_TEST(each.paths[number].sharpe == alone.sharpe);
    }
    std::ranges::sort(ratios);
    BOOST_TEST(each.median_path.sharpe == ratios[2]);
    const PathReturns median = guesses.path(each.configuration, each.path_numbers[each.median]);
    BOOST_TEST(finite(each.returns) == finite(median.net), boost::test_tools::per_element());
    BOOST_TEST(each.trades == median.trades.size());
    BOOST_TEST(each.gross_total == validation::summarise_path(finite(median.gross)).total);
    const auto wins = std::ranges::count_if(median.trades, [](const auto& trade) { return trade.net() > 0; });
    BOOST_TEST(each.hit_rate == static_cast<double>(wins) / static_cast<double>(median.trades.size()));
  }
}

BOOST_AUTO_TEST_CASE(of_an_even_number_of_paths_the_lower_one_is_the_median) {
  Guesses guesses;
  guesses.splits.paths.resize(4);
  for (const ConfigurationResult& each : guesses.results().configurations) {
    std::vector<double> ratios;
    for (const validation::PathSummary& path : each.paths) ratios.push_back(path.sharpe);
    std::ranges::sort(ratios);
    BOOST_TEST(ratios.size() == 4U);
    BOOST_TEST(each.median_path.sharpe == ratios[1]);
    BOOST_TEST(ratios[1] < ratios[2]);
  }
}

BOOST_AUTO_TEST_CASE(paths_without_a_forecast_are_not_counted) {
  Guesses guesses;
  // The first path is predicted by nothing, the others by what they need.
  for (const auto& part : guesses.splits.paths[0]) guesses.folds[1][part.split] = {};
  std::size_t whole = 0;
  for (std::size_t number = 0; number < 5; ++number) whole += finite(guesses.path(1, number).net).empty() ? 0 : 1;
  const ConfigurationResult found = guesses.results().configurations[1];
  BOOST_TEST(whole < 5U);
  BOOST_TEST(found.paths.size() == whole);
  for (std::size_t i = 0; i < found.paths.size(); ++i) {
    BOOST_TEST(found.paths[i].sharpe ==
               validation::summarise_path(finite(guesses.path(1, found.path_numbers[i]).net)).sharpe);
  }
}

BOOST_AUTO_TEST_CASE(the_best_has_the_highest_median_ratio_and_is_deflated_by_the_others) {
  const Guesses guesses;
  const EvaluationResults results = guesses.results();
  std::vector<double> sharpes;
  double highest = -std::numeric_limits<double>::infinity();
  for (const ConfigurationResult& each : results.configurations) {
    if (each.configuration == 0) continue;
    sharpes.push_back(each.median_path.sharpe);
    highest = std::max(highest, each.median_path.sharpe);
  }
  BOOST_REQUIRE(results.best.has_value());
  const ConfigurationResult& best = results.configurations[*results.best];
  BOOST_TEST(best.median_path.sharpe == highest);
  const double variance = validation::variance_of_trials(sharpes, best.returns.size());
  BOOST_TEST(best.dsr == validation::deflated_sharpe(validation::measure_returns(finite(best.returns)), variance, 4),
             tolerance(1e-12));
  BOOST_TEST(results.trials == 4);
}

BOOST_AUTO_TEST_CASE(gates_ask_the_median_path_and_not_the_mean_of_paths) {
  Guesses guesses;
  guesses.config.values.gates.sharpe = {0};
  guesses.config.values.gates.drawdown = {1};
  guesses.config.values.gates.win_rate = {0};
  const EvaluationResults results = guesses.results();
  const ConfigurationResult& best = results.configurations[*results.best];
  BOOST_TEST(*results.gates[0].found == best.median_path.sharpe * std::sqrt(100'000.0), tolerance(1e-12));
  BOOST_TEST(*results.gates[1].found == best.hit_rate);
  BOOST_TEST(*results.gates[2].found == best.median_path.drawdown.depth);
  // What is put together from several moves less: the reason why it is not asked.
  BOOST_TEST(best.mean_path.deviation < best.median_path.deviation);
}

BOOST_AUTO_TEST_CASE(columns_of_the_pbo_are_means_over_paths) {
  const Guesses guesses;
  const EvaluationResults results = guesses.results();
  BOOST_REQUIRE(results.overfitting.has_value());
  BOOST_TEST(results.overfitting_columns.size() == 4U);
  std::vector<double> matrix(results.clock.size() * 4);
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::size_t number = 0; number < 5; ++number) {
      const PathReturns path = guesses.path(k + 1, number);
      for (std::size_t i = 0; i < path.net.size(); ++i) matrix[i * 4 + k] += path.net[i] / 5;
    }
  }
  const validation::Overfitting alone = validation::backtest_overfitting(matrix, 4, {.blocks = 8});
  BOOST_TEST(results.overfitting->pbo == alone.pbo, tolerance(1e-9));
  BOOST_TEST(results.overfitting->inside == alone.inside, tolerance(1e-6) << boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_path_needs_no_mean) {
  Guesses guesses;
  guesses.splits.paths.resize(1);
  const EvaluationResults results = guesses.results();
  for (const ConfigurationResult& each : results.configurations) {
    BOOST_TEST(each.mean_returns.empty());
    BOOST_TEST(&each.column() == &each.returns);
    BOOST_TEST(each.mean_path.sharpe == each.median_path.sharpe);
  }
}

BOOST_AUTO_TEST_CASE(costs_take_what_they_take_and_leave_nothing_where_it_breaks_even) {
  const Guesses guesses;
  const EvaluationResults results = guesses.results();
  const ConfigurationResult& best = results.configurations[*results.best];
  BOOST_REQUIRE(best.costs.size() == kEvaluatedCosts.size());
  for (std::size_t i = 0; i < best.costs.size(); ++i) {
    const validation::PathSummary alone = validation::summarise_path(
        finite(guesses.path(best.configuration, best.path_numbers[best.median], kEvaluatedCosts[i]).net));
    BOOST_TEST(best.costs[i].total == alone.total);
    BOOST_TEST(best.costs[i].sharpe == alone.sharpe);
    if (i > 0) BOOST_TEST(best.costs[i].total < best.costs[i - 1].total);
  }
  BOOST_TEST(best.costs[0].total == best.gross_total, tolerance(1e-12));
  BOOST_TEST(best.costs[3].total == best.median_path.total);
  BOOST_REQUIRE(best.gross_total > 0);
  const validation::PathSummary even = validation::summarise_path(
      finite(guesses.path(best.configuration, best.path_numbers[best.median], best.break_even_multiple).net));
  BOOST_TEST(std::fabs(even.total) < 1e-8);
}

BOOST_AUTO_TEST_CASE(what_loses_without_costs_breaks_even_nowhere_and_free_trades_have_no_curve) {
  Guesses guesses;
  // The opposite of what is known.
  guesses.add("wrong", false, -0.08);
  const EvaluationResults results = guesses.results();
  const ConfigurationResult& wrong = results.configurations.back();
  BOOST_TEST(wrong.gross_total < 0);
  BOOST_TEST(wrong.costs.size() == kEvaluatedCosts.size());
  BOOST_TEST(std::isnan(wrong.break_even_multiple));
  guesses.prices->symbols[0].cost = {};
  for (const ConfigurationResult& each : guesses.results().configurations) BOOST_TEST(each.costs.empty());
}

BOOST_AUTO_TEST_CASE(six_at_most_are_asked_about_costs) {
  Guesses guesses;
  for (int i = 0; i < 4; ++i) guesses.add("more " + std::to_string(i), false, 0.01);
  const EvaluationResults results = guesses.results();
  std::vector<double> asked, others;
  for (const ConfigurationResult& each : results.configurations) {
    if (each.configuration > 0) (each.costs.empty() ? others : asked).push_back(each.median_path.sharpe);
  }
  BOOST_TEST(asked.size() == 6U);
  BOOST_TEST(others.size() == 2U);
  BOOST_TEST(*std::ranges::min_element(asked) >= *std::ranges::max_element(others));
  BOOST_TEST(results.configurations[0].costs.empty());
}

BOOST_AUTO_TEST_CASE(a_configuration_that_never_trades_is_not_the_best_while_others_lose) {
  Guesses guesses;
  guesses.config.values.backtest.min_confidence = 0.6;
  guesses.add("timid", false, 0);
  for (FoldResult& fold : guesses.folds.back()) std::ranges::fill(fold.probability, 0.5F);
  guesses.prices->symbols[0].cost.share = 0.05;
  const EvaluationResults results = guesses.results();
  BOOST_TEST(results.configurations.back().median_path.no_variance);
  BOOST_TEST(results.configurations[*results.best].median_path.total < 0);
  BOOST_TEST(*results.best != results.configurations.size() - 1);
  BOOST_TEST(holds(results.verdict, "loses money"));
  BOOST_TEST(results.trials == 5);
  // And where none trades there is nothing to judge.
  guesses.config.values.backtest.min_confidence = 1;
  BOOST_TEST(holds(guesses.results().verdict, "never traded"));
}

BOOST_AUTO_TEST_CASE(reliability_is_that_of_the_path_with_the_lower_median_loss) {
  const Guesses guesses;
  const EvaluationResults results = guesses.results();
  for (const std::size_t c : {std::size_t{0}, *results.best}) {
    const ConfigurationResult& each = results.configurations[c];
    BOOST_REQUIRE(each.reliability.has_value());
    std::vector<double> losses;
    for (std::size_t number = 0; number < 5; ++number)
      losses.push_back(log_loss(guesses.data, guesses.scored(c, number)));
    const ScoredRows scored = guesses.scored(c, each.reliability->path);
    std::ranges::sort(losses);
    BOOST_TEST(log_loss(guesses.data, scored) == losses[2], tolerance(1e-12));
    const validation::ForecastScores alone = validation::ForecastScorer(scored.forecasts(2)).scores();
    BOOST_TEST(each.reliability->by_width.ece == alone.ece_width);
    BOOST_TEST(each.reliability->by_mass.ece == alone.ece_mass);
    double rows = 0;
    for (const validation::ReliabilityBin& bin : each.reliability->histogram) rows += bin.weight;
    BOOST_TEST(rows == static_cast<double>(scored.row.size()));
  }
  for (std::size_t c = 1; c < results.configurations.size(); ++c)
    BOOST_TEST(results.configurations[c].reliability.has_value() == (c == *results.best));
}

BOOST_AUTO_TEST_CASE(sets_are_calibrated_on_rows_whose_labels_end_before_those_they_are_measured_on) {
  const Guesses guesses;
  const ScoredRows scored = guesses.scored(3, 0);
  const auto found = measure_path_sets(guesses.data, scored);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->measured == kRows / 2);
  BOOST_TEST(found->from == guesses.data.time[kRows / 2]);
  // Labels end six bars after their row: of rows 744 to 749 at or after the first measured one, row 750.
  BOOST_TEST(found->purged == 6U);
  BOOST_TEST(found->calibrated == kRows / 2 - 6);
  // By hand: the threshold is the k-th smallest of 1 - p of what came, and a set has the classes that are no worse.
  std::vector<double> scores;
  for (std::size_t i = 0; i < found->calibrated; ++i)
    scores.push_back(1 - scored.probability[2 * i + static_cast<std::size_t>(scored.truth[i])]);
  std::ranges::sort(scores);
  const double threshold =
      scores[static_cast<std::size_t>(std::ceil(0.9 * static_cast<double>(scores.size() + 1))) - 1];
  double held = 0, size = 0;
  for (std::size_t i = kRows / 2; i < kRows; ++i) {
    for (std::size_t c = 0; c < 2; ++c) {
      const bool in = 1 - scored.probability[2 * i + c] <= threshold;
      size += in ? 1 : 0;
      held += in && scored.truth[i] == static_cast<std::int32_t>(c) ? 1 : 0;
    }
  }
  BOOST_TEST(found->lac.coverage == held / (kRows / 2), tolerance(1e-12));
  BOOST_TEST(found->lac.mean_size == size / (kRows / 2), tolerance(1e-12));
  // Rows of guesses are as good as exchangeable: 0.03 is almost three standard errors of 750 rows.
  BOOST_TEST(std::fabs(found->lac.coverage - 0.9) < 0.03);
  BOOST_TEST(found->aps.coverage >= 0.87);
  BOOST_TEST(found->aps.mean_size >= found->lac.mean_size);
}

BOOST_AUTO_TEST_CASE(too_few_rows_make_no_sets) {
  const Guesses guesses;
  ScoredRows scored = guesses.scored(3, 0);
  const auto first = [&](std::size_t rows) {
    ScoredRows out = scored;
    out.row.resize(rows);
    out.truth.resize(rows);
    out.probability.resize(2 * rows);
    return measure_path_sets(guesses.data, out).has_value();
  };
  // A hundred of each half: six are purged of the first.
  BOOST_TEST(first(212));
  BOOST_TEST(!first(211));
}

BOOST_AUTO_TEST_CASE(splits_are_scored_one_by_one) {
  Guesses guesses;
  guesses.data.label[0] = -1;
  std::vector<const FoldResult*> folds = guesses.folds_of(2);
  folds[3] = nullptr;
  const std::vector<FoldScore> found = score_folds(guesses.data, folds);
  BOOST_TEST(found.size() == 15U);
  BOOST_TEST(found[3].rows == 0U);
  BOOST_TEST(std::isnan(found[3].log_loss));
  const FoldResult& fold = guesses.folds[2][0];
  double right = 0, loss = 0;
  for (std::size_t i = 0; i < fold.row.size(); ++i) {
    if (fold.row[i] == 0) continue;
    const auto truth = static_cast<std::size_t>(guesses.data.label[fold.row[i]]);
    const double p = static_cast<double>(fold.probability[2 * i + truth]);
    right += p > 0.5 ? 1 : 0;
    loss -= std::log(p);
  }
  const auto rows = static_cast<double>(fold.row.size() - 1);
  BOOST_TEST(found[0].rows == fold.row.size() - 1);
  BOOST_TEST(found[0].accuracy == right / rows, tolerance(1e-12));
  BOOST_TEST(found[0].log_loss == loss / rows, tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(tested_rows_are_known_by_their_times_symbols_and_labels) {
  const Guesses guesses;
  const TestedRows found = guesses.results().tested;
  BOOST_TEST(found.rows == kRows);
  BOOST_TEST(found.first == guesses.data.time.front());
  BOOST_TEST(found.last == guesses.data.time.back());
  Guesses other;
  other.data.features = {"another"};
  BOOST_TEST(other.results().tested.sha256 == found.sha256);
  other.data.label[7] = 1 - other.data.label[7];
  BOOST_TEST(other.results().tested.sha256 != found.sha256);
  Guesses fewer;
  for (auto& path : fewer.splits.paths) path.pop_back();
  BOOST_TEST(fewer.results().tested.rows < kRows);
  BOOST_TEST(fewer.results().tested.sha256 != found.sha256);
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_nothing_that_is_written) {
  const Guesses guesses;
  const std::string one = json_text(results_json(guesses.config, guesses.data, guesses.results(1)));
  BOOST_TEST((json_text(results_json(guesses.config, guesses.data, guesses.results(3))) == one));
}

BOOST_AUTO_TEST_CASE(results_hold_what_a_comparison_asks_for) {
  const Guesses guesses;
  const EvaluationResults results = guesses.results();
  const Json json = results_json(guesses.config, guesses.data, results);
  const Json& best = json["models"][json["best"].get<std::string>()];
  BOOST_TEST(json["tested"]["rows"] == kRows);
  BOOST_TEST(json["equity"]["time"].size() == 600U);
  BOOST_TEST(json["equity"]["best"].size() == 600U);
  BOOST_TEST(json["equity"]["best"].back().get<double>() == best["backtest"]["total"].get<double>() + 1,
             tolerance(1e-9));
  BOOST_TEST(json["equity"]["buy_and_hold"].back().get<double>() == results.hold->total + 1, tolerance(1e-9));
  BOOST_TEST(best["backtest"]["moments"]["observations"] == results.clock.size());
  BOOST_TEST(best["backtest"]["moments"]["sharpe"] == best["backtest"]["sharpe"]);
  BOOST_TEST(best["backtest"]["paths"][best["backtest"]["path"].get<std::size_t>()]["total"] ==
             best["backtest"]["total"]);
  BOOST_TEST(best["conformal"]["lac"]["coverage_by_class"].size() == 2U);
  BOOST_TEST(best["by_split"]["log_loss"].size() == 15U);
  for (const char* part : {"reliability", "conformal"}) BOOST_TEST(json["baselines"]["flip"].contains(part));
}

BOOST_AUTO_TEST_SUITE_END()
