#include "work/evaluate/models/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"
#include "record/run_compare.h"
#include "record/run_list.h"
#include "validation/sharpe.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<std::string_view, 3> kJobs{"cv", "walk-forward", "cpcv-pbo"};

// The number at the end of a way through objects; NaN where there is none.
double number_at(const Json& json, std::initializer_list<const char*> keys) {
  const Json* at = &json;
  for (const char* key : keys) {
    if (!at->is_object() || !at->contains(key)) return kNone;
    at = &(*at)[key];
  }
  return json_number(*at).value_or(kNone);
}

// Whether results.json is one of this version.
void check_results(const Json& results, const fs::path& file) {
  const auto is_text = [](const Json& in, const char* key) { return in.contains(key) && in[key].is_string(); };
  const auto is_table = [](const Json& in, const char* key) { return in.contains(key) && in[key].is_object(); };
  std::string missing;
  if (!results.is_object()) {
    missing = "object";
  } else if (!is_text(results, "verdict")) {
    missing = "verdict";
  } else if (!results.contains("has_verdict") || !results["has_verdict"].is_boolean()) {
    missing = "has_verdict";
  } else if (!is_table(results, "models") || !is_table(results, "baselines")) {
    missing = "models";
  } else if (!is_table(results, "tested") || !is_text(results["tested"], "sha256")) {
    missing = "tested.sha256";
  } else if (!results.contains("best") || !(results["best"].is_null() || results["best"].is_string())) {
    missing = "best";
  }
  if (missing.empty()) return;
  throw DataError(
      fmt::format("{} has no '{}': it was written by another version of moola, or changed since. Evaluate again, with "
                  "--fresh.",
                  file.string(), missing));
}

ComparedRun read_run(const fs::path& folder) {
  const record::RunSummary summary = record::summarize(folder);
  ComparedRun out{.id = folder.filename().string(), .manifest = summary.manifest};
  const std::string& job = summary.manifest.job;
  if (std::ranges::find(kJobs, job) == kJobs.end()) {
    throw ConfigError(
        fmt::format("{} is a run of `moola {}`; models are compared by runs of cv, walk-forward and cpcv-pbo. `moola "
                    "runs compare` takes any two of one job.",
                    out.id, job));
  }
  if (summary.state != "finished") {
    throw ConfigError(
        fmt::format("{} is {}: only finished runs have a result to compare. The command that began it goes on with it.",
                    out.id, summary.state));
  }
  if (!fs::exists(folder / "results.json")) {
    throw DataError(
        fmt::format("{} has no results.json any more. The command that made the run makes it anew.", out.id));
  }
  out.results = read_json(folder / "results.json");
  check_results(out.results, folder / "results.json");
  out.config = record::flat_config(folder / "config.toml");
  return out;
}

std::vector<ComparedRun> read_runs(const fs::path& workspace, const std::vector<std::string>& references) {
  if (references.size() < 2) {
    throw ConfigError(
        "one run is nothing to compare: name two or more. `moola runs list --job cpcv-pbo` shows which there are.");
  }
  std::vector<ComparedRun> out;
  std::map<std::string, std::string> letters;
  for (const std::string& reference : references) {
    ComparedRun run = read_run(record::find_run(workspace, reference));
    if (std::ranges::any_of(out, [&](const ComparedRun& each) { return each.id == run.id; }))
      throw ConfigError(fmt::format("{} is named twice: name each run once.", run.id));
    const auto [known, is_new] = letters.try_emplace(run.results["tested"]["sha256"].get<std::string>(), std::string());
    if (is_new)
      known->second = letters.size() <= 26 ? std::string(1, static_cast<char>('A' + letters.size() - 1))
                                           : std::to_string(letters.size());
    run.rows = known->second;
    out.push_back(std::move(run));
  }
  return out;
}

// Values of all runs under the keys of any of them, in the order in which they were met.
class Differences {
 public:
  explicit Differences(std::size_t runs) : runs_(runs) {}

  void add(std::size_t run, const std::string& part, const std::string& key, const std::string& value) {
    const auto at =
        std::ranges::find_if(rows_, [&](const RunDifference& each) { return each.part == part && each.key == key; });
    RunDifference& row = at != rows_.end() ? *at : rows_.emplace_back(part, key, std::vector<std::string>(runs_));
    row.values[run] = value;
  }
  std::vector<RunDifference> unequal() && {
    std::erase_if(rows_, [](const RunDifference& each) {
      return std::ranges::all_of(each.values, [&](const std::string& value) { return value == each.values.front(); });
    });
    return std::move(rows_);
  }

 private:
  std::size_t runs_;
  std::vector<RunDifference> rows_;
};

