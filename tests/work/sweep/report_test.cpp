// The page of a study, and the same facts as JSON.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "sweep/importance/ped_anova.h"
#include "tests/support/messages.h"
#include "tests/work/sweep/report_study.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
using sweep::TrialState;

namespace {

constexpr TrialState kStates[] = {TrialState::running, TrialState::complete, TrialState::pruned, TrialState::failed,
                                  TrialState::waiting};

// Any study: trials of all states, a condition, a scale by factors, choices, ranges that have changed, reports.
void fill(ReportStudy& made, std::size_t trials, std::size_t objectives, std::uint64_t seed,
          const std::vector<double>& odd_values = {}) {
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return std::uniform_real_distribution<double>()(random); };
  made.study().directions.assign(objectives, sweep::Direction::minimize);
  if (objectives > 1) made.study().directions[1] = sweep::Direction::maximize;
  const std::uint32_t rate = made.parameter("rate", sweep::FloatDistribution{.low = 1e-5, .high = 0.1, .log = true});
  const std::uint32_t wider = made.parameter("rate", sweep::FloatDistribution{.low = 1e-5, .high = 1, .log = true});
  const std::uint32_t depth = made.parameter("depth", sweep::IntDistribution{.low = 2, .high = 8});
  const std::uint32_t kind = made.parameter(
      "kind",
      sweep::CategoricalDistribution{.choices = {std::string("adam"), std::monostate{}, true, std::int64_t{3}, 0.5}});
  const std::uint32_t momentum = made.parameter("momentum", sweep::FloatDistribution{.low = 0, .high = 0.99});
  const std::uint32_t only = made.parameter("only", sweep::IntDistribution{.low = 4, .high = 4});
  for (std::size_t i = 0; i < trials; ++i) {
    const double log_rate = -5 + 4 * uniform(), of_depth = std::floor(2 + 7 * uniform()),
                 of_kind = std::floor(5 * uniform());
    std::vector<sweep::TrialParameter> tried{
        {i % 3 == 0 ? wider : rate, std::pow(10, log_rate)}, {depth, of_depth}, {kind, of_kind}, {only, 4}};
    if (of_kind == 0) tried.push_back({momentum, 0.9 * uniform()});
    std::vector<double> values;
    for (std::size_t k = 0; k < objectives; ++k)
      values.push_back((log_rate + 3) * (log_rate + 3) + (k == 0 ? of_depth : -of_depth) + 0.1 * uniform());
    if (i < odd_values.size()) values.front() = odd_values[i];
    const TrialState state = i < odd_values.size() || trials == 1 ? TrialState::complete
                             : i % 7 < 5                          ? TrialState::complete
                                                                  : kStates[random() % 5];
    sweep::Trial& trial = made.trial(state, state == TrialState::complete ? values : std::vector<double>{}, tried);
    for (std::int64_t step = 0; objectives == 1 && step < 6; ++step)
      trial.reports.push_back({step, step == 3 && i % 11 == 0 ? kNaN : values.front() + 5.0 / double(step + 1)});
    if (state == TrialState::failed) trial.user.push_back({"fail_reason", "\"exit status 3\""});
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_page_of_a_study)

BOOST_AUTO_TEST_CASE(it_can_be_read_and_refers_to_nothing_else_whatever_the_study_is) {
  for (const std::size_t objectives : {1, 2, 3}) {
    for (const std::size_t trials : {0, 1, 2, 3, 12, 60, 400}) {
      ReportStudy made;
      fill(made, trials, objectives, 100 * objectives + trials);
      const ReadPage page = made.page();
      BOOST_TEST(!page.text.empty());
      made.json();
    }
  }
}

BOOST_AUTO_TEST_CASE(values_that_are_no_numbers_or_beyond_all_others_are_drawn_in_the_field_or_not_at_all) {
  constexpr double kMost = std::numeric_limits<double>::max(), kLeast = std::numeric_limits<double>::denorm_min();
  const std::vector<std::vector<double>> all{
      {kNaN, kNaN, kNaN}, {kInfinity, -kInfinity, 1}, {kInfinity, kInfinity},
      {kMost, -kMost, 0}, {kMost, kLeast, 1},         {kLeast, 2 * kLeast, 5 * kLeast},
      {1e300, 1e-300},    {-1e-310, 1e-310},          {1e16, 1e16 + 2, 1e16 + 4}};
  for (const std::size_t trials : {3, 40}) {
    for (const std::vector<double>& odd : all) {
      for (const auto direction : {sweep::Direction::minimize, sweep::Direction::maximize}) {
        ReportStudy made;
        fill(made, trials, 1, trials, odd);
        made.study().directions = {direction};
        const ReadPage page = made.page();
        for (const auto& [section, paths] : page.paths) {
          for (const std::string& path : paths) {
            // No coordinate is further out than a drawing.
            for (std::size_t at = 0; at < path.size();) {
              const std::size_t digit = path.find_first_of("-0123456789", at);
              if (digit == std::string::npos) break;
              std::size_t read = 0;
              const double coordinate = std::stod(path.substr(digit), &read);
              BOOST_TEST(std::fabs(coordinate) < 1500);
              at = digit + read;
            }
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_users_have_written_is_text) {
  const std::string nasty = "</title><script>alert(\"1\")</script> & 'ä€𝄞' \x01";
  ReportStudy made;
  made.study().name = nasty;
  const std::uint32_t x = made.parameter(nasty, sweep::FloatDistribution{.low = 0, .high = 1});
  const std::uint32_t y = made.parameter("y", sweep::CategoricalDistribution{.choices = {nasty, std::string("b")}});
  made.study().system.push_back({"study:metric_names", json_text(Json::array({nasty}))});
  for (int i = 0; i < 20; ++i) made.complete(i, {{x, 0.05 * i}, {y, double(i % 2)}});
  made.failed(nasty, "moola-" + nasty);
  made.study().trials.back().reports = {{0, 1}, {1, 2}};
  BOOST_TEST(made.markup().find("<script") == std::string::npos);
  const ReadPage page = made.page();
  const std::string words = page.all_text(), kept = "</title><script>alert(\"1\")</script> & 'ä€𝄞' ";
  BOOST_TEST(holds(page.text.at(""), "Trial 0 is the best: " + kept));
  for (const char* section : {"searched", "best", "failures", "cost"}) check_says(page, section, {kept});
  const Json json = made.json();
  BOOST_TEST(json["study"] == nasty);
  BOOST_TEST(json["failures"][0]["message"] == nasty);
  BOOST_TEST(json["best"]["params"][nasty] == 0.0);
  BOOST_TEST(json["best"]["params"]["y"] == nasty);
}

BOOST_AUTO_TEST_CASE(its_numbers_are_those_that_a_person_would_count) {
  ReportStudy made;
  const std::uint32_t x = made.parameter("x", sweep::FloatDistribution{.low = 0.001, .high = 10, .log = true});
  const std::uint32_t n = made.parameter("n", sweep::IntDistribution{.low = 1, .high = 9, .step = 2});
  const std::uint32_t kind =
      made.parameter("kind", sweep::CategoricalDistribution{.choices = {std::string("a"), false, std::monostate{}}});
  made.study().directions = {sweep::Direction::maximize};
  made.complete(1.5, {{x, 0.01}, {n, 3}, {kind, 1}});
  made.complete(0.5, {{x, 0.1}, {n, 5}, {kind, 0}});
  made.complete(2.25, {{x, 0.125}, {n, 7}, {kind, 2}});
  made.complete(kNaN, {{x, 0.2}, {n, 7}});
  made.complete(2, {{x, 0.3}, {n, 9}});
  // Better, but it breaks a constraint.
  made.complete(9, {{x, 0.4}}).system.push_back({kConstraints, "[1.0]"});
  made.trial(TrialState::pruned, {}, {{x, 0.5}}).reports = {{1, 0.25}};
  made.failed("no memory", "moola-node7-123-1795339156538072235-0").user = {
      {"fail_reason", "\"no memory\""}, {"seconds", "600"}, {"attempts", "2"}};
  made.failed("no memory");
  made.failed("exit status 3");
  made.trial(TrialState::running, {}, {{x, 0.6}});
  made.trial(TrialState::waiting);

  const ReadPage page = made.page();
  check_says(page, "",
             {"Study of hyperparameters", "made", "value maximised", "begun 2026-03-01 00:00 UTC",
              // Of six complete ones three ended after it, one of them without a value.
              "Trial 2 is the best: value = 2.25. ",
              "12 trials: 6 complete, 1 pruned, 3 failed, 1 running, 1 waiting. 2 complete trials ended after it"});
  check_says(page, "searched",
             {"x 0.001 to 10, log 8 0.125", "n 1 to 9, step 2, whole 5 7", "kind a, false, null 3 null"});
  check_says(page, "best", {"2 2.25 x = 0.125, n = 7, kind = null", "4 2 x = 0.3, n = 9", "0 1.5", "1 0.5"});
  BOOST_TEST(page.text.at("best").find("5 9 ") == std::string::npos);
  // Ten trials of 10 s have ended, of which one says 600 s.
  check_says(page, "cost",
             {"11 min 30 s of trials", "1 min 40 s", "1 min 09 s on average", "10 min 20 s for nothing", "1 trial",
              "node7, process 123 1 0 0 1 10 min 00 s", "not named in the trials 9 6 1 2 1 min 30 s"});
  check_says(page, "failures", {"no memory 2 7, 8", "exit status 3 1 9"});
  // Four that count, one pruned, three failed.
  BOOST_TEST(page.dots("history") == 8U);

  const Json json = made.json();
  BOOST_TEST(json["best"]["number"] == 2);
  BOOST_TEST(json["infeasible"] == 1);
  BOOST_TEST(json["trials"]["failed"] == 3);
  BOOST_TEST(json["cost"]["seconds"].get<double>() == 690);
  BOOST_TEST(json["cost"]["failed_seconds"].get<double>() == 620);
  BOOST_TEST(json["cost"]["retried"] == 1);
  BOOST_TEST(json["workers"][0]["worker"] == "moola-node7-123-1795339156538072235-0");
  BOOST_TEST(json["workers"][1]["worker"].is_null());
  BOOST_TEST(json["workers"][1]["complete"] == 6);
  BOOST_TEST(json["failures"][0]["trials"] == Json::array({7, 8}));
  BOOST_TEST(json["first_start"] == "2026-03-01T00:00:00Z");
  std::vector<std::uint64_t> improvements;
  for (const Json& each : json["improvements"]) improvements.push_back(each["number"]);
  BOOST_TEST((improvements == std::vector<std::uint64_t>{0, 2}));
}

BOOST_AUTO_TEST_CASE(attributes_of_other_programs_by_the_names_of_ours_are_not_believed) {
  ReportStudy made;
  made.complete(1).user = {{"seconds", "1e9"}, {"attempts", "7"}};
  made.complete(2).user = {{"seconds", "\"soon\""}};
  BOOST_TEST(made.json()["cost"]["seconds"].get<double>() == 20);
  BOOST_TEST(made.json()["cost"]["retried"] == 0);
}

BOOST_AUTO_TEST_CASE(importance_is_what_ped_anova_says) {
  ReportStudy made;
  fill(made, 300, 1, 5);
  const Json json = made.json();
  const std::vector<sweep::ParameterImportance> expected = sweep::ped_anova(made.study());
  BOOST_REQUIRE_EQUAL(json["importance"].size(), expected.size());
  const ReadPage page = made.page();
  double sum = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    BOOST_TEST(json["importance"][i]["parameter"] == expected[i].name);
    BOOST_TEST(json["importance"][i]["share"].get<double>() == expected[i].share);
    sum += expected[i].share;
    const std::vector<std::string>& labels = page.labels.at("importance");
    BOOST_TEST((std::ranges::find(labels, fmt::format("{:.1f}\u00a0%", 100 * expected[i].share)) != labels.end()));
  }
  BOOST_TEST(sum == 1, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(expected.front().name == "depth");
}

BOOST_AUTO_TEST_CASE(the_line_of_the_best_so_far_steps_where_a_trial_was_better) {
  ReportStudy made;
  for (const double value : {4.0, 5.0, 3.0, 3.5, 2.0, 2.0}) made.complete(value);
  // 66 to 818 across are trials 0 to 5; the level goes down twice, and on to the last.
  const ReadPage page = made.page();
  std::size_t found = 0;
  for (const std::string& path : page.paths.at("history")) {
    if (!path.starts_with("M66.0 ") || path.find('V') == std::string::npos) continue;
    ++found;
    std::vector<double> across, down{std::stod(path.substr(6))};
    for (std::size_t at = path.find('H'); at != std::string::npos; at = path.find('H', at + 1))
      across.push_back(std::stod(path.substr(at + 1)));
    for (std::size_t at = path.find('V'); at != std::string::npos; at = path.find('V', at + 1))
      down.push_back(std::stod(path.substr(at + 1)));
    BOOST_REQUIRE_EQUAL(across.size(), 3U);
    for (const std::size_t i : {0, 1, 2})
      BOOST_TEST(across[i] == (i == 2 ? 818 : 66 + 752 * (2.0 + 2.0 * double(i)) / 5),
                 boost::test_tools::tolerance(1e-9));
    BOOST_REQUIRE_EQUAL(down.size(), 4U);
    // From 4 to 3 as far as from 3 to 2.
    BOOST_TEST(down[1] - down[0] == down[2] - down[1], boost::test_tools::tolerance(0.01));
    BOOST_TEST(down[1] > down[0]);
    BOOST_TEST(down[3] == down[2]);
  }
  BOOST_TEST(found == 1U);
}

BOOST_AUTO_TEST_CASE(of_several_objectives_it_shows_the_front) {
  ReportStudy made;
  made.study().directions = {sweep::Direction::minimize, sweep::Direction::maximize};
  const std::uint32_t x = made.parameter("x", sweep::FloatDistribution{.low = 0, .high = 1});
  const double values[][2] = {{1, 1}, {2, 5}, {3, 4}, {0.5, 0}, {2, 4}, {7, 9}};
  for (const auto& [a, b] : values) made.trial(TrialState::complete, {a, b}, {{x, a / 10}});
  made.trial(TrialState::complete, {kNaN, 99});
  const ReadPage page = made.page();
  check_says(page, "", {"4 trials are on the front. 7 trials: 7 complete.", "value 0 minimised, value 1 maximised"});
  check_says(page, "best", {"0 1 1 x = 0.1", "1 2 5 x = 0.2", "3 0.5 0 x = 0.05", "5 7 9 x = 0.7"});
  const Json json = made.json();
  std::vector<std::uint64_t> front;
  for (const Json& each : json["front"]) front.push_back(each["number"]);
  BOOST_TEST((front == std::vector<std::uint64_t>{0, 1, 3, 5}));
  BOOST_TEST(json["best"].is_null());
  // Six points and a front of four, in the plane and once for each objective.
  BOOST_TEST(page.dots("history") == 30U);
}

BOOST_AUTO_TEST_CASE(it_says_when_there_is_nothing) {
  ReportStudy none;
  check_says(none.page(), "", {"No trial has begun yet."});
  ReportStudy running;
  running.trial(TrialState::running);
  check_says(running.page(), "", {"There is no result yet. 1 trial: 1 running."});
  ReportStudy failing;
  for (int i = 0; i < 30; ++i) failing.failed(fmt::format("message {}", i % 25));
  const ReadPage page = failing.page();
  check_says(page, "", {"No trial is complete. 30 trials: 30 failed."});
  check_says(page, "failures", {"message 0 2 0, 25", "The 20 most frequent of 25 messages"});
  BOOST_TEST(failing.json()["failures"].size() == 25U);
  ReportStudy broken;
  broken.complete(1).system.push_back({kConstraints, "[2]"});
  broken.complete(kNaN);
  check_says(broken.page(), "", {"No trial that counts is complete. 2 trials: 2 complete."});
}

BOOST_AUTO_TEST_CASE(fifty_thousand_trials_make_a_page_that_can_be_sent) {
  ReportStudy made;
  fill(made, 50'000, 1, 8);
  const std::string page = made.markup();
  BOOST_TEST(page.size() < 1'500'000U);
  BOOST_TEST(PageReader(page).read().problems.empty());
  ReportStudy running;
  for (int i = 0; i < 50'000; ++i) running.trial(TrialState::running);
  BOOST_TEST(running.markup().size() < 100'000U);
  check_says(running.page(), "timeline", {"The first 40 of 50,000 rows."});
}

BOOST_AUTO_TEST_SUITE_END()
