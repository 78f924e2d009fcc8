#include "sweep/journal/journal_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/parse_number.h"

namespace moola::sweep {
namespace {

constexpr std::uint32_t kDropped = UINT32_MAX;

Distribution distribution_of(const RawText& json) {
  try {
    return parse_distribution(json.plain ? std::string(json.raw) : json.text());
  } catch (const Error& error) {
    throw BadRecord(error.what());
  }
}

// As Optuna turns it outward and back: whole for integers and choices.
double inner_value(const Distribution& distribution, double value) {
  if (std::holds_alternative<FloatDistribution>(distribution)) return value;
  const double whole = std::trunc(value);
  const auto* categorical = std::get_if<CategoricalDistribution>(&distribution);
  if (!std::isfinite(value) ||
      (categorical != nullptr && !(whole >= 0 && whole < static_cast<double>(categorical->choices.size()))))
    throw BadRecord(fmt::format("{} is no value of {}", value, json_of(distribution)));
  return whole;
}

template <class F>
void for_each_member(std::string_view object, const F& take) {
  JsonScanner scanner(object);
  scanner.expect('{');
  if (scanner.take('}')) return;
  do {
    const RawText key = scanner.string();
    scanner.expect(':');
    take(key, scanner);
  } while (scanner.take(','));
}

template <class F>
void for_each_element(std::string_view list, const F& take) {
  JsonScanner scanner(list);
  scanner.expect('[');
  if (scanner.take(']')) return;
  do take(scanner);
  while (scanner.take(','));
}

double number_or_null(JsonScanner& scanner) {
  return scanner.take_null() ? std::numeric_limits<double>::quiet_NaN() : scanner.number().value;
}

std::vector<double> numbers_of(std::string_view list) {
  std::vector<double> out;
  for_each_element(list, [&](JsonScanner& scanner) { out.push_back(number_or_null(scanner)); });
  return out;
}

std::vector<Direction> directions_of(std::string_view list) {
  std::vector<Direction> out;
  for_each_element(list, [&](JsonScanner& scanner) {
    const JsonNumber number = scanner.number();
    if (!number.is_integer || number.integer < 0 || number.integer > 2)
      throw BadRecord(fmt::format("{} is none of the directions 0, 1 and 2", number.value));
    out.push_back(static_cast<Direction>(number.integer));
  });
  return out;
}

TrialState state_of(std::int64_t number) {
  if (number < 0 || number > 4) throw BadRecord(fmt::format("{} is none of the states 0 to 4", number));
  return static_cast<TrialState>(number);
}

void put_attribute(std::vector<Attribute>& attributes, const RawText& key, std::string_view json) {
  const auto has_key = [&](const Attribute& each) { return key.plain ? each.key == key.raw : each.key == key.text(); };
  const auto at = std::ranges::find_if(attributes, has_key);
  if (at == attributes.end()) {
    attributes.push_back({key.text(), std::string(json)});
  } else {
    at->json = json;
  }
}

std::vector<Attribute> attributes_of(std::string_view object) {
  std::vector<Attribute> out;
  for_each_member(object, [&](const RawText& key, JsonScanner& scanner) { put_attribute(out, key, scanner.value()); });
  return out;
}

void put_report(std::vector<Report>& reports, std::int64_t step, double value) {
  if (reports.empty() || reports.back().step < step) return reports.push_back({step, value});
  const auto at = std::ranges::lower_bound(reports, step, {}, &Report::step);
  if (at->step == step) {
    at->value = value;
  } else {
    reports.insert(at, {step, value});
  }
}

std::vector<Report> reports_of(std::string_view object) {
  std::vector<Report> out;
  for_each_member(object, [&](const RawText& key, JsonScanner& scanner) {
    const std::string text = key.text();
    std::int64_t step = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (wrong != std::errc() || end != text.data() + text.size())
      throw BadRecord(fmt::format("'{}' is no step of a report", text));
    put_report(out, step, number_or_null(scanner));
  });
  return out;
}

// Rustuna writes them in quotes.
double template_value(JsonScanner& scanner) {
  if (scanner.next() != '"') return scanner.number().value;
  const std::string text = scanner.string().text();
  const std::optional<double> number = parse_number(text);
  if (!number) throw BadRecord(fmt::format("'{}' is no value of a parameter", text));
  return *number;
}

std::int64_t time_of(LocalClock& clock, const Record& record, Field field, const Stamp& stamp) {
  record.need(field);
  if (record.is_null(field)) throw BadRecord("a time in it is null");
  return clock.to_utc(stamp);
}

}  // namespace

void JournalState::apply(const Record& record) {
  record.need(Field::op_code);
  if (record.operation < 0 || record.operation > static_cast<int>(Operation::discard_trials))
    throw BadRecord(fmt::format("its op_code {} is none that Optuna knows", record.operation));
  switch (static_cast<Operation>(record.operation)) {
    case Operation::create_study:
      return create_study(record);
    case Operation::delete_study:
      return delete_study(record);
    case Operation::create_trial:
      return create_trial(record);
    case Operation::set_parameter:
      return set_parameter(record);
    case Operation::set_state:
      return set_state(record);
    case Operation::report:
      return report(record);
    case Operation::set_study_user:
    case Operation::set_study_system:
    case Operation::set_trial_user:
    case Operation::set_trial_system:
      return set_attribute(record);
    case Operation::discard_trials:
      return;
  }
}

Study* JournalState::live_study(const Record& record) {
  record.need(Field::study_id);
  if (record.study < 0 || static_cast<std::size_t>(record.study) >= studies_.size()) return nullptr;
  Study& study = studies_[static_cast<std::size_t>(record.study)];
  return study.deleted ? nullptr : &study;
}

Trial* JournalState::open_trial(const Record& record) {
  record.need(Field::trial_id);
  if (record.trial < 0 || static_cast<std::size_t>(record.trial) >= places_.size()) return nullptr;
  const TrialPlace place = places_[static_cast<std::size_t>(record.trial)];
  Trial& trial = studies_[place.study].trials[place.number];
  return is_finished(trial.state) ? nullptr : &trial;
}

void JournalState::create_study(const Record& record) {
  record.need(Field::study_name);
  record.need(Field::directions);
  std::vector<Direction> directions = directions_of(record.directions);
  std::string name = record.study_name.text();
  if (!live_names_.emplace(name, static_cast<std::uint32_t>(studies_.size())).second) return;
  studies_.push_back({.name = std::move(name), .directions = std::move(directions)});
  indexes_.emplace_back();
}

void JournalState::delete_study(const Record& record) {
  if (Study* study = live_study(record)) {
    live_names_.erase(study->name);
    study->deleted = true;
  }
}

void JournalState::set_attribute(const Record& record) {
  const auto operation = static_cast<Operation>(record.operation);
  const bool user = operation == Operation::set_study_user || operation == Operation::set_trial_user;
  std::vector<Attribute>* place = nullptr;
  if (operation == Operation::set_study_user || operation == Operation::set_study_system) {
    if (Study* study = live_study(record)) place = user ? &study->user : &study->system;
  } else if (Trial* trial = open_trial(record)) {
    place = user ? &trial->user : &trial->system;
  }
  if (place == nullptr) return;
  record.need(user ? Field::user_attr : Field::system_attr);
  put_attribute(*place, user ? record.user_key : record.system_key, user ? record.user_json : record.system_json);
}

void JournalState::create_trial(const Record& record) {
  Study* study = live_study(record);
  if (study == nullptr) return;
  record.need(Field::worker_id);  // Optuna looks whether it is its own
  const auto id = static_cast<std::size_t>(record.study);
  const auto is_there = [&](Field field) {
    if ((record.wrong >> static_cast<unsigned>(field) & 1) != 0) record.need(field);
    return record.has(field);
  };
  Trial trial;
  if (is_there(Field::state)) trial.state = state_of(record.state);
  record.need(Field::datetime_start);
  if (!record.is_null(Field::datetime_start)) trial.started = clock_.to_utc(record.started);
  if (is_there(Field::datetime_complete))
    trial.completed = time_of(clock_, record, Field::datetime_complete, record.completed);
  if (is_there(Field::values) && !record.is_null(Field::values)) trial.values = numbers_of(record.values);
  if (is_there(Field::value) && !record.is_null(Field::value)) {
    if (!record.is_null(Field::values) && record.has(Field::values))
      throw BadRecord("it has both a 'value' and 'values'");
    trial.values = {record.value};
  }
  if (is_there(Field::user_attrs)) trial.user = attributes_of(record.user_attrs);
  if (is_there(Field::system_attrs)) trial.system = attributes_of(record.system_attrs);
  if (is_there(Field::intermediate_values)) trial.reports = reports_of(record.intermediate_values);
  // Also distributions that no parameter has are read, and may be wrong.
  const bool distributions = is_there(Field::distributions), params = is_there(Field::params);
  if (distributions || params) set_template_parameters(id, trial, record);
  StudyIndex& index = indexes_[id];
  index.trial_ids.push_back(places_.size());
  places_.push_back({static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(study->trials.size())});
  study->trials.push_back(std::move(trial));
}

void JournalState::set_template_parameters(std::size_t study, Trial& trial, const Record& record) {
  StudyIndex& index = indexes_[study];
  const std::string_view text = record.has(Field::distributions) ? record.distributions : "{}";
  const std::string_view params = record.has(Field::params) ? record.params : "{}";
  if (text != index.template_text || text.empty()) {
    // Only those that have a value are parameters of the trial, and of the study.
    std::vector<std::pair<std::string, Distribution>> distributions;
    for_each_member(text, [&](const RawText& key, JsonScanner& scanner) {
      std::erase_if(distributions, [&](const auto& each) { return each.first == key.text(); });
      distributions.emplace_back(key.text(), distribution_of(scanner.string()));
    });
    std::vector<std::pair<std::string, double>> values;
    for_each_member(params, [&](const RawText& key, JsonScanner& scanner) {
      const std::string name = key.text();
      const auto at = std::ranges::find(distributions, name, &std::pair<std::string, Distribution>::first);
      if (at == distributions.end()) throw BadRecord(fmt::format("its parameter '{}' has no distribution", name));
      values.emplace_back(name, inner_value(at->second, template_value(scanner)));
    });
    std::vector<std::pair<std::string, std::uint32_t>> parameters;
    for (const auto& [name, value] : values) {
      const auto at = std::ranges::find(distributions, name, &std::pair<std::string, Distribution>::first);
      const std::uint32_t parameter = parameter_index(study, name, at->second);
      parameters.emplace_back(name, parameter);
      set_value(study, trial, parameter, value);
    }
    // Kept for the next trial where it has all of them; else a parameter that comes later would be missed.
    if (parameters.size() == distributions.size()) {
      index.template_text = text;
      index.template_parameters = std::move(parameters);
    }
    return;
  }
  std::size_t next = 0;
  const auto& known = index.template_parameters;
  trial.parameters.reserve(known.size());
  for_each_member(params, [&](const RawText& key, JsonScanner& scanner) {
    const std::string name = key.text();
    for (std::size_t tried = 0; tried < known.size() && known[next % known.size()].first != name; ++tried) ++next;
    if (known.empty() || known[next % known.size()].first != name)
      throw BadRecord(fmt::format("its parameter '{}' has no distribution", name));
    const std::uint32_t parameter = known[next++ % known.size()].second;
    set_value(study, trial, parameter,
              inner_value(studies_[study].parameters[parameter].distribution, template_value(scanner)));
  });
}

const JournalState::Written* JournalState::find_written(StudyIndex& index, const Record& record) const {
  const std::string_view name = record.parameter.raw, distribution = record.distribution.raw;
  const auto count = index.written.size();
  if (index.likely >= count) index.likely = 0;
  if (count > 0) {
    const Written& guess = index.written[index.likely];
    if (guess.name == name && guess.distribution == distribution) {
      ++index.likely;
      return &guess;
    }
  }
  std::string text(name);
  text += '\0';
  text += distribution;
  const auto at = index.by_text.find(text);
  if (at == index.by_text.end()) return nullptr;
  index.likely = at->second + 1;
  return &index.written[at->second];
}

std::uint32_t JournalState::parameter_index(std::size_t study, const std::string& name,
                                            const Distribution& distribution) {
  StudyIndex& index = indexes_[study];
  const auto next = static_cast<std::uint32_t>(studies_[study].parameters.size());
  const auto [at, is_new] = index.parameters.emplace(name + '\0' + json_of(distribution), next);
  if (is_new) {
    studies_[study].parameters.push_back({name, distribution});
    index.first_of_name.push_back(index.names.emplace(name, next).first->second);
  }
  return at->second;
}

void JournalState::set_value(std::size_t study, Trial& trial, std::uint32_t parameter, double inner) const {
  const std::vector<std::uint32_t>& first = indexes_[study].first_of_name;
  const auto at = std::ranges::find_if(
      trial.parameters, [&](const TrialParameter& each) { return first[each.parameter] == first[parameter]; });
  if (at == trial.parameters.end()) {
    trial.parameters.push_back({parameter, inner});
  } else {
    *at = {parameter, inner};
  }
}

void JournalState::set_parameter(const Record& record) {
  Trial* trial = open_trial(record);
  if (trial == nullptr) return;
  record.need(Field::param_name);
  record.need(Field::param_value_internal);
  record.need(Field::distribution);
  const std::size_t study = places_[static_cast<std::size_t>(record.trial)].study;
  StudyIndex& index = indexes_[study];
  const Written* written = find_written(index, record);
  if (written == nullptr) {
    const std::string name = record.parameter.text();
    const Distribution distribution = distribution_of(record.distribution);
    const auto first = index.names.find(name);
    const bool fits = first == index.names.end() ||
                      is_compatible(studies_[study].parameters[first->second].distribution, distribution);
    if (fits) inner_value(distribution, record.internal_value);
    index.written.push_back({std::string(record.parameter.raw), std::string(record.distribution.raw),
                             fits ? parameter_index(study, name, distribution) : kDropped});
    written = &index.written.back();
    index.likely = index.written.size();
    index.by_text.emplace(written->name + '\0' + written->distribution,
                          static_cast<std::uint32_t>(index.written.size() - 1));
  }
  if (written->parameter == kDropped) return;
  const double inner = inner_value(studies_[study].parameters[written->parameter].distribution, record.internal_value);
  if (trial->parameters.empty()) trial->parameters.reserve(index.usual_parameters);
  set_value(study, *trial, written->parameter, inner);
}

void JournalState::set_state(const Record& record) {
  Trial* trial = open_trial(record);
  if (trial == nullptr) return;
  record.need(Field::state);
  const TrialState state = state_of(record.state);
  if (state == TrialState::running && trial->state == state) return;
  record.need(Field::values);
  std::optional<std::vector<double>> values;
  if (!record.is_null(Field::values)) values = numbers_of(record.values);
  if (state == TrialState::running) trial->started = time_of(clock_, record, Field::datetime_start, record.started);
  if (is_finished(state)) {
    trial->completed = time_of(clock_, record, Field::datetime_complete, record.completed);
    StudyIndex& index = indexes_[places_[static_cast<std::size_t>(record.trial)].study];
    index.usual_parameters = trial->parameters.size();
    index.usual_reports = trial->reports.size();
  }
  trial->state = state;
  if (values) trial->values = std::move(*values);
}

void JournalState::report(const Record& record) {
  Trial* trial = open_trial(record);
  if (trial == nullptr) return;
  record.need(Field::step);
  record.need(Field::intermediate_value);
  if (trial->reports.empty())
    trial->reports.reserve(indexes_[places_[static_cast<std::size_t>(record.trial)].study].usual_reports);
  put_report(trial->reports, record.step, record.report);
}

}  // namespace moola::sweep
