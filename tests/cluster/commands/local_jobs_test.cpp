// Jobs on this machine through the commands, as a user types them.
#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/atomic_file.h"
#include "base/json.h"
#include "base/subprocess.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

struct LocalJobs {
  TemporaryFolder folder;

  ProcessResult moola(std::vector<std::string> words) const {
    words.insert(words.begin(), MOOLA_BINARY_DIR "/moola");
    words.insert(words.end(), {"--workspace", folder.path().string()});
    return run_process(words);
  }
  std::filesystem::path job(const std::string& text) const {
    write_file(folder / "job.toml", "[job]\nname = \"made\"\n" + text);
    return folder / "job.toml";
  }
  std::string submit(const std::string& text) const {
    const ProcessResult result = moola({"submit", job(text).string(), "--to", "local"});
    BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
    return result.output.substr(0, result.output.find('\n'));
  }
  Json status(const std::string& run) const { return parse_json(moola({"status", run, "--json"}).output, "status"); }
  static const Json& element(const Json& status, const std::string& step, std::size_t number = 0) {
    for (const Json& each : status["steps"]) {
      if (each["step"] == step) return each["elements"][number];
    }
    throw std::out_of_range(step);
  }
  // Waits for what is to become true of the status; fails after a minute.
  Json wait(const std::string& run, const std::function<bool(const Json&)>& is_so) const {
    for (int i = 0; i < 600; ++i) {
      Json now = status(run);
      if (is_so(now)) return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    BOOST_REQUIRE_MESSAGE(false, moola({"status", run}).output);
    return {};
  }
  void wait_for_file(const std::string& name) const {
    for (int i = 0; i < 600 && !std::filesystem::exists(folder / name); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    BOOST_REQUIRE(std::filesystem::exists(folder / name));
  }
  Json wait_for_end(const std::string& run) const {
    return wait(run, [](const Json& now) { return now["over"].get<bool>(); });
  }
  static std::function<bool(const Json&)> is(const std::string& step, const std::string& state) {
    return [=](const Json& now) { return element(now, step)["state"] == state; };
  }
  // The runner's process, from what it was started with.
  pid_t runner(const std::string& run) const {
    for (const auto& each : std::filesystem::directory_iterator("/proc")) {
      const std::string name = each.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      std::error_code none;
      if (!std::filesystem::exists(each.path() / "cmdline", none)) continue;
      std::string words;
      try {
        words = read_file(each.path() / "cmdline");
      } catch (const std::exception&) {
        continue;  // it has ended
      }
      std::ranges::replace(words, '\0', ' ');
      if (words.ends_with(fmt::format("step {} ", (folder / "artifacts/jobs" / run).string()))) return std::stoi(name);
    }
    return -1;
  }
  std::string file(const std::string& name) const { return read_file(folder / name); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(jobs_on_this_machine, LocalJobs)

BOOST_AUTO_TEST_CASE(steps_run_in_their_order_in_the_workspace) {
  const std::string run = submit(
      "[step.last]\ncommand = [\"sh\", \"-c\", \"echo last >> order\"]\nafter = [\"middle\"]\n"
      "[step.middle]\ncommand = [\"sh\", \"-c\", \"echo middle $1 >> order\", \"sh\", \"{element}\"]\n"
      "array = { list = [\"a b\", \"c\"] }\nafter = [\"first\"]\n"
      "[step.first]\ncommand = [\"sh\", \"-c\", \"echo first >> order\"]\n");
  BOOST_TEST(wait_for_end(run)["succeeded"].get<bool>());
  BOOST_TEST(file("order") == "first\nmiddle a b\nmiddle c\nlast\n");
  const ProcessResult said = moola({"status", run});
  BOOST_TEST(said.exit_code == 0);
  BOOST_TEST(holds(said.output, "succeeded"));
  BOOST_TEST(holds(moola({"status"}).output, run));
}

BOOST_AUTO_TEST_CASE(a_clock_that_jumps_ends_nothing_that_runs) {
  const std::filesystem::path library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
  if (!std::filesystem::exists(library)) {
    BOOST_TEST_MESSAGE("SKIPPED, no clock jumps: the package faketime is not there");
    return;
  }
  write_file(folder / "clock", "+0d\n");
  const std::filesystem::path file = job(
      "time_budget = \"1h\"\n[step.long]\ncommand = [\"sh\", \"-c\", \"echo x >> begun; sleep 3\"]\ntime = \"10m\"\n"
      "[step.after]\ncommand = [\"true\"]\nafter = [\"long\"]\n");
  const ProcessResult result =
      run_process({"env", "LD_PRELOAD=" + library.string(), "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1",
                   "FAKETIME_TIMESTAMP_FILE=" + (folder / "clock").string(), MOOLA_BINARY_DIR "/moola", "submit",
                   file.string(), "--to", "local", "--workspace", folder.path().string()});
  BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
  wait_for_file("begun");
  write_file(folder / "clock", "+50m\n");  // beyond the step's limit, and nearly all of the budget
  std::this_thread::sleep_for(std::chrono::seconds(1));
  write_file(folder / "clock", "-3h\n");
  const Json end = wait_for_end(result.output.substr(0, result.output.find('\n')));
  BOOST_TEST(end["succeeded"].get<bool>());
  BOOST_TEST(this->file("begun") == "x\n");
}

BOOST_AUTO_TEST_CASE(a_step_is_tried_as_often_as_it_says) {
  const std::string run = submit(
      "[step.flaky]\ncommand = [\"sh\", \"-c\", \"echo x >> tries; test $(wc -l < tries) = 3\"]\nretry.error = 5\n"
      "[step.hopeless]\ncommand = [\"sh\", \"-c\", \"echo why >&2; echo x >> vain; exit 1\"]\nretry.error = 1\n"
      "[step.after]\ncommand = [\"true\"]\nafter = [\"hopeless\"]\n");
  const Json end = wait_for_end(run);
  BOOST_TEST(element(end, "flaky")["state"] == "succeeded");
  BOOST_TEST(file("tries") == "x\nx\nx\n");
  BOOST_TEST(element(end, "hopeless")["state"] == "failed");
  BOOST_TEST(file("vain") == "x\nx\n");
  BOOST_TEST(element(end, "after")["state"] == "blocked");
  const ProcessResult said = moola({"status", run});
  BOOST_TEST(said.exit_code == 1);
  BOOST_TEST(holds(said.output, "why"));
  BOOST_TEST(holds(said.output, "moola retry"));
  BOOST_TEST(holds(moola({"logs", run, "hopeless"}).output, "why\n"));
}

BOOST_AUTO_TEST_CASE(as_many_run_beside_each_other_as_are_allowed) {
  // Each leaves how many it has seen at work.
  const std::string run = submit(
      "[step.some]\ncommand = [\"sh\", \"-c\", \"touch at.{index}; sleep 0.3; ls at.* | wc -l > seen.{index}; rm "
      "at.{index}\"]\n"
      "array = { seeds = 6, at_a_time = 2 }\n[local]\nat_a_time = 3\n");
  BOOST_TEST(wait_for_end(run)["succeeded"].get<bool>());
  int most = 0;
  for (int i = 0; i < 6; ++i) most = std::max(most, std::stoi(file(fmt::format("seen.{}", i))));
  BOOST_TEST(most == 2);
}

namespace {

// Runs until it is told to stop, keeps that, and is done at once the next time.
constexpr const char* kLong =
    "[step.long]\ncommand = [\"sh\", \"-c\", \"trap 'echo kept > checkpoint; exit 85' TERM; touch up; test -e "
    "checkpoint && exit "
    "0; sleep 60 & wait\"]\n[step.after]\ncommand = [\"true\"]\nafter = [\"long\"]\n";

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_cancelled_writes_its_checkpoint_and_goes_on_when_it_is_tried_again) {
  const std::string run = submit(kLong);
  wait_for_file("up");
  BOOST_TEST(moola({"cancel", run}).exit_code == 0);
  const Json end = wait_for_end(run);
  BOOST_TEST(element(end, "long")["state"] == "cancelled");
  BOOST_TEST(element(end, "after")["state"] == "cancelled");
  BOOST_TEST(file("checkpoint") == "kept\n");
  BOOST_TEST(moola({"retry", run}).exit_code == 0);
  BOOST_TEST(wait_for_end(run)["succeeded"].get<bool>());
}

BOOST_AUTO_TEST_CASE(a_runner_that_is_told_to_stop_leaves_what_another_goes_on_with) {
  const std::string run = submit(kLong);
  wait_for_file("up");
  ::kill(runner(run), SIGTERM);
  wait(run, is("long", "failed"));
  BOOST_TEST(file("checkpoint") == "kept\n");
  BOOST_TEST(moola({"retry", run}).exit_code == 0);
  BOOST_TEST(wait_for_end(run)["succeeded"].get<bool>());
}

BOOST_AUTO_TEST_CASE(nothing_of_a_killed_runner_runs_on_and_what_it_lost_is_found) {
  const std::string run = submit(
      "[step.long]\ncommand = [\"sh\", \"-c\", \"echo $$ > process; test -e second && exit 0; touch second; exec sleep "
      "60\"]\n");
  wait(run, is("long", "running"));
  wait_for_file("second");
  ::kill(runner(run), SIGKILL);
  const Json lost = wait(run, is("long", "failed"));
  BOOST_TEST(holds(element(lost, "long")["why"].get<std::string>(), "lost"));
  const pid_t program = std::stoi(file("process"));
  for (int i = 0; i < 100 && ::kill(program, 0) == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  BOOST_TEST(::kill(program, 0) != 0);
  BOOST_TEST(moola({"retry", run}).exit_code == 0);
  const Json end = wait_for_end(run);
  BOOST_TEST(end["succeeded"].get<bool>());
  BOOST_TEST(element(end, "long")["attempts"][0]["end"] == "node failure");
}

BOOST_AUTO_TEST_CASE(ranks_start_on_the_hosts_that_are_named) {
  const std::string run = submit(
      "[step.ranks]\ncommand = [\"sh\", \"-c\", \"echo $MOOLA_HOSTS > rank.$OMPI_COMM_WORLD_RANK\"]\nranks = 2\n"
      "[local]\nhosts = [\"localhost:2\"]\n");
  BOOST_TEST(wait_for_end(run)["succeeded"].get<bool>(), moola({"logs", run}).output);
  for (const char* rank : {"0", "1"}) BOOST_TEST(file(fmt::format("rank.{}", rank)) == "localhost:2\n");
}

BOOST_AUTO_TEST_CASE(a_dry_run_submits_nothing_and_shows_the_plan) {
  const ProcessResult said = moola({"submit", job(kLong).string(), "--dry-run"});
  BOOST_TEST(said.exit_code == 0);
  BOOST_TEST(holds(said.output, "└─ after"));
  BOOST_TEST(holds(said.output, "Nothing was submitted"));
  BOOST_TEST(holds(moola({"status"}).output, "No job was submitted"));
}

BOOST_AUTO_TEST_CASE(outputs_are_collected_and_a_promised_one_that_is_missing_is_named) {
  const std::string run = submit(
      "[step.makes]\ncommand = [\"sh\", \"-c\", \"mkdir -p out; echo {index} > 'out/of {index}'\"]\narray = { seeds = "
      "2 }\n"
      "outputs = [\"out/of {index}\"]\n[step.lies]\ncommand = [\"true\"]\noutputs = [\"nothing\"]\n");
  wait_for_end(run);
  const std::string copies = (folder / "copies").string();
  BOOST_TEST(moola({"collect", run, "makes", "--to", copies}).exit_code == 0);
  BOOST_TEST(file("copies/out/of 1") == "1\n");
  const ProcessResult missing = moola({"collect", run});
  BOOST_TEST(missing.exit_code == 2);
  BOOST_TEST(holds(missing.errors, "nothing of lies"));
}

BOOST_AUTO_TEST_CASE(what_can_not_be_run_is_refused_in_one_paragraph) {
  const auto refused = [&](const std::string& text, const std::string& said) {
    const ProcessResult result = moola({"submit", job(text).string(), "--to", "local"});
    BOOST_TEST(result.exit_code == 2, text);
    BOOST_TEST(holds(result.errors, said), result.errors);
    BOOST_TEST(std::ranges::count(result.errors, '\n') == 1, result.errors);
    BOOST_TEST(!std::filesystem::exists(folder / "artifacts/jobs"));
  };
  refused("", "has no steps");
  refused("[step.a]\ncommand = [\"true\"]\nafter = [\"b\"]\n[step.b]\ncommand = [\"true\"]\nafter = [\"a\"]\n",
          "circle");
  refused("[step.a]\njob = \"pretrain\"\nconfig = \"nowhere.toml\"\n", "nowhere.toml");
  refused("[step.a]\ncommand = [\"true\"]\ntime = \"90\"\n", "unit");
  BOOST_TEST(holds(moola({"submit", job(kLong).string(), "--to", "lokal"}).errors, "Did you mean 'local'"));
  BOOST_TEST(holds(moola({"status", "nothing"}).errors, "no job was submitted"));
}

BOOST_AUTO_TEST_CASE(nothing_goes_on_beyond_the_jobs_time) {
  const std::string run = submit("time_budget = \"1m\"\n" + std::string(kLong));
  // As if it had been submitted an hour ago.
  const std::filesystem::path facts = folder / "artifacts/jobs" / run / "run.json";
  wait(run, is("long", "running"));
  BOOST_TEST(moola({"cancel", run}).exit_code == 0);
  wait_for_end(run);
  Json said = read_json(facts);
  said["submitted"] = "2020-01-01T00:00:00Z";
  write_file(facts, json_text(said));
  BOOST_TEST(moola({"retry", run}).exit_code == 0);
  wait_for_end(run);
  BOOST_TEST(holds(moola({"logs", run, "long"}).output, "is spent"));
}

BOOST_AUTO_TEST_SUITE_END()
