#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moola::validation {

/// What a model gave each class, and which came.
struct Forecasts {
  std::size_t classes = 0;
  std::span<const double> probability;  // (rows, classes) row by row
  std::span<const std::int32_t> truth;  // (rows) 0 to classes - 1
  std::span<const double> weight = {};  // (rows) 0 or more; empty: 1

  std::size_t rows() const { return truth.size(); }
};

/// Throws DataError naming the first row that cannot be scored: a probability that is not finite, is negative, or whose
/// row does not sum to 1 within 1e-6; a truth that is no class (-99 marks a row without a label: leave it out before);
/// a weight that is negative or not finite; no row of any weight.
void check_forecasts(const Forecasts& forecasts);

/// What cannot be said is NaN: of a class that never came its recall and areas.
struct ClassScores {
  double precision = 0;  // 0 where it was never predicted
  double recall = 0, f1 = 0;
  double roc_auc = 0, pr_auc = 0;  // one class against the rest; ties count half, and average precision in steps
  double share = 0;                // of the rows, by weight
};

struct ForecastScores {
  double accuracy = 0;
  double balanced_accuracy = 0;                                // the mean recall of classes that came
  double macro_precision = 0, macro_recall = 0, macro_f1 = 0;  // over classes that came or were predicted
  double mcc = 0;                  // Matthews' correlation of several classes (Gorodkin); 0 where one side is constant
  double log_loss = 0;             // nats; probabilities no nearer to 0 than 2.2e-16
  double brier = 0;                // the sum over classes of (p - y)^2: 0 to 2
  double ece_width = 0;            // |confidence - accuracy| of the predicted class, over bins of equal width
  double ece_mass = 0;             // over bins of equal weight
  double roc_auc = 0, pr_auc = 0;  // means over classes that came and did not come
  std::vector<ClassScores> by_class;
  std::vector<double> confusion;  // (classes, classes), by weight: truth, predicted
};

/// A row in an order of probabilities.
struct RankedRow {
  std::uint32_t row;
  bool came;  // the class that is ranked by
  bool last;  // of rows that are as likely
};

/// Scores forecasts as often as is wanted under other weights, as a bootstrap does: what does not depend on weights is
/// done once. The predicted class is the first of the most probable. Rows of no weight do not count.
class ForecastScorer {
 public:
  /// What `forecasts` spans must outlive it. Cost O(classes n log n). Throws DataError as check_forecasts, ConfigError
  /// for no bins.
  explicit ForecastScorer(const Forecasts& forecasts, std::size_t bins = 10);

  ForecastScores scores() const { return scores(forecasts_.weight); }
  /// Cost O(classes n). `weight`: (rows), or empty for 1.
  ForecastScores scores(std::span<const double> weight) const;

  const std::vector<std::int32_t>& predicted() const { return predicted_; }

 private:
  Forecasts forecasts_;
  std::size_t bins_;
  std::vector<std::int32_t> predicted_;
  std::vector<double> confidence_, loss_, brier_;  // of each row
  std::vector<RankedRow> by_confidence_;           // from the least confident
  std::vector<std::vector<RankedRow>> by_class_;   // from the likeliest of a class

  void areas(std::span<const double> weight, std::size_t of_class, ClassScores& out) const;
  void from_confusion(ForecastScores& out) const;
  void calibration(std::span<const double> weight, double all, ForecastScores& out) const;
};

/// Scores that have one number each, by name: "accuracy", "log_loss" …
std::vector<std::string> forecast_score_names();
/// Throws ConfigError naming the nearest.
double forecast_score(const ForecastScores& scores, const std::string& name);
/// Whether a larger one is better.
bool larger_is_better(const std::string& name);

}  // namespace moola::validation
