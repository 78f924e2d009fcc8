#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "sweep/space/search_space.h"
#include "sweep/study/trial.h"
#include "work/sweep/trials/trial_command.h"

namespace moola::work {

/// Names of the studies of a workspace, sorted.
std::vector<std::string> studies_of(const std::filesystem::path& workspace);

/// Where a study of a workspace is: artifacts/studies/NAME, absolute.
std::filesystem::path studies_folder(const std::filesystem::path& workspace);
std::filesystem::path study_folder(const std::filesystem::path& workspace, const std::string& name);

/// A study that was read, and where from.
struct FoundStudy {
  std::filesystem::path journal;
  sweep::Study study;

  /// Where its trials are kept: artifacts/studies/NAME; empty of a study in somebody's journal.
  std::filesystem::path folder() const;
};

/// `which` is the name of a study of the workspace, or the file of a journal, which Optuna may have written; `name`
/// chooses one of several studies of it. Throws ConfigError with the nearest name, DataError, IoError.
FoundStudy find_study(const std::filesystem::path& workspace, const std::string& which, const std::string& name = {});

/// How far a study is. All trials that count towards its number are one of these.
struct StudyCounts {
  std::uint64_t complete = 0, pruned = 0, failed = 0, running = 0, waiting = 0;
  std::uint64_t finished() const { return complete + pruned + failed; }
  /// Each with what it is called, in this order.
  std::array<std::pair<const char*, std::uint64_t>, 5> named() const;
};

StudyCounts count_trials(const sweep::Study& study);

/// Where a trial's files are.
std::filesystem::path trial_folder(const std::filesystem::path& study_folder, std::uint64_t number);

/// What a point is to users; inactive parameters are left out.
TrialValues values_at(const sweep::SearchSpace& space, const sweep::Point& point);

/// What a trial tried, in the order in which it was set.
TrialValues values_of(const sweep::Study& study, const sweep::Trial& trial);

/// {"study", "journal", "directions", "trials": {state: n}, "best": {number, value, params} or null}; of several
/// objectives "best" is null and "front" lists the trials that none dominates.
Json study_json(const FoundStudy& found);

/// Numbers of complete, feasible trials that no other one dominates.
std::vector<std::uint64_t> front_of(const sweep::Study& study);

/// Numbers of complete, feasible trials, the best first; of several objectives those of the front.
std::vector<std::uint64_t> best_first(const sweep::Study& study);

}  // namespace moola::work
