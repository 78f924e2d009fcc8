#pragma once
#include "models/classifiers/classifier.h"

namespace moola::models {

/// "minirocket": a linear classifier of MiniRocket's features of windows.
///
/// The classifier is ridge regression, which chooses its own penalty, while the samples or the features are at most
/// `ridge_up_to`; beyond, logistic regression of standardised features with the penalty `c`. fit's Json says which.
/// Probabilities are the softmax of what the classifier says of each class. Ridge regression's are not calibrated: they
/// are too even as a rule. Classes that never came get the probability 0.
///
/// Memory 4 bytes per feature of each sample while it is fitted: 4 GB for 100,000 samples. The same bits on any number
/// of threads.
ModelKind minirocket_model();

}  // namespace moola::models
