#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "base/json.h"
#include "program.h"
#include "record/run_list.h"
#include "tests/record/sample_run.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

struct Workspace {
  TemporaryFolder folder;
  ProcessResult runs(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--workspace", folder.path().string()});
    return run_program("moola-runs", arguments);
  }
};

// Standard output of a --json call: one object and nothing else.
Json one_object(const ProcessResult& result) {
  BOOST_TEST(result.exit_code == 0, result.errors);
  const Json json = Json::parse(result.output, nullptr, false);
  BOOST_TEST(json.is_object(), result.output);
  return json;
}

struct TwoRuns : Workspace {
  fs::path a = finished_sample_run(folder.path(), sample_request("apple"), 0.5, 200);
  fs::path b = finished_sample_run(folder.path(), sample_request("banana"), 0.25, 200);
};

}  // namespace

BOOST_AUTO_TEST_SUITE(runs_command)

BOOST_FIXTURE_TEST_CASE(an_empty_workspace_is_no_error, Workspace) {
  const ProcessResult result = runs({"list"});
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(holds(result.output, "No runs"));
  BOOST_TEST(one_object(runs({"list", "--json"}))["runs"].empty());
}

BOOST_FIXTURE_TEST_CASE(list_shows_the_newest_first_in_aligned_columns, TwoRuns) {
  const ProcessResult result = runs({"list"});
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(result.output.find("_banana") < result.output.find("_apple"));
  BOOST_TEST(result.errors.empty(), result.errors);
}

BOOST_FIXTURE_TEST_CASE(list_as_json_is_one_object_even_beside_broken_folders, TwoRuns) {
  fs::create_directories(folder.path() / "artifacts" / "runs" / "junk");
  const ProcessResult result = runs({"list", "--json"});
  const Json json = one_object(result);
  BOOST_TEST(json["runs"].size() == 2U);
  BOOST_TEST(json["runs"][0]["state"] == "finished");
  BOOST_TEST(json["broken"].size() == 1U);
  BOOST_TEST(holds(runs({"list"}).errors, "junk"));
}

BOOST_FIXTURE_TEST_CASE(list_sorts_by_a_metric_the_best_first_and_refuses_an_unknown_one, TwoRuns) {
  const Json by_loss = one_object(runs({"list", "--sort", "train_loss", "--json"}));
  BOOST_TEST(by_loss["runs"][0]["name"] == "banana");
  BOOST_TEST(one_object(runs({"list", "--sort", "name", "--json"}))["runs"][0]["name"] == "apple");
  const ProcessResult wrong = runs({"list", "--sort", "train_los"});
  BOOST_TEST(wrong.exit_code == 2);
  BOOST_TEST(holds(wrong.errors, "Did you mean 'train_loss'?"));
}

BOOST_FIXTURE_TEST_CASE(show_gives_state_data_metrics_and_configuration, TwoRuns) {
  const ProcessResult result = runs({"show", "apple"});
  BOOST_TEST(result.exit_code == 0);
  for (const char* part :
       {"finished", "unlabeled_windows/TX/v1", "bars/TX/v1", "holdout_loss", "train.lr", "seed 1337"}) {
    BOOST_TEST(holds(result.output, part), part);
  }
  const Json json = one_object(runs({"show", "--json"}));
  BOOST_TEST(json["run"] == b.filename().string());
  BOOST_TEST(json["config"]["train.epochs"] == "4");
  BOOST_TEST(json["manifest"]["status"] == "finished");
}

BOOST_FIXTURE_TEST_CASE(a_run_that_is_not_there_names_the_nearest_and_leaves_with_2, TwoRuns) {
  const ProcessResult result = runs({"show", "aple"});
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(holds(result.errors, "Did you mean 'apple'?"));
  BOOST_TEST(result.output.empty());
}

BOOST_FIXTURE_TEST_CASE(compare_shows_what_differs, TwoRuns) {
  const ProcessResult result = runs({"compare", "apple", "banana"});
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(holds(result.output, "config: the same"));
  BOOST_TEST(holds(result.output, "train_loss"));
  BOOST_TEST(one_object(runs({"compare", "apple", "latest", "--json"}))["metrics"].size() > 3U);
  BOOST_TEST(runs({"compare", "apple"}).exit_code == 2);
}

