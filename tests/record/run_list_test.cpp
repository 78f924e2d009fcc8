#include "record/run_list.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/run_compare.h"
#include "record/run_prune.h"
#include "sample_run.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

auto saying(const std::string& words) {
  return [words](const std::exception& error) {
    BOOST_TEST_MESSAGE(error.what());
    return std::string(error.what()).find(words) != std::string::npos;
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(list_of_runs)

BOOST_AUTO_TEST_CASE(a_workspace_without_runs_has_none) {
  const TemporaryFolder workspace;
  const record::RunList list = record::list_runs(workspace.path());
  BOOST_TEST(list.runs.empty());
  BOOST_TEST(list.broken.empty());
}

BOOST_AUTO_TEST_CASE(runs_come_oldest_first_with_their_last_step_and_numbers) {
  const TemporaryFolder workspace;
  finished_sample_run(workspace.path(), sample_request("b"), 0.5, 200);
  finished_sample_run(workspace.path(), sample_request("a"), 0.25, 300);
  const record::RunList list = record::list_runs(workspace.path());
  BOOST_REQUIRE(list.runs.size() == 2U);
  BOOST_TEST(list.runs[0].manifest.name == "b");
  BOOST_TEST(list.runs[0].step == 200);
  BOOST_TEST(list.runs[1].step == 300);
  BOOST_TEST(list.runs[1].state == "finished");
  BOOST_TEST(list.runs[1].numbers.at("train_loss") == 0.029 * 0.25);
  BOOST_TEST(list.runs[1].numbers.at("baselines.window_mean") == 0.0447);
}

BOOST_AUTO_TEST_CASE(folders_that_are_no_runs_are_reported_and_do_not_hide_the_others) {
  const TemporaryFolder workspace;
  finished_sample_run(workspace.path(), sample_request("good"), 0.5, 200);
  const fs::path runs = record::runs_folder(workspace.path());
  fs::create_directories(runs / "empty");
  write_file(runs / "notes.txt", "mine");
  write_file(runs / "torn" / "manifest.json", "{\"schema\": \"moola.r");
  write_file(runs / "foreign" / "manifest.json", "{\"schema\": \"other/1\"}");
  fs::create_directories(runs / "folder" / "manifest.json");
  const fs::path odd = finished_sample_run(workspace.path(), sample_request("odd"), 0.5, 200);
  Json manifest = read_json(odd / "manifest.json");
  manifest["sessions"][0]["started"] = "yesterday";
  write_file(odd / "manifest.json", manifest.dump());
  const record::RunList list = record::list_runs(workspace.path());
  BOOST_REQUIRE(list.runs.size() == 1U);
  BOOST_TEST(list.runs.front().manifest.name == "good");
  BOOST_TEST(list.broken.size() == 6U);
  for (const record::BrokenRun& broken : list.broken) BOOST_TEST(!broken.problem.empty());
}

BOOST_AUTO_TEST_CASE(a_run_is_found_by_id_beginning_name_path_and_latest) {
  const TemporaryFolder workspace;
  const fs::path first = finished_sample_run(workspace.path(), sample_request("first"), 0.5, 200);
  const fs::path second = finished_sample_run(workspace.path(), sample_request("second"), 0.5, 200);
  const std::string id = first.filename().string();
  BOOST_TEST(record::find_run(workspace.path(), id) == first);
  BOOST_TEST(record::find_run(workspace.path(), id.substr(0, id.size() - 1)) == first);
  BOOST_TEST(record::find_run(workspace.path(), "second") == second);
  BOOST_TEST(record::find_run(workspace.path(), "latest") == second);
  BOOST_TEST(record::find_run("/nowhere", first.string() + "/") == first);
}

BOOST_AUTO_TEST_CASE(a_beginning_that_two_runs_share_names_both_and_a_mistyped_id_the_nearest) {
  const TemporaryFolder workspace;
  BOOST_CHECK_EXCEPTION(record::find_run(workspace.path(), "latest"), ConfigError, saying("there are no runs"));
  const std::string a = finished_sample_run(workspace.path(), sample_request("apple"), 0.5, 200).filename().string();
  const std::string b = finished_sample_run(workspace.path(), sample_request("banana"), 0.5, 200).filename().string();
  BOOST_CHECK_EXCEPTION(record::find_run(workspace.path(), "2"), ConfigError, saying(a + ", " + b));
  BOOST_CHECK_EXCEPTION(record::find_run(workspace.path(), "banena"), ConfigError, saying("Did you mean 'banana'?"));
  BOOST_CHECK_EXCEPTION(record::find_run(workspace.path(), ""), ConfigError, saying("there is no run ''"));
}

BOOST_AUTO_TEST_CASE(a_comparison_shows_what_differs_and_every_metric) {
  const TemporaryFolder workspace;
  auto request = sample_request("a");
  const fs::path a = finished_sample_run(workspace.path(), request, 0.5, 200);
  request.name = "b";
  request.config_text.replace(request.config_text.find("lr = 0.001"), 10, "lr = 0.002\nclip = 1.0");
  request.data.front().content_sha256 = std::string(64, 'd');
  const fs::path b = finished_sample_run(workspace.path(), request, 0.25, 200);
  const Json comparison = record::compare_runs(a, b);
  BOOST_REQUIRE(comparison["config"].size() == 2U);
  BOOST_TEST(comparison["config"][0] == Json({{"key", "train.lr"}, {"a", "0.001"}, {"b", "0.002"}}));
  BOOST_TEST(comparison["config"][1] == Json({{"key", "train.clip"}, {"a", nullptr}, {"b", "1.0"}}));
  BOOST_REQUIRE(comparison["data"].size() == 1U);
  BOOST_TEST(comparison["data"][0]["key"] == "windows hash");
  bool found = false;
  for (const Json& row : comparison["metrics"]) {
    if (row["name"] != "train_loss") continue;
    found = true;
    BOOST_TEST(row["change"].get<double>() == -0.5, boost::test_tools::tolerance(1e-12));  // 0.25 / 0.5 - 1
  }
  BOOST_TEST(found);
  const std::string table = record::comparison_text(comparison);
  BOOST_TEST(table.find("train.lr") != std::string::npos);
  BOOST_TEST(table.find("-50.0 %") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(configuration_values_are_shown_as_they_were_written) {
  const TemporaryFolder folder;
  write_file(folder / "config.toml",
             "a = 0.1\nb = \"x\"\n[t]\nc = [1.5, 2.0]\nd = [\"p\", \"q\"]\ne = true\nf = 7\ng = []\n");
  const Json expected{{"a", "0.1"},    {"b", "\"x\""}, {"t.c", "[1.5, 2.0]"}, {"t.d", "[\"p\", \"q\"]"},
                      {"t.e", "true"}, {"t.f", "7"},   {"t.g", "[]"}};
  BOOST_TEST(record::flat_config(folder / "config.toml") == expected);
}

BOOST_AUTO_TEST_CASE(a_run_compared_with_itself_differs_in_nothing) {
  const TemporaryFolder workspace;
  const fs::path run = finished_sample_run(workspace.path(), sample_request(), 0.5, 200);
  const Json comparison = record::compare_runs(run, run);
  for (const char* part : {"config", "data", "environment"}) BOOST_TEST(comparison[part].empty());
}

BOOST_AUTO_TEST_CASE(a_config_that_is_no_toml_is_named_with_its_line) {
  const TemporaryFolder folder;
  write_file(folder / "config.toml", "[train]\nlr = = 3\n");
  BOOST_CHECK_EXCEPTION(record::flat_config(folder / "config.toml"), DataError, saying("line 2"));
}

BOOST_AUTO_TEST_CASE(the_best_run_is_the_lowest_loss_or_the_highest_of_what_is_no_loss) {
  const TemporaryFolder workspace;
  for (const double floor : {0.5, 0.25, 0.4}) {
    finished_sample_run(workspace.path(), sample_request("r" + std::to_string(static_cast<int>(100 * floor))), floor,
                        200);
  }
  const auto runs = record::list_runs(workspace.path()).runs;
  BOOST_TEST(record::ranked(runs, "holdout_loss", record::better("holdout_loss")).front().manifest.name == "r25");
  BOOST_TEST(record::ranked(runs, "holdout_loss", record::Direction::highest).front().manifest.name == "r50");
  BOOST_TEST((record::better("accuracy") == record::Direction::highest));
  BOOST_CHECK_EXCEPTION(record::ranked(runs, "holdout_los", record::Direction::lowest), ConfigError,
                        saying("Did you mean 'holdout_loss'?"));
  BOOST_CHECK_EXCEPTION(record::ranked({}, "holdout_loss", record::Direction::lowest), ConfigError,
                        saying("no finished run"));
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_is_never_the_best) {
  const TemporaryFolder workspace;
  finished_sample_run(workspace.path(), sample_request("fine"), 0.5, 200);
  finished_sample_run(workspace.path(), sample_request("diverged"), -std::numeric_limits<double>::infinity(), 200);
  finished_sample_run(workspace.path(), sample_request("broken"), std::nan(""), 200);
  const auto best = record::ranked(record::list_runs(workspace.path()).runs, "holdout_loss", record::Direction::lowest);
  BOOST_REQUIRE(best.size() == 1U);
  BOOST_TEST(best.front().manifest.name == "fine");
}

BOOST_AUTO_TEST_CASE(pruning_keeps_the_newest_of_each_name_and_what_could_go_on) {
  const TemporaryFolder workspace;
  auto request = sample_request("a");
  request.fresh = true;
  std::vector<fs::path> paths;
  for (int i = 0; i < 4; ++i) paths.push_back(finished_sample_run(workspace.path(), request, 0.5, 100));
  request.name = "stopped";
  request.fresh = true;
  for (int i = 0; i < 2; ++i) {
    auto run = record::open_run(workspace.path(), request);
    paths.push_back(run.path());
    run.finish(record::RunState::stopped);
  }
  request.name = "alive";
  const auto alive_old = record::open_run(workspace.path(), request);
  const auto alive_new = record::open_run(workspace.path(), request);

  const auto plan = record::plan_prune(record::list_runs(workspace.path()), 1, false);
  std::vector<std::string> removed, expected;
  for (const auto& run : plan.remove) removed.push_back(run.path.filename().string());
  for (const int i : {2, 1, 0}) expected.push_back(paths[static_cast<std::size_t>(i)].filename().string());
  BOOST_TEST(removed == expected, boost::test_tools::per_element());
  BOOST_TEST(plan.kept_because.size() == 2U);  // one of the stopped, one of those at work
  BOOST_TEST(record::plan_prune(record::list_runs(workspace.path()), 1, true).remove.size() == 4U);
  BOOST_TEST(record::plan_prune(record::list_runs(workspace.path()), 4, false).remove.empty());
  BOOST_TEST(record::plan_prune(record::list_runs(workspace.path()), 3, false).remove.size() == 1U);

  record::prune(workspace.path(), plan);
  BOOST_TEST(!fs::exists(paths[0]));
  BOOST_TEST(fs::exists(paths[3]));
  BOOST_TEST(record::list_runs(workspace.path()).runs.size() == 5U);
  BOOST_TEST(record::list_runs(workspace.path()).broken.empty());
}

BOOST_AUTO_TEST_CASE(pruning_keeps_the_ancestors_of_what_stays) {
  const TemporaryFolder workspace;
  auto request = sample_request("a");
  request.fresh = true;
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    const fs::path path = finished_sample_run(workspace.path(), request, 0.5, 100);
    ids.push_back(path.filename().string());
    record::Manifest manifest = record::read_manifest(path);
    // 3 was made from 1, and 1 from 0; 2 has no children.
    if (i == 3) manifest.parents = {{"run", ids[1], kHash}};
    if (i == 1) manifest.parents = {{"run", ids[0], kHash}};
    record::write_manifest(path, manifest);
  }
  const auto plan = record::plan_prune(record::list_runs(workspace.path()), 1, false);
  BOOST_REQUIRE(plan.remove.size() == 1U);
  BOOST_TEST(plan.remove.front().path.filename() == ids[2]);
}

BOOST_AUTO_TEST_CASE(what_a_killed_prune_left_behind_is_swept_up) {
  const TemporaryFolder workspace;
  finished_sample_run(workspace.path(), sample_request(), 0.5, 100);
  const fs::path leftover = record::runs_folder(workspace.path()) / ".pruned-20250101T000000Z_00000000_old";
  write_file(leftover / "manifest.json", "{}");
  BOOST_TEST(record::list_runs(workspace.path()).broken.empty());
  record::prune(workspace.path(), {});
  BOOST_TEST(!fs::exists(leftover));
}

BOOST_AUTO_TEST_SUITE_END()
