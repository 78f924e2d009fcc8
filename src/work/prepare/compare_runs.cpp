#include "work/prepare/compare_runs.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/error.h"
#include "record/run_list.h"
#include "work/prepare/stage_record.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

using Contents = std::map<std::pair<std::size_t, std::string>, std::string>;

// "feature_table/BTCUSD-5m" of data/feature_table/BTCUSD-5m/v2.h5: versions are what may differ between equal ones.
std::string name_of(const StageOutput& output) {
  const fs::path path = output.path;
  if (!output.path.starts_with("data/")) return path.filename().string();
  if (path.extension() == ".h5") return path.parent_path().lexically_relative("data").generic_string();
  std::string name = path.lexically_relative("data").generic_string();
  const std::size_t version = name.rfind("-v");
  return version == std::string::npos ? name : name.substr(0, version);
}

Contents contents_of(const fs::path& run) {
  Contents out;
  for (std::size_t index = 0; index < prepare_stages().size(); ++index) {
    const Stage& stage = prepare_stages()[index];
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(run / "stages" / stage.folder(), error)) {
      constexpr std::string_view kEnding = ".done.json";
      const std::string file = entry.path().filename().string();
      if (!file.ends_with(kEnding)) continue;
      const auto record = read_record(run, stage, file.substr(0, file.size() - kEnding.size()));
      for (const StageOutput& output : record->outputs) out[{index, name_of(output)}] = output.content;
    }
  }
  return out;
}

}  // namespace

RunComparison compare_runs(const fs::path& workspace, const std::string& before, const std::string& after) {
  const auto find = [&](const std::string& reference) {
    const record::RunSummary run = record::summarize(record::find_run(workspace, reference));
    if (run.manifest.job != "prepare") {
      throw ConfigError(
          fmt::format("{} is a run of moola {}, not of moola prepare; moola runs compare compares any two.",
                      run.manifest.run, run.manifest.job));
    }
    return run.path;
  };
  const fs::path old_run = find(before), new_run = find(after);
  const Contents old_contents = contents_of(old_run), new_contents = contents_of(new_run);
  RunComparison out{.before = old_run.filename().string(), .after = new_run.filename().string(), .artifacts = {}};
  Contents all = old_contents;
  all.insert(new_contents.begin(), new_contents.end());
  for (const auto& [key, unused] : all) {
    const auto was = old_contents.find(key), is = new_contents.find(key);
    ArtifactChange change{.stage = std::string(prepare_stages()[key.first].name), .name = key.second};
    if (was != old_contents.end()) change.before = was->second;
    if (is != new_contents.end()) change.after = is->second;
    change.how = was == old_contents.end()       ? "added"
                 : is == new_contents.end()      ? "removed"
                 : change.before == change.after ? "unchanged"
                                                 : "modified";
    out.artifacts.push_back(std::move(change));
  }
  return out;
}

Json to_json(const RunComparison& comparison) {
  Json artifacts = Json::array();
  for (const ArtifactChange& change : comparison.artifacts) {
    artifacts.push_back({{"stage", change.stage},
                         {"name", change.name},
                         {"how", change.how},
                         {"before", change.before},
                         {"after", change.after}});
  }
  return {{"before", comparison.before},
          {"after", comparison.after},
          {"added", comparison.count("added")},
          {"removed", comparison.count("removed")},
          {"modified", comparison.count("modified")},
          {"unchanged", comparison.count("unchanged")},
          {"artifacts", artifacts}};
}

}  // namespace moola::work
