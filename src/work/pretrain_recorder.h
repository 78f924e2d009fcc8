#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "base/progress.h"
#include "learn/checkpoint.h"
#include "learn/trainer.h"
#include "record/run_folder.h"
#include "work/pretrain_config.h"

namespace moola::work {

/// What rank 0 does beside training: lines of metrics and timings, checkpoints, the progress bar.
class PretrainRecorder {
 public:
  /// Takes over a run that is open. `parameters` and `config` must outlive it; `belongs` goes into every checkpoint;
  /// `done_steps` lie behind a run that goes on.
  PretrainRecorder(record::Run run, const models::Parameters& parameters, const PretrainConfig& config,
                   std::map<std::string, std::string> belongs, std::int64_t total_steps, std::int64_t done_steps);

  record::Run& run() { return run_; }
  learn::CheckpointWriter& writer() { return writer_; }
  /// What is known of this session's speed, for the manifest: windows_per_s, start_to_first_step_s (from the call of
  /// the command), and what checkpoints cost: how many, the seconds training waited for them and the seconds their
  /// thread was busy.
  Json timings() const;

  /// For the trainer; refers to this object.
  learn::TrainerListener listener();

 private:
  using Clock = std::chrono::steady_clock;

  record::Run run_;
  const PretrainConfig& config_;
  std::map<std::string, std::string> belongs_;
  learn::CheckpointWriter writer_;
  Progress progress_;
  std::int64_t first_step_;
  Clock::time_point began_, last_checkpoint_, last_timing_;
  std::int64_t timed_windows_ = 0;
  double rate_ = 0, training_seconds_ = 0, checkpoint_seconds_ = 0, start_to_first_step_ = 0;
  double seconds_before_ = 0;  // of training, in former sessions
  std::string holdout_note_;

  void write_metrics(std::int64_t step, std::int64_t epoch, const std::string& split, const learn::Metrics& metrics);
  void after_step(std::int64_t step, std::int64_t windows, double loss);
  bool checkpoint_due(std::int64_t step) const;
  void save(learn::Checkpoint checkpoint);
};

}  // namespace moola::work
