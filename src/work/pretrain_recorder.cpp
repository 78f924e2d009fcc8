#include "work/pretrain_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/trial_reports.h"
#include "base/utc_time.h"

namespace moola::work {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

PretrainRecorder::PretrainRecorder(record::Run run, const models::Parameters& parameters, const PretrainConfig& config,
                                   std::map<std::string, std::string> belongs, std::int64_t total_steps,
                                   std::int64_t done_steps)
    : run_(std::move(run)),
      config_(config),
      belongs_(std::move(belongs)),
      writer_(run_.path() / "checkpoints", parameters, config.output.keep),
      progress_("pretrain", total_steps * config.train.batch, "windows"),
      first_step_(done_steps),
      began_(Clock::now()),
      last_checkpoint_(began_),
      last_timing_(began_) {
  progress_.start_at(done_steps * config.train.batch);
  if (const Json last = record::last_event(run_.timings().file()); last.is_object()) {
    seconds_before_ = last.value("seconds", 0.0);
  }
  // The front says when it was called.
  if (const char* started = std::getenv("MOOLA_STARTED"); started != nullptr) {
    start_to_first_step_ = static_cast<double>(utc_now() - std::strtoll(started, nullptr, 10)) / 1e9;
  }
}

Json PretrainRecorder::timings() const {
  Json timings = {{"windows_per_s", rate_},
                  {"training_s", training_seconds_},
                  {"checkpoints", writer_.written()},
                  {"checkpoint_wait_s", checkpoint_seconds_},
                  {"checkpoint_write_s", writer_.seconds_busy()}};
  if (start_to_first_step_ > 0) timings["start_to_first_step_s"] = start_to_first_step_;
  return timings;
}

learn::TrainerListener PretrainRecorder::listener() {
  learn::TrainerListener listener;
  listener.metrics = [this](std::int64_t step, std::int64_t epoch, const std::string& split,
                            const learn::Metrics& metrics) { write_metrics(step, epoch, split, metrics); };
  listener.step = [this](std::int64_t step, std::int64_t windows, double loss) { after_step(step, windows, loss); };
  listener.checkpoint_due = [this](std::int64_t step) { return checkpoint_due(step); };
  listener.checkpoint = [this](learn::Checkpoint checkpoint) { save(std::move(checkpoint)); };
  return listener;
}

void PretrainRecorder::write_metrics(std::int64_t step, std::int64_t epoch, const std::string& split,
                                     const learn::Metrics& metrics) {
  Json event = {{"step", step}, {"epoch", epoch}, {"split", split}};
  for (const auto& [name, value] : metrics) event[name] = value;
  run_.metrics().write(event);
  if (split == "holdout") {
    holdout_note_ = fmt::format("hold-out {:.4g}", metrics.front().second);
    report_to_sweep(step, metrics.front().second);
  }
}

void PretrainRecorder::after_step(std::int64_t step, std::int64_t windows, double loss) {
  training_seconds_ = seconds_since(began_);
  rate_ = static_cast<double>(windows) / std::max(1e-9, training_seconds_);
  if (step % config_.train.log_every == 0) {
    const double interval = static_cast<double>(windows - timed_windows_) / std::max(1e-9, seconds_since(last_timing_));
    run_.timings().write(
        {{"step", step}, {"seconds", seconds_before_ + seconds_since(began_)}, {"windows_per_s", interval}});
    last_timing_ = Clock::now();
    timed_windows_ = windows;
  }
  progress_.update(step * config_.train.batch, fmt::format("step {} loss {:.4g} {}", step, loss, holdout_note_));
}

bool PretrainRecorder::checkpoint_due(std::int64_t step) const {
  if (step == first_step_) return false;  // it is on disk, or is the beginning
  if (config_.output.checkpoint_steps > 0) return step % config_.output.checkpoint_steps == 0;
  return seconds_since(last_checkpoint_) >= config_.output.checkpoint_every.in_seconds();
}

void PretrainRecorder::save(learn::Checkpoint checkpoint) {
  const auto began = Clock::now();
  checkpoint.belongs_to = belongs_;
  checkpoint.metrics_bytes = run_.metrics().bytes();
  // What the checkpoint says is in the metrics must be there after a power cut too.
  run_.metrics().sync();
  writer_.write(std::move(checkpoint));
  last_checkpoint_ = Clock::now();
  checkpoint_seconds_ += seconds_since(began);
}

}  // namespace moola::work
