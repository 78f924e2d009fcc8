#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "data/store/dataset_id.h"

namespace moola::data {

struct CleanRequest {
  std::filesystem::path review = {};  // an issue list that a person went over
  DatasetId oof = {};                 // the predictions that it was made from
  std::string name = {};              // empty: that of the data set predicted
  int version = 0;                    // 0: the next
};

struct CleanResult {
  DatasetId id = {};
  std::filesystem::path file = {}, review = {};  // review: the list as it was read, beside the file
  std::string content_sha256 = {};
  std::uint64_t rows_before = 0, rows = 0;
  std::uint64_t kept = 0, dropped = 0;              // rows of the list
  std::map<std::string, std::uint64_t> relabelled;  // "up to down", how many
};

/// Makes a version of the data set that was predicted in which the decisions of a reviewed issue list are carried out:
/// nothing or `keep` leaves a row as it is, `drop` takes a window out and leaves a row of a table without label (t1
/// none, weight 0, quality NaN), so that no gap comes into being, and the name of a class is the row's new label. All
/// else stays, the pedigree too; and a fitted part `labels` says that labels were changed by models that have seen all
/// rows: on the times of the data set the result proves nothing. Parents: the data set, its bars, the predictions. The
/// same list done again is the same version.
///
/// Memory: X once. Throws ConfigError; DataError naming file and row for a list of other predictions, an unknown row or
/// decision, a label that is not the data set's, and when there is nothing to change; IoError.
CleanResult clean_labels(const std::filesystem::path& workspace, const CleanRequest& request);

}  // namespace moola::data
