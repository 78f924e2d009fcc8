#include "record/run_folder.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <regex>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/atomic_file.h"
#include "base/child_process.h"
#include "base/error.h"
#include "base/sha256.h"
#include "record/run_list.h"
#include "sample_run.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using moola::record::open_run;
using moola::record::RunStart;
using moola::record::RunState;
namespace fs = std::filesystem;

namespace {

bool says(const std::exception& error, const std::string& words) {
  if (std::string(error.what()).find(words) != std::string::npos) return true;
  BOOST_TEST_MESSAGE(error.what());
  return false;
}

record::RunRequest changed(const std::string& what) {
  record::RunRequest request = sample_request();
  if (what == "config") request.config_identity += "epochs = 5\n";
  if (what == "data") request.data.front().content_sha256 = std::string(64, 'd');
  if (what == "job") request.job = "train";
  return request;
}

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(moola::record::RunStart)
BOOST_TEST_DONT_PRINT_LOG_VALUE(moola::record::RunState)

BOOST_AUTO_TEST_SUITE(run_folder)

BOOST_AUTO_TEST_CASE(a_new_run_is_named_by_time_commit_and_name) {
  const TemporaryFolder workspace;
  const auto run = open_run(workspace.path(), sample_request());
  BOOST_TEST(run.start() == RunStart::created);
  BOOST_TEST(run.path().parent_path() == workspace.path() / "artifacts" / "runs");
  BOOST_TEST(std::regex_match(run.id(), std::regex("[0-9]{8}T[0-9]{6}Z_([0-9a-f]{8}|unknown)_bilstm_mae")), run.id());
  BOOST_TEST(read_file(run.path() / "config.toml") == sample_request().config_text);
}

BOOST_AUTO_TEST_CASE(the_manifest_of_a_run_at_work_already_says_where_it_comes_from) {
  const TemporaryFolder workspace;
  const auto run = open_run(workspace.path(), sample_request());
  const Json manifest = read_json(run.path() / "manifest.json");
  BOOST_TEST(manifest["schema"] == "moola.run/1");
  BOOST_TEST(manifest["run"] == run.id());
  BOOST_TEST(manifest["status"] == "running");
  BOOST_TEST(manifest["ranks"] == 2);
  BOOST_TEST(manifest["seed"] == 1337);
  BOOST_TEST(manifest["data"][0]["sources"][0]["sources"][0]["role"] == "source file");
  BOOST_TEST(!manifest["command"].empty());
  BOOST_TEST(!manifest["host"].get<std::string>().empty());
}

BOOST_AUTO_TEST_CASE(two_runs_in_one_second_do_not_collide) {
  const TemporaryFolder workspace;
  auto request = sample_request();
  request.fresh = true;
  std::set<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.insert(open_run(workspace.path(), request).id());
  BOOST_TEST(ids.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_stopped_run_goes_on_in_its_folder) {
  const TemporaryFolder workspace;
  std::string id;
  {
    auto run = open_run(workspace.path(), sample_request());
    id = run.id();
    run.metrics().write({{"step", 1}, {"loss", 0.5}});
    run.finish(RunState::stopped, {}, "SIGTERM");
  }
  auto again = open_run(workspace.path(), sample_request());
  BOOST_TEST(again.start() == RunStart::continued);
  BOOST_TEST(again.id() == id);
  BOOST_TEST(again.manifest().sessions.size() == 2U);
  BOOST_TEST(again.manifest().sessions.front().outcome == "stopped");
  BOOST_TEST(again.manifest().reason.empty());
  BOOST_TEST(record::read_events(again.path() / "metrics.jsonl").size() == 1U);
}

BOOST_AUTO_TEST_CASE(another_configuration_or_other_data_or_another_job_is_another_run) {
  const TemporaryFolder workspace;
  const std::string id = open_run(workspace.path(), sample_request()).id();
  for (const char* what : {"config", "data", "job"}) {
    const auto other = open_run(workspace.path(), changed(what));
    BOOST_TEST(other.start() == RunStart::created, what);
    BOOST_TEST(other.id() != id);
  }
}

BOOST_AUTO_TEST_CASE(circumstances_do_not_make_another_run_and_the_resolved_file_follows_them) {
  const TemporaryFolder workspace;
  const std::string id = open_run(workspace.path(), sample_request()).id();
  auto request = sample_request();
  request.config_text = "[parallel]\nranks = 4\n";
  request.ranks = 4;
  const auto run = open_run(workspace.path(), request);
  BOOST_TEST(run.id() == id);
  BOOST_TEST(read_file(run.path() / "config.toml") == request.config_text);
  BOOST_TEST(read_json(run.path() / "manifest.json")["ranks"] == 4);
}

BOOST_AUTO_TEST_CASE(a_finished_run_is_handed_back_and_not_touched) {
  const TemporaryFolder workspace;
  const fs::path path = finished_sample_run(workspace.path(), sample_request(), 0.4, 200);
  const std::string before = read_file(path / "manifest.json");
  {
    auto run = open_run(workspace.path(), sample_request());
    BOOST_TEST(run.start() == RunStart::finished_before);
    BOOST_TEST(run.path() == path);
    BOOST_TEST(run.manifest().metrics["epochs"] == 4);
    BOOST_CHECK_THROW(run.metrics(), std::logic_error);
    BOOST_CHECK_THROW(run.finish(RunState::finished), std::logic_error);
  }
  BOOST_TEST(read_file(path / "manifest.json") == before);
}

BOOST_AUTO_TEST_CASE(fresh_begins_anew_whatever_there_is_and_is_then_the_one_that_goes_on) {
  const TemporaryFolder workspace;
  const fs::path done = finished_sample_run(workspace.path(), sample_request(), 0.4, 200);
  auto request = sample_request();
  request.fresh = true;
  std::string fresh;
  {
    auto run = open_run(workspace.path(), request);
    BOOST_TEST(run.start() == RunStart::created);
    BOOST_TEST(run.path() != done);
    fresh = run.id();
    run.finish(RunState::stopped);
  }
  BOOST_TEST(open_run(workspace.path(), sample_request()).id() == fresh);
}

BOOST_AUTO_TEST_CASE(a_run_at_work_is_not_opened_twice) {
  const TemporaryFolder workspace;
  const auto run = open_run(workspace.path(), sample_request());
  record::RunRequest impatient = sample_request();
  impatient.patience = std::chrono::milliseconds(100);
  BOOST_CHECK_EXCEPTION(open_run(workspace.path(), impatient), CommError,
                        [&](const CommError& error) { return says(error, run.id()) && says(error, "--fresh"); });
}

BOOST_AUTO_TEST_CASE(a_run_whose_process_is_about_to_end_is_waited_for) {
  const TemporaryFolder workspace;
  ChildProcess leaving([&](const auto& ready) {
    const auto run = open_run(workspace.path(), sample_request());
    ready();
    std::this_thread::sleep_for(std::chrono::seconds(2));
    ::kill(::getpid(), SIGKILL);
  });
  BOOST_REQUIRE(leaving.ready());
  BOOST_TEST(open_run(workspace.path(), sample_request()).start() == RunStart::continued);
}

BOOST_AUTO_TEST_CASE(of_several_that_start_the_same_run_at_once_one_gets_it) {
  const TemporaryFolder workspace;
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      int code = 1;
      try {
        record::RunRequest request = sample_request();
        request.patience = std::chrono::milliseconds(100);
        const auto run = open_run(workspace.path(), request);
        std::this_thread::sleep_for(std::chrono::seconds(4));  // longer than the others wait for a lock
        code = run.start() == RunStart::created ? 0 : 3;
      } catch (const CommError&) {
        code = 2;
      } catch (...) {
      }
      ::_exit(code);
    }
    children.push_back(child);
  }
  std::multiset<int> codes;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    codes.insert(WEXITSTATUS(status));
  }
  BOOST_TEST(codes.count(0) == 1U);
  BOOST_TEST(codes.count(2) == 3U);
  BOOST_TEST(record::list_runs(workspace.path()).runs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_killed_run_is_seen_as_interrupted_and_goes_on) {
  const TemporaryFolder workspace;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto run = open_run(workspace.path(), sample_request());
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_REQUIRE(WIFSIGNALED(status));
  const record::RunList list = record::list_runs(workspace.path());
  BOOST_REQUIRE(list.runs.size() == 1U);
  BOOST_TEST(list.runs.front().state == "interrupted");
  const auto run = open_run(workspace.path(), sample_request());
  BOOST_TEST(run.start() == RunStart::continued);
  BOOST_TEST(record::list_runs(workspace.path()).runs.front().state == "running");
}

