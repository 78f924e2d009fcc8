#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace moola::record {

enum class RunState { running, finished, stopped, failed };

std::string to_string(RunState state);
/// Throws DataError for another word.
RunState run_state(const std::string& word);

/// A data set or file that a run used, with what it was made from in turn.
///
///     DataUse{"windows", "unlabeled_windows/TX/v1", hash, {{"windows", 65'000}, {"length", 105}}, {bars}}
///
/// `facts` are shown as they are. Known to the report: "rows" or "windows" (a count), "first_time" and "last_time" (UTC
/// text), "dropped" and "repaired" ({cause: count}).
struct DataUse {
  std::string role;            // "windows", "bars", "source file", "encoder"
  std::string id;              // kind/name/version, or a file's name
  std::string content_sha256;  // 64 hexadecimal digits
  Json facts = Json::object();
  std::vector<DataUse> sources = {};
};

/// Something another run made and this one started from.
struct Parent {
  std::string kind;  // "encoder", "run"
  std::string id, sha256;
};

/// A file the run made: relative to the run's folder, or to the workspace when it begins with "artifacts/" or "data/".
struct Artifact {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// One process (or one mpirun) that worked on the run; a run that was stopped and continued has several.
struct Session {
  std::vector<std::string> command;
  Json host = Json::object();  // machine_facts()
  int ranks = 1;
  std::string code_version, started, ended,
      outcome;  // outcome: a state's name; empty while it works, or when it was killed
};

/// manifest.json: where a run's numbers come from. `schema` is "moola.run/1"; docs/runs.md says what each key holds.
struct Manifest {
  std::string run, job, name;
  RunState status = RunState::running;
  std::string reason;  // why it stopped or failed, for people
  std::string key;     // what the same command finds the run by
  std::string config_sha256, data_sha256, code_version, git_commit;
  bool git_dirty = false;
  Json versions = Json::object();  // {"libtorch": "2.11.0", …}, from the caller
  std::int64_t seed = 0;
  std::vector<Session> sessions;
  std::vector<DataUse> data;
  Json split = Json::object();  // how data became train and hold-out; see report.h for the keys the report knows
  std::vector<Parent> parents;
  Json parameters = Json::object();  // {"model": 566408, …} and the like
  Json metrics = Json::object();     // final: {"train_loss": …, "holdout_loss": …, "baselines": {name: loss}}
  Json timings = Json::object();     // {"windows_per_s": …}; "seconds" is the sum over the sessions
  std::vector<Artifact> artifacts;

  Json to_json() const;
  /// Throws DataError naming `where` and the key for what is missing or of another type; unknown keys are ignored.
  static Manifest from_json(const Json& json, const std::string& where);
};

/// manifest.json of a run's folder. Throws IoError, DataError.
Manifest read_manifest(const std::filesystem::path& run);
/// Replaces it atomically. Throws IoError.
void write_manifest(const std::filesystem::path& run, const Manifest& manifest);

/// Every regular file of a run's folder with its hash, in name order, without what is no result: the manifest itself,
/// the report that quotes it, logs, locks and hidden files. Hashes about 1.5 GB/s. Throws IoError.
std::vector<Artifact> artifacts_of(const std::filesystem::path& run);

}  // namespace moola::record
