#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>

#include "base/file_lock.h"
#include "base/json.h"
#include "kept_runs.h"
#include "tests/jobs/program.h"
#include "tests/support/messages.h"
#include "tests/work/sweep/made_study.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

struct Runs : KeptRuns {
  ProcessResult runs(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--workspace", folder.path().string()});
    return run_program("moola-runs", arguments);
  }
  Json json(std::vector<std::string> arguments, int exit_code = 0) const {
    arguments.push_back("--json");
    const ProcessResult result = runs(arguments);
    BOOST_TEST(result.exit_code == exit_code, result.errors);
    const Json out = Json::parse(result.output, nullptr, false);
    BOOST_TEST_REQUIRE(out.is_object(), result.output);
    return out;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(quota_command)

BOOST_FIXTURE_TEST_CASE(a_quota_deletes_only_with_yes_and_then_what_it_said, Runs) {
  const std::string old = add({.day = 1, .bytes = 300'000}), young = add({.day = 2});
  const Json said = json({"prune", "--quota", "250K"});
  BOOST_TEST(said["met"] == true);
  BOOST_TEST(said["dry_run"] == true);
  BOOST_TEST(said["removed"][0]["run"] == old);
  BOOST_TEST(fs::exists(run_path(old)));
  const ProcessResult text = runs({"prune", "--quota", "250K"});
  BOOST_TEST(holds_all(text.output, {"would be deleted", "the whole run", old, "the newest of its job and name",
                                     "Nothing is deleted yet: --yes does it."}));
  const Json done = json({"prune", "--quota", "250K", "--yes"});
  BOOST_TEST(done["removed"] == said["removed"]);
  BOOST_TEST(!fs::exists(run_path(old)));
  BOOST_TEST(fs::exists(run_path(young)));
  BOOST_TEST(holds(runs({"prune", "--quota", "250K", "--yes"}).output, "Nothing has to go."));
}

BOOST_FIXTURE_TEST_CASE(a_quota_that_cannot_be_met_leaves_with_3_and_says_what_holds_the_room, Runs) {
  const std::string id = add({.day = 1, .bytes = 300'000});
  const ProcessResult result = runs({"prune", "--quota", "1K"});
  BOOST_TEST(result.exit_code == 3);
  BOOST_TEST(holds_all(result.errors, {"can't be met", id, "newest of its job and name", "--unfinished"}));
  BOOST_TEST(json({"prune", "--quota", "1K"}, 3)["met"] == false);
}

BOOST_FIXTURE_TEST_CASE(options_that_make_no_sense_are_refused, Runs) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"prune", "--quota", "200"},
                                             {"prune", "--quota", "lots"},
                                             {"prune", "--yes"},
                                             {"prune", "--quota", "1G", "--yes", "--dry-run"},
                                             {"prune", "--quota", "1G", "--keep", "0"}}) {
    BOOST_TEST(runs(words).exit_code == 2);
  }
}

BOOST_FIXTURE_TEST_CASE(what_a_killed_deletion_left_is_swept_up, Runs) {
  add({.day = 1});
  const fs::path left = folder / "artifacts/runs/.pruned-20260101T000000Z_0123abcd_x";
  write_file(left / "metrics.jsonl", std::string(200'000, 'x'));
  BOOST_TEST(json({"prune", "--quota", "150K", "--yes"})["removed"][0]["what"] == "leftover");
  BOOST_TEST(!fs::exists(left));
}

BOOST_FIXTURE_TEST_CASE(the_best_trial_of_a_study_keeps_its_run, Runs) {
  MadeStudy made;
  made.request.folder = folder / "artifacts/studies/made";
  made.request.trials = 3;
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(add({.day = i + 1}));
  {
    const auto study = made.open();
    std::vector<work::TrialEvent> events;
    const double values[] = {0.5, 0.25, 0.75};  // the second is the best
    for (std::size_t i = 0; i < 3; ++i) {
      const work::StudyOrders orders = study->advance(events, 1);
      BOOST_TEST_REQUIRE(orders.begin.size() == 1U);
      events = {end_of(orders.begin.front().number,
                       {.values = std::vector{values[i]}, .attributes = {{"run", json_text(Json(ids[i]))}}})};
    }
    study->advance(events, 0);
  }
  const Json plan = json({"prune", "--quota", "0G"}, 3);
  BOOST_TEST(plan["removed"].size() == 2U);
  BOOST_TEST(plan["removed"][0]["run"] == ids[0]);
  BOOST_TEST(plan["removed"][1]["run"] == ids[2]);
  // A journal that nobody can read keeps them all.
  write_file(folder / "artifacts/studies/made/journal.log", "no journal\n{}\n");
  BOOST_TEST(json({"prune", "--quota", "0G"}, 3)["removed"].empty());
}

BOOST_FIXTURE_TEST_CASE(by_size_lists_all_that_takes_room, Runs) {
  const std::string id = add({.day = 1, .bytes = 70'000});
  write_file(folder / "artifacts/jobs/night/logs/a.log", std::string(400'000, 'x'));
  write_file(folder / "artifacts/studies/bowl/trials/000001/model.bin", std::string(300'000, 'x'));
  write_file(folder / "artifacts/encoders/x-v1.safetensors", std::string(200'000, 'x'));
  write_file(folder / "data/bars/BTC/v1.h5", std::string(100'000, 'x'));
  const Json list = json({"list", "--by-size"});
  const std::vector<std::pair<std::string, std::string>> expected{
      {"job run", "night"}, {"study", "bowl"}, {"encoder", "x-v1.safetensors"}, {"data set", "bars/BTC"}, {"run", id}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    BOOST_TEST(list["things"][i]["what"] == expected[i].first);
    BOOST_TEST(list["things"][i]["name"] == expected[i].second);
  }
  BOOST_TEST(holds(runs({"list", "--by-size"}).output, "in all"));
}

// Killed again and again at any moment: what is listed is whole, and the last call ends it.
BOOST_FIXTURE_TEST_CASE(killed_at_any_moment_it_leaves_no_half_of_a_run, Runs) {
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(add({.day = i + 1, .checkpoints = {1, 2, 3}, .bytes = 3'000}));
  const auto check = [&] {
    const record::RunList list = record::list_runs(folder.path());
    BOOST_TEST(list.broken.empty());
    for (const record::RunSummary& run : list.runs) {
      BOOST_TEST(fs::exists(run.path / "config.toml"));
      BOOST_TEST(fs::exists(run.path / "metrics.jsonl"));
      for (const record::Artifact& each : run.manifest.artifacts)
        BOOST_TEST(fs::exists(run.path / each.path), each.path);
    }
    return list.runs.size();
  };
  int cut_short = 0;
  for (int turn = 0; turn < 25; ++turn) {
    const ProcessResult result =
        run_process({"timeout", "--signal=KILL", std::to_string(0.01 + 0.004 * turn), program("moola-runs"), "prune",
                     "--quota", "0G", "--yes", "--workspace", folder.path().string()});
    cut_short += result.exit_code != 3 ? 1 : 0;
    check();
  }
  BOOST_TEST(cut_short > 0);
  BOOST_TEST(runs({"prune", "--quota", "0G", "--yes"}).exit_code == 3);
  BOOST_TEST(check() == 1U);
  for (const auto& each : fs::directory_iterator(folder / "artifacts/runs"))
    BOOST_TEST(!each.path().filename().string().starts_with(".pruned-"));
}

BOOST_FIXTURE_TEST_CASE(two_at_once_do_not_work_against_each_other, Runs) {
  add({.day = 1});
  add({.day = 2});
  const FileLock other(folder / "artifacts/runs/.prune.lock");
  const ProcessResult result = runs({"prune", "--quota", "0G", "--yes"});
  BOOST_TEST(result.exit_code == 1, result.errors);
  BOOST_TEST(record::list_runs(folder.path()).runs.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