BOOST_AUTO_TEST_CASE(a_run_that_an_exception_ends_is_recorded_as_failed_and_may_go_on) {
  const TemporaryFolder workspace;
  fs::path path;
  try {
    const auto run = open_run(workspace.path(), sample_request());
    path = run.path();
    throw std::runtime_error("out of memory");
  } catch (const std::runtime_error&) {
  }
  BOOST_TEST(record::read_manifest(path).status == RunState::failed);
  BOOST_TEST(open_run(workspace.path(), sample_request()).start() == RunStart::continued);
}

BOOST_AUTO_TEST_CASE(resume_goes_on_with_the_run_it_names) {
  const TemporaryFolder workspace;
  const std::string first = open_run(workspace.path(), sample_request()).id();
  auto request = sample_request();
  request.fresh = true;
  open_run(workspace.path(), request);
  request.fresh = false;
  request.resume = first;
  BOOST_TEST(open_run(workspace.path(), request).id() == first);
}

BOOST_AUTO_TEST_CASE(resume_refuses_another_configuration_other_data_and_an_unknown_run) {
  const TemporaryFolder workspace;
  const std::string id = open_run(workspace.path(), sample_request()).id();
  const auto refused = [&](const std::string& what, const std::string& resume, const std::string& words) {
    auto request = changed(what);
    request.resume = resume;
    BOOST_CHECK_EXCEPTION(open_run(workspace.path(), request), ConfigError,
                          [&](const ConfigError& error) { return says(error, words); });
  };
  refused("config", id, "another configuration");
  refused("data", id, "other data");
  refused("job", id, "moola pretrain, not moola train");
  refused("", id + "x", "Did you mean '" + id + "'");
  auto both = sample_request();
  both.resume = id;
  both.fresh = true;
  BOOST_CHECK_THROW(open_run(workspace.path(), both), ConfigError);
}

