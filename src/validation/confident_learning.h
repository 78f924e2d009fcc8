#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "validation/forecast_scores.h"

namespace moola::validation {

/// How rows are picked whose label is likely wrong. Those of a label are counted by the calibrated joint.
enum class LabelFilter : std::uint8_t {
  prune_by_noise_rate,    // for each other class as many rows as it lost, those with the largest p(other) - p(given)
  prune_by_class,         // as many rows as all others lost, those with the smallest p(given)
  both,                   // rows that both of these pick
  confident_learning,     // rows that are confidently of another class
  predicted_neq_given,    // rows whose most probable class is another
  low_self_confidence,    // as many rows as `LabelNoise::issues`, those of the lowest score
  low_normalized_margin,  // the same
};
LabelFilter parse_label_filter(const std::string& name);
std::string_view to_string(LabelFilter filter);

/// How good a row's label is, from 0 to 1.
enum class LabelScore : std::uint8_t {
  self_confidence,              // p(given)
  normalized_margin,            // (p(given) - the largest other + 1) / 2
  confidence_weighted_entropy,  // ln(1 + x) / x with x = entropy / (ln classes * p(given)): 1 and 0 at the ends
};
LabelScore parse_label_score(const std::string& name);
std::string_view to_string(LabelScore score);

/// What given and true labels have to do with each other. Matrices are (classes, classes): given label, true class.
struct LabelNoise {
  std::size_t rows = 0, classes = 0;
  std::vector<std::uint64_t> given;       // (classes) rows of the label
  std::vector<double> threshold;          // (classes) mean p(class) of rows labelled so; 2 for a label without rows
  std::vector<std::uint64_t> confident;   // rows that reach a class's threshold; on the diagonal 1 at least
  std::vector<std::uint64_t> calibrated;  // the same in proportion, rounded so that its rows sum to `given`
  std::vector<double> joint;              // calibrated / rows
  std::vector<double> true_share;         // (classes) of all rows
  std::vector<double> given_if_true;      // chance of a label where this is the true class; 0 for a class without rows
  std::vector<double> true_if_given;      // and the other way round
  std::uint64_t issues = 0;               // rows confidently of another class that is also more probable
};

struct LabelFilterOptions {
  LabelFilter filter = LabelFilter::prune_by_noise_rate;
  // Of the three filters that prune; the others ignore them.
  std::size_t min_rows_per_class = 1;  // that are left of each label
  double noise_share = 1;              // of the counted errors that are looked for, 0 to 1
};

struct LabelIssues {
  std::vector<std::uint32_t> rows;           // in order
  std::vector<std::uint64_t> kept, removed;  // (classes) rows by given label
};

/// Finds labels that are likely wrong by what a model that never saw them says: `truth` of the forecasts is the given
/// label, `probability` what the fold without the row gave each class, purged. Leave out rows that no fold predicted
/// and rows without a label.
///
/// A row is confident of a class whose threshold it reaches within 1e-6; of several the most probable class of all
/// counts. Every filter but the two of low scores lets a row alone whose label is the most probable class, when 1e-6 is
/// added to it. What is as good goes by the row's number, the first first, so that all is the same on any number of
/// threads. Errors of overlapping labels depend on each other: look at suggestions in time, not one by one.
///
/// Source: Northcutt, Jiang, Chuang, Confident learning: estimating uncertainty in dataset labels (2021).
class ConfidentLearning {
 public:
  /// What `forecasts` spans must outlive it. Cost O(classes n): 20 ms of one thread for a million rows of three
  /// classes. Throws DataError as check_forecasts, for fewer than 2 classes and for 2^32 rows or more;
  /// std::invalid_argument for weights, as errors are counted in rows.
  explicit ConfidentLearning(const Forecasts& forecasts, unsigned threads = 1);

  const LabelNoise& noise() const { return noise_; }

  /// Cost O(classes n) on average, 30 ms for those. Throws ConfigError for a noise share outside 0 to 1.
  LabelIssues find(const LabelFilterOptions& options = {}) const;

  /// Of every row: 7 ms for those, with entropies 70 ms.
  std::vector<double> scores(LabelScore score) const;

  /// The most probable class of every row but the given one; of equal ones the first.
  std::vector<std::int32_t> suggestions() const;

 private:
  Forecasts forecasts_;
  unsigned threads_;
  LabelNoise noise_;
};

/// `rows` from the lowest score on, those of equal scores as they come. `scores`: of all rows.
std::vector<std::uint32_t> worst_first(std::span<const std::uint32_t> rows, std::span<const double> scores);

}  // namespace moola::validation
