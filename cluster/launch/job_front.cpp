#include "cluster/launch/job_front.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <vector>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/host_name.h"
#include "base/log.h"
#include "base/scratch_folder.h"
#include "base/subprocess.h"
#include "base/utc_time.h"
#include "cluster/launch/launch_ranks.h"
#include "cluster/launch/ranks.h"

namespace moola::launch {
namespace {

namespace fs = std::filesystem;

// The heartbeats of one call; gone when it has ended.
class HeartbeatFolder {
 public:
  explicit HeartbeatFolder(const fs::path& workspace) {
    require_workspace(workspace);
    const fs::path artifacts = workspace / "artifacts";
    const std::string prefix = ".heartbeats-" + host_name() + "-";
    create_folders(artifacts);
    remove_abandoned_ones(artifacts, prefix);
    // Neither host name nor process number is one's own in a container.
    folder_.emplace(artifacts / (prefix + std::to_string(::getpid()) + "-"));
    folder_->let_others_read();
    lock_.emplace(path() / kLock);
  }
  ~HeartbeatFolder() {
    const fs::path artifacts = path().parent_path();
    folder_.reset();
    std::error_code ignored;
    fs::remove(artifacts, ignored);  // when this call made it and put nothing else there
  }
  HeartbeatFolder(const HeartbeatFolder&) = delete;
  HeartbeatFolder& operator=(const HeartbeatFolder&) = delete;
  const fs::path& path() const { return folder_->path(); }

 private:
  static constexpr const char* kLock = "front.lock";  // held by a call that is at work
  std::optional<ScratchFolder> folder_;
  std::optional<FileLock> lock_;

  // Those of calls that were killed.
  static void remove_abandoned_ones(const fs::path& artifacts, const std::string& prefix) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(artifacts, error)) {
      if (!entry.path().filename().string().starts_with(prefix)) continue;
      if (fs::exists(entry.path() / kLock, error) && !is_locked(entry.path() / kLock))
        fs::remove_all(entry.path(), error);
    }
  }
};

// How long a job may stand still before it counts as hanging.
Duration hang_limit() {
  const char* text = std::getenv("MOOLA_HANG_AFTER");
  if (text == nullptr || *text == 0) return Duration::seconds(300);
  try {
    return std::string_view(text) == "never" ? Duration{0} : parse_duration(text);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("MOOLA_HANG_AFTER: {} Or \"never\".", error.what()));
  }
}

}  // namespace

int run_job_front(const JobCall& call, int argc, char** argv) {
  const fs::path program = executable_folder() / ("moola-" + call.name + "-rank");
  if (running_under_launcher()) {
    ::execv(program.c_str(), argv);
    throw IoError("cannot start " + program.string(), errno);
  }
  if (call.ranks > call.leaves) {
    throw ConfigError(
        fmt::format("--ranks {}, but a step has {} micro-batch{} and every rank needs at least one. Start at most {} "
                    "(--ranks {}), or cut smaller micro-batches from a larger batch.",
                    call.ranks, call.leaves, call.leaves == 1 ? "" : "es", call.leaves, call.leaves));
  }
  const RankCount count = resolve_ranks(call.ranks, call.device, available_resources(), call.leaves);
  if (!count.warning.empty()) log_warning("{}", count.warning);
  const HeartbeatFolder heartbeats(fs::absolute(call.workspace).lexically_normal());
  return launch_ranks({.name = call.name,
                       .ranks = count.ranks,
                       .program = program,
                       .arguments = std::vector<std::string>(argv + 1, argv + argc),
                       .environment = {{"MOOLA_STARTED", std::to_string(utc_now())}},
                       .heartbeats = heartbeats.path(),
                       .hosts = named_hosts(),
                       .hang_after = hang_limit()});
}

}  // namespace moola::launch
