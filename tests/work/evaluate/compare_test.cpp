#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/atomic_file.h"
#include "record/run_folder.h"
#include "tests/jobs/program.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "validation/sharpe.h"
#include "work/evaluate/models/comparison_page.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
using boost::test_tools::tolerance;

namespace {

constexpr double kPeriods = 10'000;

// What a run is made of here: Sharpe ratios per bar by name.
struct RunOptions {
  std::string name = "first", job = "cpcv-pbo", rows = "aaaa", table = "demo/v1", config = "[splits]\ngroups = 6\n";
  std::vector<std::pair<std::string, double>> models = {{"forest", 0.02}, {"ridge", 0.01}};
  bool traded = true, has_verdict = true;
  double pbo = 0.1, periods = kPeriods;
};

validation::ReturnMoments moments_of(double sharpe) {
  return {.observations = 5000, .skew = 0.1, .kurtosis = 4, .sharpe = sharpe};
}

Json entry_of(const RunOptions& options, double sharpe, bool baseline) {
  Json out = {{"scores", {{"accuracy", 0.5}, {"log_loss", 0.7 - sharpe}, {"macro_f1", 0.4}}}};
  if (!options.traded) return out;
  out["backtest"] = {{"total", 10 * sharpe},
                     {"annual_sharpe", sharpe * std::sqrt(options.periods)},
                     {"drawdown", 0.1},
                     {"dsr", baseline ? 0 : 0.75}};
  if (!baseline) {
    const validation::ReturnMoments moments = moments_of(sharpe);
    out["backtest"]["moments"] = {{"observations", moments.observations},
                                  {"effective_observations", moments.observations},
                                  {"sharpe", moments.sharpe},
                                  {"skew", moments.skew},
                                  {"kurtosis", moments.kurtosis}};
  }
  return out;
}

Json results_of(const RunOptions& options) {
  Json models = Json::object();
  for (const auto& [name, sharpe] : options.models) models[name] = entry_of(options, sharpe, false);
  const auto best = std::ranges::max_element(options.models, {}, [](const auto& each) { return each.second; });
  Json out = {
      {"verdict", "said of " + options.name},
      {"has_verdict", options.has_verdict},
      {"best", best == options.models.end() ? Json(nullptr) : Json(best->first)},
      {"tested",
       {{"rows", 100}, {"from", "2024-01-01T00:00:00Z"}, {"to", "2024-02-01T00:00:00Z"}, {"sha256", options.rows}}},
      {"models", std::move(models)},
      {"baselines", {{"prior", entry_of(options, 0, true)}}},
      {"overfitting", nullptr}};
  if (!options.traded) return out;
  out["buy_and_hold"] = {{"total", 0.1}};
  out["periods_per_year"] = options.periods;
  out["overfitting"] = {{"pbo", options.pbo}};
  out["equity"] = {{"time", {1'704'067'200'000'000'000, 1'704'153'600'000'000'000, 1'704'240'000'000'000'000}},
                   {"best", {1.0, 1.1, 1.2}},
                   {"buy_and_hold", {1.0, 0.9, 1.1}}};
  return out;
}

struct Workspace {
  TemporaryFolder folder;

