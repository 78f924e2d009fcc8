#include "sweep/journal/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace moola::sweep {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(Field::count)> kNames{"op_code",
                                                                                      "worker_id",
                                                                                      "study_name",
                                                                                      "directions",
                                                                                      "study_id",
                                                                                      "user_attr",
                                                                                      "system_attr",
                                                                                      "datetime_start",
                                                                                      "state",
                                                                                      "value",
                                                                                      "values",
                                                                                      "datetime_complete",
                                                                                      "distributions",
                                                                                      "params",
                                                                                      "user_attrs",
                                                                                      "system_attrs",
                                                                                      "intermediate_values",
                                                                                      "trial_id",
                                                                                      "param_name",
                                                                                      "param_value_internal",
                                                                                      "distribution",
                                                                                      "step",
                                                                                      "intermediate_value"};

// What can be where a field's value should be, by its first character.
bool is_number_start(char c) {
  return c == '-' || c == 'N' || c == 'I' || (c >= '0' && c <= '9');
}

std::optional<Field> field_of(std::string_view key) {
  const auto is = [&](Field field) {
    return key == kNames[static_cast<std::size_t>(field)] ? std::optional(field) : std::nullopt;
  };
  const auto either = [&](Field a, Field b) { return key == kNames[static_cast<std::size_t>(a)] ? a : is(b); };
  switch (key.size()) {
    case 4:
      return is(Field::step);
    case 5:
      return either(Field::value, Field::state);
    case 6:
      return either(Field::values, Field::params);
    case 7:
      return is(Field::op_code);
    case 8:
      return either(Field::trial_id, Field::study_id);
    case 9:
      return either(Field::worker_id, Field::user_attr);
    case 10:
      if (key == "param_name") return Field::param_name;
      if (key == "study_name") return Field::study_name;
      return either(Field::directions, Field::user_attrs);
    case 11:
      return is(Field::system_attr);
    case 12:
      return either(Field::distribution, Field::system_attrs);
    case 13:
      return is(Field::distributions);
    case 14:
      return is(Field::datetime_start);
    case 17:
      return is(Field::datetime_complete);
    case 18:
      return is(Field::intermediate_value);
    case 19:
      return is(Field::intermediate_values);
    case 20:
      return is(Field::param_value_internal);
    default:
      return std::nullopt;
  }
}

// An object with one key; false when it is something else, which is taken too.
bool take_attribute(JsonScanner& scanner, RawText& key, std::string_view& json) {
  if (scanner.next() != '{') return scanner.value(), false;
  scanner.expect('{');
  if (scanner.take('}')) return false;
  bool one = true;
  key = {};
  for (bool first = true; first || scanner.take(','); first = false) {
    const RawText next = scanner.string();
    one = one && (first || next.text() == key.text());
    key = next;
    scanner.expect(':');
    json = scanner.value();
  }
  scanner.expect('}');
  return one;
}

}  // namespace

void Record::need(Field field) const {
  if (has(field)) return;
  const std::string_view name = kNames[static_cast<std::size_t>(field)];
  if ((wrong >> static_cast<unsigned>(field) & 1) == 0) throw BadRecord(fmt::format("it has no '{}'", name));
  throw BadRecord(fmt::format("its '{}' is not what it should be", name));
}

// Parameters come in the same order in every trial, so the one that was remembered behind the last is likely.
RawText RecordScanner::distribution(JsonScanner& scanner) {
  const std::size_t known = std::min(kRecent, recent_count_);
  for (std::size_t tried = 0; tried < known; ++tried) {
    if (likely_ >= known) likely_ = 0;
    const RawText& guess = recent_[likely_++];
    if (scanner.take_string(guess)) return guess;
  }
  return recent_[recent_count_++ % kRecent] = scanner.string();
}