BOOST_FIXTURE_TEST_CASE(best_is_the_lowest_hold_out_loss_unless_told_otherwise, TwoRuns) {
  BOOST_TEST(one_object(runs({"best", "--json"}))["best"]["name"] == "banana");
  BOOST_TEST(one_object(runs({"best", "--direction", "highest", "--json"}))["best"]["name"] == "apple");
  BOOST_TEST(one_object(runs({"best", "--top", "1", "--json"}))["runs"].size() == 1U);
  BOOST_TEST(runs({"best", "--metric", "nonsense"}).exit_code == 2);
  BOOST_TEST(runs({"best", "--direction", "sideways"}).exit_code == 2);
}

BOOST_FIXTURE_TEST_CASE(prune_deletes_nothing_in_a_dry_run_and_then_what_it_said, Workspace) {
  auto request = sample_request();
  request.fresh = true;
  for (int i = 0; i < 3; ++i) finished_sample_run(folder.path(), request, 0.5, 100);
  const Json plan = one_object(runs({"prune", "--keep", "1", "--dry-run", "--json"}));
  BOOST_TEST(plan["removed"].size() == 2U);
  BOOST_TEST(record::list_runs(folder.path()).runs.size() == 3U);
  const Json done = one_object(runs({"prune", "--keep", "1", "--json"}));
  BOOST_TEST(done["removed"] == plan["removed"]);
  BOOST_TEST(record::list_runs(folder.path()).runs.size() == 1U);
  BOOST_TEST(runs({"prune", "--keep", "0"}).exit_code == 2);
}

BOOST_FIXTURE_TEST_CASE(report_writes_the_page_and_says_where, TwoRuns) {
  const Json json = one_object(runs({"report", "apple", "--json"}));
  BOOST_TEST(fs::exists(json["report"].get<std::string>()));
}

BOOST_FIXTURE_TEST_CASE(bad_usage_leaves_with_2_and_names_the_nearest, Workspace) {
  const ProcessResult mistyped = runs({"lsit"});
  BOOST_TEST(mistyped.exit_code == 2);
  BOOST_TEST(holds(mistyped.errors, "Did you mean 'list'?"));
  BOOST_TEST(run_program("moola-runs", {}).exit_code == 2);
  BOOST_TEST(runs({"list", "--srot", "name"}).exit_code == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(doctor_command)

BOOST_FIXTURE_TEST_CASE(it_names_what_this_machine_has, Workspace) {
  const ProcessResult result = run_program("moola-doctor", {"--json", "--workspace", folder.path().string()});
  const Json json = one_object(result);
  BOOST_TEST(json["usable"] == true);
  std::set<std::string> topics;
  for (const Json& finding : json["findings"]) {
    topics.insert(finding["topic"].get<std::string>());
    if (finding["level"] == "warning" || finding["level"] == "broken")
      BOOST_TEST(!finding["advice"].get<std::string>().empty(), finding.dump());
  }
  for (const char* topic : {"processor", "memory", "workspace", "MPI", "Slurm", "GPU", "NCCL", "LibTorch", "HDF5",
                            "Arrow", "gnuplot", "Python"}) {
    BOOST_TEST(topics.contains(topic), topic);
  }
  BOOST_TEST(fs::is_empty(folder.path()));  // looking leaves nothing behind
}

BOOST_FIXTURE_TEST_CASE(a_workspace_that_cannot_be_one_leaves_with_2, Workspace) {
  write_file(folder / "file", "x");
  const ProcessResult result = run_program("moola-doctor", {"--json", "--workspace", (folder / "file").string()});
  BOOST_TEST(result.exit_code == 2);
  const Json json = Json::parse(result.output, nullptr, false);
  BOOST_TEST(json["usable"] == false);
}

BOOST_FIXTURE_TEST_CASE(a_workspace_that_is_not_there_yet_is_fine, Workspace) {
  const ProcessResult result = run_program("moola-doctor", {"--workspace", (folder / "new" / "one").string()});
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(holds(result.output, "Ready."));
}

BOOST_AUTO_TEST_SUITE_END()
