#pragma once
#include "market/window_features/window_feature_set.h"

// The sets there are, each in a file of its own; window_feature_set.cpp lists them.
namespace moola::market {

WindowFeatureSet relative_set();
WindowFeatureSet relativity_set();
WindowFeatureSet advanced_set();
WindowFeatureSet feats20_set();
WindowFeatureSet hopsketch_set();

}  // namespace moola::market
