#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/store/dataset_id.h"

namespace moola::data {

struct MergeRequest {
  std::optional<DatasetId> parent = {};    // labeled_windows; nothing: the first version
  std::string name = {};                   // empty: the parent's
  int version = 0;                         // 0: the next
  std::filesystem::path sample = {};       // windows.h5 that annotations are of; empty: none
  std::filesystem::path annotations = {};  // empty: none
  std::filesystem::path corrections = {};
  std::filesystem::path blacklist = {};
  std::string keep = "AB";  // grades that become labelled windows
  std::string inner = {};   // "30:75": bars that may be marked; empty: usual_inner_bars
  std::vector<std::string> classes =
      {};                 // all there may be, in order; empty: the parent's, else those there are, sorted
  std::string date = {};  // of what is blacklisted now, in the blacklist's CSV
};

struct MergeResult {
  DatasetId id;
  std::filesystem::path file, review_csv, review_json, blacklist;
  std::string content_sha256;
  std::uint64_t windows = 0, before = 0;
  std::map<std::string, std::uint64_t> classes;  // windows of each
  std::map<std::string, std::uint64_t> changes;  // by kind
  std::vector<std::string> notes;
};

/// Brings annotations, corrections and blacklists back into labelled windows, as a new version with its parents'
/// hashes.
///
/// In this order: annotations of grades in `keep` are added (several lines of one window become ID_exp_1, ID_exp_2, …),
/// grade D goes to the blacklist, other grades and lines without one are listed; corrections relabel, move or drop;
/// blacklisted windows, and what meets their bars, go. What changed is listed beside the version (vN.review.csv and
/// .json), with the whole blacklist (vN.blacklist.csv). Every window of the result passes the checks of an import.
///
/// Throws ConfigError, DataError (file, row and window of what is wrong: an unknown window, a correction of a label
/// that has changed since, a window that is there already, an impossible expansion), IoError.
MergeResult merge_annotations(const std::filesystem::path& workspace, const MergeRequest& request);

}  // namespace moola::data
