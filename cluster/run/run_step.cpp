#include "cluster/run/run_step.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <thread>

#include "base/command_line.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/step_note.h"
#include "base/subprocess.h"
#include "cluster/diagnose/log_evidence.h"
#include "cluster/job/memory_size.h"
#include "cluster/job/step_call.h"
#include "cluster/launch/child_process.h"
#include "cluster/launch/launch_ranks.h"
#include "cluster/launch/ranks.h"
#include "cluster/launch/signal_queue.h"
#include "cluster/run/run_events.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

// How often the system has killed for want of memory in this control group; none where it does not say.
std::optional<std::int64_t> memory_kills() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t path = line.rfind(':');
    if (path == std::string::npos) continue;
    for (const std::string& file : {"/sys/fs/cgroup" + line.substr(path + 1) + "/memory.events",
                                    "/sys/fs/cgroup/memory" + line.substr(path + 1) + "/memory.oom_control"}) {
      std::ifstream events(file);
      std::string word;
      for (std::int64_t count = 0; events >> word >> count;) {
        if (word == "oom_kill") return count;
      }
    }
  }
  return std::nullopt;
}

launch::LaunchCommand command_of(const JobStep& step, const ElementCall& call, const StepRun& run) {
  launch::LaunchPlan plan{.name = step.name,
                          .ranks = static_cast<int>(step.ranks_per_node() * step.nodes),
                          .program = call.words.front(),
                          .arguments = {call.words.begin() + 1, call.words.end()},
                          .environment = run.environment,
                          .heartbeats = run.folder / "state" / step.name / fmt::format("{:06}.heartbeats", run.element),
                          .hosts = launch::named_hosts()};
  plan.environment.insert(plan.environment.end(), call.environment.begin(), call.environment.end());
  plan.environment.emplace_back(kStepNote, step_note(run.folder, step.name, run.element).string());
  // A launcher takes a file; where there is none of the name it says so itself.
  if (!plan.program.has_parent_path()) plan.program = find_program(plan.program.string()).value_or(plan.program);
  if (!starts_own_ranks(step.job) && plan.ranks > 1) return launch::launch_command(plan, launch::choose_launcher(plan));
  return {.arguments = call.words, .environment = plan.environment};
}

// What ends an attempt from outside: a signal, or a moment.
class Stop {
 public:
  // Moments are this process's own: a clock that somebody sets meanwhile ends nothing.
  Stop(const JobStep& step, const StepRun& run)
      : grace_(std::chrono::nanoseconds(parse_duration(step.slurm.signal_before).nanoseconds)),
        limit_is_ours_(run.keep_time_limit) {
    if (!step.time.empty())
      limit_ = Clock::now() + std::chrono::nanoseconds(parse_duration(step.time).nanoseconds) - grace_;
    if (run.deadline != kNoTime) deadline_ = Clock::now() + std::chrono::nanoseconds(run.deadline - utc_now());
  }

  // Waits for the program, passing on what asks it to stop, and kills it when it does not. Its exit code.
  int wait_for(launch::ChildProcess& child, const launch::SignalQueue& signals) {
    while (true) {
      if (const std::optional<int> status = child.ended())
        return WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
      const int number = signals.wait(std::chrono::milliseconds(200));
      // A place sends the same signal before the time limit and to what has to make way.
      if (number != 0 && number != SIGCHLD) tell(child, number == SIGUSR2 && !is_near_limit() ? SIGTERM : number);
      const Clock::time_point now = Clock::now();
      if (limit_is_ours_ && is_past(limit_, now)) tell(child, SIGUSR2);
      if (is_past(deadline_, now)) {
        over_budget_ = true;
        tell(child, SIGTERM);
      }
      // A place of its own kills by itself what does not end.
      if (told_by_us_ != kNever && now > told_by_us_ + grace_) child.send(SIGKILL);
    }
  }

