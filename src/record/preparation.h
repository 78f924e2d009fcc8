#pragma once
#include <string>
#include <vector>

#include "record/run_list.h"

namespace moola::record {

/// What a run of moola prepare has come to, of its state.json and manifest.
struct Preparation {
  struct Stage {
    std::string name;
    std::string state;  // "made", "reused", "failed", "pending"
    double seconds = 0;
    std::vector<std::string> reused_from;  // runs
    std::vector<std::string> outputs;
    bool done() const { return state == "made" || state == "reused"; }
  };
  std::vector<Stage> stages;          // in their order; empty before the first is done
  std::vector<std::string> tables;    // "feature_table/TX-5m/v1"
  std::vector<std::string> warnings;  // of the validation, in the order of the report

  std::size_t stages_done() const;
  /// The stage that failed, else the last that is done; "-" when there is none.
  std::string stage() const;
  /// Whether the stage is done that finds warnings.
  bool validated() const;
};

bool is_preparation(const RunSummary& run);
/// Throws DataError for a state.json that is none. Cost: one small file.
Preparation read_preparation(const RunSummary& run);
/// A row for each of `runs`, all of them preparations; of one that cannot be read a warning, and a row without its
/// facts.
std::string preparation_table(const std::vector<RunSummary>& runs);

/// What `moola runs show` prints of it: its tables, stages and warnings.
std::string preparation_text(const Preparation& preparation);

}  // namespace moola::record
