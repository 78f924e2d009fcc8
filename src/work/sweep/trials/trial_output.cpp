#include "work/sweep/trials/trial_output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/json.h"
#include "base/nearest.h"
#include "work/sweep/study/python_json.h"

namespace moola::work {
namespace {

constexpr std::size_t kLongestLine = 1 << 20, kLongestAnswer = 64 << 20;
// A report a millisecond for a day, and no way to fill the memory.
constexpr std::size_t kMostReports = 100'000'000;

// Keys may have dots themselves, as "xgboost depth=3 rate=0.1" has: the longest that fits is taken first.
const Json* find_metric(const Json& in, std::string_view path) {
  if (path.empty()) return &in;
  if (!in.is_object()) return nullptr;
  for (std::size_t end = path.size(); end != std::string_view::npos && end > 0; end = path.rfind('.', end - 1)) {
    const auto at = in.find(std::string(path.substr(0, end)));
    if (at == in.end()) continue;
    if (const Json* found = find_metric(*at, path.substr(std::min(path.size(), end + 1)))) return found;
  }
  return nullptr;
}

void collect_numbers(const Json& in, const std::string& path, std::vector<std::string>& out) {
  if (json_number(in)) out.push_back(path);
  if (!in.is_object()) return;
  for (const auto& [key, value] : in.items()) collect_numbers(value, path.empty() ? key : path + "." + key, out);
}

std::string near_keys(const Json& answer, const std::string& metric) {
  std::vector<std::string> all;
  collect_numbers(answer, "", all);
  const std::string hint = did_you_mean(metric, all);
  if (!hint.empty() || all.empty()) return "." + hint;
  all.resize(std::min<std::size_t>(all.size(), 8));
  return fmt::format("; it has {} and others", fmt::join(all, ", "));
}

std::optional<std::vector<double>> numbers_of(const Json& value) {
  std::vector<double> out;
  for (const Json& each : value.is_array() ? value : Json::array({value})) {
    const std::optional<double> number = json_number(each);
    if (!number) return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

}  // namespace

std::vector<sweep::Report> TrialOutput::take(std::string_view bytes) {
  std::vector<sweep::Report> out;
  if (!metrics_.empty()) {
    if (line_.size() + bytes.size() <= kLongestAnswer) line_ += bytes;
    return out;
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!skipping_) line_ += part;
    if (line_.size() > kLongestLine) {
      skipping_ = true;
      line_.clear();
    }
    if (end == std::string_view::npos) break;
    take_line(line_, out);
    line_.clear();
    skipping_ = false;
    bytes.remove_prefix(end + 1);
  }
  return out;
}

std::vector<sweep::Report> TrialOutput::finish() {
  std::vector<sweep::Report> out;
  if (!metrics_.empty()) {
    take_answer();
    return out;
  }
  take_line(line_, out);
  line_.clear();
  return out;
}

void TrialOutput::take_answer() {
  Json answer;
  try {
    answer = parse_json(line_, "the job's answer");
  } catch (const DataError& error) {
    complaint_ = error.what();
    return;
  }
  std::vector<double> found;
  for (const std::string& metric : metrics_) {
    const Json* const at = find_metric(answer, metric);
    const std::optional<double> value = at == nullptr ? std::nullopt : json_number(*at);
    if (!value) {
      complaint_ = fmt::format("the job's answer has no number under '{}'{}", metric,
                               at == nullptr ? near_keys(answer, metric) : "");
      return;
    }
    found.push_back(*value);
  }
  values_ = std::move(found);
  if (answer.contains("run")) attributes_["run"] = json_text(answer["run"]);
}

void TrialOutput::take_line(std::string_view line, std::vector<sweep::Report>& out) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos || line[begin] != '{' || line.find("\"value\"") == std::string_view::npos) return;
  Json json;
  try {
    json = parse_python_json(line, "a line of the trial's output");
  } catch (const DataError&) {
    return;  // it looks like ours and is not
  }
  if (!json.is_object() || !json.contains("value")) return;
  std::optional<std::vector<double>> values = numbers_of(json["value"]);
  if (!values) {
    complaint_ = fmt::format("its `value` is {}, and no number", json_text(json["value"]).substr(0, 200));
    return;
  }
  if (json.contains("step")) {
    const std::optional<double> step = json_number(json["step"]);
    if (!step || *step != std::floor(*step) || std::fabs(*step) > 0x1p53) {
      complaint_ = fmt::format("its `step` is {}, and no whole number", json_text(json["step"]).substr(0, 200));
      return;
    }
    if (++reports_ <= kMostReports && !values->empty())
      out.push_back({static_cast<std::int64_t>(*step), values->front()});
  }
  if (values->size() != objectives_) {
    complaint_ =
        fmt::format("its `value` has {} numbers, and the study has {} objectives", values->size(), objectives_);
    if (!json.contains("step")) values_.reset();
    return;
  }
  values_ = std::move(values);
  complaint_.clear();
  if (json.contains("constraint")) {
    const std::optional<std::vector<double>> excess = numbers_of(json["constraint"]);
    violation_ = 0;
    // What is no number is not known to hold.
    if (!excess) violation_ = std::numeric_limits<double>::infinity();
    for (const double each : excess.value_or(std::vector<double>{}))
      violation_ += std::isnan(each) ? std::numeric_limits<double>::infinity() : std::max(0.0, each);
  }
  if (json.contains("returns") && json["returns"].is_string()) returns_ = json["returns"].get<std::string>();
  if (json.contains("folds") && json["folds"].is_array()) attributes_["fold_scores"] = json_text(json["folds"]);
  if (json.contains("attributes") && json["attributes"].is_object()) {
    for (const auto& [key, value] : json["attributes"].items()) attributes_[key] = json_text(value);
  }
}

}  // namespace moola::work
