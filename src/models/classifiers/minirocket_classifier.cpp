#include "models/classifiers/minirocket_classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/parallel_pieces.h"
#include "models/classifiers/classifier_file.h"
#include "models/classifiers/learnable_samples.h"
#include "models/classifiers/logistic_regression.h"
#include "models/classifiers/minirocket_features.h"
#include "models/classifiers/ridge.h"

namespace moola::models {
namespace {

constexpr const char* kName = "minirocket";
constexpr std::size_t kWindowsAtOnce = 256;
constexpr std::size_t kColumnsPerPiece = 256;

// Brings features to the mean 0 and the deviation 1 of their rows by weight, and says what those were.
void standardise(std::vector<float>& features, std::span<const double> weight, unsigned threads, RidgeClassifier& out) {
  const std::size_t columns = out.columns, rows = weight.size();
  const double all = std::accumulate(weight.begin(), weight.end(), 0.0);
  out.mean.assign(columns, 0);
  out.scale.assign(columns, 0);
  for_each_piece((columns + kColumnsPerPiece - 1) / kColumnsPerPiece, threads, [&](std::size_t piece) {
    const std::size_t begin = piece * kColumnsPerPiece, end = std::min(columns, begin + kColumnsPerPiece);
    const auto each = [&](const auto& work) {
      for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t c = begin; c < end; ++c) work(row, c, features[row * columns + c]);
      }
    };
    each([&](std::size_t row, std::size_t c, float value) { out.mean[c] += weight[row] * value / all; });
    each([&](std::size_t row, std::size_t c, float value) {
      const double off = value - out.mean[c];
      out.scale[c] += weight[row] * (off * off) / all;
    });
    // Of a feature that never changes the mean is rounded, and what is left of it would be taken for a change.
    for (std::size_t c = begin; c < end; ++c) out.scale[c] = out.scale[c] > 1e-14 ? std::sqrt(out.scale[c]) : 1.0;
    each([&](std::size_t, std::size_t c, float& value) {
      value = static_cast<float>((value - out.mean[c]) / out.scale[c]);
    });
  });
}

class MiniRocketClassifier final : public Classifier {
 public:
  explicit MiniRocketClassifier(Json parameters) : parameters_(std::move(parameters)) {}

  Json fit(const LabelledSamples& train, const FitOptions& options) override {
    const LearnableSamples rows = learnable_samples(train, false);
    const FittedOn on{.classes = train.classes, .channels = train.samples.channels, .steps = train.samples.steps};
    MiniRocketFeatures kernels;
    std::vector<float> features;
    {
      const std::vector<float> windows = gathered(train.samples, rows.at);
      const WindowArray array{.values = windows, .bars = on.steps, .channels = on.channels};
      kernels = fit_minirocket(array, {.features = parameters_.at("features").get<std::size_t>(), .seed = options.seed},
                               options.threads);
      options.check_stop();
      features = transform(kernels, array, options.threads);
    }
    options.check_stop();
    Json told = {{"features", kernels.features()}, {"classes", rows.classes}};
    RidgeClassifier linear =
        std::min(rows.size(), kernels.features()) <= parameters_.at("ridge_up_to").get<std::size_t>()
            ? ridge(features, rows, kernels.features(), options, told)
            : logistic(features, rows, kernels.features(), options, told);
    kernels_ = std::move(kernels);
    linear_ = std::move(linear);
    classes_ = rows.classes;
    on_ = on;
    return told;
  }

  std::vector<double> predict(const Samples& samples, unsigned threads) const override {
    on_.check(samples, kName);
    std::vector<double> out;
    for (std::size_t begin = 0; begin < samples.size(); begin += kWindowsAtOnce) {
      std::vector<std::size_t> at(std::min(kWindowsAtOnce, samples.size() - begin));
      std::iota(at.begin(), at.end(), begin);
      const std::vector<float> windows = gathered(samples, at);
      const std::vector<float> features =
          transform(kernels_, {.values = windows, .bars = on_.steps, .channels = on_.channels}, threads);
      const std::vector<double> values = decision_values(linear_, features, threads);
      out.insert(out.end(), values.begin(), values.end());
    }
    for (std::size_t i = 0; i < samples.size(); ++i)
      softmax(std::span(out).subspan(i * classes_.size(), classes_.size()));
    return spread(out, classes_, on_.classes);
  }

  void save(const std::filesystem::path& folder) const override {
    if (on_.classes == 0) throw std::logic_error("minirocket is saved before it was fitted or loaded");
    const auto classes = static_cast<std::int64_t>(classes_.size()),
               features = static_cast<std::int64_t>(kernels_.features());
    const auto wide = [](const std::vector<std::uint32_t>& values) {
      return std::vector<std::int64_t>(values.begin(), values.end());
    };
    const auto wholes = [](const char* name, const std::vector<std::int64_t>& values) {
      return array_of(name, data::ElementType::i64, values, {static_cast<std::int64_t>(values.size())});
    };
    const auto dilations = wide(kernels_.dilations), quantiles = wide(kernels_.quantiles),
               channels_of = wide(kernels_.channels_of), channel = wide(kernels_.channel);
    write_arrays(folder, kName, on_,
                 {wholes("dilations", dilations), wholes("quantiles", quantiles), wholes("channels_of", channels_of),
                  wholes("channel", channel), array_of("biases", data::ElementType::f32, kernels_.biases, {features}),
                  array_of("coefficients", data::ElementType::f64, linear_.coefficients, {classes, features}),
                  array_of("intercepts", data::ElementType::f64, linear_.intercept, {classes}),
                  array_of("mean", data::ElementType::f64, linear_.mean, {features}),
                  array_of("scale", data::ElementType::f64, linear_.scale, {features})});
    write_classifier(folder,
                     {.model = kName,
                      .on = on_,
                      .parameters = parameters_,
                      .fitted = {{"classes", classes_}, {"features", kernels_.features()}}},
                     {kArraysFile});
  }

