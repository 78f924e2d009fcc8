#include "data/store/dataset_id.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

std::optional<int> version_of(std::string_view text) {
  if (text.size() < 2 || text[0] != 'v' || text[1] == '0') return std::nullopt;
  int version = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || version < 1) return std::nullopt;
  return version;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool is_kind(const std::string& word) {
  return std::find(dataset_kinds().begin(), dataset_kinds().end(), word) != dataset_kinds().end();
}

std::vector<std::string> names_of_kind(const fs::path& workspace, const std::string& kind) {
  std::vector<std::string> names;
  for (const DatasetId& id : list_datasets(workspace)) {
    if (id.kind == kind && (names.empty() || names.back() != id.name)) names.push_back(id.name);
  }
  return names;
}

[[noreturn]] void not_there(const fs::path& workspace, const DatasetId& id) {
  const fs::path file = dataset_file(workspace, id);
  const std::vector<DatasetId> versions = list_versions(workspace, id.kind, id.name);
  if (!versions.empty()) {
    std::vector<std::string> known;
    for (const DatasetId& version : versions) known.push_back(fmt::format("v{}", version.version));
    throw ConfigError(fmt::format("there is no data set {} ({}); {}/{} has: {}.", to_string(id), file.string(), id.kind,
                                  id.name, fmt::join(known, ", ")));
  }
  const std::vector<std::string> names = names_of_kind(workspace, id.kind);
  if (names.empty()) {
    throw ConfigError(
        fmt::format("there is no data set {} ({}), nor any other of the kind {} in this workspace. "
                    "Is --workspace the right folder? 'moola data list' shows what it holds.",
                    to_string(id), file.string(), id.kind));
  }
  const std::string nearest_name = did_you_mean(id.name, names);
  throw ConfigError(fmt::format("there is no data set {} ({}).{} 'moola data list' shows what there is.", to_string(id),
                                file.string(), nearest_name));
}

}  // namespace

std::string to_string(const DatasetId& id) {
  return fmt::format("{}/{}/v{}", id.kind, id.name, id.version);
}

const std::vector<std::string>& dataset_kinds() {
  static const std::vector<std::string> kinds{
      "bars", "unlabeled_windows", "labeled_windows", "feature_table", "synthetic_cache", "embeddings", "oof"};
  return kinds;
}

int parse_version(std::string_view text) {
  if (const std::optional<int> version = version_of(text)) return *version;
  throw ConfigError(fmt::format("'{}' is not a version. Expected v1, v2, and so on.", text));
}

void check_name(std::string_view name, std::string_view what) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '=';
  };
  if (name.empty() || name.size() > 128 || name.front() == '.' || name.front() == '-' ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    throw ConfigError(fmt::format(
        "{} '{}' cannot name a data set. Expected letters, digits and . _ - + =, not beginning with . or -, "
        "at most 128 of them.",
        what, name));
  }
}

DatasetId parse_dataset_id(std::string_view text, std::string_view kind) {
  const std::vector<std::string> parts = split(text);
  const bool with_kind = parts.size() == 3;
  if (!with_kind && (parts.size() != 2 || kind.empty())) {
    throw ConfigError(fmt::format("'{}' is not the ID of a data set. Expected {}, such as {}/BTCUSD/v1.", text,
                                  kind.empty() ? "kind/name/version" : fmt::format("name/version of the kind {}", kind),
                                  kind.empty() ? "bars" : kind));
  }
  if (with_kind && !is_kind(parts[0])) {
    throw ConfigError(fmt::format("'{}': there is no kind of data set called '{}'.{} Kinds are {}.", text, parts[0],
                                  did_you_mean(parts[0], dataset_kinds()), fmt::join(dataset_kinds(), ", ")));
  }
  if (with_kind && !kind.empty() && parts[0] != kind) {
    throw ConfigError(fmt::format("'{}' is of the kind {}, but {} are wanted here.", text, parts[0], kind));
  }
  const std::string& name = parts[parts.size() - 2];
  check_name(name, "the name");
  return {with_kind ? parts[0] : std::string(kind), name, parse_version(parts.back())};
}

DatasetId find_dataset(const fs::path& workspace, std::string_view text, std::string_view kind) {
  const std::vector<std::string> parts = split(text);
  if (kind.empty() && parts.size() == 2 && !is_kind(parts[0])) {
    std::vector<std::string> found;
    for (const std::string& each : dataset_kinds()) {
      const DatasetId id = parse_dataset_id(text, each);
      if (fs::exists(dataset_file(workspace, id))) found.push_back(to_string(id));
    }
    if (found.size() == 1) return parse_dataset_id(found.front());
    if (found.size() > 1) throw ConfigError(fmt::format("'{}' may be any of {}. Which?", text, fmt::join(found, ", ")));
    std::vector<std::string> all;
    for (const DatasetId& id : list_datasets(workspace)) all.push_back(fmt::format("{}/v{}", id.name, id.version));
    throw ConfigError(
        fmt::format("no data set of any kind is called '{}' in {}.{} 'moola data list' shows what there is.", text,
                    (workspace / "data").string(), did_you_mean(text, all)));
  }
  DatasetId id = parse_dataset_id(text, kind);
  if (fs::exists(dataset_file(workspace, id))) return id;
  if (parts.size() == 2) {  // the kind is not the user's word
    for (const std::string& each : dataset_kinds()) {
      if (each.ends_with("windows") != kind.ends_with("windows")) continue;
      if (const DatasetId other{each, id.name, id.version}; fs::exists(dataset_file(workspace, other))) {
        throw ConfigError(fmt::format("there is no data set {}, but there is {}. Name that with its kind.",
                                      to_string(id), to_string(other)));
      }
    }
  }
  not_there(workspace, id);
}

fs::path dataset_file(const fs::path& workspace, const DatasetId& id) {
  return workspace / "data" / id.kind / id.name / fmt::format("v{}.h5", id.version);
}

fs::path circumstances_file(const fs::path& workspace, const DatasetId& id) {
  return dataset_file(workspace, id).replace_extension(".json");
}

std::vector<DatasetId> list_versions(const fs::path& workspace, const std::string& kind, const std::string& name) {
  std::vector<DatasetId> found;
  std::error_code none;  // a folder that is not there holds nothing
  for (const auto& file : fs::directory_iterator(workspace / "data" / kind / name, none)) {
    if (file.path().extension() != ".h5") continue;
    if (const auto version = version_of(file.path().stem().string())) found.push_back({kind, name, *version});
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<DatasetId> list_datasets(const fs::path& workspace) {
  std::vector<DatasetId> found;
  for (const std::string& kind : dataset_kinds()) {
    std::error_code none;
    for (const auto& folder : fs::directory_iterator(workspace / "data" / kind, none)) {
      if (!folder.is_directory()) continue;
      const auto versions = list_versions(workspace, kind, folder.path().filename().string());
      found.insert(found.end(), versions.begin(), versions.end());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

int next_version(const fs::path& workspace, const std::string& kind, const std::string& name) {
  const std::vector<DatasetId> versions = list_versions(workspace, kind, name);
  return versions.empty() ? 1 : versions.back().version + 1;
}

}  // namespace moola::data
