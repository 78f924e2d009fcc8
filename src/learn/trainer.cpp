#include "learn/trainer.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/stop_flag.h"
#include "comm/activity.h"
#include "comm/leaves.h"

namespace moola::learn {
namespace {

std::vector<float> to_host(const at::Tensor& buffer) {
  const at::Tensor host = buffer.detach().to(at::kCPU).contiguous();
  std::vector<float> values(static_cast<std::size_t>(host.numel()));
  std::memcpy(values.data(), host.const_data_ptr<float>(), values.size() * sizeof(float));
  return values;
}

at::Tensor from_host(const std::vector<float>& values) {
  return at::from_blob(const_cast<float*>(values.data()), {static_cast<std::int64_t>(values.size())}, at::kFloat);
}

}  // namespace

TrainingLength training_length(const TrainerOptions& options, std::int64_t windows, int ranks) {
  TrainingLength length{.steps_per_epoch = windows / options.batch, .steps = 0};
  if (length.steps_per_epoch < 1) {
    throw ConfigError(
        fmt::format("train.batch = {} needs as many training windows, but there are {}. Lower train.batch (and "
                    "parallel.microbatch), or give more data.",
                    options.batch, windows));
  }
  comm::require_leaf_per_rank(options.batch, options.microbatch, ranks);
  length.steps = options.epochs > std::numeric_limits<std::int64_t>::max() / length.steps_per_epoch
                     ? std::numeric_limits<std::int64_t>::max()
                     : options.epochs * length.steps_per_epoch;
  if (options.max_steps > 0) length.steps = std::min(length.steps, options.max_steps);
  return length;
}

Trainer::Trainer(comm::Communicator world, comm::Collectives& collectives, models::Parameters& parameters,
                 Objective& objective, TrainingWindows training, HoldoutWindows holdout, TrainerOptions options,
                 TrainerListener listener)
    : world_(std::move(world)),
      parameters_(parameters),
      objective_(objective),
      training_(std::move(training)),
      holdout_(std::move(holdout)),
      options_(options),
      listener_(std::move(listener)),
      sums_(objective.sum_names().size()),
      reduction_(world_, collectives, static_cast<std::size_t>(parameters.elements()), sums_ + 1, options.reduce),
      evaluation_(world_, collectives, 0, sums_ + 1, options.reduce),
      optimiser_(parameters.values(), options.adamw),
      length_(training_length(options, training_.count, world_.size())),
      pending_(sums_, 0.0),
      best_loss_(std::numeric_limits<double>::infinity()) {
  options_.schedule.total_steps = length_.steps;
  if (options_.evaluate_every == 0) options_.evaluate_every = length_.steps_per_epoch;
}

void Trainer::restore(const Checkpoint& checkpoint) {
  if (checkpoint.pending.size() != sums_) throw DataError("the checkpoint's sums are those of another objective");
  step_ = checkpoint.step;
  at::Tensor values = parameters_.values();
  values.copy_(from_host(checkpoint.values));
  optimiser_.restore(from_host(checkpoint.first_moment), from_host(checkpoint.second_moment), checkpoint.step);
  best_values_ = checkpoint.best_values;
  best_loss_ = checkpoint.best_loss;
  best_step_ = checkpoint.best_step;
  stale_evaluations_ = checkpoint.stale_evaluations;
  evaluated_step_ = checkpoint.evaluated_step;
  pending_ = checkpoint.pending;
}

Checkpoint Trainer::checkpoint() const {
  return {.step = step_,
          .values = to_host(parameters_.values()),
          .first_moment = to_host(optimiser_.first_moment()),
          .second_moment = to_host(optimiser_.second_moment()),
          .best_values = best_values_,
          .best_loss = best_loss_,
          .best_step = best_step_,
          .stale_evaluations = stale_evaluations_,
          .evaluated_step = evaluated_step_,
          .metrics_bytes = 0,
          .pending = pending_,
          .belongs_to = {}};
}

Leaf Trainer::load(std::int64_t count, const std::function<void(std::span<float>)>& fill) const {
  at::Tensor host = at::empty({count, options_.length, options_.channels}, at::kFloat);
  fill({host.mutable_data_ptr<float>(), static_cast<std::size_t>(host.numel())});
  const at::Device device = parameters_.values().device();
  return {.windows = device.is_cpu() ? host : host.to(device), .host_windows = host, .first = 0};
}

bool Trainer::train_step() {
  comm::note_step(step_);
  const int leaves = comm::leaves_of_batch(options_.batch, options_.microbatch);
  reduction_.begin_step(leaves);
  objective_.begin({.phase = Phase::train, .step = step_, .samples = options_.batch});
  at::Tensor gradients = parameters_.gradients();
  std::vector<double> sums(sums_ + 1);
  bool stop = false;
  for (int number = reduction_.own().begin; number < reduction_.own().end; ++number) {
    std::fill(sums.begin(), sums.end(), 0.0);
    stop = stop || stop_requested();
    // After a stop signal the step will be dropped: what is still owed to the others is a message, not a result.
    if (!stop) {
      const std::int64_t first = number * options_.microbatch;
      const std::int64_t count = std::min(options_.microbatch, options_.batch - first);
      Leaf leaf = load(
          count, [&](std::span<float> out) { training_.fill(step_, first, objective_.hidden(first, count), out); });
      leaf.first = first;
      gradients.zero_();
      objective_.leaf(leaf, std::span(sums).first(sums_)).backward();
    }
    sums[sums_] = stop ? 1.0 : 0.0;
    reduction_.add_leaf(number, gradients.const_data_ptr<float>(), sums);
    comm::note_step(step_);  // however long a step takes, it gets on with every leaf
  }
  reduction_.finish(gradients.mutable_data_ptr<float>(), sums);
  if (sums[sums_] > 0) return false;

  last_norm_ = clip_by_global_norm(gradients, options_.clip);
  const Metrics step_metrics = objective_.metrics(std::span(sums).first(sums_));
  const double loss = step_metrics.front().second;
  // Every rank holds the same numbers, so every rank leaves here together.
  if (!std::isfinite(last_norm_) || !std::isfinite(loss)) {
    throw ConfigError(
        fmt::format("training diverged at step {}: the loss is {} and the gradient's norm {}. Lower train.lr, add "
                    "train.warmup_steps, or check windows.normalize; what was checkpointed before is kept.",
                    step_, std::isnan(loss) ? "nan" : fmt::format("{}", loss),
                    std::isnan(last_norm_) ? "nan" : fmt::format("{}", last_norm_)));
  }
  last_rate_ = options_.schedule(step_);
  at::Tensor values = parameters_.values();
  optimiser_.step(values, gradients, last_rate_);
  for (std::size_t i = 0; i < sums_; ++i) pending_[i] += sums[i];
  ++step_;
  windows_ += options_.batch;
  if (step_ % options_.log_every == 0 || step_ == length_.steps) write_train_metrics();
  if (listener_.step) listener_.step(step_, windows_, loss);
  return true;
}

void Trainer::write_train_metrics() {
  last_train_ = objective_.metrics(pending_);
  std::fill(pending_.begin(), pending_.end(), 0.0);
  last_train_.emplace_back("lr", last_rate_);
  last_train_.emplace_back("grad_norm", last_norm_);
  if (listener_.metrics) listener_.metrics(step_, (step_ - 1) / length_.steps_per_epoch, "train", last_train_);
}

bool Trainer::evaluation_due() const {
  return holdout_.count > 0 && step_ > 0 && evaluated_step_ < step_ &&
         (step_ % options_.evaluate_every == 0 || step_ == length_.steps);
}

Trainer::Evaluation Trainer::evaluate() {
  comm::note_phase("evaluation");
  const at::NoGradGuard no_gradients;
  evaluation_.begin_step(comm::leaves_of_batch(holdout_.count, std::min(options_.microbatch, holdout_.count)));
  objective_.begin({.phase = Phase::evaluate, .step = 0, .samples = holdout_.count});
  std::vector<double> sums(sums_ + 1);
  bool stop = false;
  for (int number = evaluation_.own().begin; number < evaluation_.own().end; ++number) {
    std::fill(sums.begin(), sums.end(), 0.0);
    stop = stop || stop_requested();
    if (!stop) {
      const std::int64_t first = number * options_.microbatch;
      const std::int64_t count = std::min(options_.microbatch, holdout_.count - first);
      Leaf leaf =
          load(count, [&](std::span<float> out) { holdout_.fill(first, objective_.hidden(first, count), out); });
      leaf.first = first;
      objective_.leaf(leaf, std::span(sums).first(sums_));
    }
    sums[sums_] = stop ? 1.0 : 0.0;
    evaluation_.add_leaf(number, nullptr, sums);
    comm::note_phase("evaluation");
  }
  evaluation_.finish(nullptr, sums);
  if (sums[sums_] > 0) return Evaluation::stopped;

  const Metrics metrics = objective_.metrics(std::span(sums).first(sums_));
  evaluated_step_ = step_;
  const double loss = metrics.front().second;
  if (loss < best_loss_) {
    best_loss_ = loss;
    best_step_ = step_;
    best_values_ = to_host(parameters_.values());
    best_holdout_ = metrics;
    stale_evaluations_ = 0;
  } else {
    ++stale_evaluations_;
  }
  if (listener_.metrics) listener_.metrics(step_, (step_ - 1) / length_.steps_per_epoch, "holdout", metrics);
  return Evaluation::done;
}

TrainingResult Trainer::result(TrainingEnd end) {
  TrainingResult result{.end = end,
                        .step = step_,
                        .epoch = step_ / length_.steps_per_epoch,
                        .train = last_train_,
                        .holdout = best_holdout_,
                        .best_step = best_step_,
                        .values = best_values_};
  if (result.values.empty()) result.values = to_host(parameters_.values());
  return result;
}

TrainingResult Trainer::run() {
  const auto save = [&] {
    if (world_.rank() == 0 && listener_.checkpoint) listener_.checkpoint(checkpoint());
  };
  while (true) {
    if (evaluation_due() && evaluate() == Evaluation::stopped) {
      save();
      return result(TrainingEnd::stop_signal);
    }
    const bool exhausted = options_.patience > 0 && stale_evaluations_ >= options_.patience;
    if (step_ >= length_.steps || exhausted) {
      // Steps since the last line; none when a checkpoint of this very moment was restored.
      if (std::ranges::any_of(pending_, [](double sum) { return sum != 0.0; })) write_train_metrics();
      save();
      return result(exhausted ? TrainingEnd::no_improvement : TrainingEnd::all_steps);
    }
    if (world_.rank() == 0 && listener_.checkpoint_due && listener_.checkpoint_due(step_)) save();
    if (!train_step()) {
      save();
      return result(TrainingEnd::stop_signal);
    }
  }
}

}  // namespace moola::learn
