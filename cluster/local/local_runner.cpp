#include "cluster/local/local_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/process_group.h"
#include "base/shell_words.h"
#include "base/subprocess.h"
#include "base/utc_time.h"
#include "cluster/launch/signal_queue.h"
#include "cluster/run/run_events.h"
#include "cluster/run/run_status.h"
#include "cluster/run/run_step.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kLook = 500ms;   // how often events are looked at
constexpr auto kPause = 2s;     // before another attempt, so that what fails at once does not fill the disk
constexpr auto kPatience = 2s;  // with onlookers, on a busy machine too
constexpr auto kLongest = 24h * 30;

// Held by the runner that waits for another's end.
fs::path waiting_file(const fs::path& run_folder) {
  return run_folder / ".waiting-runner.lock";
}

fs::path lock_file(const fs::path& run_folder) {
  return run_folder / ".runner.lock";
}

Descriptor open_log(const fs::path& file) {
  return open_file(file, O_WRONLY | O_CREAT | O_APPEND);
}

// One element that runs.
struct Running {
  std::string step;
  std::size_t element = 0;
  std::size_t attempts_before = 0;
  std::unique_ptr<ProcessGroup> process = {};
};

class Runner {
 public:
  explicit Runner(const fs::path& folder) : run_(open_job_run(folder)), records_(run_.folder) {}

  int run() {
    const launch::SignalQueue signals;
    while (true) {
      collect_ended();
      const RunEvents events(run_.folder);
      end_cancelled(events);
      if (!stopping_) begin_what_may(events);
      if (running_.empty() && (stopping_ || !anything_left_)) break;
      const int number = signals.wait(kLook);
      if (number != 0 && number != SIGCHLD) stop();
    }
    if (stopping_) {
      log_info("stopped; moola retry {} goes on.", run_.id());
      return static_cast<int>(ExitCode::run_again);
    }
    return status(RunEvents(run_.folder)).succeeded() ? 0 : 1;
  }

 private:
  JobRun run_;
  StepRecords records_;
  std::vector<Running> running_;
  std::map<std::pair<std::string, std::size_t>, std::chrono::steady_clock::time_point> not_before_;
  std::set<std::pair<std::string, std::size_t>> given_up_;
  bool stopping_ = false, anything_left_ = true;

  std::size_t attempts_of(const std::string& step, std::size_t element) { return records_.of(step, element).size(); }

  bool is_running(const std::string& step, std::size_t element) const {
    return std::ranges::any_of(running_,
                               [&](const Running& each) { return each.step == step && each.element == element; });
  }

  // What is said of those that don't run is: submitted ones are pending.
  RunStatus status(const RunEvents& events) {
    PlaceView view{.answered = true, .why_not = {}};
    for (const Submission& each : events.submissions()) {
      for (const std::size_t element : each.elements) {
        view.words[{each.step, element}] = {.state = is_running(each.step, element) ? PlaceWord::State::running
                                                                                    : PlaceWord::State::pending};
      }
    }
    return status_of(run_, records_, events, view);
  }

  void stop() {
    if (!stopping_) log_info("told to stop: {} steps write their checkpoints.", running_.size());
    stopping_ = true;
    for (const Running& each : running_) each.process->send(SIGTERM);
  }

  void collect_ended() {
    std::erase_if(running_, [&](const Running& each) {
      if (!each.process->ended()) return false;
      const int code = each.process->exit_code();
      log_info("{} {} ended with {}", each.step, each.element, code);
      if (attempts_of(each.step, each.element) == each.attempts_before) {
        log_warning("{} {} did not even begin: its log says why. It is left alone.", each.step, each.element);
        given_up_.insert({each.step, each.element});
      }
      if (code != 0) not_before_[{each.step, each.element}] = std::chrono::steady_clock::now() + kPause;
      return true;
    });
  }

  void end_cancelled(const RunEvents& events) {
    for (const Running& each : running_) {
      if (events.cancelled(each.step, each.element)) each.process->send(SIGTERM);
    }
  }

  void begin_what_may(const RunEvents& events) {
    const RunStatus now = status(events);
    anything_left_ = false;
    for (const JobStep& step : run_.job.steps) {
      for (std::size_t element = 0; element < step.elements(); ++element) {
        const ElementState state = now.step(step.name).elements[element].state;
        if (state != ElementState::waiting && state != ElementState::again) continue;
        if (is_hopeless(now, step, element) || given_up_.contains({step.name, element})) continue;
        anything_left_ = true;
        if (may_begin(now, step, element)) begin(events, step, element);
      }
    }
  }

  bool may_begin(const RunStatus& now, const JobStep& step, std::size_t element) {
    if (std::ssize(running_) >= run_.job.local.at_a_time || is_running(step.name, element)) return false;
    const auto of_step = std::ranges::count(running_, step.name, &Running::step);
    if (step.array.at_a_time > 0 && of_step >= step.array.at_a_time) return false;
    const auto at = not_before_.find({step.name, element});
    if (at != not_before_.end() && std::chrono::steady_clock::now() < at->second) return false;
    const auto over = [](const ElementStatus& each) { return is_over(each.state); };
    return what_is_missing(run_, records_, step, element).empty() &&
           std::ranges::all_of(step.after_any, [&](const std::string& name) {
             return std::ranges::all_of(now.step(name).elements, over);
           });
  }

