#include "work/evaluate/report/report_source.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "validation/normal.h"

namespace moola::work {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Smaller is better; what cannot be said comes last.
double rank_key(const ReportSource& source, const ConfigurationResult& result) {
  const double value = source.prices ? (result.paths.empty() ? kNone : -source.annual_sharpe(result.median_path))
                                     : (result.scores ? result.scores->log_loss : kNone);
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

}  // namespace

ReportSource::ReportSource(const LoadedEvaluateConfig& given_config, const EvaluationData& given_data,
                           const std::optional<Prices>& given_prices, const EvaluationSplits& given_splits,
                           const EvaluationResults& given_results)
    : config(given_config), data(given_data), prices(given_prices), splits(given_splits), results(given_results) {
  std::vector<std::tuple<double, std::size_t>> order;
  for (std::size_t i = 0; i < results.configurations.size(); ++i)
    order.emplace_back(rank_key(*this, results.configurations[i]), i);
  std::ranges::sort(order);
  for (const auto& [key, i] : order) ranking_.push_back(&results.configurations[i]);
}

const Configuration& ReportSource::configuration(const ConfigurationResult& result) const {
  return config.configurations.at(result.configuration);
}

const ConfigurationResult* ReportSource::best() const {
  return results.best ? &results.configurations.at(*results.best) : nullptr;
}

double ReportSource::annual(double sharpe) const {
  return sharpe * std::sqrt(results.periods_per_year);
}

double ReportSource::annual_sharpe(const validation::PathSummary& path) const {
  return path.no_variance ? kNone : annual(path.sharpe);
}

std::optional<std::pair<double, double>> ReportSource::sharpe_interval(const ConfigurationResult& result) const {
  const double sharpe = annual_sharpe(result.median_path), error = annual(result.sharpe_error);
  if (!std::isfinite(sharpe) || !std::isfinite(error) || error <= 0) return std::nullopt;
  const double half = validation::normal_quantile(0.95) * error;
  return std::pair(sharpe - half, sharpe + half);
}

const validation::Interval* find_interval(const ConfigurationResult& result, std::string_view name) {
  for (const auto& [each, interval] : result.intervals) {
    if (each == name) return &interval;
  }
  return nullptr;
}

}  // namespace moola::work
