#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sweep/study/trial.h"

namespace moola::work {

/// How a trial ended for good: what its folder's result.json says, written before the journal is told. Whoever finds a
/// trial that the journal takes for running looks there first; so no result is lost, and no trial is run twice.
struct TrialResult {
  std::uint64_t number = 0;
  sweep::TrialState state = sweep::TrialState::failed;  // complete, pruned or failed
  std::vector<double> values = {};
  double violation = 0;
  std::vector<sweep::Report> reports = {};
  std::vector<sweep::Attribute> attributes = {};
  std::string message = {};       // why it failed
  std::string returns_file = {};  // beside result.json
  unsigned attempts = 1;
  double seconds = 0;  // of all attempts
  std::int64_t completed = kNoTime;
};

/// Replaces what is there. Throws IoError.
void write_trial_result(const std::filesystem::path& file, const TrialResult& result);

/// Nothing where there is no file. Throws DataError for one that is no result, or of another trial than `number`.
std::optional<TrialResult> read_trial_result(const std::filesystem::path& file, std::uint64_t number);

}  // namespace moola::work
