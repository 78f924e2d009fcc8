#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/study/trial.h"

namespace moola::work {

/// What a trial's program has told on its standard output, read as it comes.
///
/// With `metrics`, the program is a job of moola: all that it says is one JSON object, and the result is what stands
/// there under these keys ("models.xgboost.scores.log_loss"), one for each objective. Without them, a line that is a
/// JSON object with `value` (a number, or a list of them) is for us: with `step` it is a report, and the last one of
/// all is the result. `constraint` (a number or a list, what is above 0 is violated) says whether the trial is
/// feasible, `returns` names a file of out-of-sample returns, `folds` (a list) are the scores of folds, kept as the
/// attribute `fold_scores`, and `attributes` (an object) is kept with the trial.
/// Everything else is the program's own business.
class TrialOutput {
 public:
  /// `objectives`: how many values a result has.
  explicit TrialOutput(std::size_t objectives, std::vector<std::string> metrics = {})
      : objectives_(objectives), metrics_(std::move(metrics)) {}

  /// Takes what has come; gives the reports in it.
  std::vector<sweep::Report> take(std::string_view bytes);
  /// Nothing more comes: a last line without its end counts, too.
  std::vector<sweep::Report> finish();

  /// The result so far; nothing when no line had a fitting value.
  const std::optional<std::vector<double>>& values() const { return values_; }
  double violation() const { return violation_; }
  const std::string& returns_file() const { return returns_; }
  const std::map<std::string, std::string>& attributes() const { return attributes_; }  // JSON
  /// Why a line with `value` was of no use, the last such; empty: none was.
  const std::string& complaint() const { return complaint_; }

 private:
  std::size_t objectives_;
  std::vector<std::string> metrics_;
  std::string line_;       // or all that a job has said
  bool skipping_ = false;  // the rest of a line that is too long
  std::optional<std::vector<double>> values_;
  double violation_ = 0;
  std::string returns_, complaint_;
  std::map<std::string, std::string> attributes_;
  std::size_t reports_ = 0;

  void take_answer();
  void take_line(std::string_view line, std::vector<sweep::Report>& out);
};

}  // namespace moola::work
