#pragma once
#include "models/classifiers/classifier.h"

namespace moola::models {

/// "xgboost": boosted trees of XGBoost 3 (hist) on one row of features, or on all of a window's.
///
/// With early stopping and held-out samples it keeps the trees up to the round of the least log-loss there, and stops
/// when that is `early_stopping` rounds back. The seed counts modulo 2^31. Classes that never came get the probability
/// 0. Importance: the share of a feature's splits in the gain of all; empty when nothing was split.
///
/// Time about rows x features x outputs x 8 ns per round on one thread; memory 20 bytes per feature of a row. Its
/// threads wait busily: where others use the cores too, give it one thread, or set OMP_WAIT_POLICY=passive. A fit
/// throws Error where another XGBoost was loaded. Saved as model.ubj, which XGBoost reads; asked by code of our own
/// (GrownTrees), which also reads what XGBoost 1.7 saved. The same bits on any number of threads and any processor.
ModelKind boosted_trees_model();

}  // namespace moola::models