  // The last that was passed on; 0: none.
  int signal() const { return signal_; }
  bool over_budget() const { return over_budget_; }

 private:
  using Clock = std::chrono::steady_clock;

  Clock::duration grace_;
  bool limit_is_ours_;
  static constexpr Clock::time_point kNever = Clock::time_point::max();
  Clock::time_point deadline_ = kNever, limit_ = kNever;  // the limit: when it is told of it, a while before
  Clock::time_point told_by_us_ = kNever;
  int signal_ = 0;
  bool over_budget_ = false;

  // As far as it is known when the limit is.
  bool is_near_limit() const {
    // Slurm may be a minute early, and had begun to count before.
    constexpr std::chrono::seconds kEarly(90);
    return limit_ == kNever || Clock::now() > limit_ - kEarly;
  }
  // Once.
  bool is_past(Clock::time_point& moment, Clock::time_point now) {
    if (now < moment) return false;
    moment = kNever;
    told_by_us_ = now;
    return true;
  }
  void tell(const launch::ChildProcess& child, int number) {
    signal_ = number;
    child.send(SIGTERM);
  }
};

// What a program has left running in its group.
void end_group(pid_t group) {
  using namespace std::chrono_literals;
  if (::kill(-group, SIGTERM) != 0) return;
  for (int i = 0; i < 100 && ::kill(-group, 0) == 0; ++i) std::this_thread::sleep_for(20ms);
  ::kill(-group, SIGKILL);
}

// Whether it is the first attempt of a submission that is to begin anew.
bool begins_anew(const StepRun& run, const std::vector<StepAttempt>& attempts) {
  const RunEvents events(run.folder);
  const Submission* submission = events.last_of(run.step, run.element);
  // A place may begin it before its submitter has put down what the place calls it.
  return submission != nullptr && submission->fresh && (submission->id.empty() || submission->owns(run.place_id)) &&
         std::ranges::find(attempts, run.place_id, &StepAttempt::place_id) == attempts.end();
}

// An attempt without an end is over when another begins: the place would not run two.
void close_lost(const StepRecord& record, std::vector<StepAttempt>& attempts) {
  if (attempts.empty() || attempts.back().end) return;
  StepAttempt& lost = attempts.back();
  lost.end = StepEnd::node_failure;
  lost.ended = utc_now();
  lost.exit_code = 128 + SIGKILL;
  record.end(lost);
}

}  // namespace

const JobStep& step_of(const JobFile& job, const StepRun& run) {
  const JobStep& out = named_step(job, run.step);
  require_element(out, run.element);
  return out;
}

StepEnd end_of(int exit_code, int signal, bool memory_kills) {
  if (exit_code == 0) return StepEnd::succeeded;
  if (exit_code == static_cast<int>(ExitCode::gate_not_met)) return StepEnd::gate_not_met;
  if (exit_code == static_cast<int>(ExitCode::permanent)) return StepEnd::refused;
  if (memory_kills) return StepEnd::out_of_memory;
  const bool wants_more = exit_code == static_cast<int>(ExitCode::run_again);
  // What does not write checkpoints dies of the signal.
  if (!wants_more && exit_code != 128 + SIGTERM && exit_code != 128 + SIGKILL) return StepEnd::error;
  if (signal == SIGUSR2) return StepEnd::time_limit;
  if (signal != 0) return StepEnd::preempted;
  return wants_more ? StepEnd::time_limit : StepEnd::error;
}

