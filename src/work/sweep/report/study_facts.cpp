#include "work/sweep/report/study_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "work/sweep/study/best_trial.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

using sweep::TrialState;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kMetricNames = "study:metric_names";  // Optuna's

std::vector<std::string> objective_names(const sweep::Study& study) {
  std::vector<std::string> out;
  if (const std::optional<Json> names = read_attribute(study.system, kMetricNames)) {
    for (const Json& each : names->is_array() ? *names : Json::array()) {
      if (each.is_string()) out.push_back(each);
    }
  }
  if (out.size() == study.directions.size()) return out;
  out.clear();
  for (std::size_t i = 0; i < study.directions.size(); ++i)
    out.push_back(study.directions.size() == 1 ? "value" : fmt::format("value {}", i));
  return out;
}

void add_order(StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    if (!has_values(study, study.trials[number])) continue;
    if (is_feasible(study.trials[number]))
      facts.complete.push_back(number);
    else
      ++facts.infeasible;
  }
  facts.best_first = best_first(study);
  if (!facts.is_single()) return;
  const double sign = sweep::loss_sign(study.directions.front());
  const auto loss = [&](std::uint64_t number) { return sign * study.trials[number].values.front(); };
  std::vector<std::uint64_t> ended = facts.complete;
  std::ranges::stable_sort(ended, {}, [&](std::uint64_t number) { return study.trials[number].completed; });
  for (const std::uint64_t number : ended) {
    if (facts.improvements.empty() || loss(number) < loss(facts.improvements.back()))
      facts.improvements.push_back(number);
  }
}

void add_parameters(StudyFacts& facts) {
  const sweep::Study& study = facts.study();
  std::vector<std::uint64_t> trials(study.parameters.size(), 0);
  for (const sweep::Trial& trial : study.trials) {
    for (const sweep::TrialParameter& each : trial.parameters) ++trials[each.parameter];
  }
  for (std::uint32_t i = 0; i < study.parameters.size(); ++i) {
    auto at = std::ranges::find(facts.parameters, study.parameters[i].name, &ParameterFacts::name);
    if (at == facts.parameters.end()) at = facts.parameters.insert(at, {.name = study.parameters[i].name});
    at->indices.push_back(i);
    at->trials += trials[i];
  }
  facts.importance = sweep::ped_anova(study);
  std::ranges::stable_sort(facts.parameters, {}, [&](const ParameterFacts& each) {
    return std::ranges::find(facts.importance, each.name, &sweep::ParameterImportance::name) - facts.importance.begin();
  });
}

// Of a failed trial, why, as far as it says so.
std::string failure_of(const sweep::Trial& trial) {
  for (const auto* attributes : {&trial.user, &trial.system}) {
    if (const std::optional<Json> said = read_attribute(*attributes, "fail_reason"))
      return said->is_string() ? said->get<std::string>() : json_text(*said);
  }
  return "the journal does not say why";
}

double attempts_of(const sweep::Trial& trial) {
  const std::optional<Json> said = owner_of(trial) ? read_attribute(trial.user, "attempts") : std::nullopt;
  return said ? json_number(*said).value_or(1) : 1;
}

void add_work(StudyFacts& facts) {
  std::map<std::string, WorkerFacts> workers;
  std::map<std::string, FailureFacts> failures;
  const sweep::Study& study = facts.study();
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (trial.started != kNoTime && (facts.first_start == kNoTime || trial.started < facts.first_start))
      facts.first_start = trial.started;
    if (!is_finished(trial.state)) continue;
    facts.last_end = std::max(facts.last_end, trial.completed);
    const double seconds = std::isfinite(seconds_of(trial)) ? seconds_of(trial) : 0;
    const std::string name = worker_of(trial);
    WorkerFacts& worker = workers.try_emplace(name, WorkerFacts{.name = name}).first->second;
    ++worker.trials;
    ++(trial.state == TrialState::complete ? worker.complete
       : trial.state == TrialState::pruned ? worker.pruned
                                           : worker.failed);
    worker.seconds += seconds;
    facts.seconds += seconds;
    facts.retried += attempts_of(trial) > 1 ? 1 : 0;
    if (trial.state != TrialState::failed) continue;
    facts.failed_seconds += seconds;
    const std::string message = failure_of(trial);
    failures.try_emplace(message, FailureFacts{.message = message}).first->second.trials.push_back(number);
  }
  for (auto& [name, worker] : workers) facts.workers.push_back(std::move(worker));
  for (auto& [message, failure] : failures) facts.failures.push_back(std::move(failure));
  std::ranges::stable_sort(facts.workers, std::greater{}, &WorkerFacts::seconds);
  std::ranges::stable_sort(facts.failures, std::greater{}, [](const FailureFacts& each) { return each.trials.size(); });
}

