#pragma once
#include <string>
#include <vector>

#include "work/evaluate/rows/evaluation_splits.h"

namespace moola::work {

/// How far a feature alone may tell a class from the others, as the area under its ROC curve, before it is asked about.
inline constexpr double kTellingAuc = 0.9;

/// Features of a table that alone tell some class by more than that, in words, the most telling first: markets leave no
/// such feature, and one that knows what is to come is one. Of the rows that the first usable split trains on, up to
/// 20,000 of them; classes of fewer than 50 rows, or all but 50, are not asked for. None for labelled windows, whose
/// labels may say what is in them, and where nothing trains. Cost: 25 ns a value and class.
std::vector<std::string> find_telling_features(const EvaluationData& data, const EvaluationSplits& splits,
                                               unsigned threads);

}  // namespace moola::work
