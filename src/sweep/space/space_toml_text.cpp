#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "base/toml_text.h"
#include "sweep/space/space_toml.h"

namespace moola::sweep {
namespace {

std::string list_text(const std::vector<ParameterValue>& values) {
  std::vector<std::string> out;
  for (const ParameterValue& each : values) out.push_back(toml_text(each));
  return fmt::format("[{}]", fmt::join(out, ", "));
}

std::string distribution_text(const Distribution& distribution) {
  if (const auto* f = std::get_if<FloatDistribution>(&distribution)) {
    return fmt::format("float = {}{}{}", list_text({f->low, f->high}), f->log ? ", log = true" : "",
                       f->step == 0 ? "" : ", step = " + toml_number(f->step));
  }
  if (const auto* i = std::get_if<IntDistribution>(&distribution)) {
    return fmt::format("int = {}{}{}", list_text({i->low, i->high}), i->log ? ", log = true" : "",
                       i->step == 1 ? "" : fmt::format(", step = {}", i->step));
  }
  return "choice = " + list_text(std::get<CategoricalDistribution>(distribution).choices);
}

std::string condition_text(const SearchSpace& space, const Condition& when) {
  const SpaceParameter& parent = space[when.parameter];
  std::vector<ParameterValue> values;
  for (const double each : when.values) values.push_back(outer(parent.distribution, each));
  return fmt::format(", when = {{ {} = {} }}", toml_key(parent.name),
                     values.size() == 1 ? toml_text(values[0]) : list_text(values));
}

std::string point_text(const SearchSpace& space, const Point& point) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (!std::isnan(point[i]))
      out.push_back(fmt::format("{} = {}", toml_key(space[i].name), toml_text(outer(space[i].distribution, point[i]))));
  }
  return fmt::format("{{ {} }}", fmt::join(out, ", "));
}

// A list with a line for each, or nothing.
std::string lines_text(std::string_view key, const std::vector<std::string>& items) {
  return items.empty() ? "" : fmt::format("{} = [\n  {},\n]\n", key, fmt::join(items, ",\n  "));
}

}  // namespace

std::string space_text(const ConfiguredSpace& configured) {
  const SearchSpace& space = configured.space;
  std::string out;
  const auto add = [&](const std::string& name, const std::string& table) {
    if (name == "constraints" || name == "enqueue")
      throw ConfigError(fmt::format("a parameter is called {}, which means something else in a configuration.", name));
    out += fmt::format("{} = {{ {} }}\n", toml_key(name), table);
  };
  for (const NamedValue& each : configured.fixed) add(each.name, "value = " + toml_text(each.value));
  for (const SpaceParameter& each : space.parameters())
    add(each.name, distribution_text(each.distribution) + (each.when ? condition_text(space, *each.when) : ""));
  std::vector<std::string> constraints, points;
  for (const Constraint& each : space.constraints()) constraints.push_back(toml_quoted(each.text));
  for (const Point& each : configured.enqueued) points.push_back(point_text(space, each));
  return out + lines_text("constraints", constraints) + lines_text("enqueue", points);
}

}  // namespace moola::sweep
