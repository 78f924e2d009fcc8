#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "work/prepare/prepare_config.h"
#include "work/prepare/stage.h"
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

/// One stage as it came out: "made", "reused", "pending" (a later stage than `to`), or of a dry run "to do" and
/// "reuse".
struct StageResult {
  std::string name, state;
  double seconds = 0;
  std::vector<std::string> units = {}, outputs = {}, reused_from = {};
};

struct PrepareResult {
  std::string run;  // its id; empty for a dry run
  std::filesystem::path folder;
  std::string status;  // "finished", "stopped"
  std::vector<StageResult> stages = {};
  std::vector<std::string> datasets = {};  // ids of the tables
  bool interrupted = false;                // a stop signal: the same command goes on
  std::vector<std::string> warnings = {};  // of the validation; of several tables with the table's name before each
};

/// Runs the stages of `moola prepare` in a run of the workspace: `artifacts/runs/ID/stages/`. The result is rank 0's.
///
/// A unit whose key (configuration, code, bars and inputs) equals that of one this or an earlier run has made, with its
/// files as they were written, is taken over instead of made. The state of all stages is in `state.json` after each of
/// them. Throws what stages throw, after the state was recorded; ConfigError for stages that are none or in the wrong
/// order, DataError where an artifact of this run is not what was written.
PrepareResult prepare(const PrepareRequest& request, const LoadedPrepareConfig& config, const Team& team);

/// The names of the tables that a configuration makes, with their symbols by places in data.bars.
std::vector<StageUnit> prepared_tables(const PrepareConfig& config);

}  // namespace moola::work
