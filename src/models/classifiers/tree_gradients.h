#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moola::models {

/// Margins of a row: one for each class, or one alone for two.
constexpr std::size_t outputs_of(std::size_t classes) {
  return classes == 2 ? 1 : classes;
}

/// First and second derivatives of the weighted log-loss by margins, as XGBoost takes them: (rows, outputs), an output
/// per class, or one alone for two classes.
struct TreeGradients {
  std::vector<float> first, second;
};

/// `margin`: (rows, outputs); `truth`: 0 to classes - 1; `weight`: above 0.
///
/// Each derivative is rounded to a multiple of `gradient_step`, by at most 2^-50 of the sum of weights. XGBoost adds
/// them up in double, in an order that depends on its threads: of such multiples every sum is exact, so the order
/// changes nothing, and trees are the same bits on any number of threads. Source: as XGBoost's own multi:softprob and
/// binary:logistic; Demmel and Nguyen, Fast Reproducible Floating-Point Summation (2013), whose idea is to round first.
TreeGradients tree_gradients(std::span<const float> margin, std::span<const std::int32_t> truth,
                             std::span<const double> weight, std::size_t classes, unsigned threads = 1);

/// A power of 2: the sum of weights is less than 2^52 of it.
double gradient_step(std::span<const double> weight);

}  // namespace moola::models
