#include "models/classifiers/learnable_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "market/portable_exp.h"

namespace moola::models {
namespace {

double weight_of(const LabelledSamples& train, std::size_t i) {
  return train.weight.empty() ? 1.0 : train.weight[i];
}

void check_sizes(const LabelledSamples& train) {
  if (train.classes == 0 || train.label.size() != train.size() ||
      (!train.weight.empty() && train.weight.size() != train.size()) ||
      (!train.direction.empty() && train.direction.size() != train.classes))
    throw std::invalid_argument("samples, their labels, weights or directions are of unequal number");
}

}  // namespace

void check_finite(const Samples& samples) {
  const std::size_t channels = samples.channels;
  if (samples.size() == 0) return;
  if (channels == 0 || samples.steps == 0 || samples.table.size() % channels != 0)
    throw std::invalid_argument("a table that its channels do not fill");
  const std::size_t rows = samples.table.size() / channels;
  // Windows overlap: how many begin at a row, less those that end before it, says whether any covers it.
  std::vector<std::ptrdiff_t> more(rows + 1);
  for (const std::size_t first : samples.first) {
    if (first >= rows || samples.steps > rows - first) throw std::invalid_argument("a sample beyond its table");
    ++more[first];
    --more[first + samples.steps];
  }
  std::ptrdiff_t covering = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    covering += more[row];
    if (covering == 0) continue;
    for (std::size_t c = 0; c < channels; ++c) {
      const float value = samples.table[row * channels + c];
      if (std::isfinite(value)) continue;
      throw DataError(
          fmt::format("channel {} of row {} is {}: a model needs numbers. Repair the row, or leave out what covers it.",
                      c, row, value));
    }
  }
}

std::vector<double> class_weights(const LabelledSamples& train) {
  check_sizes(train);
  std::vector<double> out(train.classes);
  double all = 0;
  for (std::size_t i = 0; i < train.size(); ++i) {
    const std::int32_t label = train.label[i];
    if (label < 0 || static_cast<std::size_t>(label) >= train.classes) {
      throw DataError(fmt::format("sample {} is of class {}: classes are 0 to {}. Leave out what has no label.", i,
                                  label, train.classes - 1));
    }
    const double weight = weight_of(train, i);
    if (!(weight >= 0) || !std::isfinite(weight))
      throw DataError(fmt::format("sample {} weighs {}: a weight is a number of at least 0.", i, weight));
    out[static_cast<std::size_t>(label)] += weight;
    all += weight;
  }
  if (!(all > 0)) throw DataError(fmt::format("none of {} samples has a weight: nothing to learn from.", train.size()));
  return out;
}

LearnableSamples learnable_samples(const LabelledSamples& train, bool balanced) {
  const std::vector<double> weights = class_weights(train);
  check_finite(train.samples);
  LearnableSamples out;
  std::vector<std::int32_t> number(train.classes, -1);
  double all = 0;
  for (std::size_t k = 0; k < train.classes; ++k) {
    if (!(weights[k] > 0)) continue;
    number[k] = static_cast<std::int32_t>(out.classes.size());
    out.classes.push_back(k);
    all += weights[k];
  }
  if (out.classes.size() < 2) {
    throw DataError(fmt::format(
        "every one of {} samples is of class {}: there is nothing to tell apart. Train on a longer stretch, or on "
        "labels of which more than one comes.",
        train.size(), out.classes[0]));
  }
  for (std::size_t i = 0; i < train.size(); ++i) {
    const double weight = weight_of(train, i);
    if (weight == 0) continue;
    const auto label = static_cast<std::size_t>(train.label[i]);
    out.at.push_back(i);
    out.number.push_back(number[label]);
    out.weight.push_back(balanced ? weight * all / (static_cast<double>(out.classes.size()) * weights[label]) : weight);
  }
  return out;
}

std::vector<float> gathered(const Samples& samples, std::span<const std::size_t> at) {
  std::vector<float> out;
  out.reserve(at.size() * samples.steps * samples.channels);
  for (const std::size_t i : at) {
    const std::span<const float> sample = samples.sample(i);
    out.insert(out.end(), sample.begin(), sample.end());
  }
  return out;
}

void softmax(std::span<double> values) {
  const double most = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) {
    value = market::portable_exp(value - most);
    sum += value;
  }
  for (double& value : values) value /= sum;
}

std::vector<double> spread(std::span<const double> probability, std::span<const std::size_t> classes, std::size_t all) {
  const std::size_t rows = probability.size() / classes.size();
  std::vector<double> out(rows * all);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < classes.size(); ++k)
      out[row * all + classes[k]] = probability[row * classes.size() + k];
  }
  return out;
}

}  // namespace moola::models
