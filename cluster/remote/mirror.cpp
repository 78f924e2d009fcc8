#include "cluster/remote/mirror.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>
#include <sstream>
#include <vector>

#include "base/atomic_file.h"
#include "base/descriptor.h"
#include "base/file_lock.h"
#include "base/shell_words.h"
#include "cluster/remote/send_pack.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kAtOnce = 64 << 20;  // bytes of one file in one call
constexpr char kEnd = '\x1e';                // behind each file

constexpr std::string_view kRunnerLog = "logs/runner.log";

// A file there, by its path from the run's folder.
struct Grown {
  std::string path;
  fs::path here;
  std::uint64_t from = 0, size = 0;
  bool anew = false;
};

// "artifacts/runs/ID/metrics.jsonl" from the run's folder.
constexpr std::string_view kMetrics = "../../runs/";

// Orders before records: what is still to be done again is not over by its records.
std::string list_script(const fs::path& folder, const fs::path& submitted) {
  return fmt::format(
      "for word in again again.now end; do [ ! -e {2}/$word ] || echo $word; done\n"
      "cd -- {0} 2>/dev/null && [ -f run.json ] || {{ echo none; exit 0; }}\n"
      "for lock in .runner.lock .waiting-runner.lock; do\n"
      "  [ ! -f $lock ] || flock --shared --nonblock $lock true || {{ echo running; break; }}\n"
      "done\n"
      "echo files\n"
      "find events.jsonl state logs -type f ! -name '.*' -printf '%s %p\\n' 2>/dev/null\n"
      // The notes of steps name the runs that they work on.
      "find state -name '*.note' -exec sed -n 's/.*\"run\": *\"\\([^\"/]*\\)\".*/\\1/p' {{}} + 2>/dev/null | sort -u "
      "|\n"
      "while read -r id; do find \"{1}$id/metrics.jsonl\" -type f -printf '%s %p\\n' 2>/dev/null; done\n"
      "exit 0",
      shell_word(folder.string()), kMetrics, shell_word(submitted.string()));
}

// Where a path there lies here; empty: it is none of ours.
fs::path place_of(const std::string& path, const fs::path& run_folder) {
  // Who runs it there, and whoever keeps it from here, each have a log.
  if (path == kRunnerLog) return run_folder / "logs" / "runner-there.log";
  const bool is_metrics = path.starts_with(kMetrics);
  const fs::path relative = is_metrics ? fs::path(path.substr(kMetrics.size())) : fs::path(path);
  for (const fs::path& part : relative) {
    if (part == ".." || part == "/") return {};
  }
  return (is_metrics ? seen_runs(run_folder) : run_folder) / relative;
}

void write_at_end(const fs::path& file, std::string_view bytes) {
  write_all(open_file(file, O_WRONLY | O_CREAT | O_APPEND), bytes, file);
}

std::vector<Grown> what_has_grown(std::istream& listed, const fs::path& run_folder) {
  std::vector<Grown> out;
  std::uint64_t size = 0;
  for (std::string path; listed >> size && std::getline(listed >> std::ws, path);) {
    Grown each{.path = path, .here = place_of(path, run_folder), .from = 0, .size = size};
    if (each.here.empty()) continue;
    std::error_code none;
    const std::uint64_t have = fs::exists(each.here, none) ? fs::file_size(each.here, none) : 0;
    each.anew = have > size;
    each.from = each.anew ? 0 : have;
    if (each.from < each.size || each.anew) out.push_back(std::move(each));
  }
  return out;
}

}  // namespace

fs::path seen_runs(const fs::path& run_folder) {
  return run_folder / "seen";
}

Mirrored mirror_run(const RemoteShell& shell, const fs::path& root, const JobRun& run) {
  const fs::path folder = root / "workspace" / "artifacts" / "jobs" / run.id();
  const FileLock lock(run.folder / ".mirror.lock", std::chrono::seconds(60));
  std::istringstream listed(
      shell.output_of("cannot look at the run", list_script(folder, submitted_folder(root, run.id()))));
  Mirrored out;
  for (std::string line; std::getline(listed, line) && line != "files";) {
    if (line == "none") return out;
    out.is_running |= line == "running";
    out.has_orders |= line.starts_with("again");
    out.has_ended |= line == "end";
  }
  out.is_there = true;
  std::vector<Grown> grown = what_has_grown(listed, run.folder);
  std::string asked;
  for (Grown& each : grown) {
    each.size = std::min(each.size, each.from + kAtOnce);
    asked += fmt::format("{} {} {}\n", each.from + 1, each.size - each.from, each.path);
  }
  if (asked.empty()) return out;
  const std::string bytes = shell.output_of(
      "cannot read the run",
      fmt::format("cd -- {} && while read -r from count path; do tail -c \"+$from\" -- \"$path\" | head -c \"$count\"; "
                  "printf '\\036'; done",
                  shell_word(folder.string())),
      asked);
  std::string_view rest = bytes;
  for (const Grown& each : grown) {
    const std::uint64_t count = each.size - each.from;
    // One was cut meanwhile: the next look brings it.
    if (rest.size() <= count || rest[count] != kEnd) break;
    create_folders(each.here.parent_path());
    if (each.anew)
      write_derived_file(each.here, rest.substr(0, count));
    else
      write_at_end(each.here, rest.substr(0, count));
    rest.remove_prefix(count + 1);
  }
  return out;
}

}  // namespace moola::cluster
