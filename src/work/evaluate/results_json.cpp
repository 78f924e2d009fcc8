#include <cmath>

#include "work/evaluate/evaluation_results.h"

namespace moola::work {
namespace {

using validation::ForecastScores;
using validation::PathSummary;

Json scores_json(const ForecastScores& scores, const std::vector<std::string>& classes) {
  Json out = Json::object();
  for (const std::string& name : validation::forecast_score_names())
    out[name] = validation::forecast_score(scores, name);
  Json by_class = Json::object();
  for (std::size_t c = 0; c < scores.by_class.size(); ++c) {
    const validation::ClassScores& each = scores.by_class[c];
    by_class[classes[c]] = {{"precision", each.precision}, {"recall", each.recall}, {"f1", each.f1},
                            {"roc_auc", each.roc_auc},     {"pr_auc", each.pr_auc}, {"share", each.share}};
  }
  out["by_class"] = std::move(by_class);
  Json confusion = Json::array();
  for (std::size_t t = 0; t < classes.size(); ++t) {
    Json row = Json::array();
    for (std::size_t p = 0; p < classes.size(); ++p) row.push_back(scores.confusion[t * classes.size() + p]);
    confusion.push_back(std::move(row));
  }
  out["confusion"] = std::move(confusion);
  return out;
}

Json path_json(const PathSummary& path, double periods) {
  return {
      {"total", path.total},     {"sharpe", path.sharpe},           {"annual_sharpe", path.sharpe * std::sqrt(periods)},
      {"sortino", path.sortino}, {"drawdown", path.drawdown.depth}, {"longest_under_water", path.longest_under_water}};
}

}  // namespace

Json results_json(const LoadedEvaluateConfig& config, const EvaluationData& data, const EvaluationResults& results) {
  Json models = Json::object(), baselines = Json::object();
  for (const ConfigurationResult& each : results.configurations) {
    const Configuration& configuration = config.configurations[each.configuration];
    Json entry = {{"model", configuration.model},
                  {"parameters", configuration.parameters},
                  {"folds", each.folds},
                  {"missing", each.missing}};
    if (each.scores) entry["scores"] = scores_json(*each.scores, data.class_names);
    Json intervals = Json::object();
    for (const auto& [name, interval] : each.intervals) intervals[name] = {interval.low, interval.high};
    entry["intervals"] = std::move(intervals);
    if (!each.paths.empty()) {
      Json backtest = path_json(each.mean_path, results.periods_per_year);
      backtest.update({{"gross_total", each.gross_total},
                       {"trades", each.trades},
                       {"turnover", each.turnover},
                       {"exposure", each.exposure},
                       {"hit_rate", each.hit_rate},
                       {"profit_factor", each.profit_factor},
                       {"break_even_cost", each.break_even_cost},
                       {"psr", each.psr},
                       {"dsr", each.dsr},
                       {"sharpe_error", each.sharpe_error}});
      Json paths = Json::array();
      for (const PathSummary& path : each.paths) paths.push_back(path_json(path, results.periods_per_year));
      backtest["paths"] = std::move(paths);
      entry["backtest"] = std::move(backtest);
    }
    (configuration.baseline ? baselines : models)[configuration.name] = std::move(entry);
  }
  Json out = {{"verdict", results.verdict},
              {"has_verdict", results.has_verdict},
              {"best", results.best ? Json(config.configurations[*results.best].name) : Json(nullptr)},
              {"contamination", results.contamination},
              {"warnings", results.warnings},
              {"notes", results.notes},
              {"models", std::move(models)},
              {"baselines", std::move(baselines)}};
  if (results.hold) out["buy_and_hold"] = path_json(*results.hold, results.periods_per_year);
  out["trials"] = {{"count", results.trials},
                   {"effective", results.effective_trials},
                   {"variance", results.trial_variance},
                   {"expected_maximum", results.deflation}};
  if (results.overfitting) {
    const validation::Overfitting& found = *results.overfitting;
    out["overfitting"] = {{"pbo", found.pbo},
                          {"configurations", found.configurations},
                          {"blocks", config.values.overfitting.blocks},
                          {"combinations", found.combinations},
                          {"rows", found.rows},
                          {"prob_loss", found.prob_loss},
                          {"slope", found.slope},
                          {"logit_mean", found.logit_mean},
                          {"coarse", found.coarse()}};
  } else {
    out["overfitting"] = nullptr;
    out["no_overfitting"] = results.no_overfitting;
  }
  Json gates = Json::array();
  for (const GateResult& gate : results.gates)
    gates.push_back({{"name", gate.name},
                     {"asked", gate.asked},
                     {"found", gate.found ? Json(*gate.found) : Json(nullptr)},
                     {"met", gate.met}});
  out["gates"] = std::move(gates);
  return out;
}

}  // namespace moola::work
