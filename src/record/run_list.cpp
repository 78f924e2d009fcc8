#include "record/run_list.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/file_lock.h"
#include "base/run_reference.h"
#include "base/utc_time.h"
#include "record/metrics.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;

void collect_numbers(const Json& json, const std::string& prefix, std::map<std::string, double>& out) {
  if (!json.is_object()) return;
  for (const auto& [key, value] : json.items()) {
    const std::string name = prefix.empty() ? key : fmt::format("{}.{}", prefix, key);
    if (value.is_object()) {
      collect_numbers(value, name, out);
    } else if (const auto number = json_number(value)) {
      out[name] = *number;
    }
  }
}

std::int64_t time_or(const std::string& text, std::int64_t otherwise) {
  return text.empty() ? otherwise : parse_utc(text);
}

double seconds_worked(const fs::path& run, const Manifest& manifest, bool alive) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < manifest.sessions.size(); ++i) {
    const Session& session = manifest.sessions[i];
    const bool now = alive && i + 1 == manifest.sessions.size();
    if (session.started.empty()) continue;
    const std::int64_t started = parse_utc(session.started);
    sum += std::max<std::int64_t>(0, time_or(session.ended, now ? utc_now() : last_written(run)) - started);
  }
  return static_cast<double>(sum) * 1e-9;
}

std::vector<fs::path> run_folders(const fs::path& workspace) {
  std::vector<fs::path> folders;
  const fs::path runs = runs_folder(workspace);
  std::error_code error;
  for (auto at = fs::directory_iterator(runs, error); !error && at != fs::directory_iterator(); at.increment(error)) {
    if (!at->path().filename().string().starts_with('.')) folders.push_back(at->path());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw IoError("cannot read " + runs.string(), error.value());
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

fs::path runs_folder(const fs::path& workspace) {
  return workspace / "artifacts" / "runs";
}

std::map<std::string, double> numbers_of(const Json& json) {
  std::map<std::string, double> out;
  collect_numbers(json, "", out);
  return out;
}

RunSummary summarize(const fs::path& run) {
  RunSummary out;
  out.path = run;
  out.manifest = read_manifest(run);
  const bool says_running = out.manifest.status == RunState::running;
  const bool alive = says_running && is_locked(run / "run.lock");
  out.state = says_running && !alive ? "interrupted" : to_string(out.manifest.status);
  try {
    if (!out.manifest.sessions.empty()) out.started = time_or(out.manifest.sessions.front().started, 0);
    out.seconds = seconds_worked(run, out.manifest, alive);
  } catch (const ConfigError& error) {
    throw DataError((run / "manifest.json").string() + ": " + error.what());
  }
  out.numbers = numbers_of(out.manifest.timings);
  out.numbers.merge(numbers_of(out.manifest.metrics));
  const Json last = last_event(run / "metrics.jsonl");
  if (last.is_object() && last.contains("step") && last["step"].is_number_integer()) out.step = last["step"];
  return out;
}

RunList list_runs(const fs::path& workspace) {
  RunList out;
  for (const fs::path& folder : run_folders(workspace)) {
    try {
      std::error_code error;
      if (!fs::is_directory(folder, error)) {
        out.broken.push_back({folder, "is a file, not a run's folder"});
      } else if (!fs::exists(folder / "manifest.json", error)) {
        out.broken.push_back({folder, "has no manifest.json: not a run, or killed while it was created"});
      } else {
        out.runs.push_back(summarize(folder));
      }
    } catch (const std::exception& error) {
      out.broken.push_back({folder, error.what()});
    }
  }
  std::stable_sort(out.runs.begin(), out.runs.end(),
                   [](const RunSummary& a, const RunSummary& b) { return a.started < b.started; });
  return out;
}

std::int64_t last_written(const fs::path& run) {
  std::int64_t last = 0;
  for (const char* name : {"log.txt", "metrics.jsonl", "timings.jsonl", "checkpoints"}) {
    struct stat facts {};
    if (::stat((run / name).c_str(), &facts) != 0) continue;
    last = std::max<std::int64_t>(last, facts.st_mtim.tv_sec * std::int64_t{1'000'000'000} + facts.st_mtim.tv_nsec);
  }
  return last;
}

fs::path find_run(const fs::path& workspace, const std::string& reference) {
  if (reference.find('/') != std::string::npos && fs::exists(fs::path(reference) / "manifest.json")) {
    const fs::path path = fs::path(reference).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
  }
  const std::vector<fs::path> folders = run_folders(workspace);
  if (folders.empty()) {
    throw ConfigError(fmt::format("there are no runs in {} (--workspace DIR names another workspace).",
                                  runs_folder(workspace).string()));
  }
  std::vector<std::string> ids, begins;
  for (const fs::path& folder : folders) {
    ids.push_back(folder.filename().string());
    if (ids.back() == reference) return folder;
    if (ids.back().starts_with(reference) && !reference.empty()) begins.push_back(ids.back());
  }
  if (begins.empty()) {
    const RunList list = list_runs(workspace);
    if (reference == "latest") {
      if (!list.runs.empty()) return list.runs.back().path;
      throw ConfigError(
          fmt::format("none of the {} folders in {} is a run.", folders.size(), runs_folder(workspace).string()));
    }
    for (const RunSummary& run : list.runs) {
      if (run.manifest.name == reference) begins.push_back(run.path.filename().string());
    }
    for (const RunSummary& run : list.runs) ids.push_back(run.manifest.name);
  }
  const fs::path runs = runs_folder(workspace);
  return runs / only_run_meant(reference, begins, std::move(ids), runs.string(), "moola runs list");
}

}  // namespace moola::record
