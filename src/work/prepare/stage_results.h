#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "work/prepare/stage_record.h"
#include "work/prepare/workbench.h"

namespace moola::work {

/// One stage as it came out: "made", "reused", "pending" (a later stage than `to`), or of a dry run "to do" and
/// "reuse".
struct StageResult {
  std::string name, state;
  double seconds = 0;
  std::vector<std::string> units = {}, outputs = {}, reused_from = {};

  void add(const StageRecord& record);
};

struct PrepareResult {
  std::string run;  // its id; empty for a dry run
  std::filesystem::path folder;
  std::string status;  // "finished", "stopped"
  std::vector<StageResult> stages = {};
  std::vector<std::string> datasets = {};  // ids of the tables
  bool interrupted = false;                // a stop signal: the same command goes on
  std::vector<std::string> warnings = {};  // of the validation; of several tables with the table's name before each

  /// What the last stages say of the whole: the data sets and the warnings, where they came that far.
  void add_conclusions(const Workbench& bench);
};

/// Writes RUN/state.json: every stage, those of `result` as they came out; `failed`: the stage that did, if one did.
void write_state(const std::filesystem::path& run, const PrepareResult& result, const std::string& failed = "",
                 const std::string& reason = "");

/// A run that was finished before, as its records tell; nothing (and a warning) when something of it is gone. Throws
/// DataError for what was altered. Hashes all it has made.
std::optional<PrepareResult> finished_before(const std::filesystem::path& workspace, const std::filesystem::path& run);

}  // namespace moola::work
