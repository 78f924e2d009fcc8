#include "cluster/run/run_step.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <tuple>

#include "base/command_line.h"
#include "base/error.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cluster/job/step_call.h"
#include "cluster/launch/child_process.h"
#include "cluster/launch/launch_ranks.h"
#include "cluster/launch/signal_queue.h"

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

const JobStep& step_of(const JobFile& job, const StepRun& run) {
  const auto at = std::ranges::find(job.steps, run.step, &JobStep::name);
  if (at == job.steps.end()) {
    std::vector<std::string> names;
    for (const JobStep& each : job.steps) names.push_back(each.name);
    throw ConfigError(fmt::format("{} has no step {}.{}", job.name, run.step, did_you_mean(run.step, names)));
  }
  if (run.element >= at->elements()) {
    throw ConfigError(fmt::format("the step {} has {} elements, 0 to {}; there is no {}.", run.step, at->elements(),
                                  at->elements() - 1, run.element));
  }
  return *at;
}

// A job of moola starts its ranks itself.
launch::LaunchCommand command_of(const JobStep& step, const ElementCall& call, const StepRun& run) {
  launch::LaunchPlan plan{.name = step.name,
                          .ranks = static_cast<int>(step.ranks_per_node() * step.nodes),
                          .program = call.words.front(),
                          .arguments = {call.words.begin() + 1, call.words.end()},
                          .environment = call.environment,
                          .heartbeats = run.folder / "state" / step.name / fmt::format("{:06}.heartbeats", run.element),
                          .hosts = {}};
  if (step.job.empty() && plan.ranks > 1) return launch::launch_command(plan, launch::choose_launcher(plan));
  return {.arguments = call.words, .environment = call.environment};
}

// Waits for it, passing on what asks it to stop; the last such signal, and its exit code.
std::pair<int, int> wait_for(launch::ChildProcess& child, const launch::SignalQueue& signals) {
  int last = 0;
  while (true) {
    if (const std::optional<int> status = child.ended())
      return {last, WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status)};
    const int number = signals.wait(std::chrono::milliseconds(200));
    if (number == 0 || number == SIGCHLD) continue;
    last = number;
    child.send(SIGTERM);
  }
}

bool has_succeeded(const std::vector<StepAttempt>& attempts) {
  return std::ranges::any_of(attempts, [](const StepAttempt& each) { return each.end == StepEnd::succeeded; });
}

}  // namespace

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
        return 0;
    }
    return 0;
  }();
  return std::ranges::count(attempts, end, &StepAttempt::end) <= allowed;
}

StepOutcome run_step(const JobFile& job, const StepRun& run) {
  const JobStep& step = step_of(job, run);
  const StepRecord record(run.folder, step.name, run.element);
  std::vector<StepAttempt> attempts = record.attempts();
  if (has_succeeded(attempts)) {
    log_info("the step {} has succeeded before; nothing is done again.", step.name);
    return {.attempt = attempts.back().number};
  }
  const ElementCall call = StepCall(step).element(
      run.element, {.run = run.folder.filename().string(), .workspace = run.workspace, .program = run.program});
  StepAttempt attempt{.number = attempts.empty() ? 1 : attempts.back().number + 1,
                      .begun = utc_now(),
                      .host = run.host,
                      .place_id = run.place_id};
  // Before the record says that it runs, so that no signal is lost in between.
  const launch::SignalQueue signals;
  record.begin(attempt);
  const std::optional<std::int64_t> killed_before = memory_kills();
  int signal = 0;
  try {
    launch::ChildProcess child(command_of(step, call, run));
    std::tie(signal, attempt.exit_code) = wait_for(child, signals);
  } catch (const Error& error) {
    attempt.exit_code = report_error(step.name, error);
  }
  const std::optional<std::int64_t> killed_after = memory_kills();
  attempt.end = end_of(attempt.exit_code, signal, killed_before && killed_after && *killed_after > *killed_before);
  attempt.ended = utc_now();
  record.end(attempt);
  attempts.push_back(attempt);
  return {.exit_code = attempt.exit_code,
          .end = *attempt.end,
          .attempt = attempt.number,
          .again = may_try_again(step.retry, attempts)};
}

}  // namespace moola::cluster
