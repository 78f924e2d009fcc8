#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "data/tables/oof_file.h"
#include "validation/confident_learning.h"

namespace moola::data {

struct LabelIssueSearch {
  validation::LabelFilter filter = validation::LabelFilter::prune_by_noise_rate;
  validation::LabelScore score = validation::LabelScore::self_confidence;  // what "worst" means
  std::uint64_t limit = 0;                                                 // most issues, the worst; 0: all
};

/// A row whose label is likely wrong.
struct LabelIssue {
  std::size_t prediction = 0;                         // row of the predictions
  std::int32_t given = 0, suggested = 0;              // numbers of classes of the predictions
  double quality = 0, margin = 0, entropy = 0;        // the three scores, 0 to 1, 1 for a good label
  std::vector<validation::LabelFilter> filters = {};  // that name it
};

struct FoundLabelIssues {
  validation::LabelNoise noise = {};
  std::vector<LabelIssue> issues = {};  // worst first; of equal ones the earlier row
  std::vector<std::pair<validation::LabelFilter, std::uint64_t>> named =
      {};                        // rows that each filter names, all filters
  std::uint64_t unlabelled = 0;  // predictions of rows without a label
};

/// Looks at the predictions of rows that have a label. Cost: 0.3 s for a million rows of three classes. Throws
/// DataError when no predicted row has a label.
FoundLabelIssues find_label_issues(const OofFile& oof, const LabelIssueSearch& search = {});

}  // namespace moola::data
