#include "work/evaluate/fitted_model.h"

#include <fmt/format.h>

#include "base/error.h"

namespace moola::work {
namespace {

// Samples of some rows, with what they borrow from.
struct Borrowed {
  std::vector<std::size_t> first;
  std::vector<std::int32_t> label;
  std::vector<double> weight;
  models::LabelledSamples samples = {};
};

models::Samples samples_of(const EvaluationData& data, std::span<const float> table, std::size_t steps,
                           const std::vector<std::size_t>& first) {
  return {.table = table,
          .channels = data.features.size(),
          .steps = steps,
          .first = first,
          .last_return = data.last_return};
}

std::vector<std::size_t> first_rows(const EvaluationData& data, std::size_t steps,
                                    const std::vector<std::size_t>& rows) {
  std::vector<std::size_t> out;
  out.reserve(rows.size());
  for (const std::size_t row : rows) out.push_back(data.position[row] + 1 - steps);
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

Borrowed borrow(const EvaluationData& data, std::span<const float> table, std::size_t steps,
                const std::string& weighted, const std::vector<std::size_t>& rows) {
  Borrowed out{.first = first_rows(data, steps, rows), .label = {}, .weight = weights(data, weighted, rows)};
  for (const std::size_t row : rows) out.label.push_back(data.label[row]);
  out.samples = {.samples = samples_of(data, table, steps, out.first),
                 .label = out.label,
                 .weight = out.weight,
                 .classes = data.classes(),
                 .direction = data.direction};
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
  if (importance.empty()) return;
  std::vector<double> by_feature(features);
  for (std::size_t i = 0; i < importance.size(); ++i) by_feature[i % features] += importance[i];
  model.told["importance"] = by_feature;
}

}  // namespace

std::vector<double> FittedModel::predict(const EvaluationData& data, std::span<const float> table,
                                         const std::vector<std::size_t>& rows, unsigned threads) const {
  const std::vector<std::size_t> first = first_rows(data, steps, rows);
  std::vector<double> out = classifier->predict(samples_of(data, table, steps, first), threads);
  return calibrator ? validation::calibrate(*calibrator, out) : out;
}

FittedModel fit_model(const FitSetting& setting, const EvaluationData& data, const FoldRows& rows,
                      FoldFeatures& features) {
  const EvaluateConfig::Fit& fit = setting.config.values.fit;
  const models::ModelKind& kind = *setting.configuration.kind;
  FittedModel out{.classifier = kind.make(setting.configuration.parameters),
                  .steps = steps_of(setting.config, setting.configuration)};
  const std::span<const float> table = features.wanted(kind, rows.fit);
  if (features.scales_for(kind)) {
    out.scales = features.scales();
    out.clip = fit.clip;
  }
  const Borrowed train = borrow(data, table, out.steps, fit.weights, rows.fit);
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
  if (is_calibrated(setting.config, setting.configuration) && !rows.calibration.empty())
    calibrate_on(out, data, table, fit, rows.calibration, setting.threads);
  tell_importance(out, data.features.size());
  return out;
}

FoldRows rows_for(const LoadedEvaluateConfig& config, const Configuration& configuration, const EvaluationData& data,
                  const validation::Split& split) {
  const std::size_t steps = steps_of(config, configuration);
  return fold_rows(data, split,
                   {.held_out = config.values.fit.held_out,
                    .early_stopping = configuration.kind->stops_early,
                    .calibration = is_calibrated(config, configuration),
                    .steps = steps,
                    .stride = steps > 1 ? static_cast<std::size_t>(config.values.data.stride) : 1});
}

std::size_t steps_of(const LoadedEvaluateConfig& config, const Configuration& configuration) {
  return configuration.kind->takes == models::Takes::windows ? static_cast<std::size_t>(config.values.data.window) : 1;
}

}  // namespace moola::work
