#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/store/dataset.h"

namespace moola::data {

/// What a check of one data set found.
struct Verification {
  DatasetId id;
  std::vector<std::string> problems;  // none: it is what was written
  std::vector<std::string> parents;   // ids
  std::uint64_t bytes = 0;
};

/// Reads a data set whole: the file's structure and schema, every chunk's checksum, the manifest's hash, the content's
/// hash, the shapes against the manifest, the hash noted beside the file, and whether each parent still has the content
/// it had. Throws nothing for a bad file: it is described in `problems`. Cost: one pass over the file.
Verification verify(const std::filesystem::path& workspace, const DatasetId& id);

/// What one data set is, for people and scripts: id, file, schema, content hash, data sets with types and shapes,
/// attributes, manifest, circumstances. Throws DataError, IoError.
Json describe(const std::filesystem::path& workspace, const DatasetId& id);

/// Where it comes from: {id, content_sha256, sources, state, parents: [the same for each parent …]}. `state` is
/// "present", "changed" (the file there has another content than was used) or "missing".
Json lineage(const std::filesystem::path& workspace, const DatasetId& id);

/// How two data sets differ: {same_content, data sets and attributes only in one, different shapes, and rows}. Data
/// sets with a column `time` of strictly increasing stamps are compared stamp by stamp {only_a, only_b, both, changed
/// {column: n}}, others row by row where their shapes agree. NaN equals NaN. Throws DataError when the kinds differ.
/// Memory: one column of each, and the stamps.
Json diff(const std::filesystem::path& workspace, const DatasetId& a, const DatasetId& b);

}  // namespace moola::data
