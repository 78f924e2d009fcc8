#pragma once
// What the sections of the page of an evaluation look at.
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "work/evaluate/results/evaluation_results.h"
#include "work/pages/report_numbers.h"

namespace moola::work {

/// Everything it spans must outlive it.
class ReportSource {
 public:
  ReportSource(const LoadedEvaluateConfig& config, const EvaluationData& data, const std::optional<Prices>& prices,
               const EvaluationSplits& splits, const EvaluationResults& results);

  const LoadedEvaluateConfig& config;
  const EvaluationData& data;
  const std::optional<Prices>& prices;
  const EvaluationSplits& splits;
  const EvaluationResults& results;

  const Configuration& configuration(const ConfigurationResult& result) const;
  const std::string& name(const ConfigurationResult& result) const { return configuration(result).name; }
  bool is_baseline(const ConfigurationResult& result) const { return configuration(result).baseline; }
  const ConfigurationResult* best() const;  // null: there is none
  /// All of them, by Sharpe ratio or without prices by log loss; those without a result last, ties by number.
  const std::vector<const ConfigurationResult*>& ranking() const { return ranking_; }

  /// Of a ratio or an error per bar: NaN for one that has no variance.
  double annual(double sharpe) const;
  double annual_sharpe(const validation::PathSummary& path) const;
  /// Where 90 of 100 such intervals hold the true annual Sharpe ratio; none where its error was not measured.
  std::optional<std::pair<double, double>> sharpe_interval(const ConfigurationResult& result) const;

 private:
  std::vector<const ConfigurationResult*> ranking_;
};

/// Of "accuracy", "log_loss" …; null where there is none.
const validation::Interval* find_interval(const ConfigurationResult& result, std::string_view name);

}  // namespace moola::work
