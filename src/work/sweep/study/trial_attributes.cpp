#include "work/sweep/study/trial_attributes.h"

#include <algorithm>

#include "base/utc_time.h"
#include "work/sweep/study/python_json.h"

namespace moola::work {

const std::string* find_attribute(const std::vector<sweep::Attribute>& attributes, std::string_view key) {
  const auto at = std::ranges::find(attributes, key, &sweep::Attribute::key);
  return at == attributes.end() ? nullptr : &at->json;
}

std::optional<Json> read_attribute(const std::vector<sweep::Attribute>& attributes, std::string_view key) {
  const std::string* json = find_attribute(attributes, key);
  return json == nullptr ? std::optional<Json>() : parse_python_json(*json, key);
}

std::optional<Owner> owner_of(const sweep::Trial& trial) {
  const std::optional<Json> kept = read_attribute(trial.system, kOwner);
  if (!kept) return std::nullopt;
  const Json& said = *kept;
  if (!said.is_object() || !said.contains("worker") || !said["worker"].is_string()) return std::nullopt;
  const double attempt = said.contains("attempt") ? json_number(said["attempt"]).value_or(1) : 1;
  Owner out{.worker = said["worker"], .attempt = static_cast<unsigned>(std::clamp(attempt, 1.0, 1e6))};
  const auto number = [&](const char* key) {
    return said.contains(key) ? std::max(0.0, json_number(said[key]).value_or(0)) : 0.0;
  };
  out.gpus = number("gpus");
  out.spent = number("spent");
  if (said.contains("since") && said["since"].is_string()) out.since = parse_utc(said["since"].get<std::string>());
  return out;
}

sweep::Attribute owner_attribute(const Owner& owner) {
  Json out{{"worker", owner.worker}, {"attempt", owner.attempt}};
  if (owner.gpus > 0) {
    out.update({{"gpus", owner.gpus}, {"spent", owner.spent}});
    if (owner.since != kNoTime) out["since"] = utc_text(owner.since);
  }
  return {kOwner, json_text(out)};
}

double violation_of(const sweep::Trial& trial) {
  double out = 0;
  const auto add = [&](const Json& value) {
    if (const std::optional<double> excess = json_number(value)) out += std::max(0.0, *excess);
  };
  for (const sweep::Attribute& each : trial.system) {
    if (each.key == kConstraints) {
      const Json list = parse_python_json(each.json, kConstraints);
      if (list.is_array()) std::ranges::for_each(list, add);
    } else if (each.key.starts_with("constraints:")) {
      add(parse_python_json(each.json, each.key));
    }
  }
  return out;
}

}  // namespace moola::work
