#pragma once
#include <filesystem>
#include <string>

#include "work/prepare/prepare_config.h"
#include "work/prepare/stage_results.h"
#include "work/prepare/team.h"

namespace moola::work {

/// What `moola prepare` is asked for beside its configuration.
struct PrepareRequest {
  std::filesystem::path workspace = {};
  std::string from = {}, to = {};  // stages; empty: the first and the last
  std::string resume = {};         // a run, and no other
  bool fresh = false;              // make everything again
  bool dry_run = false;            // say what would be done
  bool quiet = false;
};

/// Runs the stages of `moola prepare` in a run of the workspace: `artifacts/runs/ID/stages/`. The result is rank 0's.
///
/// A unit whose key (configuration, code, bars and inputs) equals that of one this or an earlier run has made, with its
/// files as they were written, is taken over instead of made. The state of all stages is in `state.json` after each of
/// them. Throws what stages throw, after the state was recorded; ConfigError for stages that are none or in the wrong
/// order, DataError where an artifact of this run is not what was written.
PrepareResult prepare(const PrepareRequest& request, const LoadedPrepareConfig& config, const Team& team);

}  // namespace moola::work
