#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "jobs/program.h"
#include "runpod_server.h"
#include "support/messages.h"
#include "support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

// A workspace with a run, and an account with pods of that run, of another machine's, and of nobody's.
struct Account {
  RunpodServer server;
  TemporaryFolder workspace;
  Account() {
    ::setenv("MOOLA_RUNPOD_URL", server.url().c_str(), 1);
    ::setenv("RUNPOD_API_KEY", kTestKey, 1);
  }
  ~Account() {
    ::unsetenv("MOOLA_RUNPOD_URL");
    ::unsetenv("RUNPOD_API_KEY");
  }
  ProcessResult runpod(std::vector<std::string> arguments) {
    const bool pods = arguments[0] == "pods";
    if (pods) arguments.insert(arguments.end(), {"--workspace", workspace.path().string()});
    const ProcessResult result = run_program("moola-runpod", arguments);
    BOOST_TEST(result.output.find(kTestKey) == std::string::npos);
    BOOST_TEST(result.errors.find(kTestKey) == std::string::npos, result.errors);
    return result;
  }
  std::string add(const std::string& name, const Json& env) {
    return server.tell({{"do", "add_pod"}, {"pod", {{"name", name}, {"env", env}, {"status", "RUNNING"}}}})["id"];
  }
  std::vector<std::string> left() {
    std::vector<std::string> out;
    for (const Json& pod : server.pods()) out.push_back(pod["name"]);
    return out;
  }
  void write(const std::string& file, const std::string& text) {
    write_file(workspace / ("artifacts/jobs/" + file), text);
  }
};