void RecordScanner::scan_field(Field field, JsonScanner& scanner, Record& out) {
  const char first = scanner.next();
  bool fits = false, null = false;
  const auto take_integer = [&](std::int64_t& place) {
    if (!is_number_start(first)) return;
    const JsonNumber number = scanner.number();
    place = number.integer;
    fits = number.is_integer;
  };
  const auto take_number = [&](double& place, double if_null) {
    if (is_number_start(first)) {
      place = scanner.number().value;
      fits = true;
    } else if (scanner.take_null()) {
      place = if_null;
      fits = null = true;
    }
  };
  const auto take_text = [&](RawText& place) {
    if (first != '"') return;
    place = scanner.string();
    fits = true;
  };
  const auto take_stamp = [&](Stamp& place) {
    if (first == '"') {
      const RawText text = scanner.string();
      const std::optional<Stamp> stamp = parse_stamp(text.plain ? text.raw : std::string_view(text.text()));
      fits = stamp.has_value();
      if (fits) place = *stamp;
    } else {
      fits = null = scanner.take_null();
    }
  };
  const auto take_whole = [&](std::string_view& place, char opening) {
    if (first != opening) return;
    place = scanner.value();
    fits = true;
  };
  const std::size_t before = scanner.position();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  switch (field) {
    case Field::op_code:
      take_integer(out.operation);
      break;
    case Field::worker_id:
      // Who wrote a line does not matter to a reader; most are of the same worker as the last.
      if (!scanner.take_string(worker_)) {
        if (first == '"') {
          worker_ = scanner.string();
        } else {
          scanner.value();
        }
      }
      fits = true;
      break;
    case Field::study_name:
      take_text(out.study_name);
      break;
    case Field::directions:
      take_whole(out.directions, '[');
      break;
    case Field::study_id:
      take_integer(out.study);
      break;
    case Field::user_attr:
      fits = take_attribute(scanner, out.user_key, out.user_json);
      break;
    case Field::system_attr:
      fits = take_attribute(scanner, out.system_key, out.system_json);
      break;
    case Field::datetime_start:
      take_stamp(out.started);
      break;
    case Field::state:
      take_integer(out.state);
      break;
    case Field::value:
      take_number(out.value, kNaN);
      break;
    case Field::values:
      take_whole(out.values, '[');
      if (!fits) fits = null = scanner.take_null();
      break;
    case Field::datetime_complete:
      take_stamp(out.completed);
      break;
    case Field::distributions:
      take_whole(out.distributions, '{');
      break;
    case Field::params:
      take_whole(out.params, '{');
      break;
    case Field::user_attrs:
      take_whole(out.user_attrs, '{');
      break;
    case Field::system_attrs:
      take_whole(out.system_attrs, '{');
      break;
    case Field::intermediate_values:
      take_whole(out.intermediate_values, '{');
      break;
    case Field::trial_id:
      take_integer(out.trial);
      break;
    case Field::param_name:
      take_text(out.parameter);
      break;
    case Field::param_value_internal:
      take_number(out.internal_value, kNaN);
      fits = fits && !null;
      break;
    case Field::distribution:
      if (first == '"') {
        out.distribution = distribution(scanner);
        fits = true;
      }
      break;
    case Field::step:
      take_integer(out.step);
      break;
    case Field::intermediate_value:
      take_number(out.report, kNaN);
      break;
    case Field::count:
      break;
  }
  if (scanner.position() == before) scanner.value();
  const std::uint32_t bit = 1U << static_cast<unsigned>(field);
  out.present = fits ? out.present | bit : out.present & ~bit;
  out.wrong = fits ? out.wrong & ~bit : out.wrong | bit;
  out.null = null ? out.null | bit : out.null & ~bit;
}

std::size_t RecordScanner::scan_front(std::string_view text, Record& out) {
  out = {};
  JsonScanner scanner(text);
  scanner.expect('{');
  if (scanner.take('}')) return scanner.position();
  do {
    const RawText key = scanner.string();
    scanner.expect(':');
    const std::optional<Field> field = key.plain ? field_of(key.raw) : field_of(key.text());
    if (field) {
      scan_field(*field, scanner, out);
    } else {
      scanner.value();
    }
  } while (scanner.take(','));
  scanner.expect('}');
  return scanner.position();
}

void RecordScanner::scan(std::string_view text, Record& out) {
  JsonScanner rest(text.substr(scan_front(text, out)));
  if (!rest.at_end()) throw BadRecord("more stands behind its closing brace");
}

}  // namespace moola::sweep
