#pragma once
#include <functional>
#include <string>

#include "work/sweep/config/sweep_config.h"
#include "work/sweep/study/sweep_study.h"
#include "work/sweep/trials/gpu_share.h"
#include "work/sweep/trials/trial_program.h"

namespace moola::work {

/// Why a sweep came to its end in this process.
enum class SweepEnd {
  finished,     // every trial of the study is over
  enough,       // a rule of [stop] holds, and what ran has been brought to its end
  stopped,      // a stop signal; running trials go on in the next call
  all_failing,  // all trials failed, or so many one after the other that something is wrong with all of them
};

struct SweepRun {
  SweepEnd end = SweepEnd::finished;
  std::string reason = {};  // of `enough` and `all_failing`, for people
  bool may_pass = false;    // of `all_failing`: another try elsewhere may do better
};

struct SweepHooks {
  std::function<bool()> stop_requested = {};
  bool quiet = false;
};

/// Runs a study's trials, so many at a time, with their shares of `gpus`, until nothing is left to do or it is to stop.
/// Throws Error that says how much is kept when a file can't be written, as on a full disk.
SweepRun run_sweep(SweepStudy& study, const TrialProgram& program, const SweepConfig& config, std::size_t slots,
                   GpuShare gpus, const SweepHooks& hooks);

}  // namespace moola::work
