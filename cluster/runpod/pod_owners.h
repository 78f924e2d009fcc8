#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cluster/runpod/pod.h"

namespace moola::cluster::runpod {

/// The runs of a workspace that have, or had, pods: the folders of artifacts/jobs.
///
/// A run's folder may hold pods.jsonl: a line for each pod or cluster that was made for it, an object with `pod` or
/// `cluster`, the id; one with an `event` and no id says something else. The last line may be torn, by a writer that
/// was killed. A pod that such a file does not name yet belongs to the run that its variable MOOLA_RUN names, the
/// folder's name.
class PodOwners {
 public:
  /// A workspace without that folder has no runs. Throws IoError, DataError with file and line.
  explicit PodOwners(const std::filesystem::path& workspace);

  /// The run that the pod belongs to; empty when none of this workspace's.
  std::string run_of(const Pod& pod) const;

 private:
  std::set<std::string> runs_;
  std::map<std::string, std::string> run_by_id_;  // of pods and clusters

  void read(const std::filesystem::path& file, const std::string& run);
};

/// Whether Moola made the pod, here or elsewhere: it has the variable MOOLA_RUN. Others are nobody's business.
bool made_by_moola(const Pod& pod);

}  // namespace moola::cluster::runpod
