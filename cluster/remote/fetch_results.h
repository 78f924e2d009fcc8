#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cluster/remote/remote_shell.h"
#include "cluster/run/job_run.h"

namespace moola::cluster {

/// A file of a run's workspace elsewhere.
struct RemoteFile {
  std::uint64_t bytes = 0;
  std::int64_t seconds = 0;  // of its last change
  bool operator==(const RemoteFile&) const = default;
};
using RemoteFiles = std::map<std::string, RemoteFile>;  // by path in the workspace

/// Where a run's results are.
class ResultSource {
 public:
  virtual ~ResultSource() = default;
  /// What the run's steps have made or changed, but for the records of jobs.
  virtual RemoteFiles changed() const = 0;
  /// Those of `paths` whose content is another than below `here`.
  virtual std::vector<std::string> that_differ(const std::filesystem::path& here,
                                               const std::vector<std::string>& paths) const = 0;
  /// Brings `paths` below `folder`, with their times.
  virtual void bring(const std::filesystem::path& folder, const std::vector<std::string>& paths) const = 0;
};

struct FetchedResults {
  std::uint64_t files = 0, bytes = 0;  // that were not here
  std::vector<std::string> kept = {};  // paths in the workspace that are others here, and were left as they are
};

/// Brings a run's results into its workspace here. What is here with the same size and time, or the same content, is
/// not brought again; a file here that is another one is replaced only when an earlier call has brought it. Each file
/// appears whole or not at all. Throws what the source throws, and Error, which may pass, for what is in the way here.
FetchedResults fetch_results(const ResultSource& source, const JobRun& run);

/// The same from a machine that ssh reaches. Throws Unreachable, Error in that machine's words.
FetchedResults fetch_results(const RemoteShell& shell, const std::filesystem::path& root, const JobRun& run);

/// On standard error.
void say_what_was_brought(const FetchedResults& results);

}  // namespace moola::cluster
