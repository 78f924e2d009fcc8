#include "work/sweep/study/study_history.h"

#include <string>

#include "base/utc_time.h"
#include "work/sweep/study/python_json.h"
#include "work/sweep/study/study_summary.h"

namespace moola::work {
namespace {

std::string time_text(std::int64_t time) {
  return time == kNoTime ? std::string() : utc_text(time);
}

Json trial_history(const sweep::Study& study, std::uint64_t number) {
  const sweep::Trial& trial = study.trials[number];
  Json params = Json::object(), distributions = Json::object(), reports = Json::object(), attributes = Json::object();
  for (const auto& [name, value] : values_of(study, trial))
    params[name] = parse_python_json(sweep::json_of(value), name);
  for (const sweep::TrialParameter& each : trial.parameters) {
    const sweep::StudyParameter& parameter = study.parameters[each.parameter];
    distributions[parameter.name] = parse_python_json(sweep::json_of(parameter.distribution), parameter.name);
  }
  for (const sweep::Report& each : trial.reports) reports[std::to_string(each.step)] = each.value;
  for (const sweep::Attribute& each : trial.user) attributes[each.key] = parse_python_json(each.json, each.key);
  return {{"number", number},
          {"state", std::string(name_of(trial.state))},
          {"values", trial.values},
          {"params", std::move(params)},
          {"distributions", std::move(distributions)},
          {"reports", std::move(reports)},
          {"attributes", std::move(attributes)},
          {"started", time_text(trial.started)},
          {"completed", time_text(trial.completed)}};
}

}  // namespace

Json history_json(const sweep::Study& study) {
  Json out = Json::array();
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) out.push_back(trial_history(study, number));
  return out;
}

}  // namespace moola::work
