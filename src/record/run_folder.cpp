#include "record/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ranges>
#include <stdexcept>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/step_note.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "record/machine.h"
#include "record/run_list.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// An onlooker (moola runs list) holds a shared lock for microseconds.
constexpr milliseconds kOnlooker{500};

// Another process has the run.
class RunAtWork : public CommError {
 public:
  RunAtWork(const std::string& run, const std::string& host)
      : CommError(
            fmt::format("the run {} with the same configuration, data and code is at work{}. Watch it with `moola "
                        "runs show {}`, wait for its end, or give --fresh for a second one beside it.",
                        run, host.empty() ? "" : " on " + host, run)),
        run_(run) {}
  const std::string& run() const { return run_; }

 private:
  std::string run_;
};

// Nobody reads nanoseconds of a session.
std::int64_t now_in_milliseconds() {
  return utc_now() / 1'000'000 * 1'000'000;
}

void check_name(const std::string& name) {
  const bool fine = !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
                             c == '_' || c == '-';
                    });
  if (!fine) {
    throw ConfigError(fmt::format(
        "a run's name becomes part of a folder's name: expected letters, digits, '.', '_' and '-', at most 100, "
        "not beginning with '.' or '-'; found {:?}. Change the name under [output].",
        name));
  }
}

// As it was typed: a rank has its front's arguments.
std::vector<std::string> own_command_line() {
  std::vector<std::string> out;
  const std::string text = read_file("/proc/self/cmdline");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  static constexpr std::string_view kProgram = "moola-", kRank = "-rank";
  std::string job = out.empty() ? "" : fs::path(out.front()).filename().string();
  if (!job.starts_with(kProgram)) return out;
  job.erase(0, kProgram.size());
  if (job.ends_with(kRank)) job.resize(job.size() - kRank.size());
  out.front() = "moola";
  out.insert(out.begin() + 1, job);
  return out;
}

// mkdir decides between two who want the same name.
fs::path make_folder(const fs::path& runs, const std::string& name) {
  const std::string id = fmt::format("{}_{}_{}", utc_compact(utc_now()), git_commit().substr(0, 8), name);
  for (int n = 1;; ++n) {
    fs::path path = runs / (n == 1 ? id : fmt::format("{}-{}", id, n));
    std::error_code error;
    if (fs::create_directory(path, error)) return path;
    if (error) throw IoError("cannot create the run's folder " + path.string(), error.value());
  }
}

// The run that counts for this request; none: a new one is to be made.
std::optional<RunSummary> existing(const fs::path& workspace, const RunRequest& request, const RunKey& key) {
  if (!request.resume.empty()) {
    if (request.fresh) throw ConfigError("--resume continues a run and --fresh starts anew; give one of them.");
    RunSummary run = summarize(find_run(workspace, request.resume));
    const Manifest& manifest = run.manifest;
    const auto refuse = [&](const std::string& what) {
      throw ConfigError(fmt::format(
          "--resume {}: that run was made with {}. Its settings are in {}; `moola runs show {}` shows the rest. "
          "Give the same ones, or leave --resume out to start a run of its own.",
          request.resume, what, (run.path / "config.toml").string(), manifest.run));
    };
    if (manifest.job != request.job) refuse(fmt::format("moola {}, not moola {}", manifest.job, request.job));
    if (manifest.config_sha256 != key.config_sha256) refuse("another configuration");
    if (manifest.data_sha256 != key.data_sha256) {
      std::string data;
      for (const DataUse& use : manifest.data)
        data += fmt::format("{}{} ({:.12}…)", data.empty() ? "" : ", ", use.id, use.content_sha256);
      refuse("other data: " + data);
    }
    if (manifest.code_version != key.code_version) {
      log_warning("the run {} was begun by code version {}, this is {}; from here on its numbers are those of both.",
                  manifest.run, manifest.code_version, key.code_version);
    }
    return run;
  }
  if (request.fresh) return std::nullopt;
  RunList list = list_runs(workspace);
  for (RunSummary& run : std::views::reverse(list.runs)) {
    if (run.manifest.key == key.key) return std::move(run);
  }
  for (const RunSummary& run : std::views::reverse(list.runs)) {
    const Manifest& manifest = run.manifest;
    // The key has four parts; only the code may differ.
    if (manifest.status == RunState::finished || manifest.name != request.name ||
        manifest.config_sha256 != key.config_sha256 || manifest.data_sha256 != key.data_sha256) {
      continue;
    }
    log_info(
        "{} is unfinished and has the same configuration and data, but was begun by code version {} (this is {}); a "
        "new run is begun. "
        "--resume {} goes on with the old one.",
        manifest.run, manifest.code_version, key.code_version, manifest.run);
    break;
  }
  return std::nullopt;
}

}  // namespace

