#include "work/sweep/study/study_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/nearest.h"
#include "sweep/journal/journal_reader.h"
#include "work/sweep/study/best_trial.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

Json json_value(const sweep::ParameterValue& value) {
  if (const bool* truth = std::get_if<bool>(&value)) return *truth;
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const double* number = std::get_if<double>(&value)) return *number;
  if (const std::string* text = std::get_if<std::string>(&value)) return *text;
  return nullptr;
}

Json trial_json(const sweep::Study& study, std::uint64_t number) {
  const sweep::Trial& trial = study.trials[number];
  Json params = Json::object();
  for (const auto& [name, value] : values_of(study, trial)) params[name] = json_value(value);
  Json out = {{"number", number}};
  if (trial.values.size() == 1)
    out["value"] = trial.values.front();
  else
    out["values"] = trial.values;
  out["params"] = std::move(params);
  return out;
}

bool is_whole(const sweep::Study& study, const sweep::Trial& trial) {
  return trial.state == sweep::TrialState::complete && trial.values.size() == study.directions.size() &&
         std::ranges::none_of(trial.values, [](double x) { return std::isnan(x); }) && is_feasible(trial);
}

}  // namespace

fs::path studies_folder(const fs::path& workspace) {
  return fs::absolute(workspace).lexically_normal() / "artifacts" / "studies";
}

std::vector<std::string> studies_of(const fs::path& workspace) {
  std::vector<std::string> out;
  std::error_code error;  // no folder, no studies
  for (const fs::directory_entry& each : fs::directory_iterator(studies_folder(workspace), error)) {
    if (fs::exists(each.path() / "journal.log")) out.push_back(each.path().filename().string());
  }
  std::ranges::sort(out);
  return out;
}

fs::path study_folder(const fs::path& workspace, const std::string& name) {
  return studies_folder(workspace) / name;
}

FoundStudy find_study(const fs::path& workspace, const std::string& which, const std::string& name) {
  const fs::path studies = studies_folder(workspace);
  const bool is_name = which.find('/') == std::string::npos && fs::exists(studies / which / "journal.log");
  const fs::path journal = is_name ? studies / which / "journal.log" : fs::path(which);
  if (!fs::is_regular_file(journal)) {
    throw ConfigError(
        fmt::format("there is no study {} in {} and no journal of that name.{} moola sweep list shows the studies.",
                    which, studies.string(), did_you_mean(which, studies_of(workspace))));
  }
  std::vector<sweep::Study> all = sweep::read_journal(journal);
  std::erase_if(all, [](const sweep::Study& each) { return each.deleted; });
  if (all.empty()) throw DataError(fmt::format("{} holds no study yet.", journal.string()));
  std::vector<std::string> names;
  for (const sweep::Study& each : all) names.push_back(each.name);
  const std::string wanted = !name.empty()                                               ? name
                             : is_name && std::ranges::find(names, which) != names.end() ? which
                                                                                         : "";
  if (wanted.empty() && all.size() > 1)
    throw ConfigError(fmt::format("{} holds {} studies: {}. Choose one with --study.", journal.string(), all.size(),
                                  fmt::join(names, ", ")));
  const auto at = wanted.empty() ? all.begin() : std::ranges::find(all, wanted, &sweep::Study::name);
  if (at == all.end())
    throw ConfigError(fmt::format("{} holds no study {}.{}", journal.string(), wanted, did_you_mean(wanted, names)));
  return {.journal = journal, .study = std::move(*at)};
}

fs::path FoundStudy::folder() const {
  const fs::path out = fs::absolute(journal).lexically_normal().parent_path();
  return journal.filename() == "journal.log" && out.filename() == study.name ? out : fs::path();
}

TrialValues values_of(const sweep::Study& study, const sweep::Trial& trial) {
  TrialValues out;
  for (const sweep::TrialParameter& each : trial.parameters) {
    const sweep::StudyParameter& parameter = study.parameters[each.parameter];
    const auto* choices = std::get_if<sweep::CategoricalDistribution>(&parameter.distribution);
    // Nobody checks what a journal says.
    if (choices != nullptr && !(each.value >= 0 && each.value < static_cast<double>(choices->choices.size()))) continue;
    out.emplace_back(parameter.name, sweep::outer(parameter.distribution, each.value));
  }
  return out;
}

std::vector<std::uint64_t> front_of(const sweep::Study& study) {
  std::vector<std::uint64_t> out;
  const auto dominates = [&](const sweep::Trial& a, const sweep::Trial& b) {
    bool better = false;
    for (std::size_t i = 0; i < study.directions.size(); ++i) {
      const double sign = study.directions[i] == sweep::Direction::maximize ? -1 : 1;
      if (sign * a.values[i] > sign * b.values[i]) return false;
      better = better || a.values[i] != b.values[i];
    }
    return better;
  };
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (!is_whole(study, trial)) continue;
    if (std::ranges::any_of(out, [&](std::uint64_t other) { return dominates(study.trials[other], trial); })) continue;
    std::erase_if(out, [&](std::uint64_t other) { return dominates(trial, study.trials[other]); });
    out.push_back(number);
  }
  return out;
}

Json study_json(const FoundStudy& found) {
  const sweep::Study& study = found.study;
  Json states = Json::object(), directions = Json::array();
  for (const auto& [name, state] : {std::pair("complete", sweep::TrialState::complete),
                                    {"pruned", sweep::TrialState::pruned},
                                    {"failed", sweep::TrialState::failed},
                                    {"running", sweep::TrialState::running},
                                    {"waiting", sweep::TrialState::waiting}})
    states[name] = std::ranges::count(study.trials, state, &sweep::Trial::state);
  for (const sweep::Direction each : study.directions)
    directions.push_back(each == sweep::Direction::maximize ? "maximize" : "minimize");
  Json out = {{"study", study.name},
              {"journal", found.journal.string()},
              {"directions", std::move(directions)},
              {"trials", std::move(states)}};
  const std::optional<BestTrial> best = best_trial(study);
  out["best"] = best ? trial_json(study, best->number) : Json(nullptr);
  if (study.directions.size() > 1) {
    out["front"] = Json::array();
    for (const std::uint64_t number : front_of(study)) out["front"].push_back(trial_json(study, number));
  }
  return out;
}

}  // namespace moola::work
