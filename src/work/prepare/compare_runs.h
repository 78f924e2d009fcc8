#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace moola::work {

/// One artifact of two runs of `moola prepare`.
struct ArtifactChange {
  std::string stage, name;              // "labels", "BTCUSD.h5"
  std::string how = {};                 // "added", "removed", "modified", "unchanged"
  std::string before = {}, after = {};  // content hashes; empty where it is not there
};

struct RunComparison {
  std::string before, after;              // ids
  std::vector<ArtifactChange> artifacts;  // in the order of the stages
  std::size_t count(std::string_view how) const {
    return static_cast<std::size_t>(
        std::count_if(artifacts.begin(), artifacts.end(), [&](const ArtifactChange& each) { return each.how == how; }));
  }
};

/// What two runs made, by the content of their artifacts; versions of data sets are compared by their names. Throws
/// ConfigError for what is no run of moola prepare.
RunComparison compare_runs(const std::filesystem::path& workspace, const std::string& before, const std::string& after);

Json to_json(const RunComparison& comparison);

}  // namespace moola::work
