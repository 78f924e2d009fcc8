#include "cluster/launch/job_front.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
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

// The heartbeats of one call; gone when it has ended.
class HeartbeatFolder {
 public:
  explicit HeartbeatFolder(const fs::path& workspace)
      : path_(workspace / "artifacts" / fmt::format(".heartbeats-{}-{}", host_name(), ::getpid())) {
    create_folders(path_);
  }
  ~HeartbeatFolder() {
    std::error_code ignored;  // a leftover folder harms nobody
    fs::remove_all(path_, ignored);
  }
  HeartbeatFolder(const HeartbeatFolder&) = delete;
  HeartbeatFolder& operator=(const HeartbeatFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;

  static std::string host_name() {
    char name[256] = "host";
    ::gethostname(name, sizeof name - 1);
    return name;
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
  const HeartbeatFolder heartbeats(fs::absolute(call.workspace));
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
