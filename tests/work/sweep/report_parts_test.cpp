// What a study's page says of honesty, and what its drawings are made by.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "tests/support/messages.h"
#include "tests/work/sweep/report_study.h"
#include "validation/sharpe.h"
#include "work/sweep/honesty/track_record.h"
#include "work/sweep/report/landscape.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

BOOST_AUTO_TEST_SUITE(honesty_on_the_page)

BOOST_AUTO_TEST_CASE(it_says_why_the_measures_do_not_apply) {
  ReportStudy made;
  made.complete(1);
  made.complete(2);
  const ReadPage page = made.page();
  const Json honesty = honesty_json(made.study(), made.folder.path());
  check_says(page, "honesty", {"DSR and PBO do not apply : " + honesty["no_returns"].get<std::string>()});
  for (const Json& note : honesty["notes"]) check_says(page, "honesty", {note.get<std::string>()});
  BOOST_TEST(made.json()["dsr"].is_null());
  BOOST_TEST(made.json()["pbo"].is_null());
  ReportStudy without;
  without.failed("never");
  BOOST_TEST(!without.page().text.contains("honesty"));
}

BOOST_AUTO_TEST_CASE(it_says_how_much_luck_there_may_be) {
  ReportStudy made;
  made.study().directions = {sweep::Direction::maximize};
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal(0, 0.01);
  std::vector<double> sharpes, best;
  for (std::uint64_t number = 0; number < 12; ++number) {
    TrackRecord record;
    for (std::int64_t row = 0; row < 200; ++row) {
      record.time.push_back(parse_utc("2020-01-01") + row * 86'400 * kSecond);
      record.value.push_back(normal(random) + (number == 7 ? 0.004 : 0));
    }
    const double sharpe = validation::measure_returns(record.value).sharpe;
    if (sharpes.empty() || sharpe > *std::ranges::max_element(sharpes)) best = record.value;
    sharpes.push_back(sharpe);
    made.complete(sharpe);
    const std::filesystem::path trial = trial_folder(made.folder.path(), number);
    std::filesystem::create_directories(trial);
    write_track_record(trial / "returns.csv", record);
  }
  const ReadPage page = made.page();
  const validation::ReturnMoments moments = validation::measure_returns(best);
  const double variance = validation::variance_of_trials(sharpes, 200);
  check_says(
      page, "honesty",
      {fmt::format("{:.3f}", validation::deflated_sharpe(moments, variance, 12)),
       "against the best of 12 trials without skill",
       fmt::format("{:.4g} a row, {:.3g} a year, of trial 7", moments.sharpe, moments.sharpe * std::sqrt(365.25)),
       fmt::format("{:.4g} a row: what the best of 12 trials without skill has",
                   validation::deflation_benchmark(variance, 12)),
       "probability of overfitting (PBO) ", "over 12 trials",
       "of 12 of 12 complete trials, 200 rows of 1d from 2020-01-01 to 2020-07-18, compounded"});
  const Json json = made.json();
  BOOST_TEST(json["dsr"].get<double>() == validation::deflated_sharpe(moments, variance, 12));
  check_says(page, "honesty", {fmt::format("{:.3f}", json["pbo"].get<double>())});
  // Three lines and what luck gives, over 12 trials.
  BOOST_TEST(page.readings.at("honesty").size() == 1U);
  BOOST_TEST(page.paths.at("honesty").size() >= 5U);
}

BOOST_AUTO_TEST_CASE(scores_of_folds_are_drawn_less_their_luck) {
  ReportStudy made;
  std::mt19937_64 random(9);
  std::normal_distribution<double> normal(0, 1);
  for (int number = 0; number < 30; ++number) {
    std::vector<double> scores;
    double sum = 0;
    for (int fold = 0; fold < 5; ++fold) {
      scores.push_back(normal(random));
      sum += scores.back();
    }
    made.complete(sum / 5).user.push_back({"fold_scores", json_text(Json(scores))});
  }
  const ReadPage page = made.page();
  const Json found = made.json()["honesty"]["fold_scores"];
  check_says(page, "honesty",
             {fmt::format("mean score {:.6g} of the best, {:.6g} of all 30 trials on 5 folds",
                          found["best_mean"].get<double>(), found["grand_mean"].get<double>())});
  BOOST_TEST((page.readings.at("honesty") == std::vector<std::string>{"best so far, and luck"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parts_of_the_page_of_a_study)

BOOST_AUTO_TEST_CASE(what_is_thinned_out_keeps_its_ends_and_its_order) {
  for (std::size_t size = 0; size < 40; ++size) {
    std::vector<std::uint64_t> all;
    for (std::size_t i = 0; i < size; ++i) all.push_back(3 * i + 5);
    for (std::size_t most = 2; most < 45; ++most) {
      const std::vector<std::uint64_t> some = thinned_out(all, most);
      BOOST_TEST(some.size() == std::min(size, most));
      BOOST_TEST(std::ranges::is_sorted(some, std::less_equal{}));
      BOOST_TEST(std::ranges::includes(all, some));
      if (size > 0) BOOST_TEST((some.front() == all.front() && some.back() == all.back()));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_axis_of_values_shows_the_good_end_whole) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(1 + 0.01 * i);
  values.push_back(1e6);
  values.push_back(kInfinity);
  values.push_back(kNaN);
  const ValueAxis low = axis_of_values("", values, sweep::Direction::minimize);
  BOOST_TEST(low.axis.low <= 1);
  BOOST_TEST(low.axis.high < 10);
  BOOST_TEST(!low.axis.logarithmic);
  BOOST_TEST(low.outside == 2U);
  BOOST_TEST(low.shown(1e6) == low.axis.high);
  BOOST_TEST(low.shown(1.5) == 1.5);
  BOOST_TEST(std::isnan(low.shown(kNaN)));
  // The best one is not cut off, however far it is.
  const ValueAxis high = axis_of_values("", values, sweep::Direction::maximize);
  BOOST_TEST(high.axis.high >= 1e6);
  std::vector<double> powers;
  for (int i = -20; i < 20; ++i) powers.push_back(std::pow(2, i));
  BOOST_TEST(axis_of_values("", powers, sweep::Direction::minimize).axis.logarithmic);
  BOOST_TEST(axis_of_values("", powers, sweep::Direction::minimize).axis.low <= powers.front());
}

BOOST_AUTO_TEST_CASE(a_landscape_lies_between_the_values_near_it) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform;
  std::vector<LandscapePoint> points;
  for (int i = 0; i < 30; ++i) points.push_back({uniform(random), uniform(random), uniform(random)});
  constexpr std::size_t kColumns = 9, kRows = 7;
  constexpr double kReach = 0.15;
  const std::vector<double> found = landscape(points, kColumns, kRows, kReach);
  BOOST_REQUIRE_EQUAL(found.size(), kColumns * kRows);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double x = (double(i % kColumns) + 0.5) / kColumns, y = (double(i / kColumns) + 0.5) / kRows;
    std::vector<std::pair<double, double>> near;
    for (const LandscapePoint& each : points) near.emplace_back(std::hypot(each.x - x, each.y - y), each.value);
    std::ranges::sort(near);
    if (near.front().first > kReach) {
      BOOST_TEST(std::isnan(found[i]));
      continue;
    }
    double sum = 0, weights = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      const double weight = 1 / (near[k].first * near[k].first + 1e-6);
      sum += weight * near[k].second;
      weights += weight;
    }
    BOOST_TEST(found[i] == sum / weights, boost::test_tools::tolerance(1e-9));
  }
}

BOOST_AUTO_TEST_SUITE_END()
