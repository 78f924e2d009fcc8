#include "work/evaluate/fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "models/classifiers/classifier.h"

namespace moola::work {
namespace {

// Samples of some rows, with what they borrow from.
struct Borrowed {
  std::vector<std::size_t> first;
  std::vector<std::int32_t> label;
  std::vector<double> weight;
  models::LabelledSamples samples = {};
};

class Fold {
 public:
  Fold(const LoadedEvaluateConfig& config, const EvaluationData& data, const validation::Split& split,
       const FoldTask& task, FoldFeatures& features, unsigned threads)
      : config_(config),
        data_(data),
        configuration_(config.configurations.at(task.configuration)),
        kind_(models::find_model(configuration_.model)),
        steps_(steps_of(config, configuration_)),
        task_(task),
        threads_(threads) {
    const EvaluateConfig::Fit& fit = config.values.fit;
    calibrates_ = fit.calibration != "none" && !configuration_.baseline;
    rows_ = fold_rows(data, split,
                      {.held_out = fit.held_out,
                       .early_stopping = kind_.stops_early,
                       .calibration = calibrates_,
                       .steps = steps_,
                       .stride = steps_ > 1 ? static_cast<std::size_t>(config.values.data.stride) : 1});
    const bool scales = kind_.wants_scaling && fit.scaling != "none" && !data.scaled;
    table_ = scales ? features.scaled(rows_.fit) : std::span<const float>(data.x);
  }

  FoldResult run(const std::function<void()>& check_stop) {
    const Borrowed train = borrow(rows_.fit, true), held_out = borrow(rows_.early_stopping, true);
    const std::unique_ptr<models::Classifier> model = kind_.make(configuration_.parameters);
    Json told = model->fit(train.samples, {.seed = task_.seed,
                                           .threads = threads_,
                                           .held_out = rows_.early_stopping.empty() ? nullptr : &held_out.samples,
                                           .check_stop = check_stop});
    const Borrowed test = borrow(rows_.test, false);
    std::vector<double> probability = model->predict(test.samples.samples, threads_);
    FoldResult out;
    out.fit = {{"rows", rows_.fit.size()},
               {"early_stopping_rows", rows_.early_stopping.size()},
               {"calibration_rows", rows_.calibration.size()},
               {"model", std::move(told)}};
    if (calibrates_ && !rows_.calibration.empty()) probability = calibrated(*model, std::move(probability), out.fit);
    for (const std::size_t row : rows_.test) out.row.push_back(data_.first_row + row);
    out.probability.reserve(probability.size());
    for (const double p : probability) {
      if (!std::isfinite(p)) {
        throw DataError(fmt::format("row {} was predicted with a probability of {}.",
                                    out.row[out.probability.size() / data_.classes()], p));
      }
      out.probability.push_back(static_cast<float>(p));
    }
    add_importance(*model, out.fit);
    return out;
  }

 private:
  Borrowed borrow(const std::vector<std::size_t>& rows, bool labelled) const {
    Borrowed out;
    for (const std::size_t row : rows) {
      out.first.push_back(data_.position[row] + 1 - steps_);
      if (labelled) out.label.push_back(data_.label[row]);
    }
    if (labelled) out.weight = weights(rows);
    out.samples = {.samples = {.table = table_,
                               .channels = data_.features.size(),
                               .steps = steps_,
                               .first = out.first,
                               .last_return = data_.last_return},
                   .label = out.label,
                   .weight = out.weight,
                   .classes = data_.classes(),
                   .direction = data_.direction};
    return out;
  }

  std::vector<double> weights(const std::vector<std::size_t>& rows) const {
    const std::string& how = config_.values.fit.weights;
    if (how == "uniqueness") return uniqueness_weights(data_, rows);
    std::vector<double> out;
    if (how == "table") {
      for (const std::size_t row : rows) out.push_back(static_cast<double>(data_.weight[row]));
    }
    return out;
  }

  std::vector<double> calibrated(const models::Classifier& model, std::vector<double> probability, Json& told) const {
    const Borrowed held = borrow(rows_.calibration, true);
    const std::vector<double> forecast = model.predict(held.samples.samples, threads_);
    const validation::Calibrator calibrator = validation::fit_calibrator(
        validation::parse_calibration_method(config_.values.fit.calibration),
        {.classes = data_.classes(), .probability = forecast, .truth = held.label, .weight = held.weight});
    told["calibration"] = {{"method", validation::to_string(calibrator.method)},
                           {"temperature", calibrator.temperature},
                           {"at_bound", calibrator.at_bound}};
    return validation::calibrate(calibrator, probability);
  }

  // Of features, summed over the rows of a window.
  void add_importance(const models::Classifier& model, Json& told) const {
    const std::vector<double> importance = model.importance();
    if (importance.empty()) return;
    std::vector<double> by_feature(data_.features.size());
    for (std::size_t i = 0; i < importance.size(); ++i) by_feature[i % by_feature.size()] += importance[i];
    told["importance"] = by_feature;
  }

  const LoadedEvaluateConfig& config_;
  const EvaluationData& data_;
  const Configuration& configuration_;
  const models::ModelKind& kind_;
  std::size_t steps_;
  const FoldTask& task_;
  unsigned threads_;
  bool calibrates_ = false;
  FoldRows rows_;
  std::span<const float> table_;
};

}  // namespace

FoldResult run_fold(const LoadedEvaluateConfig& config, const EvaluationData& data, const validation::Split& split,
                    const FoldTask& task, FoldFeatures& features, unsigned threads,
                    const std::function<void()>& check_stop) {
  return Fold(config, data, split, task, features, threads).run(check_stop);
}

std::size_t steps_of(const LoadedEvaluateConfig& config, const Configuration& configuration) {
  return models::find_model(configuration.model).takes == models::Takes::windows
             ? static_cast<std::size_t>(config.values.data.window)
             : 1;
}

}  // namespace moola::work
