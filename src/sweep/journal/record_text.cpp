#include "sweep/journal/record_text.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "sweep/journal/json_scanner.h"
#include "sweep/journal/record.h"

namespace moola::sweep {
namespace {

constexpr int number_of(Operation operation) {
  return static_cast<int>(operation);
}

// Choices by an integer, everything else by a double, as Optuna's distributions have it.
std::string internal_text(const Distribution& distribution, double inner) {
  if (std::holds_alternative<CategoricalDistribution>(distribution)) return fmt::format("{:.0f}", inner);
  return json_number_text(inner);
}

std::string metrics_json(std::span<const std::string> metrics) {
  std::string out = "[";
  for (const std::string& metric : metrics) {
    if (out.size() > 1) out += ',';
    append_quoted(out, metric);
  }
  return out + "]";
}

}  // namespace

RecordText::RecordText(std::string_view worker, StampForm stamps) : stamps_(stamps) {
  append_quoted(worker_, worker);
}

std::string RecordText::take() {
  return std::exchange(lines_, {});
}

void RecordText::key(std::string_view name) {
  fmt::format_to(std::back_inserter(lines_), ",\"{}\":", name);
}

void RecordText::begin(int operation, std::string_view id_key, std::uint64_t id) {
  fmt::format_to(std::back_inserter(lines_), R"({{"op_code":{},"worker_id":{},"{}":{})", operation, worker_, id_key,
                 id);
}

void RecordText::stamp(std::string_view name, std::int64_t time) {
  key(name);
  lines_ += time == kNoTime ? "null" : '"' + stamp_text(time, stamps_) + '"';
}

void RecordText::numbers(std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i) (lines_ += i == 0 ? "[" : ",") += json_number_text(values[i]);
  lines_ += values.empty() ? "null" : "]";
}

void RecordText::set_attribute(int operation, std::string_view id_key, std::uint64_t id, std::string_view field,
                               const Attribute& attribute) {
  const std::string value = compact_json(attribute.json);
  begin(operation, id_key, id);
  key(field);
  lines_ += '{';
  append_quoted(lines_, attribute.key);
  (lines_ += ':') += value;
  lines_ += '}';
  end();
}

void RecordText::attributes(std::string_view field, const std::vector<Attribute>& attributes) {
  key(field);
  lines_ += '{';
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (i > 0) lines_ += ',';
    append_quoted(lines_, attributes[i].key);
    (lines_ += ':') += compact_json(attributes[i].json);
  }
  lines_ += '}';
}

void RecordText::create_study(std::string_view name, std::span<const Direction> directions) {
  fmt::format_to(std::back_inserter(lines_), R"({{"op_code":{},"worker_id":{},"study_name":)",
                 number_of(Operation::create_study), worker_);
  append_quoted(lines_, name);
  key("directions");
  lines_ += '[';
  for (std::size_t i = 0; i < directions.size(); ++i)
    lines_ += (i == 0 ? "" : ",") + std::to_string(static_cast<int>(directions[i]));
  lines_ += ']';
  end();
}

void RecordText::delete_study(std::uint64_t study) {
  begin(number_of(Operation::delete_study), "study_id", study);
  end();
}

void RecordText::set_study_user(std::uint64_t study, const Attribute& attribute) {
  set_attribute(number_of(Operation::set_study_user), "study_id", study, "user_attr", attribute);
}

void RecordText::set_study_system(std::uint64_t study, const Attribute& attribute,
                                  std::span<const std::string> metrics) {
  set_attribute(number_of(Operation::set_study_system), "study_id", study, "system_attr", attribute);
  if (!metrics.empty()) set_metrics(study, metrics);
}

void RecordText::set_metrics(std::uint64_t study, std::span<const std::string> metrics) {
  set_study_system(study, {"study:metric_names", metrics_json(metrics)});
}

void RecordText::create_trial(std::uint64_t study, std::int64_t started) {
  begin(number_of(Operation::create_trial), "study_id", study);
  stamp("datetime_start", started);
  end();
}

