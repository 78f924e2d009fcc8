#pragma once
#include <string>
#include <vector>

#include "work/evaluate/rows/evaluation_splits.h"
#include "work/evaluate/rows/prices.h"

namespace moola::work {

/// Whether labels know prices that come after their own t1, in words; none where they do not, or where it can't be
/// told. A label that ends at its t1 says nothing of the return of the bars after it (a horizon of them): where rows
/// labelled upwards are followed by higher returns than those labelled downwards, more than 0.6 of all pairs and more
/// than chance leaves to so many labels that do not overlap (four standard errors), labels reach further than t1 says,
/// and what is purged by t1 is too little. Of the rows that the first usable split trains on, and the bars among them.
/// Cost O(rows log rows).
std::vector<std::string> find_labels_beyond_t1(const EvaluationData& data, const EvaluationSplits& splits,
                                               const Prices& prices);

}  // namespace moola::work