bool may_try_again(const StepRetries& retries, const std::vector<StepAttempt>& attempts) {
  if (attempts.empty() || !attempts.back().end) return false;
  const StepEnd end = *attempts.back().end;
  const auto allowed = [&]() -> std::int64_t {
    switch (end) {
      case StepEnd::time_limit:
        return retries.time_limit;
      case StepEnd::preempted:
        return retries.preemption;
      case StepEnd::node_failure:
        return retries.node_failure;
      case StepEnd::out_of_memory:
        return retries.out_of_memory;
      case StepEnd::error:
        return retries.error;
      case StepEnd::succeeded:
      case StepEnd::gate_not_met:
      case StepEnd::refused:
      case StepEnd::cancelled:
      case StepEnd::over_budget:
        return 0;
    }
    return 0;
  }();
  const std::string& place = attempts.back().place_id;
  return std::ranges::count_if(
             attempts, [&](const StepAttempt& each) { return each.end == end && each.place_id == place; }) <= allowed;
}

std::string memory_after(const JobStep& step, const std::vector<StepAttempt>& attempts) {
  const auto times = std::ranges::count(attempts, StepEnd::out_of_memory, &StepAttempt::end);
  return times == 0 ? std::string() : grown_memory(step, static_cast<int>(times));
}

fs::path step_note(const fs::path& run_folder, const std::string& step, std::size_t element) {
  return run_folder / "state" / step / fmt::format("{:06}.note", element);
}

StepOutcome run_step(const JobFile& job, const StepRun& run) {
  const JobStep& step = step_of(job, run);
  const StepRecord record(run.folder, step.name, run.element);
  std::vector<StepAttempt> attempts = record.attempts();
  if (has_succeeded(attempts)) {
    log_info("{}{} has succeeded before; nothing is done again.", kStepSays, step.name);
    return {.attempt = attempts.back().number, .attempts = std::move(attempts)};
  }
  if (!attempts.empty() && !attempts.back().end) {
    close_lost(record, attempts);
    // One of an earlier submission counts no more: somebody has asked for it again.
    if (attempts.back().place_id == run.place_id && !may_try_again(step.retry, attempts)) {
      log_info("{}the last attempt of {} was lost with its node, and retry.node_failure = {} allows no other.",
               kStepSays, step.name, step.retry.node_failure);
      return {.exit_code = 1,
              .end = StepEnd::node_failure,
              .attempt = attempts.back().number,
              .attempts = std::move(attempts)};
    }
  }
  ElementCall call = StepCall(step).element(
      run.element, {.run = run.folder.filename().string(), .workspace = run.workspace, .program = run.program});
  if (starts_own_ranks(step.job) && begins_anew(run, attempts)) call.words.emplace_back("--fresh");
  StepAttempt attempt{.number = attempts.empty() ? 1 : attempts.back().number + 1,
                      .begun = utc_now(),
                      .host = run.host,
                      .place_id = run.place_id};
  // Before the record says that it runs, so that no signal is lost in between.
  const launch::SignalQueue signals;
  record.begin(attempt);
  std::error_code none;
  fs::remove(step_note(run.folder, step.name, run.element), none);
  const std::optional<std::int64_t> killed_before = memory_kills();
  Stop stop(step, run);
  try {
    launch::ChildProcess child(command_of(step, call, run));
    attempt.exit_code = stop.wait_for(child, signals);
    end_group(child.pid());
  } catch (const Error& error) {
    attempt.exit_code = report_error(step.name, error);
  }
  const std::optional<std::int64_t> killed_after = memory_kills();
  attempt.end =
      end_of(attempt.exit_code, stop.signal(), killed_before && killed_after && *killed_after > *killed_before);
  if (attempt.exit_code != 0 && stop.signal() != 0 && RunEvents(run.folder).cancelled(step.name, run.element))
    attempt.end = StepEnd::cancelled;
  else if (attempt.exit_code != 0 && stop.over_budget())
    attempt.end = StepEnd::over_budget;
  attempt.ended = utc_now();
  record.end(attempt);
  attempts.push_back(attempt);
  const bool again = may_try_again(step.retry, attempts);
  return {.exit_code = attempt.exit_code,
          .end = *attempt.end,
          .attempt = attempt.number,
          .again = again,
          .attempts = std::move(attempts)};
}

}  // namespace moola::cluster
