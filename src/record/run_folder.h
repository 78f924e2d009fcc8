#pragma once
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "base/json.h"
#include "record/manifest.h"
#include "record/metrics.h"

namespace moola::record {

/// What a job wants a run for.
struct RunRequest {
  std::string job;                 // "pretrain"
  std::string name;                // letters, digits, '.', '_', '-': the end of the folder's name
  std::string config_text;         // ConfigSchema::resolved(), kept as config.toml
  std::string config_identity;     // ConfigSchema::identity(): what of it determines the result
  std::vector<DataUse> data = {};  // each with its content hash
  bool fresh = false;              // --fresh: start anew whatever there is
  std::string resume = {};         // --resume RUN: this run and no other, even when the code has changed since
  int ranks = 1;
  std::int64_t seed = 0;
  // The ranks of a call that was killed take seconds to end, and the same command may come at once (a requeued job).
  std::chrono::milliseconds patience{8'000};
};

enum class RunStart {
  created,          // a new folder
  continued,        // an unfinished run goes on in its folder
  finished_before,  // the same run is done; nothing was opened for writing
};

/// A run at work: its folder, locked, with manifest, metrics and timings. Rank 0 alone holds one.
///
///     auto run = record::open_run(workspace, request);
///     if (run.start() == record::RunStart::finished_before) return report(run.manifest());
///     run.manifest().split = split;   // what is known only now
///     run.save();
///     run.metrics().cut_after(checkpoint ? checkpoint->step : -1);
///     run.metrics().write({{"step", step}, {"epoch", epoch}, {"split", "train"}, {"loss", loss}});
///     run.add_artifact(encoder_file);   // what lies outside the folder
///     run.finish(record::RunState::finished, {{"holdout_loss", loss}});
///     record::write_report(run.path(), record::RunLock::ours);
///
/// A Run that is destroyed while it works (an exception) is recorded as failed; one whose process is killed is found by
/// its free lock.
class Run {
 public:
  Run(Run&&) noexcept = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  Run& operator=(Run&&) = delete;
  ~Run();

  const std::filesystem::path& path() const { return path_; }
  std::string id() const { return path_.filename().string(); }
  RunStart start() const { return start_; }

  /// To be changed at will; `save` makes the changes last.
  Manifest& manifest() { return *manifest_; }
  const Manifest& manifest() const { return *manifest_; }
  /// Writes manifest.json atomically. Throws IoError.
  void save();

  /// metrics.jsonl and timings.jsonl. Not for a run that had finished before.
  MetricsStream& metrics();
  MetricsStream& timings();

  /// Records a file of the workspace outside the run's folder with its hash; those inside are found by `finish`. Throws
  /// IoError.
  void add_artifact(const std::filesystem::path& file);

  /// Closes the session: state, final metrics (merged into the manifest's), reason, seconds worked, the hash of every
  /// artifact. `stopped` is for a run that the same command continues. The lock is kept until the object goes. Throws
  /// IoError.
  void finish(RunState state, const Json& metrics = Json::object(), const std::string& reason = {});

 private:
  friend Run open_run(const std::filesystem::path& workspace, const RunRequest& request);
  Run(std::filesystem::path path, RunStart start)
      : path_(std::move(path)), start_(start), manifest_(std::make_unique<Manifest>()) {}
  static Run open_now(const std::filesystem::path& workspace, const RunRequest& request);
  void close_killed_session();
  void begin_session(int ranks);

  std::filesystem::path path_;
  RunStart start_;
  std::unique_ptr<Manifest> manifest_;  // null once moved from
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<MetricsStream> metrics_, timings_;
  bool working_ = false;
};

/// Finds or makes the run that `request` describes.
///
/// The newest run with the same key (job, name, identity of the configuration, ids and hashes of the data, code
/// version) counts: when it is unfinished it goes on, when it is finished it is handed back as `finished_before`; when
/// there is none, or with `fresh`, a new folder is made: artifacts/runs/<UTC yyyymmddThhmmssZ>_<git8>_<name>/, with
/// "-2", "-3", … for more in one second. Throws ConfigError for a bad name, or a `resume` that does not exist or has
/// another configuration or other data; CommError when the run is at work in another process for
/// longer than `patience`; IoError.
Run open_run(const std::filesystem::path& workspace, const RunRequest& request);

/// The hashes that make up a run's key.
struct RunKey {
  std::string config_sha256, data_sha256, code_version, key;
};
RunKey run_key(const RunRequest& request);

}  // namespace moola::record