void RecordText::create_trial(std::uint64_t study, const Trial& trial, std::span<const StudyParameter> parameters) {
  RecordText line(*this);
  line.lines_.clear();
  line.begin(number_of(Operation::create_trial), "study_id", study);
  line.stamp("datetime_start", trial.started);
  line.key("state");
  line.lines_ += std::to_string(static_cast<int>(trial.state));
  // No "value", not even null: the dashboard's page makes a list of it.
  if (!trial.values.empty()) {
    line.key("values");
    line.numbers(trial.values);
  }
  if (trial.completed != kNoTime) line.stamp("datetime_complete", trial.completed);
  const auto each_parameter = [&](std::string_view field, const auto& text_of) {
    line.key(field);
    line.lines_ += '{';
    for (const TrialParameter& set : trial.parameters) {
      if (&set != trial.parameters.data()) line.lines_ += ',';
      const StudyParameter& parameter = parameters[set.parameter];
      append_quoted(line.lines_, parameter.name);
      line.lines_ += ':';
      text_of(parameter, set.value);
    }
    line.lines_ += '}';
  };
  each_parameter("distributions", [&](const StudyParameter& parameter, double) {
    append_quoted(line.lines_, json_of(parameter.distribution));
  });
  each_parameter("params", [&](const StudyParameter& parameter, double inner) {
    line.lines_ += internal_text(parameter.distribution, inner);
  });
  line.attributes("user_attrs", trial.user);
  line.attributes("system_attrs", trial.system);
  line.key("intermediate_values");
  line.lines_ += '{';
  for (const Report& report : trial.reports) {
    fmt::format_to(std::back_inserter(line.lines_), "{}\"{}\":{}", &report == trial.reports.data() ? "" : ",",
                   report.step, json_number_text(report.value));
  }
  line.lines_ += '}';
  line.end();
  lines_ += line.lines_;
}

void RecordText::set_parameter(std::uint64_t trial, std::string_view name, const Distribution& distribution,
                               double inner) {
  begin(number_of(Operation::set_parameter), "trial_id", trial);
  key("param_name");
  append_quoted(lines_, name);
  key("param_value_internal");
  lines_ += internal_text(distribution, inner);
  key("distribution");
  append_quoted(lines_, json_of(distribution));
  end();
}

void RecordText::set_running(std::uint64_t trial, std::int64_t started) {
  begin(number_of(Operation::set_state), "trial_id", trial);
  key("state");
  lines_ += "0,\"values\":null";
  stamp("datetime_start", started);
  end();
}

void RecordText::set_waiting(std::uint64_t trial) {
  begin(number_of(Operation::set_state), "trial_id", trial);
  key("state");
  lines_ += "4,\"values\":null";
  end();
}

void RecordText::finish(std::uint64_t trial, TrialState state, std::span<const double> values, std::int64_t started,
                        std::int64_t completed) {
  if (!is_finished(state)) throw std::logic_error(fmt::format("trial {} can't end as {}", trial, name_of(state)));
  begin(number_of(Operation::set_state), "trial_id", trial);
  key("state");
  lines_ += std::to_string(static_cast<int>(state));
  key("values");
  numbers(values);
  // Optuna passes over it; the dashboard's page forgets when the trial began without.
  if (started != kNoTime) stamp("datetime_start", started);
  stamp("datetime_complete", completed);
  end();
}

void RecordText::report(std::uint64_t trial, std::int64_t step, double value) {
  begin(number_of(Operation::report), "trial_id", trial);
  key("step");
  lines_ += std::to_string(step);
  key("intermediate_value");
  lines_ += json_number_text(value);
  end();
}

void RecordText::set_trial_user(std::uint64_t trial, const Attribute& attribute) {
  set_attribute(number_of(Operation::set_trial_user), "trial_id", trial, "user_attr", attribute);
}

void RecordText::set_trial_system(std::uint64_t trial, const Attribute& attribute) {
  set_attribute(number_of(Operation::set_trial_system), "trial_id", trial, "system_attr", attribute);
}

}  // namespace moola::sweep
