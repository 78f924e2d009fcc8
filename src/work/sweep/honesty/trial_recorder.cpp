#include "work/sweep/honesty/trial_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "data/store/hdf5.h"
#include "work/sweep/study/trial_attributes.h"
#include "work/validation/return_matrix.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModels = "models.";

TrackRecord read_own_returns(const fs::path& file) {
  ReturnMatrix returns = read_returns({.file = file});
  std::size_t column = 0;
  if (returns.columns() > 1) {
    const auto at = std::ranges::find_if(returns.names,
                                         [](const std::string& name) { return name == "return" || name == "returns"; });
    if (at == returns.names.end()) {
      throw DataError(fmt::format("{} has {} columns of numbers: expected one, or one called 'return'.", returns.source,
                                  returns.columns()));
    }
    column = static_cast<std::size_t>(at - returns.names.begin());
  }
  return {.time = returns.time, .value = returns.column(column)};
}

// The one that the metric is of, or the best one.
std::string judged_configuration(const std::string& metric, const std::vector<std::string>& names,
                                 const Json& results) {
  const std::string out = configuration_of(metric, names);
  return out.empty() && results.contains("best") && results["best"].is_string() ? results["best"].get<std::string>()
                                                                                : out;
}

TrialReturns read_run_returns(const fs::path& file, const std::string& metric, const Json& results) {
  const data::hdf5::File run = data::hdf5::File::open(file);
  const std::vector<std::string> names = run.list_attribute("column_names");
  const std::string wanted = judged_configuration(metric, names, results);
  const auto at = std::ranges::find(names, wanted);
  if (at == names.end())
    throw DataError(fmt::format("{} has no returns of '{}', which the metric is of.", file.string(), wanted));
  const auto read = [&](const char* name) {
    const data::hdf5::Dataset returns = run.dataset(name);
    TrackRecord out{.time = run.read<std::int64_t>("time"), .value = std::vector<double>(returns.rows())};
    returns.read_block<double>({0, static_cast<std::uint64_t>(at - names.begin())}, {returns.rows(), 1}, out.value);
    return out;
  };
  if (!run.has_dataset("median_path")) return {.own = read("returns")};
  return {.own = read("median_path"), .mean = read("returns")};
}

// How many times fewer independent returns would tell as much; 1 where the job says nothing of it.
double shared_training_in(const std::string& metric, const Json& results) {
  if (!results.contains("models") || !results["models"].is_object()) return 1;
  std::vector<std::string> names;
  for (const auto& [name, model] : results["models"].items()) names.push_back(name);
  const Json moments = results["models"]
                           .value(judged_configuration(metric, names, results), Json::object())
                           .value("backtest", Json::object())
                           .value("moments", Json::object());
  const double all = moments.value("observations", 0.0), effective = moments.value("effective_observations", 0.0);
  return effective > 1 && all > effective ? (all - 1) / (effective - 1) : 1;
}

// Empty where the metric has no scores by split.
std::vector<double> scores_of_folds(const std::string& metric, const Json& results) {
  if (!results.contains("models") || !results["models"].is_object()) return {};
  std::vector<std::string> names;
  for (const auto& [name, model] : results["models"].items()) names.push_back(name);
  const std::string name = configuration_of(metric, names);
  const std::string score = metric.substr(metric.rfind('.') + 1);
  if (name.empty() || !metric.ends_with(".scores." + score)) return {};
  const Json& model = results["models"][name];
  if (!model.contains("by_split") || !model["by_split"].contains(score)) return {};
  std::vector<double> out;
  for (const Json& each : model["by_split"][score]) {
    const std::optional<double> value = json_number(each);
    if (!value || !std::isfinite(*value)) return {};  // a fold is missing: such a trial is not comparable
    out.push_back(*value);
  }
  return out;
}

