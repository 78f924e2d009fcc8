#pragma once
#include "market/bars.h"

namespace moola::market {

/// What ends a bar of an alternative sampling.
enum class ThresholdKind { volume, dollars };

/// Bars put together until they have traded `threshold` (units, or close times units): volume and dollar bars (Lopez de
/// Prado 2018, chapter 2). A bar's stamp is that of the first bar in it; the last, unfinished one is left out unless
/// `keep_last`. Throws ConfigError unless threshold > 0, DataError when nothing was ever traded.
Bars threshold_bars(const Bars& bars, ThresholdKind kind, double threshold, bool keep_last = false);

}  // namespace moola::market
