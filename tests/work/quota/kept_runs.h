#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/utc_time.h"
#include "record/manifest.h"
#include "record/run_list.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

/// A run that is to lie in a workspace. The larger `day`, the younger.
struct KeptRun {
  int day = 1;
  std::string name = "x";
  record::RunState state = record::RunState::finished;
  std::vector<std::int64_t> checkpoints = {};  // steps
  std::vector<record::Parent> parents = {};
  std::vector<record::DataUse> data = {};
  std::vector<record::Artifact> artifacts = {};
  std::size_t bytes = 50'000;  // of a file of its own; of each checkpoint, too
};

/// A workspace whose runs are made up.
struct KeptRuns {
  TemporaryFolder folder;

  std::filesystem::path run_path(const std::string& id) const { return record::runs_folder(folder.path()) / id; }

  /// Its id.
  std::string add(const KeptRun& run) const {
    const std::int64_t started = parse_utc("2026-01-01T00:00:00Z") + run.day * std::int64_t{86'400'000'000'000};
    const std::string id = utc_compact(started) + "_0123abcd_" + run.name;
    record::Manifest manifest;
    manifest.run = id;
    manifest.job = "pretrain";
    manifest.name = run.name;
    manifest.status = run.state;
    manifest.parents = run.parents;
    manifest.data = run.data;
    manifest.artifacts = run.artifacts;
    manifest.sessions.push_back({.command = {"moola"},
                                 .code_version = "1",
                                 .started = utc_text(started),
                                 .ended = utc_text(started),
                                 .outcome = to_string(run.state)});
    const std::filesystem::path path = run_path(id);
    write_file(path / "config.toml", "");
    write_file(path / "run.lock", "");
    write_file(path / "metrics.jsonl", std::string(run.bytes, 'm'));
    for (const std::int64_t step : run.checkpoints) {
      std::string name = std::to_string(step);
      name = "step-" + std::string(8 - name.size(), '0') + name + ".safetensors";
      write_file(path / "checkpoints" / name, std::string(run.bytes, 'c'));
      manifest.artifacts.push_back({"checkpoints/" + name, run.bytes, std::string(64, 'd')});
    }
    record::write_manifest(path, manifest);
    return id;
  }
};

}  // namespace moola::test