Json time_json(std::int64_t time) {
  return time == kNoTime ? Json(nullptr) : Json(utc_text(time));
}

}  // namespace

StudyFacts facts_of(const FoundStudy& found, Json honesty) {
  StudyFacts out{.found = &found, .honesty = std::move(honesty), .objectives = objective_names(found.study)};
  add_order(out);
  add_parameters(out);
  add_work(out);
  return out;
}

double seconds_of(const sweep::Trial& trial) {
  // Of a trial of anybody else's, an attribute of this name may be anything.
  const std::optional<Json> kept = owner_of(trial) ? read_attribute(trial.user, "seconds") : std::nullopt;
  if (kept) {
    const std::optional<double> said = json_number(*kept);
    if (said && *said >= 0 && std::isfinite(*said)) return *said;
  }
  if (trial.started == kNoTime || trial.completed == kNoTime) return kNone;
  return std::max(0.0, 1e-9 * static_cast<double>(trial.completed - trial.started));
}

std::string worker_of(const sweep::Trial& trial) {
  const std::optional<Owner> owner = owner_of(trial);
  return owner ? owner->worker : "";
}

double value_in(const sweep::Trial& trial, const ParameterFacts& parameter) {
  for (const sweep::TrialParameter& each : trial.parameters) {
    if (std::ranges::find(parameter.indices, each.parameter) != parameter.indices.end()) return each.value;
  }
  return kNone;
}

Json facts_json(const StudyFacts& facts) {
  Json out = study_json(*facts.found);
  Json importance = Json::array(), improvements = Json::array(), workers = Json::array(), failures = Json::array();
  for (const sweep::ParameterImportance& each : facts.importance) {
    importance.push_back(
        {{"parameter", each.name}, {"share", each.share}, {"divergence", each.divergence}, {"trials", each.trials}});
  }
  for (const std::uint64_t number : facts.improvements) {
    const sweep::Trial& trial = facts.study().trials[number];
    improvements.push_back(
        {{"number", number}, {"value", trial.values.front()}, {"completed", time_json(trial.completed)}});
  }
  for (const WorkerFacts& each : facts.workers) {
    workers.push_back({{"worker", each.name.empty() ? Json(nullptr) : Json(each.name)},
                       {"trials", each.trials},
                       {"complete", each.complete},
                       {"pruned", each.pruned},
                       {"failed", each.failed},
                       {"seconds", each.seconds}});
  }
  for (const FailureFacts& each : facts.failures)
    failures.push_back({{"message", each.message}, {"count", each.trials.size()}, {"trials", each.trials}});
  out["dsr"] = facts.honesty["dsr"];
  out["pbo"] = facts.honesty["overfitting"].is_null() ? Json(nullptr) : facts.honesty["overfitting"]["pbo"];
  out["honesty"] = facts.honesty;
  out["objectives"] = facts.objectives;
  out["infeasible"] = facts.infeasible;
  out["importance"] = std::move(importance);
  out["improvements"] = std::move(improvements);
  out["first_start"] = time_json(facts.first_start);
  out["last_end"] = time_json(facts.last_end);
  out["cost"] = {{"seconds", facts.seconds}, {"failed_seconds", facts.failed_seconds}, {"retried", facts.retried}};
  out["workers"] = std::move(workers);
  out["failures"] = std::move(failures);
  return out;
}

}  // namespace moola::work
