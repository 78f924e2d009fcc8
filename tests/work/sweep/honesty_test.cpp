// How far a sweep's winner may be an accident.
#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "base/utc_time.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "validation/normal.h"
#include "validation/overfitting.h"
#include "validation/sharpe.h"
#include "work/sweep/honesty/fold_scores.h"
#include "work/sweep/honesty/honesty.h"
#include "work/sweep/honesty/outer_test.h"
#include "work/sweep/honesty/study_returns.h"
#include "work/sweep/honesty/trial_recorder.h"
#include "work/sweep/study/gpu_hours.h"
#include "work/sweep/study/trial_attributes.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

constexpr std::int64_t kDay = 86'400'000'000'000, kHour = kDay / 24;

std::int64_t day(std::int64_t number) {
  return parse_utc("2020-01-01") + number * kDay;
}

TrackRecord days(const std::vector<double>& values, std::int64_t first = 0) {
  TrackRecord out{.value = values};
  for (std::size_t i = 0; i < values.size(); ++i) out.time.push_back(day(first + static_cast<std::int64_t>(i)));
  return out;
}

std::vector<double> noise(std::mt19937_64& random, std::size_t rows, double mean = 0) {
  std::normal_distribution<double> normal(mean, 0.01);
  std::vector<double> out(rows);
  for (double& each : out) each = normal(random);
  return out;
}

double sharpe_of(const std::vector<double>& returns) {
  return validation::measure_returns(returns).sharpe;
}

// A study whose trials have these returns, and their Sharpe ratios as values to be maximised.
struct MadeStudy {
  TemporaryFolder folder;
  sweep::Study study{.name = "made", .directions = {sweep::Direction::maximize}};

  std::uint64_t add(const TrackRecord& record) {
    const std::uint64_t number = add(sharpe_of(record.value));
    const std::filesystem::path trial = folder.path() / "trials" / fmt::format("{:06}", number);
    create_folders(trial);
    write_track_record(trial / kReturnsFile, record);
    return number;
  }
  std::uint64_t add(double value) {
    study.trials.push_back({.state = sweep::TrialState::complete, .values = {value}});
    return study.trials.size() - 1;
  }
  Json honesty() const { return honesty_json(study, folder.path(), 2); }
};

