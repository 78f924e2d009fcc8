#include "data/tables/split_file.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/nearest.h"
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
  remove_abandoned(file.parent_path());  // of a writer that was killed
  Json json = to_json(split);
  json["created_by"] = "moola " + code_version();
  json["created_at"] = utc_text(utc_now());
  write_file(file, json.dump(1) + "\n", overwrite);
}

namespace {

// Ranges [[begin, end], …] or row numbers [3, 4, 7].
std::vector<validation::RowRange> read_part(const Json& json, const std::string& where) {
  if (!json.is_array())
    throw DataError(fmt::format("{} is {}; expected ranges [[begin, end], …] or row numbers.", where, json_text(json)));
  std::vector<validation::RowRange> out;
  for (const Json& each : json) {
    const bool range =
        each.is_array() && each.size() == 2 && each[0].is_number_unsigned() && each[1].is_number_unsigned();
    if (!range && !each.is_number_unsigned())
      throw DataError(fmt::format("{} holds {}; expected [begin, end] or a row number.", where, json_text(each)));
    const auto begin = range ? each[0].get<std::size_t>() : each.get<std::size_t>();
    const std::size_t end = range ? each[1].get<std::size_t>() : begin + 1;
    if (begin >= end) throw DataError(fmt::format("{} holds the range {}, which is empty.", where, json_text(each)));
    if (!out.empty() && begin < out.back().end) {
      throw LeakError(
          fmt::format("{} goes from row {} back to row {}: rows that are shuffled, or named twice. A split in "
                      "time has them in order; `moola splits` makes one.",
                      where, out.back().end - 1, begin));
    }
    if (!out.empty() && begin == out.back().end)
      out.back().end = end;
    else
      out.push_back({begin, end});
  }
  return out;
}

SplitParts read_parts(const Json& json, const std::string& where, const char* suffix) {
  const auto part = [&](const std::string& name) {
    const std::string key = name + suffix;
    return json.contains(key) ? read_part(json.at(key), where + " " + key) : std::vector<validation::RowRange>{};
  };
  SplitParts out{.train = part("train"), .val = part("val"), .test = part("test"), .purged = {}, .embargoed = {}};
  if (out.train.empty()) throw DataError(fmt::format("{} has no train part.", where));
  for (const char* name : {"purged_indices", "embargoed_indices"}) {
    if (json.contains(name))
      (name[0] == 'p' ? out.purged : out.embargoed) = read_part(json.at(name), fmt::format("{} {}", where, name));
  }
  const std::pair<const char*, const std::vector<validation::RowRange>*> all[] = {
      {"train", &out.train}, {"val", &out.val}, {"test", &out.test}};
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = a + 1; b < 3; ++b) {
      const std::size_t left = validation::count_rows(validation::rows_outside(*all[a].second, *all[b].second));
      if (left == validation::count_rows(*all[a].second)) continue;
      throw LeakError(fmt::format("{} gives {} rows to both {} and {}.", where,
                                  validation::count_rows(*all[a].second) - left, all[a].first, all[b].first));
    }
  }
  return out;
}

}  // namespace

SplitRecord read_split(const std::filesystem::path& workspace, const std::string& name) {
  check_name(name, "the split's name");
  const std::filesystem::path file = split_path(workspace, name);
  if (!std::filesystem::is_regular_file(file)) {
    std::vector<std::string> names;
    if (std::filesystem::is_directory(file.parent_path())) {
      for (const auto& entry : std::filesystem::directory_iterator(file.parent_path())) {
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
      }
    }
    throw ConfigError(fmt::format("there is no split {}.{}", file.string(), did_you_mean(name, names)));
  }
  return split_from_json(read_json(file), name, file.string());
}

SplitRecord split_from_json(const Json& json, const std::string& name, const std::string& where) {
  try {
    SplitRecord out{.name = name};
    out.strategy = json.value("strategy", std::string("unknown"));
    for (const char* word : {"random", "shuffle", "stratified"}) {
      if (out.strategy.find(word) != std::string::npos) {
        throw LeakError(
            fmt::format("{}: its strategy is {}. Rows of a time series that are dealt out at random have "
                        "neighbours on both sides that share their labels; `moola splits` makes one in time.",
                        where, out.strategy));
      }
    }
    if (json.contains("labeled_version")) out.data.id = parse_dataset_id(json.at("labeled_version").get<std::string>());
    out.data.content_sha256 = json.value("content_sha256", std::string());
    if (json.contains("purge")) out.purge = json.at("purge");
    if (json.contains("embargo")) out.embargo = json.at("embargo");
    out.seed = json.value("seed", std::uint64_t{0});
    if (json.contains("splits")) {
      for (std::size_t s = 0; s < json.at("splits").size(); ++s)
        out.splits.push_back(read_parts(json.at("splits")[s], fmt::format("{}: split {}", where, s), ""));
    } else if (json.contains("train_indices")) {
      out.splits.push_back(read_parts(json, where + ":", "_indices"));
    }
    if (out.splits.empty()) throw DataError(fmt::format("{} holds no split.", where));
    return out;
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} is no split as docs/formats.md has it: {}.", where, error.what()));
  }
}

SplitRecord read_split_of(const std::filesystem::path& workspace, const std::string& name, const Parent& data,
                          std::size_t rows) {
  SplitRecord out = read_split(workspace, name);
  const std::string file = split_path(workspace, name).string();
  if (out.data.id != data.id || out.data.content_sha256 != data.content_sha256) {
    const auto text = [](const Parent& each) {
      return fmt::format("{} ({}…)", each.id.version > 0 ? to_string(each.id) : "a data set that it does not name",
                         each.content_sha256.substr(0, 12));
    };
    throw DataError(
        fmt::format("{} is a split of {}, and not of {}: its rows are others. Make one with `moola splits`.", file,
                    text(out.data), text(data)));
  }
  for (std::size_t s = 0; s < out.splits.size(); ++s) {
    for (const auto* part : {&out.splits[s].train, &out.splits[s].val, &out.splits[s].test}) {
      if (part->empty() || part->back().end <= rows) continue;
      throw DataError(fmt::format("{}: split {} names row {}, and {} has {} rows.", file, s, part->back().end - 1,
                                  to_string(data.id), rows));
    }
  }
  return out;
}

}  // namespace moola::data