// How many splits test a row; 1 where the job does not say.
double tests_of_a_row(const std::string& metric, const Json& results) {
  std::vector<std::string> names;
  for (const auto& [name, model] : results["models"].items()) names.push_back(name);
  const Json& splits = results["models"][configuration_of(metric, names)]["by_split"];
  if (!splits.contains("rows") || !results.contains("tested")) return 1;
  double rows = 0;
  for (const Json& each : splits["rows"]) rows += json_number(each).value_or(0);
  const double distinct = results["tested"].value("rows", 0.0);
  return distinct > 0 ? std::max(1.0, rows / distinct) : 1;
}

}  // namespace

std::string configuration_of(const std::string& metric, const std::vector<std::string>& names) {
  std::string out;
  if (!metric.starts_with(kModels)) return out;
  const std::string rest = metric.substr(kModels.size());
  for (const std::string& name : names) {
    if (rest.starts_with(name + ".") && name.size() > out.size()) out = name;
  }
  return out;
}

TrialRecorder::TrialRecorder(const SweepConfig& config, const fs::path& workspace)
    : settings_(honesty_settings(config)),
      is_job_(!config.sweep.job.empty()),
      metric_(config.sweep.metric.empty() ? "" : config.sweep.metric.front()),
      runs_(fs::absolute(workspace).lexically_normal() / "artifacts" / "runs") {}

void TrialRecorder::keep(TrialResult& result, const fs::path& folder) const {
  const std::string named = std::exchange(result.returns_file, {});
  for (const char* name : {kReturnsFile, kMeanReturnsFile}) fs::remove(folder / name);  // of a lost attempt
  if (result.state != sweep::TrialState::complete) return;
  std::optional<TrialReturns> returns;
  try {
    if (is_job_)
      returns = returns_of_run(result);
    else if (!named.empty())
      returns = TrialReturns{.own = read_own_returns(folder / named)};
    if (!returns) return;
    if (settings_.has_outer_test && touches(returns->own, settings_.test_from, settings_.test_to)) {
      fail_by_outer_test(result, returns->own);
      return;
    }
    const auto resample = [&](TrackRecord& record) {
      record = resampled(record, settings_.resolution.nanoseconds, settings_.compounding);
    };
    resample(returns->own);
    if (returns->mean) resample(*returns->mean);
  } catch (const Error& error) {
    log_warning("The returns of trial {} are not kept: {}", result.number, error.what());
    result.attributes.push_back({kReturnsFault, json_text(error.what())});
    return;
  }
  write_track_record(folder / kReturnsFile, returns->own);
  if (returns->mean) write_track_record(folder / kMeanReturnsFile, *returns->mean);
  result.returns_file = kReturnsFile;
}

void TrialRecorder::fail_by_outer_test(TrialResult& result, const TrackRecord& record) const {
  result.state = sweep::TrialState::failed;
  result.values.clear();
  result.message = fmt::format(
      "its returns go from {} to {} and touch the outer test part, from {}{}: what is chosen by them has seen it. "
      "Evaluate on other times, or set honesty.test_from and honesty.test_to otherwise",
      utc_text(record.time.front()), utc_text(record.time.back()), utc_text(settings_.test_from),
      settings_.test_to == HonestySettings{}.test_to ? " on" : fmt::format(" to {}", utc_text(settings_.test_to)));
}

std::optional<TrialReturns> TrialRecorder::returns_of_run(TrialResult& result) const {
  const std::optional<Json> run = read_attribute(result.attributes, "run");
  if (!run || !run->is_string()) return std::nullopt;
  const fs::path path = runs_ / run->get<std::string>();
  if (!fs::exists(path / "results.json")) return std::nullopt;
  const Json results = read_json(path / "results.json");
  const std::vector<double> scores = scores_of_folds(metric_, results);
  if (scores.size() > 1) {
    result.attributes.push_back({kFoldScores, json_text(Json(scores))});
    if (const double tests = tests_of_a_row(metric_, results); tests > 1)
      result.attributes.push_back({kFoldTests, json_text(Json(tests))});
  }
  if (!fs::exists(path / "returns.h5")) return std::nullopt;
  const double shared = shared_training_in(metric_, results);
  if (shared > 1) result.attributes.push_back({kSharedTraining, json_text(Json(shared))});
  return read_run_returns(path / "returns.h5", metric_, results);
}

}  // namespace moola::work
