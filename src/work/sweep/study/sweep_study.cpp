#include "work/sweep/study/sweep_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "base/utc_time.h"
#include "work/sweep/study/gpu_hours.h"
#include "work/sweep/study/study_summary.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;
using sweep::TrialState;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// What is lost with the machine is written again, for the trial is then begun again.
void write_parameters(const fs::path& file, const TrialValues& values) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << trial_toml(values);
  if (!out.flush()) throw IoError(fmt::format("cannot write {}", file.string()), errno);
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

double SweepStudy::gpu_hours() {
  return gpu_hours_of(study(), utc_now(),
                      [&](const std::string& worker) { return worker_.state_of(worker) == WorkerState::alive; });
}

std::uint64_t SweepStudy::begun() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(study().trials, [](const sweep::Trial& t) { return t.state != TrialState::waiting; }));
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
