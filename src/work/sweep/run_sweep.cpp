#include "work/sweep/run_sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/duration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "work/sweep/study/best_trial.h"
#include "work/sweep/study/trial_attributes.h"
#include "work/sweep/trials/trial_runner.h"

namespace moola::work {
namespace {

using Clock = std::chrono::steady_clock;
using sweep::TrialState;

// A script with a mistake in it fails every time, and nobody wants to find ten thousand failures in the morning.
constexpr std::uint64_t kMostFailuresInARow = 20;
constexpr std::chrono::milliseconds kDrawn{100};
constexpr std::chrono::milliseconds kLook{1000};  // for what other processes have done

class StopRules {
 public:
  StopRules(const SweepConfig& config) : config_(config) {
    if (!config.stop.time_limit.empty())
      until_ = Clock::now() + std::chrono::nanoseconds(parse_duration(config.stop.time_limit).nanoseconds);
    if (config.stop.gpu_hours > 0 && config.workers.gpus == 0)
      throw ConfigError(
          "stop.gpu_hours counts the GPUs that trials are given, and workers.gpus is 0. Say how many each has, or set "
          "stop.gpu_hours = 0.");
  }

  /// Why it is enough; empty: it is not.
  std::string reason(SweepStudy& study) const {
    if (until_ && Clock::now() >= *until_) return fmt::format("stop.time_limit = {} is over", config_.stop.time_limit);
    // Looking at all trials is for those who ask.
    if (config_.stop.gpu_hours > 0) {
      if (const double spent = study.gpu_hours(); spent >= config_.stop.gpu_hours)
        return fmt::format("{:.4g} GPU-hours are spent, of stop.gpu_hours = {}", spent, config_.stop.gpu_hours);
    }
    if (config_.stop.value.empty() && config_.stop.without_improvement == 0) return {};
    const std::optional<BestTrial> best = best_trial(study.study());
    if (!best) return {};
    const double sign = sweep::loss_sign(study.study().directions.front());
    if (!config_.stop.value.empty()) {
      const double wanted = config_.stop.value.front();
      if (sign * best->value <= sign * wanted)
        return fmt::format("trial {} has {}, as good as stop.value = {}", best->number, best->value, wanted);
    }
    const std::int64_t patience = config_.stop.without_improvement;
    if (patience > 0 && best->complete_since >= static_cast<std::uint64_t>(patience))
      return fmt::format("{} complete trials have not been better than trial {}", best->complete_since, best->number);
    return {};
  }

 private:
  const SweepConfig& config_;
  std::optional<Clock::time_point> until_;
};

class Display {
 public:
  Display(const SweepStudy& study, std::uint64_t trials, bool quiet) : study_(study), quiet_(quiet) {
    if (quiet_) return;
    progress_.emplace("sweep", static_cast<std::int64_t>(trials), "trials");
    progress_->start_at(static_cast<std::int64_t>(study.counts().finished()));
  }
  // All trials are looked at: no more often than anything new is drawn.
  void update() {
    if (quiet_ || Clock::now() < next_) return;
    next_ = Clock::now() + kDrawn;
    const StudyCounts now = study_.counts();
    std::string note = fmt::format("{} running", now.running);
    if (now.pruned > 0) note += fmt::format(", {} pruned", now.pruned);
    if (now.failed > 0) note += fmt::format(", {} failed", now.failed);
    if (study_.study().directions.size() == 1) {
      if (const std::optional<BestTrial> best = best_trial(study_.study()))
        note += fmt::format(", best {:.6g} (trial {})", best->value, best->number);
    }
    progress_->update(static_cast<std::int64_t>(now.finished()), note);
  }

 private:
  const SweepStudy& study_;
  bool quiet_;
  std::optional<Progress> progress_;
  Clock::time_point next_ = {};
};

SweepRun end_of_study(const SweepStudy& study) {
  const StudyCounts counts = study.counts();
  if (counts.failed == 0 || counts.complete + counts.pruned > 0) return {.end = SweepEnd::finished};
  std::string why;
  for (const sweep::Trial& trial : study.study().trials) {
    if (const std::optional<Json> said = read_attribute(trial.user, "fail_reason"))
      why = said->is_string() ? said->get<std::string>() : json_text(*said);
  }
  return {.end = SweepEnd::all_failing,
          .reason = fmt::format("all {} trials have failed{}", counts.failed,
                                why.empty() ? "" : fmt::format(", the last because {}", why)),
          .may_pass = study.failure_may_pass()};
}

SweepRun run_trials(SweepStudy& study, const TrialProgram& program, const SweepConfig& config, std::size_t slots,
                    GpuShare gpus, const SweepHooks& hooks) {
  const auto patience = std::chrono::milliseconds(std::llround(config.trial.patience * 1000));
  TrialRunner runner({.log_bytes = static_cast<std::uint64_t>(config.trial.log_megabytes) << 20, .patience = patience});
  study.set_guard(runner.guard());
  const StopRules rules(config);
  Display display(study, static_cast<std::uint64_t>(config.sweep.trials), hooks.quiet);
  SweepRun out;
  bool leaving = false;
  std::vector<TrialEvent> events;
  while (true) {
    if (!leaving && hooks.stop_requested && hooks.stop_requested()) {
      leaving = true;
      study.leave();
      out = {.end = SweepEnd::stopped};
      runner.end_all();
    }
    if (!leaving && out.reason.empty()) {
      if (study.failures_in_a_row() >= kMostFailuresInARow) {
        out = {.end = SweepEnd::all_failing,
               .reason = fmt::format("{} trials have failed one after the other, the last because {}",
                                     study.failures_in_a_row(), study.last_failure()),
               .may_pass = study.failure_may_pass()};
      } else if (std::string reason = rules.reason(study); !reason.empty()) {
        out = {.end = SweepEnd::enough, .reason = std::move(reason)};
      }
    }
    const bool may_begin = !leaving && out.reason.empty();
    const StudyOrders orders = study.advance(events, may_begin ? slots - std::min(slots, runner.running()) : 0);
    for (const std::uint64_t number : orders.prune) runner.end(number);
    for (const TrialEvent& each : events) {
      if (each.end) gpus.give_back(each.number);
    }
    for (const Assignment& each : orders.begin) {
      TrialTask task = program.task(each);
      if (gpus.most() > 0)
        task.environment.emplace_back("CUDA_VISIBLE_DEVICES",
                                      fmt::format("{}", fmt::join(gpus.take(each.number), ",")));
      runner.start(task);
    }
    display.update();
    if (study.is_done()) return end_of_study(study);
    if (runner.running() == 0 && orders.begin.empty() && !may_begin) {
      // What waits for another attempt is put down.
      study.leave();
      study.advance({}, 0);
      return out;
    }
    events = runner.wait(kLook);
  }
}

}  // namespace

SweepRun run_sweep(SweepStudy& study, const TrialProgram& program, const SweepConfig& config, std::size_t slots,
                   GpuShare gpus, const SweepHooks& hooks) {
  try {
    return run_trials(study, program, config, slots, std::move(gpus), hooks);
  } catch (const IoError& error) {
    throw Error(fmt::format("{}. Trials that are over are kept, {} of them; make room, or mend what is wrong there, "
                            "and the same command goes on.",
                            error.what(), study.counts().finished()),
                error.exit_code());
  }
}

}  // namespace moola::work