BOOST_AUTO_TEST_CASE(resume_may_go_on_under_other_code) {
  const TemporaryFolder workspace;
  std::string id;
  {
    auto run = open_run(workspace.path(), sample_request());
    id = run.id();
    run.manifest().code_version = "0.0.9+00000000";  // as if an older build had begun it
    run.manifest().key = std::string(64, '0');
    run.finish(RunState::stopped);
  }
  BOOST_TEST(open_run(workspace.path(), sample_request()).start() == RunStart::created);
  auto request = sample_request();
  request.resume = id;
  BOOST_TEST(open_run(workspace.path(), request).start() == RunStart::continued);
}

BOOST_AUTO_TEST_CASE(a_name_that_would_leave_the_folder_is_refused) {
  const TemporaryFolder workspace;
  for (const std::string& name :
       {std::string(""), std::string("../x"), std::string("a/b"), std::string(".x"), std::string("-x"),
        std::string("a b"), std::string("é"), std::string(101, 'a'), std::string("a\0b", 3)}) {
    BOOST_CHECK_THROW(open_run(workspace.path(), sample_request(name)), ConfigError);
  }
  BOOST_TEST(!fs::exists(workspace / "artifacts"));
  BOOST_TEST(open_run(workspace.path(), sample_request(std::string(100, 'a'))).start() == RunStart::created);
}

BOOST_AUTO_TEST_CASE(a_workspace_that_is_a_file_is_an_error) {
  const TemporaryFolder workspace;
  write_file(workspace / "file", "x");
  BOOST_CHECK_THROW(open_run(workspace / "file", sample_request()), IoError);
}

BOOST_AUTO_TEST_CASE(the_end_records_every_artifact_with_its_hash) {
  const TemporaryFolder workspace;
  const fs::path path = finished_sample_run(workspace.path(), sample_request(), 0.4, 200);
  const record::Manifest manifest = record::read_manifest(path);
  std::set<std::string> names;
  for (const record::Artifact& artifact : manifest.artifacts) {
    names.insert(artifact.path);
    const fs::path file =
        artifact.path.starts_with("artifacts/") ? workspace.path() / artifact.path : path / artifact.path;
    BOOST_TEST(artifact.sha256 == sha256_of_file(file));
    BOOST_TEST(artifact.bytes == fs::file_size(file));
  }
  const std::set<std::string> expected{"artifacts/encoders/bilstm_mae-v1.safetensors",
                                       "checkpoints/step-00004000.safetensors", "config.toml", "metrics.jsonl",
                                       "timings.jsonl"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_same_events_give_the_same_metrics_file_in_two_runs) {
  const TemporaryFolder workspace;
  const fs::path a = finished_sample_run(workspace.path(), sample_request("a"), 0.4, 500);
  const fs::path b = finished_sample_run(workspace.path(), sample_request("b"), 0.4, 500);
  BOOST_TEST(sha256_of_file(a / "metrics.jsonl") == sha256_of_file(b / "metrics.jsonl"));
}

BOOST_AUTO_TEST_SUITE_END()
