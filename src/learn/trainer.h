#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "comm/collectives.h"
#include "comm/communicator.h"
#include "comm/reduction.h"
#include "learn/adamw.h"
#include "learn/checkpoint.h"
#include "learn/objective.h"
#include "learn/schedule.h"
#include "models/parameters.h"

namespace moola::learn {

/// The windows of training, in the order in which steps take them.
struct TrainingWindows {
  std::int64_t count = 0;
  /// Fills `out` (n, T, C) with samples [first, first + n) of global batch `step`, normalised without a look at the
  /// bars in `hidden` (n, T; empty: none) and scaled. Thread-safe.
  std::function<void(std::int64_t step, std::int64_t first, std::span<const std::uint8_t> hidden, std::span<float> out)>
      fill;
};

/// The windows of an evaluation; the same at each.
struct HoldoutWindows {
  std::int64_t count = 0;  // 0: none
  std::function<void(std::int64_t first, std::span<const std::uint8_t> hidden, std::span<float> out)> fill;
};

struct TrainerOptions {
  std::int64_t batch = 512, microbatch = 64;
  std::int64_t length = 105, channels = 4;
  std::int64_t epochs = 50, max_steps = 0;  // 0: no limit
  Schedule schedule;                        // total_steps is set by the trainer
  AdamWOptions adamw;
  double clip = 1.0;
  std::int64_t patience = 10;       // evaluations; 0: never stop early
  std::int64_t evaluate_every = 0;  // steps; 0: each epoch
  std::int64_t log_every = 10;      // steps
  comm::ReduceMode reduce = comm::ReduceMode::exact;
};

/// How long a training is.
struct TrainingLength {
  std::int64_t steps_per_epoch = 0, steps = 0;  // steps: unless it ends early
};

/// Of a training over `windows` on `ranks`. Throws ConfigError when a batch has more windows than there are, or ranks
/// would have nothing to do.
TrainingLength training_length(const TrainerOptions& options, std::int64_t windows, int ranks);

using Metrics = std::vector<std::pair<std::string, double>>;

/// What the trainer tells, on rank 0 alone; all may be empty.
struct TrainerListener {
  /// A line of metrics: the same for the same run. `split` is "train" or "holdout"; for "train" learning rate and
  /// gradient norm are among them.
  std::function<void(std::int64_t step, std::int64_t epoch, const std::string& split, const Metrics& metrics)> metrics;
  /// After each step: how many windows this call has worked through, and the last training loss.
  std::function<void(std::int64_t step, std::int64_t windows, double loss)> step;
  /// Whether a checkpoint should be written now.
  std::function<bool(std::int64_t step)> checkpoint_due;
  /// Gives a state to be kept. Called at due times and at a stop.
  std::function<void(Checkpoint)> checkpoint;
};

enum class TrainingEnd { all_steps, no_improvement, stop_signal };

struct TrainingResult {
  TrainingEnd end = TrainingEnd::all_steps;
  std::int64_t step = 0, epoch = 0;  // done in all
  Metrics train;                     // of the last line
  Metrics holdout;                   // of the best evaluation of this call; empty when there was none
  std::int64_t best_step = -1;
  std::vector<float> values;  // (P) of the best evaluation, or the last without a hold-out
};

/// Trains the parameters of one objective on all ranks: gradients leaf by leaf, one exact reduction, one update, the
/// same on every rank.
///
/// The result depends on what is trained on and with which options, on no rank count and no interruption: with
/// `ReduceMode::exact` the same bits. A stop signal (base/stop_flag.h) seen by any rank drops the step in flight and
/// ends with `stop_signal` after a checkpoint.
class Trainer {
 public:
  /// `collectives` works where the parameters are. Everything given must outlive the trainer. Collective over `world`.
  Trainer(comm::Communicator world, comm::Collectives& collectives, models::Parameters& parameters,
          Objective& objective, TrainingWindows training, HoldoutWindows holdout, TrainerOptions options,
          TrainerListener listener);

  /// Goes on from here instead of from the beginning; every rank gives the same.
  void restore(const Checkpoint& checkpoint);

  /// Throws ConfigError when the loss or the gradient is no longer finite, and what data, objective and reduction
  /// throw.
  TrainingResult run();

 private:
  enum class Evaluation { done, stopped };

  comm::Communicator world_;
  models::Parameters& parameters_;
  Objective& objective_;
  TrainingWindows training_;
  HoldoutWindows holdout_;
  TrainerOptions options_;
  TrainerListener listener_;
  std::size_t sums_;  // how many the objective has; one more element carries the stop flag
  comm::Reduction reduction_, evaluation_;
  AdamW optimiser_;
  TrainingLength length_;

  std::int64_t step_ = 0, windows_ = 0;
  std::vector<double> pending_;  // sums since the last line of metrics
  Metrics last_train_, best_holdout_;
  double best_loss_, last_norm_ = 0, last_rate_ = 0;
  std::int64_t best_step_ = -1, stale_evaluations_ = 0, evaluated_step_ = -1;
  std::vector<float> best_values_;

  Leaf load(std::int64_t count, const std::function<void(std::span<float>)>& fill) const;
  bool train_step();  // false: a stop signal
  Evaluation evaluate();
  bool evaluation_due() const;
  void write_train_metrics();
  Checkpoint checkpoint() const;
  TrainingResult result(TrainingEnd end);
};

}  // namespace moola::learn
