#include "work/sweep/study/study_summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/nearest.h"
#include "sweep/journal/journal_reader.h"
#include "sweep/study/pareto.h"
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

fs::path trial_folder(const fs::path& study_folder, std::uint64_t number) {
  return study_folder / "trials" / fmt::format("{:06}", number);
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

TrialValues values_at(const sweep::SearchSpace& space, const sweep::Point& point) {
  TrialValues out;
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (!std::isnan(point[i])) out.emplace_back(space[i].name, sweep::outer(space[i].distribution, point[i]));
  }
  return out;
}

StudyCounts count_trials(const sweep::Study& study) {
  StudyCounts out;
  for (const sweep::Trial& trial : study.trials) {
    ++(trial.state == sweep::TrialState::complete  ? out.complete
       : trial.state == sweep::TrialState::pruned  ? out.pruned
       : trial.state == sweep::TrialState::failed  ? out.failed
       : trial.state == sweep::TrialState::running ? out.running
                                                   : out.waiting);
  }
  return out;
}

std::array<std::pair<const char*, std::uint64_t>, 5> StudyCounts::named() const {
  return {{{"complete", complete}, {"pruned", pruned}, {"failed", failed}, {"running", running}, {"waiting", waiting}}};
}

std::vector<std::uint64_t> front_of(const sweep::Study& study) {
  std::vector<std::uint64_t> numbers, out;
  std::vector<double> losses;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (!has_values(study, trial) || !is_feasible(trial)) continue;
    numbers.push_back(number);
    for (std::size_t i = 0; i < trial.values.size(); ++i)
      losses.push_back(sweep::loss_sign(study.directions[i]) * trial.values[i]);
  }
  const std::vector<std::size_t> ranks = sweep::nondominated_ranks(losses, study.directions.size(), 1);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (ranks[i] == 0) out.push_back(numbers[i]);
  }
  return out;
}

std::vector<std::uint64_t> best_first(const sweep::Study& study) {
  if (study.directions.size() > 1) return front_of(study);
  std::vector<std::uint64_t> out;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (has_values(study, trial) && is_feasible(trial)) out.push_back(number);
  }
  const double sign = sweep::loss_sign(study.directions.front());
  std::ranges::stable_sort(out, {}, [&](std::uint64_t number) { return sign * study.trials[number].values.front(); });
  return out;
}

Json study_json(const FoundStudy& found) {
  const sweep::Study& study = found.study;
  Json states = Json::object(), directions = Json::array();
  for (const auto& [name, count] : count_trials(study).named()) states[name] = count;
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
