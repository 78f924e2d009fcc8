#include "work/sweep/study/trial_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"

namespace moola::work {
namespace {

constexpr std::array kEnds{sweep::TrialState::complete, sweep::TrialState::pruned, sweep::TrialState::failed};

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw DataError(
      fmt::format("{} is no result of a trial: {}. Delete it, and the trial is run again.", file.string(), what));
}

double number_at(const std::filesystem::path& file, const Json& json, const char* key) {
  const std::optional<double> out = json.contains(key) ? json_number(json[key]) : std::nullopt;
  if (!out) refuse(file, fmt::format("'{}' is no number", key));
  return *out;
}

const Json& list_at(const std::filesystem::path& file, const Json& json, const char* key) {
  if (!json.contains(key) || !json[key].is_array()) refuse(file, fmt::format("'{}' is no list", key));
  return json[key];
}

std::string text_at(const std::filesystem::path& file, const Json& json, const char* key) {
  if (!json.contains(key) || !json[key].is_string()) refuse(file, fmt::format("'{}' is no text", key));
  return json[key];
}

}  // namespace

void write_trial_result(const std::filesystem::path& file, const TrialResult& result) {
  Json reports = Json::array(), attributes = Json::object();
  for (const sweep::Report& each : result.reports) reports.push_back(Json::array({each.step, each.value}));
  for (const sweep::Attribute& each : result.attributes)
    attributes[each.key] = parse_json(each.json, "an attribute of a trial");
  write_file(file, json_text({{"trial", result.number},
                              {"state", std::string(name_of(result.state))},
                              {"values", result.values},
                              {"violation", result.violation},
                              {"message", result.message},
                              {"returns", result.returns_file},
                              {"attempts", result.attempts},
                              {"seconds", result.seconds},
                              {"completed", result.completed == kNoTime ? "" : utc_text(result.completed)},
                              {"attributes", std::move(attributes)},
                              {"reports", std::move(reports)}}) +
                       "\n");
}

std::optional<TrialResult> read_trial_result(const std::filesystem::path& file, std::uint64_t number) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  const Json json = read_json(file);
  if (!json.is_object()) refuse(file, "it is no JSON object");
  TrialResult out{.number = number};
  if (number_at(file, json, "trial") != static_cast<double>(number))
    refuse(file, fmt::format("it is of trial {}, and {} was expected", json_text(json["trial"]), number));
  const std::string state = text_at(file, json, "state");
  const auto end = std::ranges::find(kEnds, state, [](sweep::TrialState each) { return name_of(each); });
  if (end == kEnds.end()) refuse(file, fmt::format("its state is \"{}\"", state));
  out.state = *end;
  for (const Json& each : list_at(file, json, "values")) {
    const std::optional<double> value = json_number(each);
    if (!value) refuse(file, "a value is no number");
    out.values.push_back(*value);
  }
  out.violation = number_at(file, json, "violation");
  out.message = text_at(file, json, "message");
  out.returns_file = text_at(file, json, "returns");
  out.attempts = static_cast<unsigned>(std::clamp(number_at(file, json, "attempts"), 1.0, 1e6));
  out.seconds = number_at(file, json, "seconds");
  const std::string completed = text_at(file, json, "completed");
  if (!completed.empty()) out.completed = parse_utc(completed);
  if (!json.contains("attributes") || !json["attributes"].is_object()) refuse(file, "'attributes' is no object");
  for (const auto& [key, value] : json["attributes"].items()) out.attributes.push_back({key, json_text(value)});
  for (const Json& each : list_at(file, json, "reports")) {
    const std::optional<double> value =
        each.is_array() && each.size() == 2 && each[0].is_number_integer() ? json_number(each[1]) : std::nullopt;
    if (!value) refuse(file, "a report is no pair of a step and a number");
    out.reports.push_back({each[0].get<std::int64_t>(), *value});
  }
  return out;
}

}  // namespace moola::work
