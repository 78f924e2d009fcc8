#include "models/classifiers/baselines.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "base/error.h"
#include "models/classifiers/classifier_file.h"
#include "models/classifiers/learnable_samples.h"

namespace moola::models {
namespace {

enum class Rule : std::uint8_t { majority, prior, last_direction, always_long };

constexpr const char* name_of(Rule rule) {
  constexpr std::array<const char*, 4> kNames{"majority", "prior", "last_direction", "always_long"};
  return kNames[static_cast<std::size_t>(rule)];
}

// A row of probabilities for each sign that the last return may have; rules that don't look at it have three alike.
struct Forecasts {
  std::vector<double> falls, still, rises;
};

class Baseline final : public Classifier {
 public:
  explicit Baseline(Rule rule) : name_(name_of(rule)), rule_(rule) {}

  Json fit(const LabelledSamples& train, const FitOptions& /*options*/) override {
    const std::vector<double> weights = class_weights(train);
    double all = 0;
    for (const double weight : weights) all += weight;
    std::vector<double> shares;
    for (const double weight : weights) shares.push_back(weight / all);
    Json told = {{"shares", shares}};
    if (rule_ == Rule::prior) forecasts_ = {.falls = shares, .still = shares, .rises = shares};
    if (rule_ == Rule::majority) always(certain(heaviest(weights, train.direction, std::nullopt), train.classes));
    if (rule_ == Rule::always_long) always(certain(towards(train, weights, 1), train.classes));
    if (rule_ == Rule::last_direction) {
      for (const std::size_t first : train.samples.first) sign_at(train.samples, first + train.samples.steps - 1);
      const auto neutral = heaviest(weights, train.direction, std::int8_t{0});
      forecasts_ = {.falls = certain(towards(train, weights, -1), train.classes),
                    .still = neutral ? certain(neutral, train.classes) : shares,
                    .rises = certain(towards(train, weights, 1), train.classes)};
    }
    on_ = {.classes = train.classes, .channels = train.samples.channels, .steps = train.samples.steps};
    return told;
  }

  std::vector<double> predict(const Samples& samples, unsigned /*threads*/) const override {
    on_.check(samples, name_);
    std::vector<double> out;
    out.reserve(samples.size() * on_.classes);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const int sign = rule_ == Rule::last_direction ? sign_at(samples, samples.decides_at(i)) : 0;
      const std::vector<double>& row = sign < 0 ? forecasts_.falls : sign > 0 ? forecasts_.rises : forecasts_.still;
      out.insert(out.end(), row.begin(), row.end());
    }
    return out;
  }

  void save(const std::filesystem::path& folder) const override {
    write_classifier(
        folder, {.model = name_,
                 .on = on_,
                 .fitted = {{"falls", forecasts_.falls}, {"still", forecasts_.still}, {"rises", forecasts_.rises}}});
  }

  void load(const std::filesystem::path& folder) override {
    const ClassifierFile file = read_classifier(folder, name_);
    const auto row = [&](const char* key) {
      auto values = file.fitted.at(key).get<std::vector<double>>();
      if (values.size() != file.on.classes) refuse_file(folder / "model.json", fmt::format("{} is no row", key));
      return values;
    };
    forecasts_ =
        reading(folder, [&] { return Forecasts{.falls = row("falls"), .still = row("still"), .rises = row("rises")}; });
    on_ = file.on;
  }

 private:
  std::string name_;
  Rule rule_;
  FittedOn on_;
  Forecasts forecasts_;

  void always(const std::vector<double>& row) { forecasts_ = {.falls = row, .still = row, .rises = row}; }

  // The class of most weight, of those of a direction where one is asked for.
  static std::optional<std::size_t> heaviest(std::span<const double> weights, std::span<const std::int8_t> direction,
                                             std::optional<std::int8_t> asked) {
    std::optional<std::size_t> best;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      if (asked && (direction.empty() || direction[k] != *asked)) continue;
      if (!best || weights[k] > weights[*best]) best = k;
    }
    return best;
  }

  std::optional<std::size_t> towards(const LabelledSamples& train, std::span<const double> weights,
                                     std::int8_t direction) const {
    const auto found = heaviest(weights, train.direction, direction);
    if (!found) {
      throw DataError(fmt::format(
          "{} needs a class that means that prices {}, and none of the {} does. Leave {} out of the models, or train "
          "on labels of directions.",
          name_, direction > 0 ? "rise" : "fall", train.classes, name_));
    }
    return found;
  }

  static std::vector<double> certain(std::optional<std::size_t> of_class, std::size_t classes) {
    std::vector<double> out(classes);
    out[*of_class] = 1;
    return out;
  }

  int sign_at(const Samples& samples, std::size_t row) const {
    if (samples.last_return.empty()) {
      throw DataError(fmt::format(
          "{} needs the last return at each row, and these samples come without prices. Give the bars that they are "
          "made of, or leave {} out of the models.",
          name_, name_));
    }
    if (row >= samples.last_return.size()) throw std::invalid_argument("a sample beyond the last return");
    const double value = samples.last_return[row];
    if (!std::isfinite(value))
      throw DataError(fmt::format("the last return at row {} is {}: leave out samples that decide there.", row, value));
    return value > 0 ? 1 : value < 0 ? -1 : 0;
  }
};

template <Rule rule>
ModelKind line(const char* help) {
  return {.name = name_of(rule),
          .role = "baseline",
          .takes = Takes::nothing,
          .help = help,
          .keys = {},
          .make = [](const Json& /*parameters*/) -> std::unique_ptr<Classifier> {
            return std::make_unique<Baseline>(rule);
          }};
}

}  // namespace

ModelKind majority_model() {
  return line<Rule::majority>("Always the class of most weight in the train part.");
}

ModelKind prior_model() {
  return line<Rule::prior>("The shares of classes in the train part.");
}

ModelKind last_direction_model() {
  return line<Rule::last_direction>("The class of the last return's sign; neutral, or the shares, where it is 0.");
}

ModelKind always_long_model() {
  return line<Rule::always_long>("Always the class that means that prices rise.");
}

}  // namespace moola::models
