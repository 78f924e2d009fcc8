#include "record/run_compare.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text_table.h"
#include "base/toml.h"
#include "record/manifest.h"
#include "record/plot.h"
#include "record/run_list.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;

// As a resolved configuration has it: numbers in their shortest form, texts in quotes.
std::string value_text(const toml::node& node) {
  if (const auto* number = node.as_floating_point()) return json_text(number->get());
  if (const auto* string = node.as_string()) return json_text(string->get());
  if (const toml::array* list = node.as_array()) {
    std::string out;
    for (const toml::node& element : *list) out += (out.empty() ? "" : ", ") + value_text(element);
    return "[" + out + "]";
  }
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

void flatten(const toml::table& table, const std::string& prefix, Json& out) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix.empty() ? std::string(key.str()) : prefix + "." + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      flatten(*inner, name, out);
    } else {
      out[name] = value_text(node);
    }
  }
}

// Keys of both, in the first one's order, then what only the second has.
std::vector<std::string> keys_of(const Json& a, const Json& b) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : a.items()) keys.push_back(key);
  for (const auto& [key, value] : b.items()) {
    if (!a.contains(key)) keys.push_back(key);
  }
  return keys;
}

Json differences(const Json& a, const Json& b) {
  Json out = Json::array();
  for (const std::string& key : keys_of(a, b)) {
    const Json left = a.contains(key) ? a[key] : Json(), right = b.contains(key) ? b[key] : Json();
    if (left != right) out.push_back({{"key", key}, {"a", left}, {"b", right}});
  }
  return out;
}

void flatten_data(const std::vector<DataUse>& uses, const std::string& prefix, Json& out) {
  std::map<std::string, int> seen;  // several bars of one role are told apart by their number
  for (const DataUse& use : uses) {
    const int n = ++seen[use.role];
    const std::string name = prefix + use.role + (n > 1 ? fmt::format(" {}", n) : "");
    out[name] = use.id;
    out[name + " hash"] = use.content_sha256;
    flatten_data(use.sources, name + " < ", out);
  }
}

Json environment_of(const Manifest& manifest) {
  Json out = Json::object();
  out["job"] = manifest.job;
  out["code"] = manifest.code_version;
  out["git commit"] = manifest.git_commit;
  out["seed"] = manifest.seed;
  if (!manifest.sessions.empty()) {
    const Session& session = manifest.sessions.back();
    out["ranks"] = session.ranks;
    for (const char* key : {"name", "cpu", "cores", "instruction_set", "gpus"}) {
      if (session.host.contains(key)) out[std::string("host ") + key] = session.host[key];
    }
  }
  for (const auto& [name, version] : manifest.versions.items()) out["library " + name] = version;
  return out;
}

std::string shown(const Json& value) {
  if (value.is_null()) return "-";
  const std::string text = value.is_string() ? value.get<std::string>() : json_text(value);
  // A hash is told from another by its beginning.
  const bool hash = text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return hash ? text.substr(0, 12) : text;
}

}  // namespace

Json flat_config(const fs::path& file) {
  Json out = Json::object();
  try {
    const std::string text = read_file(file);
    flatten(toml::parse(text, std::string_view(file.native())), "", out);
  } catch (const toml::parse_error& error) {
    throw DataError(
        fmt::format("{}, line {}, is not TOML: {}.", file.string(), error.source().begin.line, error.description()));
  }
  return out;
}

Json compare_runs(const fs::path& a, const fs::path& b) {
  const RunSummary left = summarize(a), right = summarize(b);
  Json out{{"a", left.manifest.run}, {"b", right.manifest.run}, {"state", {{"a", left.state}, {"b", right.state}}}};
  out["config"] = differences(flat_config(a / "config.toml"), flat_config(b / "config.toml"));
  Json left_data = Json::object(), right_data = Json::object();
  flatten_data(left.manifest.data, "", left_data);
  flatten_data(right.manifest.data, "", right_data);
  out["data"] = differences(left_data, right_data);
  out["metrics"] = Json::array();
  std::set<std::string> names;
  for (const auto& [name, value] : left.numbers) names.insert(name);
  for (const auto& [name, value] : right.numbers) names.insert(name);
  for (const std::string& name : names) {
    const auto l = left.numbers.find(name), r = right.numbers.find(name);
    const Json lv = l == left.numbers.end() ? Json() : Json(l->second),
               rv = r == right.numbers.end() ? Json() : Json(r->second);
    Json change;
    if (!lv.is_null() && !rv.is_null() && l->second != 0 && std::isfinite(l->second) && std::isfinite(r->second)) {
      change = (r->second - l->second) / std::abs(l->second);
    }
    out["metrics"].push_back({{"name", name}, {"a", lv}, {"b", rv}, {"change", change}});
  }
  out["environment"] = differences(environment_of(left.manifest), environment_of(right.manifest));
  return out;
}

std::string comparison_text(const Json& comparison) {
  std::string out = fmt::format("A  {} ({})\nB  {} ({})\n", comparison["a"].get<std::string>(),
                                comparison["state"]["a"].get<std::string>(), comparison["b"].get<std::string>(),
                                comparison["state"]["b"].get<std::string>());
  for (const char* part : {"config", "data", "environment"}) {
    const Json& rows = comparison[part];
    if (rows.empty()) {
      out += fmt::format("\n{}: the same\n", part);
      continue;
    }
    TextTable table({{part}, {"A"}, {"B"}});
    for (const Json& row : rows) table.row({row["key"].get<std::string>(), shown(row["a"]), shown(row["b"])});
    out += "\n" + table.text();
  }
  TextTable table({{"metrics"}, {"A", Align::right}, {"B", Align::right}, {"change", Align::right}});
  const auto number = [](const Json& value) { return value.is_null() ? "-" : readable(value.get<double>()); };
  for (const Json& row : comparison["metrics"]) {
    table.row({row["name"].get<std::string>(), number(row["a"]), number(row["b"]),
               row["change"].is_null() ? "" : fmt::format("{:+.1f} %", 100 * row["change"].get<double>())});
  }
  return comparison["metrics"].empty() ? out + "\nmetrics: none recorded\n" : out + "\n" + table.text();
}

}  // namespace moola::record
