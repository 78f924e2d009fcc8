#include <cmath>

#include "base/utc_time.h"
#include "work/evaluate/results/evaluation_results.h"
#include "work/evaluate/results/trading_results.h"

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

Json by_split_json(const std::vector<FoldScore>& folds) {
  Json rows = Json::array(), accuracy = Json::array(), log_loss = Json::array();
  for (const FoldScore& each : folds) {
    rows.push_back(each.rows);
    accuracy.push_back(each.accuracy);
    log_loss.push_back(each.log_loss);
  }
  return {{"rows", std::move(rows)}, {"accuracy", std::move(accuracy)}, {"log_loss", std::move(log_loss)}};
}

Json curve_json(const validation::ReliabilityCurve& curve) {
  Json bins = Json::array();
  for (const validation::ReliabilityBin& bin : curve.bins) {
    bins.push_back({{"low", bin.low},
                    {"high", bin.high},
                    {"rows", bin.weight},
                    {"confidence", bin.confidence},
                    {"share", bin.share},
                    {"interval", {bin.share_low, bin.share_high}}});
  }
  return {{"ece", curve.ece}, {"bins", std::move(bins)}};
}

Json sets_json(const validation::SetScores& scores, const std::vector<std::string>& classes) {
  Json by_class = Json::object();
  for (std::size_t c = 0; c < scores.coverage_by_class.size(); ++c) by_class[classes[c]] = scores.coverage_by_class[c];
  return {{"coverage", scores.coverage},
          {"mean_size", scores.mean_size},
          {"singletons", scores.singletons},
          {"empty", scores.empty},
          {"coverage_by_class", std::move(by_class)}};
}

Json conformal_json(const ConformalResult& found, const std::vector<std::string>& classes) {
  return {{"level", 1 - kConformalMiscoverage},    {"calibrated_rows", found.calibrated},
          {"purged_rows", found.purged},           {"measured_rows", found.measured},
          {"measured_from", utc_text(found.from)}, {"lac", sets_json(found.lac, classes)},
          {"aps", sets_json(found.aps, classes)}};
}

// What was traded on the median path; of all paths and their mean what they came to.
Json backtest_json(const ConfigurationResult& each, double periods) {
  Json out = path_json(each.median_path, periods);
  out.update({{"path", each.path_numbers[each.median]},
              {"gross_total", each.gross_total},
              {"trades", each.trades},
              {"turnover", each.turnover},
              {"exposure", each.exposure},
              {"hit_rate", each.hit_rate},
              {"profit_factor", each.profit_factor},
              {"break_even_cost", each.break_even_cost},
              {"psr", each.psr},
              {"dsr", each.dsr},
              {"sharpe_error", each.sharpe_error}});
  if (each.moments) {
    out["moments"] = {{"observations", each.moments->observations},
                      {"effective_observations", each.effective_observations},
                      {"sharpe", each.moments->sharpe},
                      {"skew", each.moments->skew},
                      {"kurtosis", each.moments->kurtosis}};
  }
  if (!each.costs.empty()) {
    Json points = Json::array();
    for (const validation::CostPoint& point : each.costs) {
      points.push_back(
          {{"multiple", point.multiple}, {"total", point.total}, {"annual_sharpe", point.sharpe * std::sqrt(periods)}});
    }
    out["costs"] = {{"break_even_multiple", each.break_even_multiple}, {"at", std::move(points)}};
  }
  Json paths = Json::array();
  for (const PathSummary& path : each.paths) paths.push_back(path_json(path, periods));
  out["paths"] = std::move(paths);
  out["mean_of_paths"] = path_json(each.mean_path, periods);
  return out;
}

Json synthetic_json(const SyntheticRows& synthetic) {
  return {{"id", to_string(synthetic.cache.id)},
          {"content_sha256", synthetic.cache.content_sha256},
          {"generator", synthetic.generator},
          {"rows", synthetic.size()},
          {"left_out", synthetic.left_out}};
}

Json equity_json(const EvaluationResults& results) {
  Json time = Json::array();
  for (const std::size_t i : results.equity_at) time.push_back(results.clock[i]);
  Json out = {{"time", std::move(time)}};
  if (results.best) out["best"] = equity_points(results.configurations[*results.best].returns, results.equity_at);
  out["buy_and_hold"] = equity_points(results.hold_returns, results.equity_at);
  return out;
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
    if (!each.by_split.empty()) entry["by_split"] = by_split_json(each.by_split);
    if (!each.synthetic_rows.empty()) entry["by_split"]["synthetic_rows"] = each.synthetic_rows;
    if (each.reliability) {
      entry["reliability"] = {{"path", each.reliability->path},
                              {"by_width", curve_json(each.reliability->by_width)},
                              {"by_mass", curve_json(each.reliability->by_mass)}};
    }
    if (each.conformal) entry["conformal"] = conformal_json(*each.conformal, data.class_names);
    if (!each.paths.empty()) entry["backtest"] = backtest_json(each, results.periods_per_year);
    (configuration.baseline ? baselines : models)[configuration.name] = std::move(entry);
  }
  Json out = {{"verdict", results.verdict},
              {"has_verdict", results.has_verdict},
              {"best", results.best ? Json(config.configurations[*results.best].name) : Json(nullptr)},
              {"contamination", results.contamination},
              {"warnings", results.warnings},
              {"notes", results.notes},
              {"tested",
               {{"rows", results.tested.rows},
                {"from", utc_text(results.tested.first)},
                {"to", utc_text(results.tested.last)},
                {"sha256", results.tested.sha256}}},
              {"models", std::move(models)},
              {"baselines", std::move(baselines)}};
  if (results.hold) {
    out["buy_and_hold"] = path_json(*results.hold, results.periods_per_year);
    out["periods_per_year"] = results.periods_per_year;
    out["equity"] = equity_json(results);
  }
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
  if (!results.refitted_barriers.empty()) out["barriers"] = results.refitted_barriers;
  if (!results.refitted_encoders.empty()) out["encoders"] = results.refitted_encoders;
  if (data.synthetic.size() > 0) out["synthetic"] = synthetic_json(data.synthetic);
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