RunKey run_key(const RunRequest& request) {
  RunKey key;
  key.config_sha256 = sha256_hex(request.job + "\n" + request.config_identity);
  std::string data;
  for (const DataUse& use : request.data) data += fmt::format("{} {} {}\n", use.role, use.id, use.content_sha256);
  key.data_sha256 = sha256_hex(data);
  key.code_version = code_version();
  key.key = sha256_hex(
      fmt::format("moola.run/1\n{}\n{}\n{}\n{}\n", request.name, key.config_sha256, key.data_sha256, key.code_version));
  return key;
}

Run open_run(const fs::path& workspace, const RunRequest& request) {
  check_name(request.name);
  if (!request.resume.empty()) static_cast<void>(find_run(workspace, request.resume));  // or nothing is made at all
  create_folders(runs_folder(workspace));
  const auto deadline = std::chrono::steady_clock::now() + request.patience;
  for (bool said = false;; said = true) {
    try {
      Run run = Run::open_now(workspace, request);
      leave_step_note({{"run", run.id()}});
      return run;
    } catch (const RunAtWork& busy) {
      if (std::chrono::steady_clock::now() > deadline) throw;
      if (!said) log_info("the run {} is still at work; waiting a few seconds for its end", busy.run());
    }
    std::this_thread::sleep_for(kOnlooker);
  }
}

