#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "record/manifest.h"

namespace moola::work {

/// A finished run of `moola cv`, `walk-forward` or `cpcv-pbo`, as its folder holds it.
struct ComparedRun {
  std::string id = {};
  record::Manifest manifest = {};
  Json results = Json::object();  // results.json
  Json config = Json::object();   // record::flat_config
  std::string rows = {};          // "A", "B" …: runs of one letter test the same rows

  bool traded() const { return results.contains("buy_and_hold"); }
  double periods_per_year() const;  // NaN where nothing was traded
  std::optional<double> pbo() const;
  const Json* best() const;  // of its models; null: there is none
};

/// A configuration of a run; numbers that are not there are NaN.
struct ComparedConfiguration {
  std::size_t run = 0;  // of RunComparison::runs
  std::string name = {};
  bool baseline = false;
  double accuracy = 0, log_loss = 0, macro_f1 = 0;
  double annual_sharpe = 0, total = 0, drawdown = 0, dsr = 0;  // of its median path; dsr among its own run's trials
};

/// What runs do not have alike.
struct RunDifference {
  std::string part = {}, key = {};       // part: "job", "data", "configuration", "code"
  std::vector<std::string> values = {};  // by run; empty: it has none
};

/// The best of the runs that test the same rows, and what is left of it when the choice among runs counts too.
struct ChoiceAmongRuns {
  std::string rows = {};
  std::size_t configuration = 0;   // of RunComparison::configurations
  std::optional<double> dsr = {};  // among the trials of all runs; none without returns
  double annual_luck = 0;          // Sharpe ratio that the best of so many has without skill
};

struct RunComparison {
  std::vector<ComparedRun> runs = {};  // as they were named
  std::vector<RunDifference> differences = {};
  std::vector<ComparedConfiguration> configurations = {};  // the best first, by Sharpe ratio, then by log loss
  double trials = 0;                                       // of all runs together
  std::vector<ChoiceAmongRuns> choices = {};               // by letter; of runs with a verdict alone

  bool same_rows() const;
  /// "2 cpcv-pbo-mine": its number and its name.
  std::string label(std::size_t run) const;
};

/// Reads runs and holds them against each other. A choice's deflated Sharpe ratio counts all trials of all runs, also
/// of those that test other rows or have no verdict: they were looked at. The variance is that of the ratios on its own
/// rows, of a year, as bars may be of any length. Throws ConfigError for fewer than two runs, one that is named twice,
/// is not there (the nearest is named), of another job, or not finished; DataError where its folder does not hold what
/// it should.
RunComparison compare_evaluations(const std::filesystem::path& workspace, const std::vector<std::string>& references);

Json comparison_json(const RunComparison& comparison);

}  // namespace moola::work
