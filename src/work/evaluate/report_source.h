#pragma once
// What the sections of the page of an evaluation look at, and how they write numbers.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "record/html.h"
#include "work/evaluate/evaluation_results.h"

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

/// What is no number is a dash in all of these.
std::string figure_text(double value);                 // three digits
std::string fixed_text(double value, int digits);      // never "-0.00"
std::string share_text(double share, int digits = 1);  // 0.25: "25.0 %", the space one that does not break
/// A chance: "0.97", but "> 0.99" rather than 1, and "< 0.01" rather than 0.
std::string chance_text(double chance);
std::string between_text(double low, double high, int digits);  // "0.31 to 2.53"
std::string between_shares_text(double low, double high, int digits = 1);
/// "2024-03-01", or with its minute where `with_clock`. A dash for kNoTime.
std::string date_text(std::int64_t time, bool with_clock = false);
/// "1 split", "15 splits".
std::string count_text(std::size_t count, std::string_view one, std::string_view many);

/// `rest` is said after "and 3 more".
record::Html bullet_list(const std::vector<std::string>& lines, std::size_t most, std::string_view rest);

}  // namespace moola::work
