#include "work/sweep/study/sweep_study.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parallel_pieces.h"
#include "base/utc_time.h"
#include "work/sweep/study/gpu_hours.h"
#include "work/sweep/study/study_summary.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
using sweep::TrialState;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
// A sampler may take its time, but everybody waits while this process has the journal.
constexpr std::chrono::milliseconds kAskingTime{500};
constexpr unsigned kMostContinued = 1000;
constexpr unsigned kWritingThreads = 16;

// What is lost with the machine is written again, for the trial is then begun again.
void write_parameters(const fs::path& file, const TrialValues& values) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << trial_toml(values);
  if (!out.flush()) throw IoError(fmt::format("cannot write {}", file.string()), errno);
}

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

// A study that was in this folder before may have left one.
void forget_result(const fs::path& file) {
  std::error_code error;
  fs::remove(file, error);
  if (error) throw IoError(fmt::format("cannot remove {}", file.string()), error.value());
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

SweepStudy::SweepStudy(StudyRequest request, const sweep::SearchSpace& space, std::unique_ptr<sweep::Sampler> sampler,
                       std::unique_ptr<sweep::Pruner> pruner)
    : request_(std::move(request)),
      space_(space),
      sampler_(std::move(sampler)),
      pruner_(std::move(pruner)),
      worker_(request_.folder, request_.silence),
      reader_(request_.folder / "journal.log"),
      writer_(request_.folder / "journal.log") {
  open_study();
  check_space();
  forget_history();
  absorb();
}

SweepStudy::~SweepStudy() = default;

const sweep::Study& SweepStudy::study() const {
  return reader_.studies()[id_];
}

fs::path SweepStudy::trial_folder(std::uint64_t number) const {
  return work::trial_folder(request_.folder, number);
}

// ---- opening ---------------------------------------------------------------------------------------------------

void SweepStudy::open_study() {
  const auto find = [&](const sweep::JournalReader& reader) {
    const std::vector<sweep::Study>& all = reader.studies();
    return std::ranges::find_if(all,
                                [&](const sweep::Study& each) { return !each.deleted && each.name == request_.name; }) -
           all.begin();
  };
  const auto count = [](const sweep::JournalReader& reader) {
    return static_cast<std::ptrdiff_t>(reader.studies().size());
  };
  writer_.append_after_reading(reader_, [&](const sweep::JournalReader& reader) {
    if (find(reader) < count(reader)) return std::string();
    sweep::RecordText records(worker_.id());
    records.create_study(request_.name, request_.directions);
    if (!request_.metrics.empty()) records.set_metrics(reader.studies().size(), request_.metrics);
    return records.take();
  });
  id_ = static_cast<std::size_t>(find(reader_));
  if (study().directions != request_.directions) {
    throw ConfigError(
        fmt::format("the study {} in {} has other directions than sweep.direction says. Give it the ones that it was "
                    "begun with, or this one another sweep.name.",
                    request_.name, reader_.file().string()));
  }
  // Points to be tried first, each once in the study's life.
  writer_.append_after_reading(reader_, [&](const sweep::JournalReader& reader) {
    sweep::RecordText records(worker_.id());
    for (const TrialValues& values : request_.enqueued) {
      Json fixed = Json::object();
      for (const auto& [name, value] : values) fixed[name] = parse_json(sweep::json_of(value), name);
      const sweep::Attribute attribute{kFixed, json_text(fixed)};
      const auto is_there = [&](const sweep::Trial& trial) { return read_attribute(trial.system, kFixed) == fixed; };
      const std::vector<sweep::Trial>& trials = reader.studies()[id_].trials;
      if (std::ranges::any_of(trials, is_there)) continue;
      records.create_trial(id_, sweep::Trial{.state = TrialState::waiting, .system = {attribute}}, {});
    }
    return records.take();
  });
}

void SweepStudy::check_space() {
  for (const sweep::StudyParameter& used : study().parameters) {
    const std::optional<std::size_t> at = space_.find(used.name);
    if (!at) {
      notes_.push_back(fmt::format("{} was a parameter of earlier trials and is none any more", used.name));
      continue;
    }
    const sweep::Distribution& now = space_[*at].distribution;
    if (used.distribution == now) continue;
    if (!sweep::is_compatible(used.distribution, now)) {
      throw ConfigError(
          fmt::format("{}: the study {} has trials with {} where the space now has {}. A study keeps each parameter's "
                      "kind, its log scale and its choices; ranges and steps may change. Give it another name, or the "
                      "study another sweep.name.",
                      used.name, request_.name, sweep::json_of(used.distribution), sweep::json_of(now)));
    }
    notes_.push_back(fmt::format("the range of {} has changed since earlier trials", used.name));
  }
  std::ranges::sort(notes_);
  const auto again = std::ranges::unique(notes_);
  notes_.erase(again.begin(), again.end());
}

// ---- what the sampler may know -----------------------------------------------------------------------------------

void SweepStudy::forget_history() {
  history_ = std::make_unique<sweep::History>(space_, request_.directions.size());
  open_.clear();
  seen_ = told_ = 0;
  for (const std::uint64_t number : provisional_) own_.erase(number);
  provisional_.clear();
}

sweep::Point SweepStudy::point_of(const sweep::Trial& trial) const {
  sweep::Point out(space_.size(), kNone);
  const std::vector<sweep::StudyParameter>& parameters = study().parameters;
  for (const sweep::TrialParameter& each : trial.parameters) {
    const sweep::StudyParameter& used = parameters[each.parameter];
    const std::optional<std::size_t> at = space_.find(used.name);
    if (at && sweep::contains(space_[*at].distribution, each.value)) out[*at] = each.value;
  }
  space_.deactivate(out);
  return out;
}

void SweepStudy::tell_end(std::uint64_t number) {
  const sweep::Trial& trial = study().trials[number];
  std::vector<double> losses;
  if (trial.state == TrialState::complete) {
    for (std::size_t i = 0; i < trial.values.size() && i < request_.directions.size(); ++i)
      losses.push_back(sweep::loss_sign(request_.directions[i]) * trial.values[i]);
  }
  const bool fits = losses.size() == request_.directions.size() &&
                    std::ranges::none_of(losses, [](double x) { return std::isnan(x); });
  // Somebody else's trial may say what it likes.
  const TrialState state = trial.state == TrialState::complete && !fits ? TrialState::failed : trial.state;
  if (state != TrialState::complete) losses.clear();
  history_->finish(number, state, std::move(losses), violation_of(trial));
}

void SweepStudy::absorb_trial(std::uint64_t number) {
  const sweep::Trial& trial = study().trials[number];
  if (trial.state == TrialState::waiting) return;
  const bool is_new = number >= history_->trials().size() || history_->trials()[number].state == TrialState::waiting;
  if (is_new) {
    sweep::Point point = point_of(trial);
    // Python's trials get their values one by one.
    const bool whole = space_.contains(point);
    if (!whole && !is_finished(trial.state)) return;
    history_->begin(number, std::move(point));
  }
  const double sign = sweep::loss_sign(request_.directions.front());
  const std::size_t known = history_->trials()[number].reports.size();
  if (trial.reports.size() > known) {
    for (const sweep::Report& each : trial.reports) history_->report(number, each.step, sign * each.value);
  }
  // Rungs that this process's pruner has given are there already.
  for (std::size_t rung = history_->trials()[number].rungs.size();; ++rung) {
    const std::optional<Json> said = read_attribute(trial.system, fmt::format("completed_rung_{}", rung));
    if (!said) break;
    history_->pass_rung(number, sign * json_number(*said).value_or(kNone));
  }
  if (!is_finished(trial.state)) return;
  if (request_.lag) return;  // told in order, by tell_ends_before
  tell_end(number);
  open_.erase(number);
}

void SweepStudy::absorb() {
  const std::uint64_t all = study().trials.size();
  for (; seen_ < all; ++seen_) open_.insert(seen_);
  const std::vector<std::uint64_t> open(open_.begin(), open_.end());
  for (const std::uint64_t number : open) absorb_trial(number);
}

void SweepStudy::tell_ends_before(std::uint64_t number) {
  for (; told_ < number; ++told_) {
    // One that is being begun in this very call is in the history and not yet in the journal.
    if (told_ >= study().trials.size() || !is_finished(study().trials[told_].state)) return;
    if (history_->trials()[told_].state != TrialState::running) return;
    tell_end(told_);
    open_.erase(told_);
  }
}

// ---- what has happened -------------------------------------------------------------------------------------------

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

std::vector<std::uint64_t> SweepStudy::take_reports(sweep::RecordText& records, std::span<const TrialEvent> events) {
  std::vector<std::uint64_t> out;
  for (const TrialEvent& event : events) {
    const auto at = own_.find(event.number);
    if (at == own_.end()) continue;
    std::vector<sweep::Report>& reports = at->second.reports;
    for (const sweep::Report& each : event.reports) {
      if (at->second.pruned) break;  // what it says after the verdict depends on how soon it hears of it
      const auto place = std::ranges::lower_bound(reports, each.step, {}, &sweep::Report::step);
      if (place != reports.end() && place->step == each.step) continue;  // the first one counts, as Optuna has it
      reports.insert(place, each);
      if (!event.end) records.report(reader_.state().trial_id(id_, event.number), each.step, each.value);
      at->second.pruned = is_to_be_pruned(records, event, each);
    }
    if (at->second.pruned && !event.end) out.push_back(event.number);
  }
  return out;
}

bool SweepStudy::is_to_be_pruned(sweep::RecordText& records, const TrialEvent& event, const sweep::Report& report) {
  if (event.number >= history_->trials().size()) return false;
  if (history_->trials()[event.number].state != TrialState::running) return false;
  const double sign = sweep::loss_sign(request_.directions.front());
  history_->report(event.number, report.step, sign * report.value);
  // What has ended by itself has its value, but where the study must not depend on how soon reports arrive.
  if (event.end && !request_.lag) return false;
  std::size_t rung = history_->trials()[event.number].rungs.size();
  const sweep::Judgement judgement = pruner_->judge(*history_, event.number);
  for (const double loss : judgement.rungs) {
    history_->pass_rung(event.number, loss);
    records.set_trial_system(reader_.state().trial_id(id_, event.number),
                             {fmt::format("completed_rung_{}", rung++), sweep::json_number_text(sign * loss)});
  }
  return judgement.prune;
}

// ---- what is to be done --------------------------------------------------------------------------------------------

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
  if (!point) point = sweep::Point(space_.size(), kNone);
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
  forget_result(trial_folder(number) / "result.json");
  history_->begin(number, *point);
  provisional_.push_back(number);
  own_[number] = {};
  out.push_back(assignment(number, values_at(space_, *point), 1));
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
  forget_result(trial_folder(number) / "result.json");
  history_->begin(number, *point);
  provisional_.push_back(number);
  own_[number] = {};
  out.push_back(assignment(number, values_at(space_, *point), 1));
  return true;
}

