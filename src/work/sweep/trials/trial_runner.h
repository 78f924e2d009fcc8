#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sweep/study/trial.h"
#include "work/sweep/trials/trial_guard.h"

namespace moola::work {

/// A program that is a trial.
struct TrialTask {
  std::uint64_t number = 0;
  std::vector<std::string> arguments = {};
  std::vector<std::pair<std::string, std::optional<std::string>>> environment = {};
  std::vector<std::string> without = {};  // beginnings of variables that it does not see, besides those of ranks
  std::filesystem::path folder = {};      // where it runs
  std::filesystem::path log = {};         // what it says, appended
  std::filesystem::path reports = {};     // a file that it may append reports to instead of saying them; empty: none
  std::size_t objectives = 1;
  std::vector<std::string> metrics = {};  // of a job: see TrialOutput
  std::optional<std::chrono::nanoseconds> time_limit = {};
};

/// How a trial's program ended.
struct TrialEnd {
  int exit_code = 0;             // 128 + n when signal n ended it
  bool timed_out = false;        // ended by its time limit
  bool asked_to_end = false;     // ended by TrialRunner::end
  std::string not_started = {};  // why there was no program at all
  std::optional<std::vector<double>> values = {};
  double violation = 0;
  std::string returns_file = {};
  std::vector<sweep::Attribute> attributes = {};
  std::string complaint = {};   // about its result
  std::string last_words = {};  // its last line on standard error, up to 300 bytes
  double seconds = 0;
};

struct TrialEvent {
  std::uint64_t number = 0;
  std::vector<sweep::Report> reports = {};
  std::optional<TrialEnd> end = {};  // the last event of a trial
};

struct TrialRunnerOptions {
  std::uint64_t log_bytes = 64 << 20;        // of a trial; what it says beyond that is read and not kept
  std::chrono::milliseconds patience{5000};  // between SIGTERM and SIGKILL
};

/// Runs trials as child processes beside each other and reads what they say; one thread, which never waits for one of
/// them alone. When a program ends, what it has started and left in its process group is killed, and only when that is
/// gone too is the trial over; all groups are killed when this process is. The environment is scrubbed of what
/// launchers of ranks say, so that a trial may start ranks itself.
class TrialRunner {
 public:
  /// Throws IoError when no process can be started.
  explicit TrialRunner(const TrialRunnerOptions& options = {});
  /// Kills what runs.
  ~TrialRunner();
  TrialRunner(const TrialRunner&) = delete;
  TrialRunner& operator=(const TrialRunner&) = delete;

  std::size_t running() const { return trials_.size(); }
  /// A process that is there as long as any of the programs may be, also after this process was killed.
  pid_t guard() const { return guard_.process(); }
  /// A program that can't be started is an event like any other end. Throws IoError when the log can't be opened.
  void start(const TrialTask& task);
  /// SIGTERM now, SIGKILL after the options' patience or another; its end comes as an event. Of a trial that does not
  /// run (any more): nothing.
  void end(std::uint64_t number, std::optional<std::chrono::milliseconds> patience = {});
  void end_all();
  /// What has happened; waits for something for so long, and not at all when there is something.
  std::vector<TrialEvent> wait(std::chrono::milliseconds at_most);

 private:
  struct Running;
  TrialRunnerOptions options_;
  TrialGuard guard_;
  std::map<std::uint64_t, std::unique_ptr<Running>> trials_;
  std::vector<TrialEvent> at_once_;  // ends of what could not be started
  std::chrono::steady_clock::time_point next_look_{};

  void read(Running& trial, TrialEvent& event);
  bool is_over(Running& trial);
};

}  // namespace moola::work
