#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/store/content_file.h"
#include "data/tables/feature_table_file.h"
#include "validation/row_range.h"

namespace moola::work {

struct EvaluationData;

/// Windows that a generator has made from the rows of an evaluation, which may be learnt from and nothing else.
struct SyntheticRows {
  data::Parent cache = {};
  std::string generator = {};                     // in words
  std::vector<std::int32_t> label = {};           // (m) class numbers
  std::vector<std::int64_t> source = {};          // (m) row that it was made from; -1: of none
  std::vector<data::FittedPart::Seen> seen = {};  // what the generator was fitted on, ns UTC
  std::size_t left_out = 0;                       // of the data set, whose source or class is not among the rows

  std::size_t size() const { return label.size(); }
};

/// Synthetic rows that may stand beside `fit`, as row numbers behind the real ones (data.size() and on), in order:
/// those made from a row of `fit`, and those made from none. None where the generator has seen a moment from a tested
/// row's time to its label's end; `test`: all ranges of rows that are tested, now or later. `fit` is ascending. Cost
/// O(rows tested x stretches seen + synthetic rows x log rows).
std::vector<std::size_t> synthetic_beside(const EvaluationData& data, std::span<const std::size_t> fit,
                                          std::span<const std::vector<validation::RowRange>> test);

/// Whether the generator has seen any of these rows or the time of their labels.
bool has_generator_seen(const EvaluationData& data, std::span<const std::vector<validation::RowRange>> test);

}  // namespace moola::work
