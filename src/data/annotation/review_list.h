#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace moola::data {

/// One thing that a merge did to a window, or did not.
struct ReviewItem {
  std::string window_id;
  std::string change;         // added, relabelled, moved, dropped, blacklisted, marginal, not_annotated, open
  std::string before, after;  // "consolidation 61-65"; empty: not in that version
  std::string reason;
};

/// How many there are of each change.
std::map<std::string, std::uint64_t> changes_of(const std::vector<ReviewItem>& items);

/// Writes them as CSV and, with `about` in front, as JSON. Throws IoError.
void write_review(const std::filesystem::path& csv, const std::filesystem::path& json,
                  const std::vector<ReviewItem>& items, const Json& about);

}  // namespace moola::data
