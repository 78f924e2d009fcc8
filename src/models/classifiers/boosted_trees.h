#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/classifiers/classifier.h"

namespace moola::models {

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

/// "xgboost": boosted trees of XGBoost 1.7 (hist) on one row of features, or on all of a window's.
///
/// With early stopping and held-out samples it keeps the trees up to the round of the least log-loss there, and stops
/// when that is `early_stopping` rounds back. The seed counts modulo 2^31. Classes that never came get the probability
/// 0. Importance: the share of a feature's splits in the gain of all; empty when nothing was split.
///
/// Time about rows x features x outputs x 8 ns per round on one thread; memory 20 bytes per feature of a row. Its
/// threads wait busily: where others use the cores too, give it one thread, or set OMP_WAIT_POLICY=passive. Saved as
/// model.ubj, which XGBoost reads. The same bits on any number of threads and any processor.
ModelKind boosted_trees_model();

}  // namespace moola::models
