#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "market/checks/rows.h"

namespace moola::market {

/// What a column alone says about labels 1, 0 and -1. Rows with another label or a value that is not finite are left
/// out; values that differ in their last two bits alone count as equal.
struct LabelRelevance {
  std::size_t rows = 0;
  double information = 0;       // mutual, in nats: of quantile bins of the column and the label, Miller and Madow's
                                // correction added, at least 0
  double plug_in = 0;           // without it
  double uncertainty = 0;       // symmetrical: twice the plug-in over the sum of both entropies, 0 to 1
  double g_p = 1;               // the chance of as much information by accident (G-test)
  double auc = 0.5;             // that a row labelled 1 has a higher value than another row; 0.5 where there are none
  double rank_correlation = 0;  // Spearman's, with the label
  double rank_t = 0;            // its t-value
};

struct RelevanceOptions {
  int bins = 16;       // of the column
  double overlap = 1;  // mean rows between a label's beginning and its end: labels of so many neighbouring rows hang
                       // together, and count as one in g_p and rank_t
};

/// Of every column, on `threads` threads; the same bits on any number of them. Cost: about 25 ns a value. Throws
/// ConfigError for less than 2 bins or an overlap below 1, std::invalid_argument for rows that there are not and labels
/// of other rows than the columns. Sources: Miller 1955; Witten and Frank 2005 (uncertainty).
std::vector<LabelRelevance> label_relevance(std::span<const std::span<const double>> columns,
                                            std::span<const std::int8_t> labels, std::span<const Rows> rows,
                                            const RelevanceOptions& options, unsigned threads);

/// Columns by information, the most informative first; of equal ones the one whose AUC is further from 0.5, then the
/// earlier.
std::vector<std::size_t> rank_features(std::span<const LabelRelevance> relevance);

}  // namespace moola::market