// Keys of a model that a run does not name are as all others have them there: models.names says which it names.
void add_configurations(const std::vector<ComparedRun>& runs, Differences& out) {
  const auto table_of = [](const std::string& key) { return key.substr(0, key.find('.')); };
  std::vector<std::set<std::string>> tables(runs.size());
  std::map<std::string, std::string> first;  // the value of each key in the first run that has it
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const auto& [key, value] : runs[r].config.items()) {
      tables[r].insert(table_of(key));
      first.try_emplace(key, value.is_string() ? value.get<std::string>() : json_text(value));
    }
  }
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (const auto& [key, value] : runs[r].config.items())
      out.add(r, "configuration", key, value.is_string() ? value.get<std::string>() : json_text(value));
    for (const auto& [key, value] : first) {
      if (!tables[r].contains(table_of(key))) out.add(r, "configuration", key, value);
    }
  }
}

std::vector<RunDifference> differences_of(const std::vector<ComparedRun>& runs) {
  Differences out(runs.size());
  for (std::size_t r = 0; r < runs.size(); ++r) out.add(r, "job", "job", runs[r].manifest.job);
  for (std::size_t r = 0; r < runs.size(); ++r) {
    std::map<std::string, int> seen;  // several bars are told apart by their number
    for (const record::DataUse& use : runs[r].manifest.data) {
      const int n = ++seen[use.role];
      out.add(r, "data", n > 1 ? fmt::format("{} {}", use.role, n) : use.role,
              fmt::format("{} ({})", use.id, use.content_sha256.substr(0, 12)));
    }
  }
  add_configurations(runs, out);
  for (std::size_t r = 0; r < runs.size(); ++r) out.add(r, "code", "version", runs[r].manifest.code_version);
  return std::move(out).unequal();
}

ComparedConfiguration configuration_of(std::size_t run, const std::string& name, const Json& entry, bool baseline) {
  const auto sharpe = number_at(entry, {"backtest", "annual_sharpe"});
  // What never traded has returns that are all the same, and no ratio.
  const bool moves = baseline || number_at(entry, {"backtest", "moments", "observations"}) > 0;
  return {.run = run,
          .name = name,
          .baseline = baseline,
          .accuracy = number_at(entry, {"scores", "accuracy"}),
          .log_loss = number_at(entry, {"scores", "log_loss"}),
          .macro_f1 = number_at(entry, {"scores", "macro_f1"}),
          .annual_sharpe = moves ? sharpe : kNone,
          .total = number_at(entry, {"backtest", "total"}),
          .drawdown = number_at(entry, {"backtest", "drawdown"}),
          .dsr = baseline || !moves ? kNone : number_at(entry, {"backtest", "dsr"})};
}

// What cannot be said comes last; ties as the runs were named.
bool is_better(const ComparedConfiguration& a, const ComparedConfiguration& b) {
  const auto key = [](double value) { return std::isnan(value) ? std::numeric_limits<double>::infinity() : value; };
  if (key(-a.annual_sharpe) != key(-b.annual_sharpe)) return key(-a.annual_sharpe) < key(-b.annual_sharpe);
  return key(a.log_loss) < key(b.log_loss);
}

validation::ReturnMoments moments_of(const Json& entry) {
  const auto of = [&](const char* key) { return number_at(entry, {"backtest", "moments", key}); };
  const double effective = of("effective_observations");  // older results do not say
  const double observations = std::isnan(effective) ? of("observations") : effective;
  return {.observations = static_cast<std::size_t>(std::clamp(observations, 0.0, 1e15)),
          .skew = of("skew"),
          .kurtosis = of("kurtosis"),
          .sharpe = of("sharpe")};
}

// Sharpe ratios of a year, of all that was tried on these rows in any of the runs and has traded: what luck reaches is
// told by how far they lie apart, and other rows are better or worse for all alike.
std::vector<double> annual_sharpes(const std::vector<ComparedRun>& runs, const std::string& rows) {
  std::vector<double> out;
  for (const ComparedRun& run : runs) {
    if (run.rows != rows) continue;
    for (const auto& [name, entry] : run.results["models"].items()) {
      const double sharpe = number_at(entry, {"backtest", "moments", "sharpe"});
      if (!std::isnan(sharpe)) out.push_back(sharpe * std::sqrt(run.periods_per_year()));
    }
  }
  return out;
}

