#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/classifiers/classifier.h"

namespace moola::models {

/// Throws DataError naming the first value of a sample that is not finite. Cost O(samples + rows they cover x
/// channels).
void check_finite(const Samples& samples);

/// The weight of each class. Throws DataError for a label that is no class, a weight that is negative or not finite,
/// each with its sample, and when nothing has a weight.
std::vector<double> class_weights(const LabelledSamples& train);

/// What of samples can be learnt from: those that weigh nothing are left out, and classes that never come have no
/// number, so that no model spends itself on driving their probability to 0.
struct LearnableSamples {
  std::vector<std::size_t> at;       // (used) which samples
  std::vector<std::int32_t> number;  // (used) which of `classes`
  std::vector<double> weight;        // (used) above 0
  std::vector<std::size_t> classes;  // those that come, ascending

  std::size_t size() const { return at.size(); }
};

/// `balanced`: weights of each class sum to the same. Throws DataError as class_weights and check_finite, and for fewer
/// than two classes that come.
LearnableSamples learnable_samples(const LabelledSamples& train, bool balanced);

/// (used, steps x channels): the samples one after the other.
std::vector<float> gathered(const Samples& samples, std::span<const std::size_t> at);

/// Turns values into probabilities that sum to 1: e^value over their sum. The same bits on every machine.
void softmax(std::span<double> values);

/// (rows, `all`) of probabilities (rows, classes.size()): 0 for the classes that never came.
std::vector<double> spread(std::span<const double> probability, std::span<const std::size_t> classes, std::size_t all);

}  // namespace moola::models
