#include "cluster/commands/step_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/first_line.h"
#include "base/host_name.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "cluster/commands/notices.h"
#include "cluster/diagnose/log_evidence.h"
#include "cluster/job/memory_size.h"
#include "cluster/places/place.h"
#include "cluster/places/run_now.h"
#include "cluster/run/job_run.h"
#include "cluster/run/run_events.h"
#include "cluster/run/run_status.h"
#include "cluster/run/run_step.h"
#include "cluster/slurm/inside_slurm.h"
#include "record/machine.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kByHand = "by-hand";

template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  log_text(LogLevel::info, kStepSays + fmt::format(format, std::forward<Args>(args)...));
}

std::string gpus_here() {
  const std::vector<std::string> names = record::gpus_of_driver();
  if (names.empty()) return "none";
  std::string out = fmt::format("{} x {}", names.size(), names.front());
  const std::string driver = first_line("/proc/driver/nvidia/version");
  return driver.empty() ? out : out + ", " + driver;
}

// What the log of a step begins with.
void say_where(const JobRun& run, const StepOptions& options, const std::string& place_id, std::int64_t attempt) {
  const std::string nodes = slurm_nodes();
  log_text(LogLevel::info, attempt_line(options.step, attempt));
  say("of {}, element {}", run.id(), options.element);
  say("{} on {}{}, {}, moola {}, GPUs: {}", utc_text(utc_now()), host_name(),
      nodes.empty() ? "" : fmt::format(" (Slurm job {}, nodes {})", place_id, nodes), run.place, code_version(),
      gpus_here());
}

Environment environment_of(const JobStep& step, bool in_slurm) {
  Environment out;
  if (in_slurm) {
    const bool by_srun = step.slurm.mpi == "pmix" || (step.slurm.mpi == "auto" && srun_has_pmix());
    if (!by_srun) {
      if (step.slurm.mpi == "auto") say("srun has no PMIx here: ranks are started by mpirun.");
      out.emplace_back("MOOLA_LAUNCHER", "mpirun");
    }
  }
  if (!step.slurm.interface.empty() && in_slurm) {
    for (const char* name : {"NCCL_SOCKET_IFNAME", "OMPI_MCA_btl_tcp_if_include", "OMPI_MCA_oob_tcp_if_include"})
      out.emplace_back(name, step.slurm.interface);
  }
  return out;
}

// Of a job that has just been put back: what it was given.
bool has_more_memory_than_before(const JobStep& step, const std::vector<StepAttempt>& attempts) {
  const char* given = std::getenv("SLURM_MEM_PER_NODE");  // MiB
  return given == nullptr || std::atoll(given) >= parse_memory(memory_after(step, attempts));
}

// An attempt that ends before it began, so that nobody waits for it.
void keep_refusal(const StepRun& run, const std::vector<StepAttempt>& before, StepEnd end) {
  const StepRecord record(run.folder, run.step, run.element);
  StepAttempt attempt{.number = before.empty() ? 1 : before.back().number + 1,
                      .begun = utc_now(),
                      .host = run.host,
                      .place_id = run.place_id};
  record.begin(attempt);
  attempt.ended = attempt.begun;
  attempt.exit_code = static_cast<int>(ExitCode::permanent);
  attempt.end = end;
  record.end(attempt);
}

// Whoever wants to know of this end, and of the run's if it was the last.
void tell(const JobRun& run, const StepOutcome& outcome) {
  if (run.job.notify.webhook.empty()) return;
  const auto [view, status] = look_at(run);
  if (outcome.end == StepEnd::over_budget)
    give_notice(run, status, view, "over-budget");
  else if (outcome.end != StepEnd::succeeded && outcome.end != StepEnd::cancelled)
    give_notice(run, status, view, "failure");
  give_notice_of_end(run, status, view);
}

// Slurm kills this process soon after, or the next attempt would not begin.
void put_back(const JobStep& step, const std::string& task, const StepOutcome& outcome) {
  if (outcome.end != StepEnd::out_of_memory) {
    say("{}: tried again (scontrol requeue {}).", name_of(outcome.end), task);
    return requeue(task);
  }
  const std::string memory = memory_after(step, outcome.attempts);
  say("out of memory: tried again with {} of each node.", memory);
  requeue_with_memory(task, parse_memory(memory));
}

}  // namespace

int step_command(const StepOptions& options) {
  const JobRun run = open_job_run(options.run);
  if (options.step.empty()) return place_of(run)->work(run);
  const std::optional<std::string> task = slurm_task();
  const std::string place_id = !options.attempt_of.empty() ? options.attempt_of : task.value_or(kByHand);
  StepRun step_run{.folder = run.folder,
                   .workspace = run.workspace,
                   .program = run.program,
                   .step = options.step,
                   .element = options.element,
                   .host = slurm_nodes().empty() ? host_name() : slurm_nodes(),
                   .place_id = place_id,
                   .keep_time_limit = !task,
                   .deadline = run.deadline(),
                   .environment = {}};
  const JobStep& step = step_of(run.job, step_run);
  StepRecords records(run.folder);
  const std::vector<StepAttempt> before = records.of(step.name, options.element);
  if (const auto why = RunEvents(run.folder).cancelled(step.name, options.element)) {
    say("{} was cancelled: {}. Nothing is done.", step.name, *why);
    return static_cast<int>(ExitCode::failed);
  }
  if (const std::string missing = what_is_missing(run, records, step, options.element); !missing.empty()) {
    keep_refusal(step_run, before, StepEnd::refused);
    throw ConfigError(missing + ". Nothing is done.");
  }
  if (run.deadline() != kNoTime && utc_now() >= run.deadline()) {
    keep_refusal(step_run, before, StepEnd::over_budget);
    throw ConfigError(fmt::format("the job's time, {} since {}, is spent. Nothing is done.", run.job.time_budget,
                                  utc_text(run.submitted)));
  }
  if (task && !before.empty() && before.back().end == StepEnd::out_of_memory && before.back().place_id == place_id &&
      !has_more_memory_than_before(step, before)) {
    throw Error(
        fmt::format("the last attempt of {} ran out of memory, and Slurm has not given it more. `moola retry {}` "
                    "submits it with more.",
                    step.name, run.id()),
        ExitCode::failed);
  }
  // `moola` in a command is the one that runs it.
  const char* path = std::getenv("PATH");
  ::setenv("PATH",
           fmt::format("{}:{}", run.program.parent_path().string(), path == nullptr ? "/usr/bin:/bin" : path).c_str(),
           1);
  if (run.place == "local" && !run.job.local.hosts.empty())
    ::setenv("MOOLA_HOSTS", fmt::format("{}", fmt::join(run.job.local.hosts, ",")).c_str(), 1);
  std::error_code error;
  fs::current_path(run.workspace, error);
  if (error) throw IoError(fmt::format("{} cannot work in {}", host_name(), run.workspace.string()), error.value());
  say_where(run, options, place_id, before.empty() ? 1 : before.back().number + 1);
  step_run.environment = environment_of(step, task.has_value());
  const StepOutcome outcome = run_step(run.job, step_run);
  say("{}: {}, exit code {}", step.name, name_of(outcome.end), outcome.exit_code);
  if (!outcome.again) tell(run, outcome);
  if (outcome.again && task && options.attempt_of.empty()) put_back(step, *task, outcome);
  return outcome.exit_code;
}

}  // namespace moola::cluster
