#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "work/prepare/stage.h"

namespace moola::work {

/// What is noted beside a unit's outputs once they are there, in UNIT.done.json: what it was made from, and what it is.
/// Its presence means that the unit is done.
struct StageRecord {
  std::string stage, unit;
  std::string key;  // of everything the outputs depend on
  std::vector<StageOutput> outputs;
  std::string said;
  double seconds = 0;       // that making it took
  std::string reused_from;  // the run it was taken from; empty where it was made here
};

/// The hash of what a unit's outputs depend on: the stage, the unit, its tables of the configuration, the code, the
/// bars, and the outputs that it reads.
std::string stage_key(const Stage& stage, const StageUnit& unit, const Workbench& bench,
                      const std::vector<StageRecord>& inputs);

/// RUN/stages/03-features/BTCUSD.done.json.
std::filesystem::path record_file(const std::filesystem::path& run, const Stage& stage, const std::string& unit);
/// Nothing when there is none. Throws DataError for one that is no record.
std::optional<StageRecord> read_record(const std::filesystem::path& run, const Stage& stage, const std::string& unit);
void write_record(const std::filesystem::path& run, const Stage& stage, const StageRecord& record);

/// How a file stands to what was written.
enum class OutputState { intact, missing, altered };
/// Hashes the file. `run`: the folder that outputs without "data/" before them lie in.
OutputState check_output(const std::filesystem::path& workspace, const std::filesystem::path& run,
                         const StageOutput& output);
/// The output's file.
std::filesystem::path output_path(const std::filesystem::path& workspace, const std::filesystem::path& run,
                                  const StageOutput& output);
/// Hashes a file that a stage made.
StageOutput describe_output(const std::filesystem::path& workspace, const std::filesystem::path& run,
                            const std::filesystem::path& file);

}  // namespace moola::work