std::vector<ChoiceAmongRuns> choices_of(const RunComparison& comparison) {
  std::vector<ChoiceAmongRuns> out;
  std::set<std::string> done;
  for (std::size_t c = 0; c < comparison.configurations.size(); ++c) {
    const ComparedConfiguration& each = comparison.configurations[c];
    const ComparedRun& run = comparison.runs[each.run];
    if (each.baseline || !run.results["has_verdict"].get<bool>() || std::isnan(each.log_loss)) continue;
    if (!done.insert(run.rows).second) continue;
    ChoiceAmongRuns choice{.rows = run.rows, .configuration = c, .annual_luck = kNone};
    if (!std::isnan(each.annual_sharpe)) {
      const validation::ReturnMoments moments = moments_of(run.results["models"][each.name]);
      const std::vector<double> sharpes = annual_sharpes(comparison.runs, run.rows);
      const double variance = sharpes.size() > 1 ? validation::variance_of_trials(sharpes, 0) / run.periods_per_year()
                                                 : validation::variance_of_trials({}, moments.observations);
      choice.dsr = validation::deflated_sharpe(moments, variance, comparison.trials);
      choice.annual_luck =
          validation::deflation_benchmark(variance, comparison.trials) * std::sqrt(run.periods_per_year());
    }
    out.push_back(choice);
  }
  std::ranges::sort(out, {}, &ChoiceAmongRuns::rows);
  return out;
}

}  // namespace

double ComparedRun::periods_per_year() const {
  return number_at(results, {"periods_per_year"});
}

std::optional<double> ComparedRun::pbo() const {
  const double found = number_at(results, {"overfitting", "pbo"});
  return std::isnan(found) ? std::nullopt : std::optional(found);
}

const Json* ComparedRun::best() const {
  if (results["best"].is_null()) return nullptr;
  const auto found = results["models"].find(results["best"].get<std::string>());
  return found == results["models"].end() ? nullptr : &*found;
}

bool RunComparison::same_rows() const {
  return std::ranges::all_of(runs, [&](const ComparedRun& each) { return each.rows == runs.front().rows; });
}

std::string RunComparison::label(std::size_t run) const {
  return fmt::format("{} {}", run + 1, runs[run].manifest.name);
}

RunComparison compare_evaluations(const fs::path& workspace, const std::vector<std::string>& references) {
  RunComparison out{.runs = read_runs(workspace, references)};
  out.differences = differences_of(out.runs);
  for (std::size_t r = 0; r < out.runs.size(); ++r) {
    const Json& results = out.runs[r].results;
    for (const auto& [name, entry] : results["models"].items())
      out.configurations.push_back(configuration_of(r, name, entry, false));
    for (const auto& [name, entry] : results["baselines"].items())
      out.configurations.push_back(configuration_of(r, name, entry, true));
    out.trials += static_cast<double>(results["models"].size());
  }
  std::ranges::stable_sort(out.configurations, is_better);
  out.choices = choices_of(out);
  return out;
}

Json comparison_json(const RunComparison& comparison) {
  Json runs = Json::array(), differences = Json::array(), configurations = Json::array(), choices = Json::array();
  for (const ComparedRun& run : comparison.runs) {
    runs.push_back({{"run", run.id},
                    {"job", run.manifest.job},
                    {"verdict", run.results["verdict"]},
                    {"has_verdict", run.results["has_verdict"]},
                    {"best", run.results["best"]},
                    {"pbo", run.pbo() ? Json(*run.pbo()) : Json(nullptr)},
                    {"rows", run.rows},
                    {"tested", run.results["tested"]}});
  }
  for (const RunDifference& each : comparison.differences) {
    Json values = Json::array();
    for (const std::string& value : each.values) values.push_back(value.empty() ? Json(nullptr) : Json(value));
    differences.push_back({{"part", each.part}, {"key", each.key}, {"values", std::move(values)}});
  }
  for (const ComparedConfiguration& each : comparison.configurations) {
    configurations.push_back({{"run", comparison.runs[each.run].id},
                              {"name", each.name},
                              {"baseline", each.baseline},
                              {"accuracy", each.accuracy},
                              {"log_loss", each.log_loss},
                              {"macro_f1", each.macro_f1},
                              {"annual_sharpe", each.annual_sharpe},
                              {"total", each.total},
                              {"drawdown", each.drawdown},
                              {"dsr", each.dsr}});
  }
  for (const ChoiceAmongRuns& each : comparison.choices) {
    const ComparedConfiguration& best = comparison.configurations[each.configuration];
    choices.push_back({{"rows", each.rows},
                       {"run", comparison.runs[best.run].id},
                       {"name", best.name},
                       {"dsr", each.dsr ? Json(*each.dsr) : Json(nullptr)},
                       {"dsr_in_its_run", best.dsr},
                       {"annual_luck", each.annual_luck}});
  }
  return {{"runs", std::move(runs)},
          {"same_rows", comparison.same_rows()},
          {"trials", comparison.trials},
          {"choices", std::move(choices)},
          {"differences", std::move(differences)},
          {"configurations", std::move(configurations)}};
}

}  // namespace moola::work