std::string notes_of(const Json& honesty) {
  std::string out;
  for (const Json& each : honesty["notes"]) out += each.get<std::string>() + "\n";
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(hours_become_days_that_begin_at_midnight) {
  const TrackRecord hours{.time = {day(0) + 22 * kHour, day(0) + 23 * kHour, day(1), day(3) + kHour},
                          .value = {0.1, 0.2, -0.5, 0.25}};
  const TrackRecord simple = resampled(hours, kDay, Compounding::simple);
  BOOST_TEST((simple.time == std::vector<std::int64_t>{day(0), day(1), day(3)}));
  BOOST_TEST(simple.value[0] == 1.1 * 1.2 - 1, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(simple.value[1] == -0.5);
  const TrackRecord log = resampled(hours, kDay, Compounding::log);
  BOOST_TEST(log.value[0] == 0.1 + 0.2);
  // Before 1970, too.
  const TrackRecord early = resampled({.time = {-kHour, kHour}, .value = {0.5, 0.5}}, kDay, Compounding::log);
  BOOST_TEST((early.time == std::vector<std::int64_t>{-kDay, 0}));
}

BOOST_AUTO_TEST_CASE(a_simple_return_that_loses_more_than_all_is_refused) {
  BOOST_TEST(holds(refusal_of([] { resampled(days({0.1, -1.5}), kDay, Compounding::simple); }), "row 2 is -1.5"));
  BOOST_TEST(resampled(days({0.1, -1.5}), kDay, Compounding::log).value[1] == -1.5);
}

BOOST_AUTO_TEST_CASE(what_is_kept_reads_back_to_the_bit) {
  const TemporaryFolder folder;
  std::mt19937_64 random(1);
  const TrackRecord record = days(noise(random, 50));
  write_track_record(folder / "returns.csv", record);
  const TrackRecord back = read_track_record(folder / "returns.csv");
  BOOST_TEST((back.time == record.time && back.value == record.value));
  write_track_record(folder / "untimed.csv", {.value = record.value});
  BOOST_TEST((read_track_record(folder / "untimed.csv").value == record.value));
  write_file(folder / "bad.csv", "time,return\n2020-01-02T00:00:00Z,0.1\n2020-01-01T00:00:00Z,0.1\n");
  BOOST_TEST(holds(refusal_of([&] { read_track_record(folder / "bad.csv"); }), "line 3"));
  write_file(folder / "bad.csv", "time,return\n2020-01-02T00:00:00Z,nan\n");
  BOOST_TEST(holds(refusal_of([&] { read_track_record(folder / "bad.csv"); }), "line 2"));
}

BOOST_AUTO_TEST_CASE(trials_meet_at_the_moments_that_all_have) {
  const StudyReturns found = align_returns(
      {{3, days({1, 2, 3, 4, 5, 6})}, {4, days({30, 40, 50, 60, 70}, 2)}, {7, days({9}, 5)}, {8, {.value = {1, 2}}}},
      3);
  BOOST_TEST((found.trials == std::vector<std::uint64_t>{3, 4}));
  BOOST_TEST((found.time == std::vector<std::int64_t>{day(2), day(3), day(4), day(5)}));
  BOOST_TEST((found.values == std::vector<double>{3, 30, 4, 40, 5, 50, 6, 60}));
  BOOST_TEST(found.longest == 6U);
  BOOST_REQUIRE_EQUAL(found.left_out.size(), 2U);
  BOOST_TEST(holds(found.left_out[0], "trial 7: it has returns at 1 of 6 moments"));
  BOOST_TEST(holds(found.left_out[1], "trial 8: its returns have no times"));
}

BOOST_AUTO_TEST_CASE(returns_without_times_must_be_as_many) {
  const StudyReturns found = align_returns({{0, {.value = {1, 2}}}, {1, {.value = {3, 4}}}, {2, {.value = {5}}}}, {});
  BOOST_TEST((found.values == std::vector<double>{1, 3, 2, 4}));
  BOOST_TEST(holds(found.left_out.at(0), "trial 2: it has 1 returns without times, where 2 were expected"));
}

BOOST_AUTO_TEST_CASE(the_numbers_are_those_of_moola_pbo_and_moola_sharpe) {
  MadeStudy made;
  std::mt19937_64 random(3);
  std::string csv = "time";
  std::vector<std::vector<double>> columns;
  for (std::size_t t = 0; t < 12; ++t) {
    columns.push_back(noise(random, 200, t == 5 ? 0.001 : 0));
    made.add(days(columns.back()));
    csv += fmt::format(",t{}", t);
  }
  for (std::size_t row = 0; row < 200; ++row) {
    csv += "\n" + utc_text(day(static_cast<std::int64_t>(row)));
    for (const std::vector<double>& column : columns) csv += fmt::format(",{}", column[row]);
  }
  const BarsWorkspace workspace;
  write_file(workspace.path("r.csv"), csv + "\n");
  const Json found = made.honesty(), pbo = workspace.answer("pbo", {workspace.path("r.csv")});
  const Json sharpe = workspace.answer("sharpe", {workspace.path("r.csv")});
  BOOST_TEST(sharpe["judged"] == fmt::format("t{}", found["judged"].get<std::uint64_t>()));
  BOOST_TEST(found["overfitting"]["pbo"].get<double>() == pbo["pbo"].get<double>());
  BOOST_TEST(found["overfitting"]["combinations"] == pbo["combinations"]);
  for (const char* key : {"sharpe", "psr", "dsr", "trial_variance", "expected_maximum", "effective_dsr"})
    BOOST_TEST(found[key].get<double>() == sharpe[key].get<double>(), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(found["annual_sharpe"].get<double>() == sharpe["annual_sharpe"].get<double>(),
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(found["effective_trials"] == sharpe["effective_trials"]);
}

BOOST_AUTO_TEST_CASE(the_best_of_noise_is_found_to_be_luck) {
  double pbo = 0, dsr = 0;
  constexpr int kStudies = 12;
  for (int seed = 0; seed < kStudies; ++seed) {
    MadeStudy made;
    std::mt19937_64 random(static_cast<std::uint64_t>(seed) + 100);
    for (std::size_t t = 0; t < 30; ++t) made.add(days(noise(random, 160)));
    const Json found = made.honesty();
    pbo += found["overfitting"]["pbo"].get<double>() / kStudies;
    dsr += found["dsr"].get<double>() / kStudies;
    BOOST_TEST(found["psr"].get<double>() > found["dsr"].get<double>());
  }
  BOOST_TEST(pbo > 0.35);
  BOOST_TEST(pbo < 0.65);
  BOOST_TEST(dsr > 0.3);  // the best of noise is, on average, what the best of noise is
  BOOST_TEST(dsr < 0.7);
}

BOOST_AUTO_TEST_CASE(a_planted_winner_is_believed) {
  MadeStudy made;
  std::mt19937_64 random(4);
  for (std::size_t t = 0; t < 30; ++t) made.add(days(noise(random, 1000, t == 11 ? 0.003 : 0)));
  const Json found = made.honesty();
  BOOST_TEST(found["judged"] == 11);
  BOOST_TEST(found["dsr"].get<double>() > 0.95);
  BOOST_TEST(found["overfitting"]["pbo"].get<double>() < 0.05);
  BOOST_TEST(holds(honesty_text(found), "Sharpe ratio of trial 11"));
}

BOOST_AUTO_TEST_CASE(trials_without_returns_count_as_trials) {
  MadeStudy made;
  std::mt19937_64 random(5);
  for (std::size_t t = 0; t < 10; ++t) made.add(days(noise(random, 100)));
  const Json before = made.honesty();
  for (std::size_t t = 0; t < 5; ++t) made.add(-1.0);
  made.add(-0.5);
  made.study.trials.back().user.push_back({kReturnsFault, "\"there is no file r.csv.\""});
  const Json found = made.honesty();
  BOOST_TEST(found["trials"] == 16);
  BOOST_TEST(found["returns"]["trials"] == 10);
  BOOST_TEST(found["returns"]["without"] == 6);
  BOOST_TEST(found["dsr"].get<double>() < before["dsr"].get<double>());
  BOOST_TEST(holds_all(notes_of(found), {"6 of 16 complete trials have kept no returns", "there is no file r.csv"}));
}

BOOST_AUTO_TEST_CASE(a_best_trial_without_returns_has_no_dsr_and_says_so) {
  MadeStudy made;
  std::mt19937_64 random(6);
  for (std::size_t t = 0; t < 5; ++t) made.add(days(noise(random, 100)));
  const std::uint64_t best = made.add(100.0);
  const Json found = made.honesty();
  BOOST_TEST(found["dsr"].is_null());
  BOOST_TEST(holds(found["no_dsr"], fmt::format("trial {}, the best one, has kept no returns", best)));
  BOOST_TEST(found["overfitting"]["trials"] == 5);
}

BOOST_AUTO_TEST_CASE(an_objective_without_returns_says_that_pbo_does_not_apply) {
  MadeStudy made;
  made.add(1.0);
  made.add(2.0);
  const Json found = made.honesty();
  BOOST_TEST(found["overfitting"].is_null());
  BOOST_TEST(holds(found["no_overfitting"], "no complete trial has kept out-of-sample returns"));
  BOOST_TEST(holds(honesty_text(found), "do not apply"));
  BOOST_TEST(holds(notes_of(found), "no outer test part was set aside"));
  BOOST_TEST(honesty_json({.name = "empty", .directions = {sweep::Direction::minimize}}, {})["no_overfitting"] ==
             "no trial is complete");
}

BOOST_AUTO_TEST_CASE(a_damaged_record_leaves_its_trial_out_and_says_so) {
  MadeStudy made;
  std::mt19937_64 random(7);
  for (std::size_t t = 0; t < 5; ++t) made.add(days(noise(random, 100)));
  write_file(made.folder / "trials/000002/returns.csv", "time,return\nyesterday,1\n");
  const Json found = made.honesty();
  BOOST_TEST(found["returns"]["trials"] == 4);
  BOOST_TEST(holds(notes_of(found), "line 2 of"));
}

BOOST_AUTO_TEST_CASE(returns_that_never_change_are_a_trial_without_a_sharpe_ratio) {
  MadeStudy made;
  std::mt19937_64 random(8);
  for (std::size_t t = 0; t < 5; ++t) made.add(days(noise(random, 100)));
  create_folders(made.folder / "trials/000005");
  write_track_record(made.folder / "trials/000005/returns.csv", days(std::vector<double>(100)));
  made.add(-9.0);
  const Json found = made.honesty();
  BOOST_TEST(found["returns"]["trials"] == 6);
  BOOST_TEST(found["overfitting"]["trials"] == 5);
  BOOST_TEST(found["trials"] == 6);
  BOOST_TEST(holds(notes_of(found), "returns of 1 trials never change"));
}

BOOST_AUTO_TEST_CASE(the_best_so_far_is_corrected_by_what_so_many_trials_have_by_luck) {
  MadeStudy made;
  std::mt19937_64 random(9);
  std::vector<double> sharpes;
  for (std::size_t t = 0; t < 40; ++t) {
    const std::vector<double> returns = noise(random, 120);
    sharpes.push_back(sharpe_of(returns));
    made.add(days(returns));
  }
  const Json found = made.honesty();
  BOOST_REQUIRE_EQUAL(found["best_so_far"].size(), 40U);
  for (const Json& point : found["best_so_far"]) {
    const auto count = point["trials"].get<std::size_t>();
    const std::span<const double> so_far = std::span(sharpes).first(count);
    BOOST_TEST(point["value"].get<double>() == *std::ranges::max_element(so_far), boost::test_tools::tolerance(1e-12));
    const double by_luck =
        validation::deflation_benchmark(validation::variance_of_trials(so_far, 120), static_cast<double>(count));
    BOOST_TEST(point["corrected"].get<double>() == point["sharpe"].get<double>() - by_luck,
               boost::test_tools::tolerance(1e-9));
  }
  BOOST_TEST(found["best_so_far"].back()["dsr"].get<double>() == found["dsr"].get<double>(),
             boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(models_that_were_trained_on_each_others_parts_tell_less) {
  MadeStudy made;
  std::mt19937_64 random(13);
  for (std::size_t t = 0; t < 8; ++t) made.add(days(noise(random, 101, t == 2 ? 0.004 : 0)));
  const Json before = made.honesty();
  BOOST_TEST(before["effective_observations"] == 101);
  BOOST_REQUIRE(before["judged"] == 2);
  made.study.trials[2].user.push_back({kSharedTraining, "2"});
  const Json found = made.honesty();
  BOOST_TEST(found["effective_observations"] == 51);
  // The same distance from the benchmark in root-of-two times as wide errors.
  const auto errors = [](const Json& honesty) { return validation::normal_quantile(honesty["dsr"].get<double>()); };
  BOOST_TEST(errors(found) == errors(before) / std::sqrt(2), boost::test_tools::tolerance(1e-6));
  BOOST_TEST(found["best_so_far"].back()["dsr"].get<double>() == found["dsr"].get<double>(),
             boost::test_tools::tolerance(1e-9));
  BOOST_TEST(holds(notes_of(found), "101 returns of trial 2 tell as much as 51"));
}

BOOST_AUTO_TEST_CASE(of_several_paths_dsr_takes_the_median_and_pbo_the_mean) {
  MadeStudy made, means;
  std::mt19937_64 random(14);
  for (std::size_t t = 0; t < 12; ++t) {
    const std::uint64_t number = made.add(days(noise(random, 160)));
    const TrackRecord mean = days(noise(random, 160, t == 3 ? 0.005 : 0));
    write_track_record(made.folder / fmt::format("trials/{:06}", number) / kMeanReturnsFile, mean);
    means.add(mean);
  }
  const Json before = made.honesty(), of_means = means.honesty();
  BOOST_TEST(before["overfitting"] == of_means["overfitting"]);
  BOOST_TEST(before["sharpe"].get<double>() == made.study.trials[before["judged"].get<std::size_t>()].values[0],
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(of_means["judged"] == 3);
  BOOST_TEST(before["effective_trials"] == of_means["effective_trials"]);
}

BOOST_AUTO_TEST_CASE(a_half_is_no_better_than_drawing_lots) {
  const auto says = [](double pbo) {
    validation::Overfitting found;
    found.pbo = pbo;
    return std::string(found.verdict());
  };
  BOOST_TEST(holds(says(0.5), "drawing lots"));
  BOOST_TEST(holds(says(0.499), "much of it is chance"));
  BOOST_TEST(holds(says(0.2), "mostly holds"));
  BOOST_TEST(says(0.05) == "holds outside");
}

BOOST_AUTO_TEST_CASE(threads_change_nothing) {
  MadeStudy made;
  std::mt19937_64 random(10);
  for (std::size_t t = 0; t < 20; ++t) made.add(days(noise(random, 100)));
  BOOST_TEST(json_text(honesty_json(made.study, made.folder.path(), 1)) ==
             json_text(honesty_json(made.study, made.folder.path(), 3)));
}

BOOST_AUTO_TEST_CASE(the_best_mean_of_folds_is_what_luck_gives_when_trials_do_not_differ) {
  constexpr int kStudies = 300;
  constexpr std::size_t kTrials = 20, kFolds = 5;
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal(0, 1);
  double beyond = 0, squares = 0;
  for (int each = 0; each < kStudies; ++each) {
    FoldScores scores{.folds = kFolds};
    const double hard[kFolds] = {0, 5, -3, 10, 2};  // folds differ by far more than trials
    std::vector<double> means;
    for (std::size_t t = 0; t < kTrials; ++t) {
      scores.trials.push_back(t);
      for (const double fold : hard) scores.values.push_back(fold + normal(random));
      means.push_back(std::accumulate(scores.values.end() - kFolds, scores.values.end(), 0.0) / kFolds);
    }
    const auto best = static_cast<std::size_t>(std::ranges::min_element(means) - means.begin());
    const auto luck = measure_fold_luck(scores, best, false, 1);
    BOOST_REQUIRE(luck.has_value());
    BOOST_TEST(luck->best_mean == means[best], boost::test_tools::tolerance(1e-12));
    beyond += luck->best_mean - luck->expected_of_all;
    squares += std::pow(luck->best_mean - luck->expected_of_all, 2);
  }
  // The expected maximum is an approximation, 2 % too high for 20.
  const double mean = beyond / kStudies, error = std::sqrt(squares) / kStudies;
  BOOST_TEST(std::fabs(mean) < 4 * error + 0.03);
}

BOOST_AUTO_TEST_CASE(folds_that_test_the_same_rows_are_fewer_than_they_look) {
  // 15 splits, each of two of six groups: a trial's score on a group is drawn once, and every split that tests it has
  // it.
  constexpr int kStudies = 200;
  constexpr std::size_t kTrials = 20, kGroups = 6;
  std::mt19937_64 random(15);
  std::normal_distribution<double> normal(0, 1);
  double beyond = 0, squares = 0, luck_alone = 0;
  for (int each = 0; each < kStudies; ++each) {
    FoldScores scores{.folds = 15, .tests = 5};
    double best_mean = 1e9;
    for (std::size_t t = 0; t < kTrials; ++t) {
      scores.trials.push_back(t);
      double group[kGroups], mean = 0;
      for (double& score : group) score = normal(random);
      for (std::size_t a = 0; a < kGroups; ++a) {
        mean += group[a] / kGroups;
        for (std::size_t b = a + 1; b < kGroups; ++b) scores.values.push_back((group[a] + group[b]) / 2);
      }
      best_mean = std::min(best_mean, mean);
    }
    const auto luck = measure_fold_luck(scores, 0, false, 1);
    BOOST_REQUIRE(luck.has_value());
    beyond += best_mean - luck->expected_of_all;
    squares += std::pow(best_mean - luck->expected_of_all, 2);
    luck_alone += luck->expected_of_all;
  }
  BOOST_TEST(std::fabs(beyond / kStudies) < 4 * std::sqrt(squares) / kStudies + 0.03);
  BOOST_TEST(luck_alone / kStudies < -0.7);  // -1.87 / sqrt(6)
}

BOOST_AUTO_TEST_CASE(attributes_that_anybody_else_wrote_end_nothing) {
  // As Python's json writes them, and of types that ours never have.
  for (const char* odd :
       {"NaN", "Infinity", "[0.1, -Infinity, 0.3]", "[[1], {}]", "\"many\"", "null", "{\"a\": NaN}"}) {
    sweep::Study study{.name = "s", .directions = {sweep::Direction::minimize}};
    for (std::size_t t = 0; t < 4; ++t) {
      sweep::Trial trial{.state = sweep::TrialState::complete, .values = {static_cast<double>(t)}};
      for (const char* key : {kFoldScores, kFoldTests, kSharedTraining, kReturnsFault, kGpuSeconds})
        trial.user.push_back({.key = key, .json = odd});
      trial.system.push_back({.key = kOwner, .json = odd});
      study.trials.push_back(std::move(trial));
    }
    // The scores of two can be used.
    for (std::size_t t : {2, 3})
      study.trials[t].user = {{.key = kFoldScores, .json = "[0.1, 0.2, 0.3]"}, {.key = kFoldTests, .json = odd}};
    const Json found = honesty_json(study, {});
    BOOST_TEST(found["judged"] == 0, odd);
    BOOST_TEST(found["fold_scores"].is_null(), odd);  // their noise is none
    BOOST_TEST(gpu_hours_of(study, 0, [](const std::string&) { return true; }) == 0, odd);
  }
}

BOOST_AUTO_TEST_CASE(a_trial_that_is_better_on_every_fold_is_beyond_luck) {
  sweep::Study study{.name = "s", .directions = {sweep::Direction::minimize}};
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal(0, 0.01);
  for (std::size_t t = 0; t < 15; ++t) {
    Json folds = Json::array();
    double mean = 0;
    for (std::size_t f = 0; f < 6; ++f) {
      const double score = 0.7 + 0.1 * static_cast<double>(f) + normal(random) - (t == 4 ? 0.05 : 0);
      folds.push_back(score);
      mean += score / 6;
    }
    study.trials.push_back({.state = sweep::TrialState::complete,
                            .values = {mean},
                            .user = {{.key = kFoldScores, .json = json_text(folds)}}});
  }
  const Json found = honesty_json(study, {});
  BOOST_TEST(found["judged"] == 4);
  BOOST_TEST(found["fold_scores"]["best_mean"].get<double>() <
             found["fold_scores"]["expected_best_of_all"].get<double>() - 0.02);
  BOOST_TEST(found["fold_scores"]["noise"].get<double>() == 0.01, boost::test_tools::tolerance(0.5));
  const Json& last = found["best_so_far"].back();
  BOOST_TEST(last["corrected_value"].get<double>() > last["value"].get<double>());
  BOOST_TEST(holds(honesty_text(found), "folds  mean score"));
}
