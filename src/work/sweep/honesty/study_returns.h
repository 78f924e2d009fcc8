#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sweep/study/trial.h"
#include "work/sweep/honesty/track_record.h"

namespace moola::work {

/// Returns of a study's complete trials at the moments that all of them have.
struct StudyReturns {
  std::vector<std::uint64_t> trials = {};  // (columns) numbers, ascending
  std::vector<std::int64_t> time = {};     // (rows) empty: the trials' returns have no times
  std::vector<double> values = {};         // (rows, columns) row by row
  std::size_t complete = 0;                // trials of the study, with and without returns
  std::size_t without = 0;                 // of them: those that kept none
  std::size_t longest = 0;                 // rows of the longest, before those that not all have were left out
  std::vector<std::string> left_out = {};  // trials with returns that are not among `trials`, and why

  std::size_t columns() const { return trials.size(); }
  std::size_t rows() const { return trials.empty() ? 0 : values.size() / trials.size(); }
  std::vector<double> column(std::size_t which) const;
  std::optional<std::size_t> find(std::uint64_t trial) const;
  /// Without the columns that never change.
  StudyReturns moving() const;
};

/// Puts together what trials have kept. `judged` is the trial whose luck is in question: trials whose returns cover
/// less than half of its moments (or, without times, are not as many) are left out, for else one short trial would
/// leave nothing in common; of the others, rows that not all have are left out. None of `judged`: the trial with the
/// most rows stands in for it. Cost O(rows log rows) for each trial.
StudyReturns align_returns(const std::vector<std::pair<std::uint64_t, TrackRecord>>& records,
                           std::optional<std::uint64_t> judged);

/// Of trials that have several paths: what the median one earned, which somebody could have traded, or the mean over
/// all, which no choice of a path favours. A trial of one path has the same.
enum class PathsAs : std::uint8_t { median, mean };

/// The same of all complete trials of a study, from `study_folder`/trials/NNNNNN (trial_recorder.h). Files that can't
/// be read leave their trial out and say so.
StudyReturns read_study_returns(const sweep::Study& study, const std::filesystem::path& study_folder,
                                std::optional<std::uint64_t> judged, PathsAs paths = PathsAs::median);

}  // namespace moola::work
