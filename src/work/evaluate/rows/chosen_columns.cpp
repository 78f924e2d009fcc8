#include "work/evaluate/rows/chosen_columns.h"

#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::work {
namespace {

// The columns that names, and beginnings with a star, mean. Throws ConfigError for one that means none.
std::set<std::size_t> matching(const std::vector<std::string>& wanted, const std::vector<std::string>& columns,
                               const std::string& key, const std::string& table) {
  std::set<std::size_t> out;
  for (const std::string& name : wanted) {
    const bool star = name.ends_with('*');
    const std::string_view begin = std::string_view(name).substr(0, name.size() - (star ? 1 : 0));
    bool found = false;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (star ? !columns[c].starts_with(begin) : columns[c] != name) continue;
      out.insert(c);
      found = true;
    }
    if (!found) {
      throw ConfigError(fmt::format("{} = \"{}\": {} has no such column.{}", key, name, table,
                                    star ? "" : did_you_mean(name, columns)));
    }
  }
  return out;
}

}  // namespace

std::vector<std::size_t> chosen_columns(const EvaluateConfig& config, const std::vector<std::string>& names,
                                        const std::string& set) {
  std::set<std::size_t> chosen;
  if (config.data.features.empty()) {
    for (std::size_t c = 0; c < names.size(); ++c) chosen.insert(c);
  } else {
    chosen = matching(config.data.features, names, "data.features", set);
  }
  for (const std::size_t c : matching(config.data.exclude, names, "data.exclude", set)) chosen.erase(c);
  if (chosen.empty()) throw ConfigError("data.features and data.exclude leave no feature of " + set + ".");
  return {chosen.begin(), chosen.end()};
}

}  // namespace moola::work
