#include "cluster/launch/job_front.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/subprocess.h"
#include "base/utc_time.h"
#include "cluster/launch/launch_ranks.h"
#include "cluster/launch/ranks.h"

namespace moola::launch {
namespace {

namespace fs = std::filesystem;

std::string host_name() {
  char name[256] = "host";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// The heartbeats of one call; gone when it has ended.
class HeartbeatFolder {
 public:
  explicit HeartbeatFolder(const fs::path& workspace) {
    if (!fs::is_directory(workspace)) {
      throw ConfigError(
          fmt::format("{} is no folder, so it cannot be the workspace. A workspace holds the data sets that "
                      "'moola data import' and 'moola data windows' put there; name it with --workspace DIR.",
                      workspace.string()));
    }
    const fs::path artifacts = workspace / "artifacts";
    const std::string prefix = ".heartbeats-" + host_name() + "-";
    path_ = artifacts / (prefix + std::to_string(::getpid()));
    create_folders(path_);
    remove_abandoned_ones(artifacts, prefix);
  }
  ~HeartbeatFolder() {
    std::error_code ignored;  // a leftover folder harms nobody
    fs::remove_all(path_, ignored);
    fs::remove(path_.parent_path(), ignored);  // when this call made it and put nothing else there
  }
  HeartbeatFolder(const HeartbeatFolder&) = delete;
  HeartbeatFolder& operator=(const HeartbeatFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;

  // Those of calls on this host that were killed.
  static void remove_abandoned_ones(const fs::path& artifacts, const std::string& prefix) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(artifacts, error)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix)) continue;
      // Nothing but digits: with this host called "node", ".heartbeats-node-2-77" is that of another one.
      pid_t process = 0;
      const auto [end, wrong] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), process);
      if (wrong != std::errc() || end != name.data() + name.size() || process <= 0) continue;
      if (::kill(process, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), error);
    }
  }
};

}  // namespace

int run_job_front(const JobCall& call, int argc, char** argv) {
  const fs::path program = executable_folder() / ("moola-" + call.name + "-rank");
  if (running_under_launcher()) {
    ::execv(program.c_str(), argv);
    throw IoError("cannot start " + program.string(), errno);
  }
  const RankCount count = resolve_ranks(call.ranks, call.device, count_gpus(), count_cores(), call.leaves);
  if (!count.warning.empty()) log_warning("{}", count.warning);
  const HeartbeatFolder heartbeats(fs::absolute(call.workspace).lexically_normal());
  return launch_ranks({.name = call.name,
                       .ranks = count.ranks,
                       .program = program,
                       .arguments = std::vector<std::string>(argv + 1, argv + argc),
                       .environment = {{"MOOLA_STARTED", std::to_string(utc_now())}},
                       .heartbeats = heartbeats.path(),
                       .hosts = {},
                       .hang_after = Duration::seconds(300)});
}

}  // namespace moola::launch
