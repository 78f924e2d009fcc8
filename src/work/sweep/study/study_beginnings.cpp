// What a study begins: trials that were lost or wait, and new ones.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc_time.h"
#include "work/sweep/study/sweep_study.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
using sweep::TrialState;

// A sampler may take its time, but everybody waits while this process has the journal.
constexpr std::chrono::milliseconds kAskingTime{500};

// A study that was in this folder before may have left one.
void forget_result(const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  if (error) throw IoError(fmt::format("cannot remove {}", file.string()), error.value());
}

}  // namespace

Assignment SweepStudy::assignment(std::uint64_t number, TrialValues values, unsigned attempt) const {
  Assignment out{.number = number, .attempt = attempt, .values = std::move(values), .folder = trial_folder(number)};
  for (const auto& each : request_.fixed) out.values.push_back(each);
  return out;
}

bool SweepStudy::begin_again(sweep::RecordText& records, std::uint64_t number, std::vector<Assignment>& out) {
  const sweep::Trial& trial = study().trials[number];
  const std::uint64_t id = reader_.state().trial_id(id_, number);
  // What was done and not told is done.
  if (const std::optional<TrialResult> result = read_trial_result(trial_folder(number) / "result.json", number)) {
    record_result(records, *result);
    return false;
  }
  const auto own = own_.find(number);
  unsigned attempt = 1;
  double spent = 0;
  if (own != own_.end()) {
    attempt = own->second.attempt;
    spent = own->second.seconds;
  } else {
    const std::optional<Owner> owner = owner_of(trial);
    attempt = owner ? owner->attempt + (worker_.state_of(owner->worker) == WorkerState::lost ? 1 : 0) : 1;
    if (attempt > request_.retries + 1) {
      TrialResult lost{.number = number,
                       .state = TrialState::failed,
                       .message = "the processes that ran it were lost",
                       .attempts = attempt - 1,
                       .completed = utc_now()};
      create_folders(trial_folder(number));
      write_trial_result(trial_folder(number) / "result.json", lost);
      record_result(records, lost);
      return false;
    }
    spent = owner ? owner->spent : 0;
    own_[number] = {.attempt = attempt, .seconds = spent, .reports = trial.reports};
    provisional_.push_back(number);
  }
  records.set_trial_system(id, ownership(attempt, spent, utc_now()));
  out.push_back(assignment(number, values_of(study(), trial), attempt));
  return true;
}

bool SweepStudy::begin_waiting(sweep::RecordText& records, std::uint64_t number, std::vector<Assignment>& out) {
  const sweep::Trial& trial = study().trials[number];
  std::optional<sweep::Point> point = sampler_->ask(*history_, number);
  if (!point) point = sweep::Point(space_.size(), std::numeric_limits<double>::quiet_NaN());
  if (const std::optional<Json> fixed = read_attribute(trial.system, kFixed)) {
    for (std::size_t i = 0; i < space_.size(); ++i) {
      if (!fixed->contains(space_[i].name)) continue;
      const Json& value = (*fixed)[space_[i].name];
      sweep::ParameterValue outer;
      if (value.is_boolean()) outer = value.get<bool>();
      if (value.is_number_integer()) outer = value.get<std::int64_t>();
      if (value.is_number_float()) outer = value.get<double>();
      if (value.is_string()) outer = value.get<std::string>();
      if (const std::optional<double> inner = sweep::inner(space_[i].distribution, outer)) (*point)[i] = *inner;
    }
    space_.deactivate(*point);
  }
  const std::uint64_t id = reader_.state().trial_id(id_, number);
  for (std::size_t i = 0; i < space_.size(); ++i) {
    if (!std::isnan((*point)[i])) records.set_parameter(id, space_[i].name, space_[i].distribution, (*point)[i]);
  }
  records.set_trial_system(id, ownership(1, 0, utc_now()));
  records.set_running(id, utc_now());
  begin_at(*point, number, out);
  return true;
}

bool SweepStudy::begin_new(sweep::RecordText& records, std::uint64_t number, std::vector<Assignment>& out) {
  const std::optional<sweep::Point> point = sampler_->ask(*history_, number);
  if (!point) {
    exhausted_ = true;
    return false;
  }
  sweep::Trial trial{.state = TrialState::running, .system = {ownership(1, 0, utc_now())}, .started = utc_now()};
  std::vector<sweep::StudyParameter> parameters;
  for (std::size_t i = 0; i < space_.size(); ++i) {
    if (std::isnan((*point)[i])) continue;
    trial.parameters.push_back({static_cast<std::uint32_t>(parameters.size()), (*point)[i]});
    parameters.push_back({space_[i].name, space_[i].distribution});
  }
  records.create_trial(id_, trial, parameters);
  begin_at(*point, number, out);
  return true;
}

void SweepStudy::begin_at(const sweep::Point& point, std::uint64_t number, std::vector<Assignment>& out) {
  forget_result(trial_folder(number) / "result.json");
  history_->begin(number, point);
  provisional_.push_back(number);
  own_[number] = {};
  out.push_back(assignment(number, values_at(space_, point), 1));
}

sweep::Attribute SweepStudy::ownership(unsigned attempt, double spent, std::int64_t since) const {
  return owner_attribute(
      {.worker = worker_.id(), .attempt = attempt, .gpus = request_.gpus, .spent = spent, .since = since});
}

std::vector<Assignment> SweepStudy::begin_trials(sweep::RecordText& records, std::size_t free) {
  std::vector<Assignment> out;
  if (left_) return out;
  const auto began = std::chrono::steady_clock::now();
  const auto may_go_on = [&] { return out.size() < free && std::chrono::steady_clock::now() - began < kAskingTime; };

  for (const std::uint64_t number : again_) {
    if (may_go_on()) begin_again(records, number, out);
  }
  // Those of processes that are gone, and those that wait, in the order of their numbers.
  const std::vector<std::uint64_t> open(open_.begin(), open_.end());
  std::uint64_t running_or_done = begun();
  for (const std::uint64_t number : open) {
    if (!may_go_on()) return out;
    const sweep::Trial& trial = study().trials[number];
    if (trial.state == TrialState::waiting && running_or_done < request_.trials) {
      if (request_.lag && number >= *request_.lag) {
        tell_ends_before(number - *request_.lag + 1);
        if (told_ < number - *request_.lag + 1) return out;
      }
      running_or_done += begin_waiting(records, number, out) ? 1 : 0;
    }
    if (trial.state != TrialState::running || own_.contains(number)) continue;
    const std::optional<Owner> owner = owner_of(trial);
    if (owner && worker_.state_of(owner->worker) != WorkerState::alive) begin_again(records, number, out);
  }
  std::uint64_t next = study().trials.size();
  while (may_go_on() && !exhausted_ && running_or_done < request_.trials && next < request_.trials) {
    if (request_.lag && next >= *request_.lag) {
      tell_ends_before(next - *request_.lag + 1);
      if (told_ < next - *request_.lag + 1) break;
    }
    if (!begin_new(records, next, out)) break;
    ++next;
    ++running_or_done;
  }
  return out;
}

}  // namespace moola::work
