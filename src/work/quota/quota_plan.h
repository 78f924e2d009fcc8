#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "record/run_list.h"
#include "work/quota/named_runs.h"
#include "work/quota/workspace_room.h"

namespace moola::work {

struct QuotaOptions {
  std::uint64_t quota = 0;  // bytes
  std::size_t keep = 1;     // the newest runs of each job and name stay
  bool unfinished = false;  // runs that could go on may go too
};

enum class Removal { leftover, checkpoint, run };
std::string_view name_of(Removal removal);

struct QuotaStep {
  Removal what = Removal::run;
  std::string run = {};  // its id
  std::filesystem::path path = {};
  std::string state = {};
  std::int64_t started = 0;  // ns UTC
  std::uint64_t frees = 0;   // when all before it is gone
};

struct QuotaStay {
  StoredKind kind = StoredKind::run;
  std::string name = {};
  std::uint64_t bytes = 0;  // what it takes by itself
  std::string why = {};
};

struct QuotaPlan {
  std::uint64_t quota = 0, used = 0, left = 0;
  std::vector<QuotaStep> remove = {};  // in this order
  std::vector<QuotaStay> stays = {};   // the largest first

  bool met() const { return left <= quota; }
};

/// What has to go so that a workspace takes no more than its quota, and no more than that: leftovers of killed
/// deletions; then checkpoints, all but the newest of each finished run, the oldest runs first, then of unfinished ones
/// (the newest holds the best weights too, and what the run goes on from); then whole runs, the oldest first.
///
/// No run goes that is at work, that something names which stays, that is one of the newest `keep` of its job and name,
/// or that the same command would continue (unless `unfinished`). Data sets, encoders, studies and job runs stay.
/// `named`: see named_runs.
QuotaPlan plan_quota(const std::vector<StoredThing>& things, const record::RunList& runs, const NamedRuns& named,
                     const QuotaOptions& options);

/// Does it. A checkpoint leaves its run's manifest before the disk, a run leaves the list before its files go: killed
/// at any moment, nothing half deleted passes for whole, and the next call goes on. Runs that have begun to work since
/// are left alone with a warning. Throws CommError when another process is at it, IoError.
void apply_quota(const std::filesystem::path& workspace, const QuotaPlan& plan);

}  // namespace moola::work
