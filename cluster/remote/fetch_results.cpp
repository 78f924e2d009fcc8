#include "cluster/remote/fetch_results.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "base/atomic_file.h"
#include "base/byte_size.h"
#include "base/file_lock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/pipeline.h"
#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "base/shell_words.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

std::optional<RemoteFile> file_here(const fs::path& path) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0) return std::nullopt;
  return RemoteFile{.bytes = static_cast<std::uint64_t>(there.st_size), .seconds = there.st_mtim.tv_sec};
}

bool leads_out(const std::string& path) {
  const fs::path relative(path);
  return relative.is_absolute() || std::ranges::find(relative, fs::path("..")) != relative.end();
}

// What earlier calls have brought into a workspace, of whichever run: a job that is done again replaces its own files.
class Brought {
 public:
  explicit Brought(const fs::path& workspace) : file_(job_runs_folder(workspace) / ".collected.json") {
    if (!fs::exists(file_)) return;
    const Json known = read_json(file_);
    for (const auto& [path, said] : known.items()) {
      if (said.is_array() && said.size() == 2 && said[0].is_number_unsigned() && said[1].is_number_integer())
        files_[path] = {.bytes = said[0], .seconds = said[1]};
    }
  }
  bool is_ours(const std::string& path, const RemoteFile& here) const {
    const auto at = files_.find(path);
    return at != files_.end() && at->second == here;
  }
  void add(const std::string& path, const RemoteFile& file) { files_[path] = file; }
  void save() const {
    Json out = Json::object();
    for (const auto& [path, file] : files_) out[path] = {file.bytes, file.seconds};
    write_file(file_, json_text(out) + "\n");
  }

 private:
  fs::path file_;
  RemoteFiles files_;
};

// Over ssh.
class ShellResults : public ResultSource {
 public:
  ShellResults(const RemoteShell& shell, fs::path workspace, std::string run)
      : shell_(shell), workspace_(std::move(workspace)), run_(std::move(run)) {}

  // By the change of the entry, for a copy may keep an older time of content.
  RemoteFiles changed() const override {
    const std::string script = fmt::format(
        "cd -- {0} && [ -f artifacts/jobs/{1}/run.json ] || {{ echo 'it has no run {1}' >&2; exit 2; }}\n"
        "find . -cnewer artifacts/jobs/{1}/run.json \\( -type f -o -type l \\) ! -path './artifacts/jobs/*' ! -name "
        "'.*' "
        "-printf '%s %Ts %P\\0'",
        shell_word(workspace_.string()), shell_word(run_));
    const std::string listed = shell_.output_of("cannot look at the results", script);
    RemoteFiles out;
    for (std::size_t begin = 0, end = 0; (end = listed.find('\0', begin)) != std::string::npos; begin = end + 1) {
      std::istringstream line(listed.substr(begin, end - begin));
      RemoteFile file;
      std::string path;
      if (line >> file.bytes >> file.seconds && line.get() == ' ' && std::getline(line, path, '\0')) out[path] = file;
    }
    return out;
  }

  std::vector<std::string> that_differ(const fs::path& here, const std::vector<std::string>& paths) const override {
    std::string asked;
    for (const std::string& path : paths) asked += path + '\0';
    const std::string sums = shell_.output_of(
        "cannot read the results",
        fmt::format("cd -- {} && xargs -0 sh -c 'for f; do s=$(sha256sum <\"$f\"); echo \"${{s%% *}}\"; done' sh",
                    shell_word(workspace_.string())),
        asked);
    std::istringstream lines(sums);
    std::vector<std::string> out;
    for (const std::string& path : paths) {
      std::string sum;
      std::getline(lines, sum);
      if (sum != sha256_of_file(here / path)) out.push_back(path);
    }
    return out;
  }

  void bring(const fs::path& folder, const std::vector<std::string>& paths) const override {
    std::string asked;
    for (const std::string& path : paths) asked += path + '\0';
    // One that changes while it is read is brought again by the next call: tar says 1.
    const PipelineResult sent =
        run_pipeline(shell_.words(fmt::format("cd -- {} && tar --null --verbatim-files-from -cf - -T - || [ $? -eq 1 ]",
                                              shell_word(workspace_.string()))),
                     {"tar", "-C", folder.string(), "--no-same-owner", "-xf", "-"}, asked);
    shell_.check(sent.first_code, sent.first_errors);
    if (sent.first_code != 0)
      throw Error(fmt::format("cannot read the results on {}: {}", shell_.name(), sent.first_errors), ExitCode::failed);
    if (sent.second_code != 0) throw IoError("cannot write the results: " + sent.second_errors);
  }

 private:
  const RemoteShell& shell_;
  fs::path workspace_;
  std::string run_;
};

}  // namespace

FetchedResults fetch_results(const ResultSource& source, const JobRun& run) try {
  const FileLock lock(job_runs_folder(run.workspace) / ".collect.lock", std::chrono::seconds(600));
  Brought brought(run.workspace);
  std::vector<std::string> wanted, doubtful;
  const RemoteFiles there = source.changed();
  for (const auto& [path, file] : there) {
    if (leads_out(path)) continue;
    const std::optional<RemoteFile> here = file_here(run.workspace / path);
    if (here == file) continue;
    if (!here || brought.is_ours(path, *here))
      wanted.push_back(path);
    else
      doubtful.push_back(path);
  }
  FetchedResults out;
  if (!doubtful.empty()) out.kept = source.that_differ(run.workspace, doubtful);
  if (wanted.empty()) return out;
  const ScratchFolder scratch(run.folder / ".collecting-");
  source.bring(scratch.path(), wanted);
  for (const std::string& path : wanted) {
    const std::optional<RemoteFile> file = file_here(scratch.path() / path);
    if (!file) continue;  // it went while it was brought
    const fs::path target = run.workspace / path;
    create_folders(target.parent_path());
    std::error_code error;
    fs::rename(scratch.path() / path, target, error);
    if (error) throw IoError("cannot write " + target.string(), error.value());
    brought.add(path, *file);
    ++out.files;
    out.bytes += file->bytes;
  }
  brought.save();
  return out;
} catch (const IoError& error) {
  // Whatever is in the way here, another machine would not help, and the results are still where they are.
  throw Error(error.what(), ExitCode::failed);
}

FetchedResults fetch_results(const RemoteShell& shell, const fs::path& root, const JobRun& run) {
  return fetch_results(ShellResults(shell, root / "workspace", run.id()), run);
}

void say_what_was_brought(const FetchedResults& results) {
  log_info("brought {} files, {}.", results.files, readable_bytes(results.bytes));
  if (!results.kept.empty()) {
    log_warning("{} files of this workspace are others than the run's, and were left as they are; the first is {}.",
                results.kept.size(), results.kept.front());
  }
}

}  // namespace moola::cluster