  void load(const std::filesystem::path& folder) override {
    const ClassifierFile file = read_classifier(folder, kName, {kArraysFile});
    const ModelArrays arrays(folder, kName, file.on);
    std::vector<std::size_t> classes = classes_that_came(folder, file);
    const auto features = reading(folder, [&] { return file.fitted.at("features").get<std::size_t>(); });
    MiniRocketFeatures kernels{.bars = file.on.steps,
                               .channels = file.on.channels,
                               .dilations = arrays.wholes("dilations"),
                               .quantiles = arrays.wholes("quantiles"),
                               .channels_of = arrays.wholes("channels_of"),
                               .channel = arrays.wholes("channel"),
                               .biases = arrays.floats("biases", features)};
    try {  // it looks at how its parts fit together
      const std::vector<float> still(file.on.features());
      static_cast<void>(transform(kernels, {.values = still, .bars = kernels.bars, .channels = kernels.channels}));
    } catch (const std::invalid_argument& error) {
      refuse_file(folder / kArraysFile, error.what());
    }
    linear_ = {.classes = classes.size(),
               .columns = features,
               .coefficients = arrays.doubles("coefficients", classes.size() * features),
               .intercept = arrays.doubles("intercepts", classes.size()),
               .mean = arrays.doubles("mean", features),
               .scale = arrays.doubles("scale", features)};
    kernels_ = std::move(kernels);
    classes_ = std::move(classes);
    on_ = file.on;
    parameters_ = file.parameters;
  }

 private:
  Json parameters_;
  FittedOn on_;
  std::vector<std::size_t> classes_;  // that came
  MiniRocketFeatures kernels_;
  RidgeClassifier linear_;  // or logistic regression, which is as linear

  static RidgeClassifier ridge(const std::vector<float>& features, const LearnableSamples& rows, std::size_t columns,
                               const FitOptions& options, Json& told) {
    RidgeClassifier out = fit_ridge({.features = features,
                                     .columns = columns,
                                     .truth = rows.number,
                                     .classes = rows.classes.size(),
                                     .weight = rows.weight},
                                    {}, options.threads);
    told["classifier"] = "ridge regression";
    told["calibrated"] = false;
    told["alpha"] = out.alpha;
    told["left_out_error"] = *std::min_element(out.left_out_error.begin(), out.left_out_error.end());
    return out;
  }

  RidgeClassifier logistic(std::vector<float>& features, const LearnableSamples& rows, std::size_t columns,
                           const FitOptions& options, Json& told) const {
    RidgeClassifier out{.classes = rows.classes.size(), .columns = columns};
    standardise(features, rows.weight, options.threads, out);
    std::vector<std::size_t> first(rows.size());
    std::iota(first.begin(), first.end(), std::size_t{0});
    const Samples table{.table = features, .channels = columns, .steps = 1, .first = first};
    const LogisticFit fitted = fit_logistic(
        {.samples = table, .at = first, .truth = rows.number, .weight = rows.weight, .classes = rows.classes.size()},
        {.c = parameters_.at("c").get<double>(), .tolerance = 1e-4}, options.threads, options.check_stop);
    out.coefficients.assign(fitted.coefficients().begin(), fitted.coefficients().end());
    out.intercept.assign(fitted.intercepts().begin(), fitted.intercepts().end());
    told["classifier"] = fmt::format("logistic regression: {} samples and {} features are both above {}", rows.size(),
                                     columns, parameters_.at("ridge_up_to").get<std::size_t>());
    told.update(told_of(fitted));
    return out;
  }
};

}  // namespace

ModelKind minirocket_model() {
  return {.name = kName,
          .role = "windows",
          .takes = Takes::windows,
          .help = "A linear classifier of MiniRocket's features of windows.",
          .keys = {{.name = "features",
                    .fallback = 10'000,
                    .low = 84,
                    .high = 100'000,
                    .help = "rounded down to a multiple of 84; 4 bytes each for every sample"},
                   {.name = "ridge_up_to",
                    .fallback = kMostRidge,
                    .low = 1,
                    .high = kMostRidge,
                    .help = "samples or features, whichever are fewer, that are left to ridge regression, which "
                            "chooses its penalty but takes minutes at 6000; logistic regression for more"},
                   {.name = "c",
                    .fallback = 1e-4,
                    .low = 1e-9,
                    .high = 1e9,
                    .help = "inverse of the penalty's strength in that logistic regression"}},
          .make = [](const Json& parameters) -> std::unique_ptr<Classifier> {
            return std::make_unique<MiniRocketClassifier>(parameters);
          }};
}

}  // namespace moola::models
