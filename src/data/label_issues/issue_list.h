#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/label_issues/find_label_issues.h"
#include "data/label_issues/labelled_rows.h"

namespace moola::data {

/// What a row of an issue list says of the predictions it was made from: their ID and the beginning of their hash.
std::string mark_of(const OofFile& oof);

/// Writes issues for a person to decide, as CSV: rank, index (row of the data set), time, symbol or window_id where
/// there are any, given_label, suggested_label, quality, margin, entropy, p_CLASS of each class, filters, decision
/// (empty), oof (mark_of). Throws IoError.
void write_issue_list(const std::filesystem::path& file, const OofFile& oof, const LabelledRows& rows,
                      const std::vector<LabelIssue>& issues, Overwrite overwrite);

/// A row of an issue list that a person has gone over.
struct ReviewedRow {
  std::uint64_t line = 0;  // in the file, from 0, without the names
  std::int64_t row = 0;    // of the data set, once in the file
  std::string given_label = {};
  std::string decision = {};  // without spaces around it; empty: none was made
  std::string oof = {};
};

/// Reads index, given_label, decision and oof of a CSV (or Parquet); other columns are the person's own. Throws
/// DataError that names row and column, ConfigError, IoError.
std::vector<ReviewedRow> read_issue_list(const std::filesystem::path& file);

}  // namespace moola::data
