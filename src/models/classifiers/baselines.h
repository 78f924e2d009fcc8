#pragma once
#include "models/classifiers/classifier.h"

namespace moola::models {

/// What a model must beat. None looks at features; all take any number of classes that come, one alone too.

/// Probability 1 for the class of most weight, the first of equal ones.
ModelKind majority_model();

/// The share of each class by weight.
ModelKind prior_model();

/// Probability 1 for the class whose direction is the sign of the last return that is known at a sample's last row.
/// Where it is 0: for the class without direction, or the shares of classes where all have one. Of several classes of a
/// direction it is the one of most weight. Throws DataError without last_return, without directions both up and down,
/// and for a return that is not finite.
ModelKind last_direction_model();

/// Probability 1 for the class whose direction is up; of several, the one of most weight. Throws DataError without one.
ModelKind always_long_model();

}  // namespace moola::models