  void begin(const RunEvents& events, const JobStep& step, std::size_t element) {
    const Submission* submission = events.last_of(step.name, element);
    const Descriptor log = open_log(log_file(run_, step.name, element, submission->id));
    const std::vector<std::string> words{
        run_.program.string(),   "step",         run_.folder.string(), step.name, "--element",
        std::to_string(element), "--attempt-of", submission->id};
    log_info("{} {} begins", step.name, element);
    running_.push_back({.step = step.name,
                        .element = element,
                        .attempts_before = attempts_of(step.name, element),
                        .process = std::make_unique<ProcessGroup>(
                            words, ProcessGroupOptions{.output = log.get(), .errors = log.get()})});
  }
};

// Whether the user's systemd keeps what it runs after a logout.
bool has_lasting_systemd() {
  if (!find_program("systemd-run") || !find_program("loginctl")) return false;
  const ProcessResult linger = run_process({"loginctl", "show-user", std::to_string(::geteuid()), "--property=Linger"});
  return linger.exit_code == 0 && linger.output.starts_with("Linger=yes") &&
         run_process({"systemctl", "--user", "show-environment"}).exit_code == 0;
}

std::vector<std::string> runner_words(const JobRun& run) {
  return {run.program.string(), "step", run.folder.string()};
}

}  // namespace

int as_the_runner(const fs::path& run_folder, const std::function<int()>& work) {
  std::optional<FileLock> waiting, working;
  try {
    waiting.emplace(waiting_file(run_folder), kPatience);
  } catch (const CommError&) {
    return 0;  // another waits already, and will see the same
  }
  working.emplace(lock_file(run_folder), kLongest);
  waiting.reset();
  return work();
}

int run_locally(const fs::path& run_folder) {
  return as_the_runner(run_folder, [&] { return Runner(run_folder).run(); });
}

std::string start_local_runner(const JobRun& run) {
  const fs::path log = log_folder(run.folder) / "runner.log";
  if (has_lasting_systemd()) {
    const std::string unit = fmt::format("moola-{}-{}", run.id(), utc_now() / 1'000'000'000);
    std::vector<std::string> words{"systemd-run",
                                   "--user",
                                   "--collect",
                                   "--unit=" + unit,
                                   fmt::format("--property=StandardOutput=append:{}", log.string()),
                                   fmt::format("--property=StandardError=append:{}", log.string()),
                                   "--property=KillMode=mixed"};
    // Steps find what this shell would: a unit has the manager's variables, and takes the named ones from here.
    for (char** each = environ; *each != nullptr; ++each) {
      const std::string name(*each, std::strcspn(*each, "="));
      if (is_variable_name(name)) words.push_back("--setenv=" + name);
    }
    for (const std::string& each : runner_words(run)) words.push_back(each);
    const ProcessResult result = run_process(words);
    for (int i = 0; i < 200 && result.exit_code == 0 && !is_run_locally(run); ++i) std::this_thread::sleep_for(10ms);
    if (result.exit_code == 0) return "unit " + unit;
    log_warning("systemd-run failed ({}); a process of its own is started instead.", result.errors);
  }
  // Twice, so that nobody has to wait for it; a session of its own, so that no terminal ends it.
  const Descriptor out = open_log(log);
  std::vector<std::string> words = runner_words(run);
  std::vector<char*> arguments;
  for (std::string& each : words) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  Pipe report = open_pipe();
  const pid_t child = ::fork();
  if (child < 0) throw IoError("cannot start a process", errno);
  if (child == 0) {
    ::setsid();
    const pid_t runner = ::fork();
    if (runner == 0) {
      ::signal(SIGHUP, SIG_IGN);
      const int nothing = ::open("/dev/null", O_RDONLY);
      ::dup2(nothing, STDIN_FILENO);
      ::dup2(out.get(), STDOUT_FILENO);
      ::dup2(out.get(), STDERR_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    if (::write(report.write_end.get(), &runner, sizeof runner) < 0) ::_exit(1);
    ::_exit(0);
  }
  report.write_end.close();
  pid_t runner = -1;
  while (::read(report.read_end.get(), &runner, sizeof runner) < 0 && errno == EINTR) {
  }
  ::waitpid(child, nullptr, 0);
  if (runner < 0) throw IoError("cannot start a process");
  while (!is_run_locally(run) && ::kill(runner, 0) == 0) std::this_thread::sleep_for(5ms);
  return fmt::format("process {}", runner);
}

bool is_run_locally(const JobRun& run) {
  return is_locked(waiting_file(run.folder)) || is_locked(lock_file(run.folder));
}

PlaceView local_view(const JobRun& run, StepRecords& records, const RunEvents& events) {
  return view_by_runner(records, events, is_run_locally(run));
}

void submit_locally(const JobRun& run, RunEvents& events, const WantedElements& wanted) {
  for (const JobStep& step : run.job.steps) {
    const auto at = wanted.find(step.name);
    if (at == wanted.end()) continue;
    const auto number = 1 + std::ranges::count(events.submissions(), step.name, &Submission::step);
    const std::string name = fmt::format("local-{}", number);
    const std::string comment = fmt::format("{}:{}", step.name, name);
    events.begin_submission(
        {.step = step.name, .elements = at->second, .comment = comment, .id = {}, .time = utc_now()});
    events.end_submission(comment, name);
  }
}

}  // namespace moola::cluster
