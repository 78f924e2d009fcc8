#pragma once
#include "base/config.h"
#include "work/evaluate/config/evaluate_config.h"

namespace moola::work {

/// Holds what is given against where the rows come from: a feature table or labelled windows, of which exactly one is
/// named. Keys of the other are refused where given, and no part of the identity. Windows have no prices: they are not
/// traded (backtest.bars = ["none"]), and models that look at prices are left out of the default; of windows that are
/// embedded those that take windows. Throws ConfigError.
void settle_row_source(EvaluateConfig& config, ConfigSchema& schema);

}  // namespace moola::work
