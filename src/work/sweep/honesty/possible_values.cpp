#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/toml.h"
#include "work/sweep/honesty/outer_test.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostValues = 10'000;

// The elements of a list are lines.
std::string text_of(const toml::node_view<const toml::node>& value) {
  if (const toml::array* list = value.as_array()) {
    std::string out;
    for (const toml::node& each : *list)
      out += (out.empty() ? "" : "\n") + text_of(toml::node_view<const toml::node>(each));
    return out;
  }
  if (const auto text = value.value_exact<std::string>()) return *text;
  if (const auto number = value.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto number = value.value_exact<double>()) return fmt::format("{}", *number);
  if (const auto choice = value.value_exact<bool>()) return *choice ? "true" : "false";
  return {};
}

}  // namespace

std::string value_in(const fs::path& file, const std::string& key) {
  const toml::table document = parse_toml(read_file(file), file.string());
  if (const std::string own = text_of(document.at_path(key)); !own.empty()) return own;
  const auto base = document["inherit"].value<std::string>();
  if (!base) return {};
  const fs::path parent = file.parent_path() / *base;
  const toml::table inherited = parse_toml(read_file(parent), parent.string());
  return text_of(inherited.at_path(key));
}

namespace {

// "data.to=2020-01-01" or data.to="2020-01-01"; the last one counts.
std::string value_in(const std::vector<std::string>& settings, const std::string& key) {
  std::string out;
  for (const std::string& each : settings) {
    if (!each.starts_with(key + "=")) continue;
    out = each.substr(key.size() + 1);
    if (out.starts_with('[')) {
      const toml::table list = parse_toml("list = " + out, "sweep.settings");
      out = text_of(list["list"]);
    } else if (out.size() >= 2 && (out.front() == '"' || out.front() == '\'') && out.back() == out.front()) {
      out = out.substr(1, out.size() - 2);
    }
  }
  return out;
}

PossibleValues values_of(const sweep::SpaceParameter& parameter) {
  PossibleValues out;
  const std::optional<std::uint64_t> count = sweep::count_of(parameter.distribution);
  if (!count || *count > kMostValues) {
    throw ConfigError(
        fmt::format("{} decides whether a trial's data touch the outer test part (honesty.test_from), and has too many "
                    "values to look at each. Give it a few choices, or one value.",
                    parameter.name));
  }
  if (const auto* choices = std::get_if<sweep::CategoricalDistribution>(&parameter.distribution)) {
    for (const sweep::ParameterValue& each : choices->choices) out.push_back(sweep::plain_text(each));
  } else if (const auto* whole = std::get_if<sweep::IntDistribution>(&parameter.distribution)) {
    for (std::int64_t value = whole->low; value <= whole->high; value += whole->step)
      out.push_back(std::to_string(value));
  } else {
    const auto& number = std::get<sweep::FloatDistribution>(parameter.distribution);
    for (std::uint64_t i = 0; i < *count; ++i)
      out.push_back(fmt::format("{}", number.low + static_cast<double>(i) * number.step));
  }
  return out;
}

}  // namespace

PossibleValues possible_values(const LoadedSweepConfig& config, const std::string& key) {
  const sweep::ConfiguredSpace& configured = config.space;
  const std::optional<std::size_t> at = configured.space.find(key);
  if (at && !configured.space[*at].when) return values_of(configured.space[*at]);
  for (const sweep::NamedValue& each : configured.fixed) {
    if (each.name == key) return {sweep::plain_text(each.value)};
  }
  std::string otherwise = value_in(config.values.sweep.settings, key);
  if (otherwise.empty()) otherwise = value_in(config.values.sweep.config, key);
  PossibleValues out;
  if (at) out = values_of(configured.space[*at]);
  out.push_back(std::move(otherwise));
  return out;
}

}  // namespace moola::work
