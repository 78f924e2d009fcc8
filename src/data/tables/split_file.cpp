#include "data/tables/split_file.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/utc_time.h"
#include "base/version.h"

namespace moola::data {

Json ranges_json(std::span<const validation::RowRange> ranges) {
  Json rows = Json::array();
  for (const validation::RowRange& range : ranges) rows.push_back({range.begin, range.end});
  return rows;
}

std::vector<validation::RowRange> read_ranges(const Json& json) {
  std::vector<validation::RowRange> out;
  for (const Json& range : json) out.push_back({range.at(0).get<std::size_t>(), range.at(1).get<std::size_t>()});
  return out;
}

Json separation_json(const validation::Separation& separation) {
  using enum validation::Separation::Unit;
  return {{"unit", separation.unit == bars   ? "bars"
                   : separation.unit == time ? "time"
                                             : "fraction"},
          {"value", separation.value}};
}

std::filesystem::path split_path(const std::filesystem::path& workspace, const std::string& name) {
  return workspace / "data" / "splits" / (name + ".json");
}

Json to_json(const SplitRecord& split) {
  Json splits = Json::array();
  for (const SplitParts& parts : split.splits) {
    splits.push_back({{"train", ranges_json(parts.train)},
                      {"val", ranges_json(parts.val)},
                      {"test", ranges_json(parts.test)},
                      {"purged_indices", ranges_json(parts.purged)},
                      {"embargoed_indices", ranges_json(parts.embargoed)}});
  }
  Json json = {{"name", split.name},
               {"labeled_version", to_string(split.data.id)},
               {"content_sha256", split.data.content_sha256},
               {"strategy", split.strategy},
               {"purge", split.purge},
               {"embargo", split.embargo},
               {"seed", split.seed},
               {"splits", splits}};
  if (!split.notes.empty()) json["notes"] = split.notes;
  return json;
}

void write_split(const std::filesystem::path& workspace, const SplitRecord& split, Overwrite overwrite) {
  check_name(split.name, "the split's name");
  const std::filesystem::path file = split_path(workspace, split.name);
  if (overwrite == Overwrite::no && std::filesystem::exists(file)) {
    throw ConfigError(fmt::format("{} exists, and is not overwritten. Name the split otherwise.", file.string()));
  }
  Json json = to_json(split);
  json["created_by"] = "moola " + code_version();
  json["created_at"] = utc_text(utc_now());
  write_file(file, json.dump(1) + "\n", overwrite);
}

}  // namespace moola::data
