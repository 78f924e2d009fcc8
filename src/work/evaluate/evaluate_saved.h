#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "work/evaluate/evaluate.h"

namespace moola::work {

/// What `moola evaluate` is asked for.
struct EvaluateSavedRequest {
  std::filesystem::path workspace = {};
  std::string model = {};             // a run of `moola train`
  std::string configuration = {};     // one of its configurations; empty: the best
  std::string data = {}, split = {};  // empty: those that it was trained with
  std::string part = {};              // "val", "test", "all"; empty: test where there is a split, else all
  std::vector<std::string> settings = {};
  bool fresh = false;
};

/// A saved model beside the baselines of its run on a part of a table, in a run of its own with results.json and
/// report.html. A test part is counted as opened (test_openings.h) before anything of it is scored.
///
/// Throws ConfigError (no such run, configuration, table, split or part), DataError (damaged; the table lacks a feature
/// or has other classes), LeakError when a row of the part shares a moment with what the model was fitted on.
EvaluateOutcome evaluate_saved(const EvaluateSavedRequest& request);

}  // namespace moola::work