double SweepStudy::gpu_hours() {
  return gpu_hours_of(study(), utc_now(),
                      [&](const std::string& worker) { return worker_.state_of(worker) == WorkerState::alive; });
}

sweep::Attribute SweepStudy::ownership(unsigned attempt, double spent, std::int64_t since) const {
  return owner_attribute(
      {.worker = worker_.id(), .attempt = attempt, .gpus = request_.gpus, .spent = spent, .since = since});
}

std::uint64_t SweepStudy::begun() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(study().trials, [](const sweep::Trial& t) { return t.state != TrialState::waiting; }));
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

void SweepStudy::put_down(sweep::RecordText& records) {
  for (const std::uint64_t number : again_) {
    const auto own = own_.find(number);
    if (own == own_.end()) continue;
    const std::optional<Owner> owner = owner_of(study().trials[number]);
    // Another process that took ours for lost may have it by now.
    if (owner && owner->worker == worker_.id())
      records.set_trial_system(reader_.state().trial_id(id_, number),
                               ownership(own->second.attempt, own->second.seconds, kNoTime));
    own_.erase(own);
  }
  again_.clear();
}

bool SweepStudy::may_begin() const {
  if (left_) return false;
  if (!again_.empty() || (!exhausted_ && study().trials.size() < request_.trials)) return true;
  return std::ranges::any_of(open_, [&](std::uint64_t number) {
    const TrialState state = study().trials[number].state;
    return state == TrialState::waiting || (state == TrialState::running && !own_.contains(number));
  });
}

