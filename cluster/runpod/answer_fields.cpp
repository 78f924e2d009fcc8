#include "cluster/runpod/answer_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::cluster::runpod {

AnswerFields::AnswerFields(const Json& value, std::string where) : value_(&value), where_(std::move(where)) {
  if (!value.is_object()) refuse(where_, "an object", &value);
}

std::string AnswerFields::way_to(const char* name) const {
  return fmt::format("{}{}{}", where_, where_.ends_with(": ") ? "" : ".", name);
}

void AnswerFields::refuse(const std::string& way, const char* expected, const Json* found) {
  std::string there = found == nullptr ? "nothing" : json_text(*found);
  if (there.size() > 60) there = std::string(found->type_name());
  throw DataError(
      fmt::format("{} should be {}, and is {}. RunPod's interface may have changed.", way, expected, there));
}

const Json* AnswerFields::find(const char* name) const {
  const auto found = value_->find(name);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

const Json& AnswerFields::need(const char* name, const char* expected) const {
  const Json* found = find(name);
  if (found == nullptr) refuse(way_to(name), expected, found);
  return *found;
}

std::string AnswerFields::text(const char* name) const {
  const Json& found = need(name, "a text");
  if (!found.is_string()) refuse(way_to(name), "a text", &found);
  return found.get<std::string>();
}

double AnswerFields::number(const char* name) const {
  const Json& found = need(name, "a number");
  if (!found.is_number() || !std::isfinite(found.get<double>())) refuse(way_to(name), "a number", &found);
  return found.get<double>();
}

std::int64_t AnswerFields::whole(const char* name) const {
  const Json& found = need(name, "a whole number");
  const bool fits = found.is_number_unsigned()
                        ? found.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}
                        : found.is_number_integer();
  if (!fits) refuse(way_to(name), "a whole number", &found);
  return found.get<std::int64_t>();
}

std::string AnswerFields::text_or_empty(const char* name) const {
  return find(name) == nullptr ? std::string() : text(name);
}

std::optional<double> AnswerFields::number_if(const char* name) const {
  if (find(name) == nullptr) return std::nullopt;
  return number(name);
}

std::optional<std::int64_t> AnswerFields::whole_if(const char* name) const {
  if (find(name) == nullptr) return std::nullopt;
  return whole(name);
}

bool AnswerFields::flag_or_false(const char* name) const {
  const Json* found = find(name);
  if (found == nullptr) return false;
  if (!found->is_boolean()) refuse(way_to(name), "true or false", found);
  return found->get<bool>();
}

std::int64_t AnswerFields::moment_or_none(const char* name) const {
  std::string text = text_or_empty(name);
  if (text.empty()) return kNoTime;
  for (const char* utc : {"+00:00", "-00:00"}) {
    if (text.ends_with(utc)) text.replace(text.size() - 6, 6, "Z");
  }
  try {
    return parse_utc(text);
  } catch (const ConfigError&) {
    refuse(way_to(name), "a time such as 2026-06-01T12:00:00Z", find(name));
  }
}

std::vector<std::string> AnswerFields::texts_or_none(const char* name) const {
  std::vector<std::string> out;
  const Json* found = find(name);
  if (found == nullptr) return out;
  if (!found->is_array()) refuse(way_to(name), "a list of texts", found);
  for (const Json& one : *found) {
    if (!one.is_string()) refuse(way_to(name), "a list of texts", found);
    out.push_back(one.get<std::string>());
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> AnswerFields::pairs_or_none(const char* name) const {
  std::vector<std::pair<std::string, std::string>> out;
  const Json* found = find(name);
  if (found == nullptr) return out;
  if (!found->is_object()) refuse(way_to(name), "an object of texts", found);
  for (const auto& [key, value] : found->items()) {
    // Values are not shown: they may be secrets of the pod's.
    if (!value.is_string()) {
      throw DataError(fmt::format("{}.{} should be a text, and is of the type {}. RunPod's interface may have changed.",
                                  way_to(name), key, value.type_name()));
    }
    out.emplace_back(key, value.get<std::string>());
  }
  return out;
}

std::optional<AnswerFields> AnswerFields::object_if(const char* name) const {
  const Json* found = find(name);
  if (found == nullptr) return std::nullopt;
  return AnswerFields(*found, way_to(name));
}

void AnswerFields::objects_or_none(const char* name, const std::function<void(const AnswerFields&)>& each) const {
  if (find(name) != nullptr) objects(name, each);
}

void AnswerFields::objects(const char* name, const std::function<void(const AnswerFields&)>& each) const {
  const Json& found = need(name, "a list");
  if (!found.is_array()) refuse(way_to(name), "a list", &found);
  for (std::size_t i = 0; i < found.size(); ++i) each(AnswerFields(found[i], fmt::format("{}[{}]", way_to(name), i)));
}

}  // namespace moola::cluster::runpod
