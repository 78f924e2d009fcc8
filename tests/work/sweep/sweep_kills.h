#pragma once
// Sweeps that are killed without warning, again and again.
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>

#include "tests/work/sweep/sweep_workspace.h"

namespace moola::test {

/// Reads a journal from its beginning again and again while others write it: it can be read at every moment, no trial
/// goes away, and none that is over changes.
class JournalWatcher {
 public:
  explicit JournalWatcher(std::filesystem::path file) : file_(std::move(file)), thread_([this] { watch(); }) {}
  ~JournalWatcher() { stop(); }
  JournalWatcher(const JournalWatcher&) = delete;
  JournalWatcher& operator=(const JournalWatcher&) = delete;

  void stop() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::size_t looks() const { return looks_; }
  /// What was wrong first; empty: nothing was.
  const std::string& complaint() const { return complaint_; }

 private:
  std::filesystem::path file_;
  std::atomic<bool> over_ = false;
  std::size_t looks_ = 0;
  std::string complaint_;
  std::vector<sweep::Trial> known_;
  std::thread thread_;

  static bool is_same(const sweep::Trial& a, const sweep::Trial& b) {
    return a.state == b.state && a.values == b.values && a.reports == b.reports && a.completed == b.completed;
  }
  void look() {
    const std::vector<sweep::Study> studies = sweep::read_journal(file_);
    if (studies.empty()) return;
    const std::vector<sweep::Trial>& now = studies.front().trials;
    if (now.size() < known_.size()) complaint_ = fmt::format("{} trials after {}", now.size(), known_.size());
    for (std::size_t i = 0; i < known_.size() && complaint_.empty(); ++i) {
      if (sweep::is_finished(known_[i].state) && !is_same(known_[i], now[i]))
        complaint_ = fmt::format("trial {} was over and has changed", i);
    }
    known_ = now;
    ++looks_;
  }
  void watch() {
    while (!over_ && complaint_.empty()) {
      try {
        if (std::filesystem::exists(file_)) look();
      } catch (const std::exception& error) {
        complaint_ = error.what();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
};

/// The same by Optuna, where OPTUNA_PYTHON names a python that has it: tests/interop/watch_journal.py as a process.
class OptunaWatcher {
 public:
  explicit OptunaWatcher(const std::filesystem::path& journal) : stop_file_(journal.string() + ".stop") {
    const char* const pythons = std::getenv("OPTUNA_PYTHON");
    if (pythons == nullptr) {
      BOOST_TEST_MESSAGE("no Optuna looks on: OPTUNA_PYTHON names none");
      return;
    }
    const std::string python = std::string(pythons).substr(0, std::string(pythons).find(':'));
    process_ = std::make_unique<StartedProcess>(std::vector<std::string>{
        python, std::string(MOOLA_SOURCE_DIR) + "/tests/interop/watch_journal.py", journal.string(), stop_file_});
  }
  /// Whether nothing was wrong, or nobody looked on.
  bool stop() {
    if (!process_) return true;
    std::ofstream(stop_file_) << "stop\n";
    return process_->wait() == 0;
  }

 private:
  std::string stop_file_;
  std::unique_ptr<StartedProcess> process_;
};

/// Who is killed. `any`: one of the others, as the dice fall.
enum class Victim { any, group, manager, trial };

struct SweepKills {
  int kills = 20;
  unsigned seed = 1;
  int managers = 1;  // at once on the study; one of them is killed, the others go on
  bool pruning = false;
  Victim victim = Victim::any;
};

class KilledSweeps {
 public:
  explicit KilledSweeps(const SweepKills& options) : options_(options), random_(options.seed) {
    // Two attempts of one trial at once, what an earlier one has left included, would write to the same files.
    const std::string alone = "exec 9> $MOOLA_TRIAL_FOLDER/lock\nflock -n 9 || echo $MOOLA_TRIAL >> twice\n";
    const std::string reports =
        "for step in 1 2 3 4; do\n  echo \"{\\\"step\\\": $step, \\\"value\\\": $1}\"\n  sleep 0.01\ndone\n";
    workspace_.write_objective(fmt::format(
        "echo $$ > $MOOLA_TRIAL_FOLDER/process\n{}{}sleep 0.0$(( $MOOLA_TRIAL % 10 ))\necho \"{{\\\"value\\\": $1}}\"",
        alone, reports));
    if (options.pruning) workspace_.tables = "[trial]\nretries = 50\n[pruner]\nstartup_trials = 4\nwarmup_steps = 1\n";
    if (options.pruning) workspace_.keys = "pruner = \"median\"";
  }

  void run() {
    JournalWatcher watcher(workspace_.journal_file());
    OptunaWatcher optuna(workspace_.journal_file());
    for (int kill = 0; kill < options_.kills; ++kill) {
      BOOST_TEST_CONTEXT("kill " << kill) kill_once();
    }
    const int trials = static_cast<int>(workspace_.finished().size()) + 20;
    const ProcessResult last = workspace_.run(trials, {"--workers", "3"});
    BOOST_TEST(last.exit_code == 0, last.errors);
    watcher.stop();
    BOOST_TEST(watcher.complaint() == "");
    BOOST_TEST(watcher.looks() > 2U);
    BOOST_TEST(optuna.stop());
    check_end(static_cast<std::size_t>(trials));
  }

 private:
  SweepKills options_;
  std::mt19937 random_;
  SweepWorkspace workspace_;

  void sleep_at_most(unsigned milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % milliseconds));
  }
  void wait_for_more(const std::function<std::size_t()>& count) {
    const std::size_t before = count();
    for (int i = 0; i < 3000 && count() == before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  // Some moment of a sweep's life, however slow the machine is: mostly one after it has begun or finished a trial.
  void wait_for_a_moment() {
    const auto dice = random_() % 8;
    if (dice > 0) wait_for_more([&] { return workspace_.noted("begun").size(); });
    if (dice > 3) wait_for_more([&] { return workspace_.finished().size(); });
    sleep_at_most(300);
  }

  // The process of a trial that runs now.
  std::optional<pid_t> running_trial() {
    std::error_code error;  // no trial yet
    std::vector<std::uint64_t> begun = workspace_.noted("begun");
    for (auto number = begun.rbegin(); number != begun.rend() && number - begun.rbegin() < 4; ++number) {
      const auto file = workspace_.study() / "trials" / fmt::format("{:06}", *number) / "process";
      if (!std::filesystem::exists(file)) continue;
      const std::string process = read_file(file);
      if (process.empty()) continue;
      // Numbers are given again.
      std::ifstream in("/proc/" + std::to_string(std::stol(process)) + "/environ", std::ios::binary);
      const std::string environment((std::istreambuf_iterator<char>(in)), {});
      if (environment.find(fmt::format("MOOLA_TRIAL={}", *number)) == std::string::npos) continue;
      return static_cast<pid_t>(std::stol(process));
    }
    return std::nullopt;
  }

  std::map<std::uint64_t, std::string> results() const {
    std::map<std::uint64_t, std::string> out;
    for (const std::uint64_t number : workspace_.finished())
      out[number] = read_file(workspace_.study() / "trials" / fmt::format("{:06}", number) / "result.json");
    return out;
  }

  void kill_once() {
    const Victim victim = options_.victim == Victim::any ? static_cast<Victim>(1 + random_() % 3) : options_.victim;
    // More than can be done before the kill.
    const int trials = static_cast<int>(workspace_.finished().size()) + 100;
    std::vector<std::unique_ptr<StartedProcess>> managers;
    for (int i = 0; i < options_.managers; ++i) managers.push_back(workspace_.start(trials, {"--workers", "3"}));
    wait_for_a_moment();
    StartedProcess& one = *managers.front();
    if (victim == Victim::trial) {
      if (const std::optional<pid_t> trial = running_trial()) ::kill(*trial, SIGKILL);
    } else {
      if (victim == Victim::group)
        one.send_to_group(SIGKILL);
      else
        one.send(SIGKILL);
      BOOST_REQUIRE(one.wait() == 128 + SIGKILL);
    }
    const std::map<std::uint64_t, std::string> kept = results();
    const std::size_t begun = workspace_.noted("begun").size();
    if (options_.managers == 1 && victim != Victim::trial)
      managers.front() = workspace_.start(trials, {"--workers", "3"});
    wait_for_a_moment();
    for (const auto& each : managers) {
      if (each->is_over()) continue;
      each->send(SIGTERM);
      const int code = each->wait();
      // On a busy machine it may not even have begun to listen.
      BOOST_TEST((code == 85 || code == 0 || code == 128 + SIGTERM), "exit code " << code << ": " << each->errors());
    }
    const std::vector<std::uint64_t> all = workspace_.noted("begun");
    for (std::size_t i = begun; i < all.size(); ++i)
      BOOST_TEST(!kept.contains(all[i]), "trial " << all[i] << " was finished and is begun again");
    const std::map<std::uint64_t, std::string> now = results();
    for (const auto& [number, result] : kept)
      BOOST_TEST((now.contains(number) && now.at(number) == result),
                 "the result of trial " << number << " has changed");
    if (!std::filesystem::exists(workspace_.journal_file())) return;
    for (const sweep::Study& found : sweep::read_journal(workspace_.journal_file())) {
      for (std::uint64_t number = 0; number < found.trials.size(); ++number)
        BOOST_TEST((!sweep::is_finished(found.trials[number].state) || now.contains(number)),
                   "no result of " << number);
    }
  }

  void check_end(std::size_t trials) {
    const sweep::Study found = workspace_.journal();
    BOOST_TEST(found.trials.size() == trials);
    BOOST_TEST(workspace_.finished().size() == trials);
    std::size_t pruned = 0;
    for (std::uint64_t number = 0; number < found.trials.size(); ++number) {
      const sweep::Trial& trial = found.trials[number];
      pruned += trial.state == sweep::TrialState::pruned ? 1U : 0U;
      BOOST_TEST((trial.state == sweep::TrialState::complete || trial.state == sweep::TrialState::pruned),
                 "trial " << number << " is " << sweep::name_of(trial.state));
      BOOST_TEST(trial.values == std::vector{trial.parameters.at(0).value}, boost::test_tools::per_element());
      const Json result = read_json(workspace_.study() / "trials" / fmt::format("{:06}", number) / "result.json");
      BOOST_TEST(result["values"][0].get<double>() == trial.values.at(0));
      BOOST_TEST(result["state"] == std::string(sweep::name_of(trial.state)));
      if (trial.state == sweep::TrialState::complete) BOOST_TEST(trial.reports.size() == 4U);
    }
    BOOST_TEST((pruned > 0) == options_.pruning);
    // Most kills have met trials at work.
    BOOST_TEST(workspace_.noted("begun").size() > trials + static_cast<std::size_t>(options_.kills) / 2);
    BOOST_TEST(workspace_.noted("twice").empty(), "two attempts of a trial ran at once");
    BOOST_TEST_MESSAGE(trials << " trials, of which " << pruned << " were pruned, in "
                              << workspace_.noted("begun").size() << " attempts");
  }
};

/// Kills sweeps at random moments, each time without warning, and lets them end: each trial is over once, what was kept
/// before a kill is not begun again after it, and the journal can be read all the while.
inline void check_killed_sweeps(const SweepKills& options) {
  KilledSweeps(options).run();
}

}  // namespace moola::test