struct ThreePods : Account {
  std::string known = add("known", {{"MOOLA_RUN", "other-name"}}), by_run = add("by-run", {{"MOOLA_RUN", "run1"}}),
              orphan = add("orphan", {{"MOOLA_RUN", "gone"}}), foreign = add("foreign", Json::object());
  ThreePods() { write("run1/pods.jsonl", "{\"pod\": \"" + known + "\"}\n{\"pod\": \"to"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(runpod_command)

BOOST_FIXTURE_TEST_CASE(pods_are_listed_with_their_runs_and_costs, ThreePods) {
  const ProcessResult result = runpod({"pods"});
  BOOST_TEST(result.exit_code == 0, result.errors);
  BOOST_TEST(holds_all(result.output, {"known", "run1", "gone (not here)", "foreign", "$2.00 per hour",
                                       "Of no run of this workspace: " + orphan + "."}));
  const ProcessResult json = runpod({"pods", "--json"});
  const Json listed = parse_json(json.output, "output");
  BOOST_TEST_REQUIRE(listed["pods"].size() == 4U);
  for (const Json& pod : listed["pods"]) {
    BOOST_TEST(pod["orphan"] == (pod["pod"] == orphan));
    BOOST_TEST(pod["dollars_per_hour"] == 0.5);
  }
  BOOST_TEST(left().size() == 4U);
}

BOOST_FIXTURE_TEST_CASE(orphans_are_ended_only_when_that_is_confirmed, ThreePods) {
  const ProcessResult asked = runpod({"pods", "--end-orphans"});
  BOOST_TEST(asked.exit_code == 2);
  BOOST_TEST(holds_all(asked.errors, {"1 would be ended", orphan, "--yes"}));
  BOOST_TEST(left().size() == 4U);
  const ProcessResult done = runpod({"pods", "--end-orphans", "--yes"});
  BOOST_TEST(done.exit_code == 0, done.errors);
  BOOST_TEST(done.output.find("ending: " + orphan) < done.output.find("1 ended."));
  BOOST_TEST((left() == std::vector<std::string>{"known", "by-run", "foreign"}));
  BOOST_TEST(runpod({"pods", "--end-orphans"}).exit_code == 0);
  BOOST_TEST(runpod({"pods", "--yes"}).exit_code == 2);
}

BOOST_FIXTURE_TEST_CASE(an_orphaned_cluster_is_ended_as_a_whole, Account) {
  SkippedWaits waits;
  client_of(server, waits)
      .create_cluster({.name = "c",
                       .container = {.image = "i", .env = {{"MOOLA_RUN", "gone"}}},
                       .gpu_id = "NVIDIA L40S",
                       .pods = 3});
  const Json ended = parse_json(runpod({"pods", "--end-orphans", "--yes", "--json"}).output, "output");
  BOOST_TEST(ended["ended"].size() == 1U);
  BOOST_TEST(left().empty());
}

BOOST_FIXTURE_TEST_CASE(an_orphan_that_cannot_be_ended_does_not_save_the_others, ThreePods) {
  const std::string second = add("second", {{"MOOLA_RUN", "gone"}});
  server.misbehave("DELETE /v2/pods", {{"status", 403}, {"detail", "not yours"}});
  const ProcessResult result = runpod({"pods", "--end-orphans", "--yes"});
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(holds_all(result.errors, {"still runs and costs money", "not yours"}));
  BOOST_TEST(left().size() == 4U);
}

BOOST_FIXTURE_TEST_CASE(a_damaged_record_ends_nothing, ThreePods) {
  write("run1/pods.jsonl", "{\"pod\": 7}\n");
  const ProcessResult result = runpod({"pods", "--end-orphans", "--yes"});
  BOOST_TEST(result.exit_code == 2);
  BOOST_TEST(holds_all(result.errors, {"pods.jsonl:1", "id of a pod"}));
  BOOST_TEST(left().size() == 4U);
}

BOOST_FIXTURE_TEST_CASE(gpus_are_listed_by_price, Account) {
  const ProcessResult result = runpod({"gpus"});
  BOOST_TEST(result.exit_code == 0, result.errors);
  BOOST_TEST(result.output.find("RTX 4090") < result.output.find("H100"));
  BOOST_TEST(holds_all(result.output, {"0.44", "80 GB", "US-KS-2"}));
  const Json there = parse_json(runpod({"gpus", "--data-center", "EU-RO-1", "--json"}).output, "output");
  BOOST_TEST(there["gpus"].size() == 2U);
  const Json community = parse_json(runpod({"gpus", "--cloud", "community", "--json"}).output, "output");
  BOOST_TEST(community["gpus"].size() == 2U);
  BOOST_TEST(runpod({"gpus", "--cloud", "secret"}).exit_code == 2);
  BOOST_TEST(runpod({"gpus", "--count", "0"}).exit_code == 2);
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_is_one_paragraph_and_exit_2, Account) {
  ::setenv("RUNPOD_API_KEY", "rpa_WRONG", 1);
  const ProcessResult refused = runpod({"gpus"});
  BOOST_TEST(refused.exit_code == 2);
  BOOST_TEST(holds(refused.errors, "The key in RUNPOD_API_KEY"));
  BOOST_TEST(refused.errors.find("rpa_WRONG") == std::string::npos);
  ::unsetenv("RUNPOD_API_KEY");
  ::setenv("XDG_CONFIG_HOME", workspace.path().c_str(), 1);
  const ProcessResult none = runpod({"pods"});
  ::unsetenv("XDG_CONFIG_HOME");
  BOOST_TEST(none.exit_code == 2);
  BOOST_TEST(holds(none.errors, "there is no RunPod key"));
  ::setenv("RUNPOD_API_KEY", kTestKey, 1);
  ::setenv("MOOLA_RUNPOD_URL", "http://api.runpod.io", 1);
  const ProcessResult plain = runpod({"gpus"});
  BOOST_TEST(plain.exit_code == 2);
  BOOST_TEST(holds(plain.errors, "unencrypted"));
}

BOOST_FIXTURE_TEST_CASE(no_file_holds_the_key, ThreePods) {
  runpod({"pods"});
  runpod({"pods", "--end-orphans", "--yes"});
  for (const auto& entry : std::filesystem::recursive_directory_iterator(workspace.path())) {
    if (entry.is_regular_file()) BOOST_TEST(read_file(entry.path()).find(kTestKey) == std::string::npos, entry.path());
  }
}

BOOST_AUTO_TEST_SUITE_END()
