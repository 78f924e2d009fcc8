#pragma once
#include <compare>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace moola::data {

/// Names one immutable file: data/KIND/NAME/vVERSION.h5 of a workspace.
struct DatasetId {
  std::string kind, name;
  int version = 0;  // 1, 2, …; 0 where the next free one is asked for

  auto operator<=>(const DatasetId&) const = default;
};

/// "bars/BTCUSD/v1".
std::string to_string(const DatasetId& id);

/// bars, unlabeled_windows, labeled_windows, feature_table, synthetic_cache, embeddings, oof.
const std::vector<std::string>& dataset_kinds();

/// "v12" to 12. Throws ConfigError.
int parse_version(std::string_view text);

/// A name that can stand in an ID and be a folder: letters, digits, '.', '_', '-', '+', '='; not beginning with '.' or
/// '-'. Throws ConfigError; `what` says whose name it is ("the symbol").
void check_name(std::string_view name, std::string_view what);

/// Reads "kind/name/vN", or "name/vN" when `kind` is given. Syntax only; nothing need exist. Throws ConfigError.
DatasetId parse_dataset_id(std::string_view text, std::string_view kind = {});

/// The data set that `text` means: as parse_dataset_id, and "name/vN" alone when just one kind has it.
/// Throws ConfigError that names the nearest name, or the versions there are, when it does not exist.
DatasetId find_dataset(const std::filesystem::path& workspace, std::string_view text, std::string_view kind = {});

/// WORKSPACE/data/bars/BTCUSD/v1.h5.
std::filesystem::path dataset_file(const std::filesystem::path& workspace, const DatasetId& id);
/// The circumstances of its making: WORKSPACE/data/bars/BTCUSD/v1.json.
std::filesystem::path circumstances_file(const std::filesystem::path& workspace, const DatasetId& id);

/// Every data set of a workspace, sorted by kind, name, version. Files with other names are passed over. Cost: one walk
/// over the folders.
std::vector<DatasetId> list_datasets(const std::filesystem::path& workspace);
/// Those of one name, sorted by version.
std::vector<DatasetId> list_versions(const std::filesystem::path& workspace, const std::string& kind,
                                     const std::string& name);

/// One more than the newest version, 1 when there is none.
int next_version(const std::filesystem::path& workspace, const std::string& kind, const std::string& name);

}  // namespace moola::data
