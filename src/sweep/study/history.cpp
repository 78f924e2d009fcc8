#include "sweep/study/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>

namespace moola::sweep {

Identity::Identity() {
  static std::atomic<std::uint64_t> last{0};
  number_ = ++last;
}

void History::set_state(Observation& trial, TrialState state) {
  --counts_[static_cast<std::size_t>(trial.state)];
  trial.state = state;
  ++counts_[static_cast<std::size_t>(state)];
  ++version_;
}

Observation& History::running(std::uint64_t number) {
  if (number >= trials_.size() || trials_[number].state != TrialState::running)
    throw std::logic_error(fmt::format("trial {} does not run", number));
  return trials_[number];
}

void History::add(Observation observation) {
  const std::uint64_t number = observation.number;
  if (observation.point.size() != space_->size())
    throw std::logic_error(
        fmt::format("trial {} has {} values for {} parameters", number, observation.point.size(), space_->size()));
  if (observation.state == TrialState::complete) {
    if (observation.losses.size() != objectives_ ||
        std::ranges::any_of(observation.losses, [](double x) { return std::isnan(x); }))
      throw std::logic_error(fmt::format("trial {} is complete without {} losses", number, objectives_));
  }
  while (trials_.size() <= number) {
    trials_.push_back({.number = trials_.size()});
    ++counts_[static_cast<std::size_t>(TrialState::waiting)];
  }
  Observation& place = trials_[number];
  if (place.state != TrialState::waiting) throw std::logic_error(fmt::format("trial {} has begun already", number));
  const TrialState state = observation.state;
  observation.state = TrialState::waiting;
  place = std::move(observation);
  for (std::size_t rung = 0; rung < place.rungs.size(); ++rung)
    rung_passes_.push_back({number, rung, place.rungs[rung]});
  set_state(place, state);
  if (is_finished(state)) finished_.push_back(number);
}

void History::begin(std::uint64_t number, Point point) {
  add({.number = number, .state = TrialState::running, .point = std::move(point)});
}

bool History::report(std::uint64_t number, std::int64_t step, double loss) {
  std::vector<Report>& reports = running(number).reports;
  const auto at = std::ranges::lower_bound(reports, step, {}, &Report::step);
  if (at != reports.end() && at->step == step) return false;
  reports.insert(at, {step, loss});
  ++version_;
  return true;
}

void History::pass_rung(std::uint64_t number, double loss) {
  std::vector<double>& rungs = running(number).rungs;
  rung_passes_.push_back({number, rungs.size(), loss});
  rungs.push_back(loss);
  ++version_;
}

void History::finish(std::uint64_t number, TrialState state, std::vector<double> losses, double violation) {
  Observation& trial = running(number);
  if (!is_finished(state)) throw std::logic_error(fmt::format("trial {} can't end as {}", number, name_of(state)));
  if (state == TrialState::complete &&
      (losses.size() != objectives_ || std::ranges::any_of(losses, [](double x) { return std::isnan(x); })))
    throw std::logic_error(fmt::format("trial {} is complete without {} losses", number, objectives_));
  trial.losses = std::move(losses);
  trial.violation = violation;
  set_state(trial, state);
  finished_.push_back(number);
}

void History::retry(std::uint64_t number) {
  Observation& trial = running(number);
  trial.reports.clear();
  if (!trial.rungs.empty()) {
    std::erase_if(rung_passes_, [&](const RungPass& each) { return each.number == number; });
    ++forgotten_;
    trial.rungs.clear();
  }
  set_state(trial, TrialState::waiting);
}

}  // namespace moola::sweep