  std::string add(const RunOptions& options, record::RunState state = record::RunState::finished) const {
    record::Run run = record::open_run(
        folder.path(), {.job = options.job,
                        .name = options.name,
                        .config_text = options.config,
                        .config_identity = options.name,
                        .data = {{.role = "table", .id = options.table, .content_sha256 = std::string(64, '7')}}});
    write_file(run.path() / "results.json", json_text(results_of(options)));
    run.finish(state);
    return run.id();
  }
  RunComparison compare(const std::vector<std::string>& runs) const { return compare_evaluations(folder.path(), runs); }
};

RunOptions second() {
  return {.name = "second", .models = {{"forest", 0.015}, {"boosted", 0.025}, {"deep", -0.01}}, .pbo = 0.4};
}

const RunDifference* find(const RunComparison& comparison, const std::string& key) {
  const auto at = std::ranges::find(comparison.differences, key, &RunDifference::key);
  return at == comparison.differences.end() ? nullptr : &*at;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparisons_of_runs)

BOOST_AUTO_TEST_CASE(all_configurations_stand_in_one_order) {
  const Workspace workspace;
  workspace.add({});
  workspace.add(second());
  const RunComparison found = workspace.compare({"first", "second"});
  std::vector<std::string> names;
  for (const ComparedConfiguration& each : found.configurations)
    names.push_back(fmt::format("{} {}", each.run, each.name));
  const std::vector<std::string> expected{"1 boosted", "0 forest", "1 forest", "0 ridge",
                                          "0 prior",   "1 prior",  "1 deep"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
  BOOST_TEST(found.configurations[0].annual_sharpe == 2.5, tolerance(1e-12));
  BOOST_TEST(found.same_rows());
}

BOOST_AUTO_TEST_CASE(the_best_of_all_is_deflated_by_the_trials_of_all_runs) {
  const Workspace workspace;
  workspace.add({});
  workspace.add(second());
  const RunComparison found = workspace.compare({"first", "second"});
  BOOST_TEST(found.trials == 5);
  BOOST_REQUIRE(found.choices.size() == 1U);
  const std::vector<double> sharpes{0.02, 0.01, 0.015, 0.025, -0.01};
  const double variance = validation::variance_of_trials(sharpes, 5000);
  BOOST_TEST(*found.choices[0].dsr == validation::deflated_sharpe(moments_of(0.025), variance, 5), tolerance(1e-9));
  BOOST_TEST(found.choices[0].annual_luck == 100 * validation::deflation_benchmark(variance, 5), tolerance(1e-9));
  // More trials of the same spread leave less of it.
  RunOptions more{.name = "more", .models = {}};
  for (int i = 0; i < 40; ++i) more.models.emplace_back(fmt::format("m{}", i), i % 2 == 0 ? 0.02 : -0.005);
  workspace.add(more);
  const RunComparison all = workspace.compare({"first", "second", "more"});
  BOOST_TEST(all.trials == 45);
  BOOST_TEST(*all.choices[0].dsr < *found.choices[0].dsr);
}

BOOST_AUTO_TEST_CASE(results_that_count_no_effective_observations_are_compared_by_all_of_them) {
  const Workspace workspace;
  workspace.add({});
  const std::string run = workspace.add(second());
  const RunComparison now = workspace.compare({"first", "second"});
  const std::filesystem::path file = workspace.folder.path() / "artifacts/runs" / run / "results.json";
  Json results = read_json(file);
  for (auto& [name, entry] : results["models"].items()) entry["backtest"]["moments"].erase("effective_observations");
  write_file(file, json_text(results));
  const RunComparison before = workspace.compare({"first", "second"});
  BOOST_REQUIRE(before.choices.size() == 1U);
  BOOST_TEST(before.configurations[before.choices[0].configuration].name == "boosted");
  BOOST_TEST(*before.choices[0].dsr == *now.choices[0].dsr);
}

BOOST_AUTO_TEST_CASE(ratios_of_bars_of_any_length_are_compared_by_the_year) {
  // Four times as many bars a year: half the ratio per bar is as good.
  const Workspace workspace;
  workspace.add({});
  RunOptions fine = second();
  fine.periods = 4 * kPeriods;
  for (auto& [name, sharpe] : fine.models) sharpe /= 2;
  workspace.add(fine);
  const RunComparison found = workspace.compare({"first", "second"});
  const std::vector<double> annual{2, 1, 1.5, 2.5, -1};
  BOOST_TEST(found.configurations[0].name == "boosted");
  const double variance = validation::variance_of_trials(annual, 0) / (4 * kPeriods);
  BOOST_TEST(*found.choices[0].dsr == validation::deflated_sharpe(moments_of(0.0125), variance, 5), tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(runs_of_other_rows_are_marked_and_chosen_among_by_themselves) {
  const Workspace workspace;
  workspace.add({});
  RunOptions other = second();
  other.rows = "bbbb";
  workspace.add(other);
  const RunComparison found = workspace.compare({"second", "first"});
  BOOST_TEST(!found.same_rows());
  BOOST_TEST(found.runs[0].rows == "A");
  BOOST_TEST(found.runs[1].rows == "B");
  BOOST_REQUIRE(found.choices.size() == 2U);
  BOOST_TEST(found.configurations[found.choices[0].configuration].name == "boosted");
  BOOST_TEST(found.configurations[found.choices[1].configuration].name == "forest");
  // Their spread is that of their own rows; what was tried is all.
  const std::vector<double> own{0.02, 0.01};
  BOOST_TEST(*found.choices[1].dsr ==
                 validation::deflated_sharpe(moments_of(0.02), validation::variance_of_trials(own, 5000), 5),
             tolerance(1e-9));
  const std::string page = comparison_page(found);
  BOOST_TEST(holds(page, "These runs do not test the same rows."));
  BOOST_TEST(holds(page, "Best of rows B: forest"));
  BOOST_TEST(page.find("buy and hold") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_run_without_a_verdict_is_shown_but_not_chosen) {
  const Workspace workspace;
  workspace.add({});
  RunOptions seen = second();
  seen.has_verdict = false;
  workspace.add(seen);
  const RunComparison found = workspace.compare({"first", "second"});
  BOOST_TEST(found.configurations[0].name == "boosted");
  BOOST_TEST(found.configurations[found.choices[0].configuration].name == "forest");
  BOOST_TEST(found.trials == 5);
}

BOOST_AUTO_TEST_CASE(without_returns_the_least_loss_is_the_best_and_nothing_is_deflated) {
  const Workspace workspace;
  RunOptions first{.traded = false}, other = second();
  other.traded = false;
  workspace.add(first);
  workspace.add(other);
  const RunComparison found = workspace.compare({"first", "second"});
  BOOST_TEST(found.configurations[0].name == "boosted");
  BOOST_TEST(!found.choices[0].dsr.has_value());
  const std::string page = comparison_page(found);
  BOOST_TEST(holds(page, "5 configurations were tried in all"));
  for (const char* word : {"Sharpe", "id=\"equity\"", "nan"})
    BOOST_TEST(page.find(word) == std::string::npos, word << " is in the page");
}

BOOST_AUTO_TEST_CASE(what_never_traded_has_no_ratio) {
  const Workspace workspace;
  const std::string run = workspace.add({.models = {{"forest", -0.02}, {"still", 0}}});
  workspace.add(second());
  const std::filesystem::path file = workspace.folder.path() / "artifacts/runs" / run / "results.json";
  Json results = read_json(file);
  results["models"]["still"]["backtest"].erase("moments");
  write_file(file, json_text(results));
  const RunComparison found = workspace.compare({"first", "second"});
  BOOST_TEST(found.configurations.back().name == "still");
  BOOST_TEST(std::isnan(found.configurations.back().annual_sharpe));
  BOOST_TEST(found.trials == 5);
}

BOOST_AUTO_TEST_CASE(differences_are_told_and_nothing_else) {
  const Workspace workspace;
  workspace.add({.config = "[splits]\ngroups = 6\n[data]\nfrom = \"2020\"\n[xgboost]\ndepth = [2]\n"});
  RunOptions other = second();
  other.config = "[splits]\ngroups = 8\n[data]\nfrom = \"2020\"\n";
  other.table = "demo/v2";
  workspace.add(other);
  const RunComparison found = workspace.compare({"first", "second"});
  BOOST_REQUIRE(find(found, "splits.groups") != nullptr);
  BOOST_TEST(find(found, "splits.groups")->values[0] == "6");
  BOOST_TEST(find(found, "splits.groups")->values[1] == "8");
  BOOST_TEST(holds(find(found, "table")->values[1], "demo/v2 (777777777777)"));
  BOOST_TEST(find(found, "data.from") == nullptr);
  // That the other has no such model is said by models.names.
  BOOST_TEST(find(found, "xgboost.depth") == nullptr);
  BOOST_TEST(found.differences.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_compared_is_refused_in_one_paragraph) {
  const Workspace workspace;
  const std::string first = workspace.add({});
  workspace.add({.name = "half"}, record::RunState::stopped);
  workspace.add({.name = "encoder", .job = "pretrain"});
  const auto refusal = [&](const std::vector<std::string>& runs) {
    const std::string said = refusal_of([&] { workspace.compare(runs); });
    BOOST_TEST(said.find("\n") == std::string::npos);
    return said;
  };
  BOOST_TEST(holds(refusal({"first"}), "two or more"));
  BOOST_TEST(holds(refusal({"first", first}), "named twice"));
  BOOST_TEST(holds(refusal({"first", "half"}), "is stopped"));
  BOOST_TEST(holds(refusal({"first", "encoder"}), "moola pretrain"));
  BOOST_TEST(holds(refusal({"first", "haf"}), "Did you mean 'half'?"));
}

BOOST_AUTO_TEST_CASE(a_result_that_lacks_something_is_refused_by_its_name) {
  const Workspace workspace;
  workspace.add({});
  const std::string run = workspace.add(second());
  const std::filesystem::path file = workspace.folder.path() / "artifacts/runs" / run / "results.json";
  const Json whole = read_json(file);
  const auto refusal = [&] { return refusal_of([&] { workspace.compare({"first", "second"}); }); };
  for (const char* key : {"verdict", "has_verdict", "best", "models", "baselines", "tested"}) {
    Json part = whole;
    part.erase(key);
    write_file(file, json_text(part));
    const std::string said = refusal();
    BOOST_TEST(holds(said, "results.json has no '"));
    BOOST_TEST(holds(said, "--fresh"));
  }
  write_file(file, "[1");
  BOOST_TEST(holds(refusal(), "results.json"));
  std::filesystem::remove(file);
  BOOST_TEST(holds(refusal(), "has no results.json any more"));
}

BOOST_AUTO_TEST_CASE(the_page_needs_nothing_else_and_escapes_what_it_shows) {
  const Workspace workspace;
  const std::string evil = "<script>alert('x')</script>";
  workspace.add({.models = {{evil, 0.02}}});
  RunOptions other = second();
  other.config = "[data]\nfrom = \"" + evil + "\"\n";
  workspace.add(other);
  const RunComparison found = workspace.compare({"first", "second"});
  const std::string page = comparison_page(found);
  for (const char* outside : {"<script", "<link", "src=", "@import", "url(", "http://", "https://", "href="})
    BOOST_TEST(page.find(outside) == std::string::npos, outside << " is in the page");
  BOOST_TEST(page == comparison_page(found));
  for (const char* id : {"runs", "differences", "equity", "configurations"})
    BOOST_TEST(holds(page, fmt::format("<section id=\"{}\">", id)));
  // The choice and the verdicts come before all that they stand on.
  BOOST_TEST(page.find("Best of all: boosted") < page.find("said of first"));
  BOOST_TEST(page.find("said of first") < page.find("<section id=\"differences\">"));
}

BOOST_AUTO_TEST_CASE(the_object_for_programs_has_what_the_page_shows) {
  const Workspace workspace;
  workspace.add({});
  workspace.add(second());
  const Json found = comparison_json(workspace.compare({"first", "second"}));
  BOOST_TEST(found["same_rows"] == true);
  BOOST_TEST(found["trials"] == 5);
  BOOST_TEST(found["runs"][0]["verdict"] == "said of first");
  BOOST_TEST(found["runs"][1]["pbo"] == 0.4);
  BOOST_TEST(found["configurations"].size() == 7U);
  BOOST_TEST(found["choices"][0]["name"] == "boosted");
  BOOST_TEST(found["choices"][0]["dsr"].get<double>() < 1);
}

BOOST_AUTO_TEST_CASE(people_are_told_in_words_and_get_a_page) {
  const Workspace workspace;
  workspace.add({});
  workspace.add(second());
  const auto call = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "compare");
    arguments.insert(arguments.end(), {"--workspace", workspace.folder.path().string()});
    return run_program("moola-models", arguments);
  };
  const std::string page = (workspace.folder / "compare.html").string();
  const ProcessResult told = call({"first", "second", "--out", page});
  BOOST_TEST(told.exit_code == 0, told.errors);
  for (const char* words : {"said of first", "boosted", "prior (baseline)", "Best of all", "compare.html"})
    BOOST_TEST(holds(told.output, words));
  BOOST_TEST(told.output.find("nan") == std::string::npos);
  BOOST_TEST(holds(read_file(page), "said of second"));
  const ProcessResult object = call({"first", "second", "--json"});
  BOOST_TEST(parse_json(object.output, "output")["page"].is_null());
  BOOST_TEST(call({"first"}).exit_code == 2);
  BOOST_TEST(call({}).exit_code == 2);
}

BOOST_AUTO_TEST_SUITE_END()
