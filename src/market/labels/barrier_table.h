#pragma once
#include <string>

#include "market/labels/triple_barrier.h"

namespace moola::market {

/// Barriers in ATR for a horizon in bars: from a table for MES and MGC at 1, 5, 10, 15 and 20 bars and for any other
/// symbol at 5, 10, 15 and 20; else 0.8 + 0.4 log2(horizon) ATR on both sides, within [0.5, 4], and 2.5 horizons of
/// bars, within [5, 300]. Throws ConfigError for a horizon below 1. Source: reference factory.md 1.5.
TripleBarrier usual_barriers(const std::string& symbol, int horizon);

/// Barriers as shares of the price, for horizons 1, 5 and 20. Throws ConfigError for others.
TripleBarrier usual_percentage_barriers(int horizon);

}  // namespace moola::market
