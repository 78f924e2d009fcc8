// What a study keeps of the trials that have ended.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>

#include "base/error.h"
#include "base/json.h"
#include "base/parallel_pieces.h"
#include "base/utc_time.h"
#include "work/sweep/study/sweep_study.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

using sweep::TrialState;

constexpr unsigned kMostContinued = 1000;
constexpr unsigned kWritingThreads = 16;

// Whether another machine, or another moment, may do better.
bool is_worth_another_try(const TrialEnd& end) {
  return end.not_started.empty() && (end.timed_out || end.exit_code == 1 || end.exit_code > 128);
}

bool has_succeeded(const TrialEnd& end, bool is_job) {
  // A job whose gates are not met has done its work.
  const bool has_ended_well =
      end.exit_code == 0 || (is_job && end.exit_code == static_cast<int>(ExitCode::gate_not_met));
  return has_ended_well && !end.timed_out && end.values &&
         std::ranges::none_of(*end.values, [](double x) { return std::isnan(x); });
}

std::string ending_of(const TrialEnd& end) {
  if (!end.not_started.empty()) return end.not_started;
  const std::string words = end.last_words.empty() ? "" : fmt::format(", its last words: {}", end.last_words);
  if (end.timed_out) return "it took longer than trial.time_limit and was ended";
  if (end.exit_code == 128 + SIGKILL) return "it was killed (signal 9), perhaps for want of memory";
  if (end.exit_code > 128) return fmt::format("it was ended by signal {}{}", end.exit_code - 128, words);
  if (end.exit_code != 0) return fmt::format("it ended with status {}{}", end.exit_code, words);
  if (!end.complaint.empty()) return end.complaint;
  if (!end.values) return "it ended without a line of JSON that has `value`, such as {\"value\": 0.71}";
  return "its value is NaN";
}

}  // namespace

std::optional<TrialResult> SweepStudy::result_of(std::uint64_t number, const TrialEnd& end) {
  Own& own = own_.at(number);
  own.seconds += end.seconds;
  TrialResult out{.number = number,
                  .violation = end.violation,
                  .reports = own.reports,
                  .attributes = end.attributes,
                  .returns_file = end.returns_file,
                  .attempts = own.attempt,
                  .seconds = own.seconds,
                  .completed = utc_now()};
  if (request_.gpus > 0) out.attributes.push_back({kGpuSeconds, sweep::json_number_text(request_.gpus * own.seconds)});
  if (own.pruned) {
    out.state = TrialState::pruned;
    if (!own.reports.empty() && !std::isnan(own.reports.back().value)) out.values = {own.reports.back().value};
    return out;
  }
  if (has_succeeded(end, request_.are_jobs)) {
    out.state = TrialState::complete;
    out.values = *end.values;
    return out;
  }
  const bool wants_more = end.exit_code == static_cast<int>(ExitCode::run_again) && ++own.continued <= kMostContinued;
  if (wants_more) return std::nullopt;
  if (is_worth_another_try(end) && own.attempt <= request_.retries) {
    ++own.attempt;
    return std::nullopt;
  }
  out.state = TrialState::failed;
  out.message = ending_of(end);
  return out;
}

void SweepStudy::record_result(sweep::RecordText& records, const TrialResult& result) const {
  const std::uint64_t trial = reader_.state().trial_id(id_, result.number);
  const sweep::Trial& known = study().trials[result.number];
  for (const sweep::Report& each : result.reports) {
    if (!std::ranges::binary_search(known.reports, each.step, {}, &sweep::Report::step))
      records.report(trial, each.step, each.value);
  }
  for (const sweep::Attribute& each : result.attributes) records.set_trial_user(trial, each);
  if (!result.message.empty()) records.set_trial_user(trial, {"fail_reason", json_text(result.message)});
  if (result.attempts > 1) records.set_trial_user(trial, {"attempts", std::to_string(result.attempts)});
  records.set_trial_user(trial, {"seconds", sweep::json_number_text(result.seconds)});
  if (result.violation > 0) {
    // JSON has no number for it, and Optuna's readers take Python's.
    records.set_trial_system(trial, {kConstraints, fmt::format("[{}]", sweep::json_number_text(result.violation))});
  }
  records.finish(trial, result.state, result.values, known.started, result.completed);
}

std::vector<TrialResult> SweepStudy::keep_ends(std::span<const TrialEvent> events) {
  std::vector<TrialResult> out;
  for (const TrialEvent& event : events) {
    if (!event.end || !own_.contains(event.number)) continue;
    if (is_finished(study().trials[event.number].state)) {
      own_.erase(event.number);  // another process took this one for lost and was sooner
      continue;
    }
    const bool stopped = event.end->asked_to_end || event.end->exit_code == static_cast<int>(ExitCode::run_again);
    if (left_ && stopped && !own_.at(event.number).pruned && !has_succeeded(*event.end, request_.are_jobs)) {
      own_.at(event.number).seconds += event.end->seconds;
      again_.push_back(event.number);  // it goes on elsewhere
      continue;
    }
    if (std::optional<TrialResult> result = result_of(event.number, *event.end)) {
      if (request_.keep_record) request_.keep_record(*result, trial_folder(event.number));
      failures_in_a_row_ = result->state == TrialState::failed ? failures_in_a_row_ + 1 : 0;
      if (result->state == TrialState::failed) last_failure_ = result->message;
      failure_may_pass_ = result->state == TrialState::failed && is_worth_another_try(*event.end);
      out.push_back(std::move(*result));
    } else {
      again_.push_back(event.number);
    }
  }
  // Together, for each waits for the disk.
  for_each_piece(out.size(), kWritingThreads,
                 [&](std::size_t i) { write_trial_result(trial_folder(out[i].number) / "result.json", out[i]); });
  return out;
}

}  // namespace moola::work