StudyOrders SweepStudy::advance(std::span<const TrialEvent> events, std::size_t free) {
  worker_.beat();
  if (!events.empty()) {
    reader_.update();
    absorb();
  }
  StudyOrders out;
  sweep::RecordText records(worker_.id());
  out.prune = take_reports(records, events);
  const std::vector<TrialResult> results = keep_ends(events);
  if (left_) put_down(records);
  const std::string reports = records.take();
  if (reports.empty() && results.empty()) {
    reader_.update();
  } else {
    writer_.append_after_reading(reader_, [&](const sweep::JournalReader&) {
      for (const TrialResult& each : results) {
        if (!is_finished(study().trials[each.number].state)) record_result(records, each);
      }
      return reports + records.take();
    });
  }
  for (const TrialResult& each : results) own_.erase(each.number);
  absorb();
  if (left_ && own_.empty()) worker_.leave();

  if (free == 0 || !may_begin()) return out;
  writer_.append_after_reading(reader_, [&](const sweep::JournalReader&) {
    if (!provisional_.empty()) forget_history();  // what an earlier call has begun came to nothing
    absorb();
    records = sweep::RecordText(worker_.id());
    out.begin = begin_trials(records, free);
    return records.take();
  });
  provisional_.clear();
  std::erase_if(again_, [&](std::uint64_t number) {
    return std::ranges::find(out.begin, number, &Assignment::number) != out.begin.end() ||
           is_finished(study().trials[number].state);
  });
  absorb();
  for (const Assignment& each : out.begin) {
    create_folders(each.folder);
    write_parameters(each.folder / kParametersFile, each.values);
  }
  return out;
}

void SweepStudy::leave() {
  left_ = true;
  if (own_.empty()) worker_.leave();
}

StudyCounts SweepStudy::counts() const {
  return count_trials(study());
}

bool SweepStudy::is_done() const {
  // A trial that another program has begun, and perhaps never ends, is that one's.
  const bool runs = std::ranges::any_of(open_, [&](std::uint64_t number) {
    const sweep::Trial& trial = study().trials[number];
    return trial.state == TrialState::running && find_attribute(trial.system, kOwner) != nullptr;
  });
  return !runs && (begun() >= request_.trials || (exhausted_ && counts().waiting == 0));
}

}  // namespace moola::work
