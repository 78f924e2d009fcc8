#include "work/evaluate/folds/fitted_model.h"

#include <fmt/format.h>

#include "base/error.h"

namespace moola::work {
namespace {

// Samples of some rows, and what they lie in.
struct Placed {
  std::vector<float> windows;  // labelled ones; else the table of all rows holds them
  std::vector<std::size_t> first;
  models::Samples samples = {};
};

// The same with their labels.
struct Borrowed {
  Placed placed;
  std::vector<std::int32_t> label;
  std::vector<double> weight;
  models::LabelledSamples samples = {};
};

Placed place(const EvaluationData& data, std::span<const float> table, std::size_t steps,
             const std::vector<std::size_t>& rows) {
  Placed out;
  const bool windows = data.is_window(steps);
  if (windows) out.windows = windows_of(data, table, rows);
  out.first.reserve(rows.size());
  for (const std::size_t row : rows)
    out.first.push_back(windows ? out.first.size() * steps : data.position[row] + 1 - steps);
  out.samples = {.table = windows ? out.windows : table,
                 .channels = windows ? data.window.channels : data.features.size(),
                 .steps = steps,
                 .first = out.first,
                 .last_return = data.last_return};
  return out;
}

std::vector<double> weights(const EvaluationData& data, const std::string& how, const std::vector<std::size_t>& rows) {
  if (how == "uniqueness") return uniqueness_weights(data, rows);
  std::vector<double> out;
  if (how == "table") {
    for (const std::size_t row : rows) out.push_back(static_cast<double>(data.weight[row]));
  }
  return out;
}

void lend(const EvaluationData& data, Borrowed& out) {
  out.samples = {.samples = out.placed.samples,
                 .label = out.label,
                 .weight = out.weight,
                 .classes = data.classes(),
                 .direction = data.direction};
}

Borrowed borrow(const EvaluationData& data, std::span<const float> table, std::size_t steps,
                const std::string& weighted, const std::vector<std::size_t>& rows) {
  Borrowed out{.placed = place(data, table, steps, rows), .label = {}, .weight = weights(data, weighted, rows)};
  for (const std::size_t row : rows) out.label.push_back(data.label[row]);
  lend(data, out);
  return out;
}

// What is fitted on: synthetic rows stand behind the real ones.
Borrowed borrow_fit(const EvaluationData& data, std::span<const float> table, std::size_t steps,
                    const EvaluateConfig& config, const FoldRows& rows) {
  if (rows.synthetic.empty()) return borrow(data, table, steps, config.fit.weights, rows.fit);
  std::vector<std::size_t> all = rows.fit;
  all.insert(all.end(), rows.synthetic.begin(), rows.synthetic.end());
  Borrowed out{
      .placed = place(data, table, steps, all), .label = {}, .weight = weights(data, config.fit.weights, rows.fit)};
  const std::vector<double> beside = synthetic_weights(data, rows, out.weight, config.data.synthetic_weight);
  if (out.weight.empty()) out.weight.assign(rows.fit.size(), 1);
  out.weight.insert(out.weight.end(), beside.begin(), beside.end());
  for (const std::size_t row : all)
    out.label.push_back(row < data.size() ? data.label[row] : data.synthetic.label[row - data.size()]);
  lend(data, out);
  return out;
}

bool is_calibrated(const LoadedEvaluateConfig& config, const Configuration& configuration) {
  return config.values.fit.calibration != "none" && !configuration.baseline && !configuration.is_predicted();
}

void calibrate_on(FittedModel& model, const EvaluationData& data, std::span<const float> table,
                  const EvaluateConfig::Fit& fit, const std::vector<std::size_t>& rows, unsigned threads) {
  const Borrowed held = borrow(data, table, model.steps, fit.weights, rows);
  const std::vector<double> forecast = model.classifier->predict(held.samples.samples, threads);
  model.calibrator = validation::fit_calibrator(
      validation::parse_calibration_method(fit.calibration),
      {.classes = data.classes(), .probability = forecast, .truth = held.label, .weight = held.weight});
  model.told["calibration"] = {{"method", validation::to_string(model.calibrator->method)},
                               {"temperature", model.calibrator->temperature},
                               {"at_bound", model.calibrator->at_bound}};
}

// Of features, summed over the rows of a window.
void tell_importance(FittedModel& model, std::size_t features) {
  const std::vector<double> importance = model.classifier->importance();
  if (importance.empty() || importance.size() % features != 0) return;
  std::vector<double> by_feature(features);
  for (std::size_t i = 0; i < importance.size(); ++i) by_feature[i % features] += importance[i];
  model.told["importance"] = by_feature;
}

}  // namespace

std::vector<double> FittedModel::predict(const EvaluationData& data, std::span<const float> table,
                                         const std::vector<std::size_t>& rows, unsigned threads) const {
  std::vector<double> out = classifier->predict(place(data, table, steps, rows).samples, threads);
  return calibrator ? validation::calibrate(*calibrator, out) : out;
}

FittedModel fit_model(const FitSetting& setting, const EvaluationData& data, const FoldRows& rows,
                      FoldFeatures& features) {
  const EvaluateConfig::Fit& fit = setting.config.values.fit;
  const models::ModelKind& kind = *setting.configuration.kind;
  FittedModel out{.classifier = kind.make(setting.configuration.parameters),
                  .steps = steps_of(setting.config, setting.configuration, data)};
  const std::span<const float> table = features.wanted(kind, rows.fit);
  if (features.scales_for(kind)) {
    out.scales = features.scales();
    out.clip = fit.clip;
  }
  const Borrowed train = borrow_fit(data, table, out.steps, setting.config.values, rows);
  const Borrowed held_out = borrow(data, table, out.steps, fit.weights, rows.early_stopping);
  Json told = out.classifier->fit(train.samples, {.seed = setting.seed,
                                                  .threads = setting.threads,
                                                  .held_out = rows.early_stopping.empty() ? nullptr : &held_out.samples,
                                                  .check_stop = setting.check_stop,
                                                  .scratch = setting.scratch});
  out.told = {{"rows", rows.fit.size()},
              {"early_stopping_rows", rows.early_stopping.size()},
              {"calibration_rows", rows.calibration.size()},
              {"model", std::move(told)}};
  if (data.synthetic.size() > 0) out.told["synthetic_rows"] = rows.synthetic.size();
  if (is_calibrated(setting.config, setting.configuration) && !rows.calibration.empty())
    calibrate_on(out, data, table, fit, rows.calibration, setting.threads);
  tell_importance(out, data.features.size());
  return out;
}

FoldRows rows_for(const LoadedEvaluateConfig& config, const Configuration& configuration, const EvaluationData& data,
                  const validation::Split& split, std::span<const validation::RowRange> sealed) {
  const std::size_t steps = steps_of(config, configuration, data);
  return fold_rows(data, split,
                   {.held_out = config.values.fit.held_out,
                    .early_stopping = configuration.kind->stops_early,
                    .calibration = is_calibrated(config, configuration),
                    .steps = steps,
                    .stride = steps > 1 ? static_cast<std::size_t>(config.values.data.stride) : 1,
                    .synthetic = !configuration.baseline,
                    .sealed = sealed});
}

std::size_t steps_of(const LoadedEvaluateConfig& config, const Configuration& configuration,
                     const EvaluationData& data) {
  if (configuration.kind->takes != models::Takes::windows) return 1;
  return data.holds_windows() ? data.window.steps : static_cast<std::size_t>(config.values.data.window);
}

}  // namespace moola::work