Run Run::open_now(const fs::path& workspace, const RunRequest& request) {
  const RunKey key = run_key(request);
  const fs::path runs = runs_folder(workspace);
  // Two that start the same run at once: the second must find what the first has made.
  const FileLock choosing(runs / ".lock", milliseconds(10'000));

  if (const auto found = existing(workspace, request, key)) {
    const bool finished = found->manifest.status == RunState::finished;
    Run run(found->path, finished ? RunStart::finished_before : RunStart::continued);
    if (!finished) {
      try {
        run.lock_ = std::make_unique<FileLock>(run.path_ / "run.lock", kOnlooker);
      } catch (const CommError&) {
        const Json host = found->manifest.sessions.empty() ? Json::object() : found->manifest.sessions.back().host;
        throw RunAtWork(found->manifest.run, host.value("name", ""));
      }
    }
    *run.manifest_ = read_manifest(run.path_);  // again: it may have changed before we had the lock
    if (finished) return run;
    if (run.manifest_->status == RunState::finished) {
      run.start_ = RunStart::finished_before;
      run.lock_.reset();
      return run;
    }
    for (const char* part : {"", "checkpoints", "plots"}) remove_abandoned(run.path_ / part);
    write_file(run.path_ / "config.toml", request.config_text);
    run.begin_session(request.ranks);
    return run;
  }

  Run run(make_folder(runs, request.name), RunStart::created);
  run.lock_ = std::make_unique<FileLock>(run.path_ / "run.lock", kOnlooker);
  write_file(run.path_ / "config.toml", request.config_text);
  Manifest& manifest = *run.manifest_;
  manifest.run = run.id();
  manifest.job = request.job;
  manifest.name = request.name;
  manifest.key = key.key;
  manifest.config_sha256 = key.config_sha256;
  manifest.data_sha256 = key.data_sha256;
  manifest.code_version = key.code_version;
  manifest.git_commit = git_commit();
  manifest.git_dirty = git_dirty();
  manifest.seed = request.seed;
  manifest.data = request.data;
  run.begin_session(request.ranks);
  return run;
}

// A process that was killed could not say when: its last words were not long before.
void Run::close_killed_session() {
  if (manifest_->sessions.empty() || !manifest_->sessions.back().ended.empty()) return;
  Session& killed = manifest_->sessions.back();
  const std::int64_t last = std::max(parse_utc(killed.started), last_written(path_));
  killed.ended = utc_text(last / 1'000'000 * 1'000'000);
  killed.outcome = "killed";
}

void Run::begin_session(int ranks) {
  close_killed_session();
  Session session;
  session.command = own_command_line();
  session.host = machine_facts(this_machine());
  session.ranks = ranks;
  session.code_version = code_version();
  session.started = utc_text(now_in_milliseconds());
  manifest_->status = RunState::running;
  manifest_->reason.clear();
  manifest_->sessions.push_back(std::move(session));
  metrics_ = std::make_unique<MetricsStream>(path_ / "metrics.jsonl");
  timings_ = std::make_unique<MetricsStream>(path_ / "timings.jsonl");
  save();
  working_ = true;
}

void Run::save() {
  write_manifest(path_, *manifest_);
}

MetricsStream& Run::metrics() {
  if (!metrics_) throw std::logic_error("a run that had finished before takes no more metrics");
  return *metrics_;
}

MetricsStream& Run::timings() {
  if (!timings_) throw std::logic_error("a run that had finished before takes no more timings");
  return *timings_;
}

void Run::add_artifact(const fs::path& file) {
  const fs::path workspace = fs::absolute(path_).parent_path().parent_path().parent_path().lexically_normal();
  const fs::path relative = fs::absolute(file).lexically_normal().lexically_relative(workspace);
  const bool inside = !relative.empty() && *relative.begin() != "..";
  Artifact artifact{(inside ? relative : fs::absolute(file)).generic_string(), fs::file_size(file),
                    sha256_of_file(file)};
  std::erase_if(manifest_->artifacts, [&](const Artifact& known) { return known.path == artifact.path; });
  manifest_->artifacts.push_back(std::move(artifact));
}

void Run::finish(RunState state, const Json& metrics, const std::string& reason) {
  if (!working_) throw std::logic_error("the run is not at work");
  metrics_->sync();
  timings_->sync();
  Manifest& manifest = *manifest_;
  Session& session = manifest.sessions.back();
  session.ended = utc_text(now_in_milliseconds());
  session.outcome = to_string(state);
  manifest.status = state;
  manifest.reason = reason;
  if (metrics.is_object()) manifest.metrics.update(metrics);
  double seconds = 0;
  for (const Session& each : manifest.sessions) {
    if (!each.ended.empty()) seconds += static_cast<double>(parse_utc(each.ended) - parse_utc(each.started)) * 1e-9;
  }
  manifest.timings["seconds"] = seconds;
  std::vector<Artifact> all = artifacts_of(path_);
  for (Artifact& known : manifest.artifacts) {
    const bool outside =
        known.path.starts_with("artifacts/") || known.path.starts_with("data/") || known.path.starts_with("/");
    if (outside) all.push_back(std::move(known));
  }
  manifest.artifacts = std::move(all);
  save();
  working_ = false;
}

Run::~Run() {
  if (!manifest_ || !working_) return;
  try {
    finish(RunState::failed, Json::object(), "ended by an error");
  } catch (const std::exception& error) {
    log_warning("the failure of run {} could not be recorded: {}", id(), error.what());
  }
}

}  // namespace moola::record
