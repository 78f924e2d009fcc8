#pragma once
#include <span>
#include <string>

#include "base/json.h"
#include "market/bars.h"
#include "market/labels/barrier_search.h"
#include "work/prepare/prepare_config.h"
#include "work/prepare/used_bars.h"

namespace moola::work {

/// What a round trip in `symbol` costs, as a share of the mean price of these bars.
double mean_cost_share(const PrepareConfig& config, const std::string& symbol, const market::Bars& bars,
                       BarRange range);

/// Barriers of a horizon that were searched for in some bars.
struct FoundBarriers {
  market::TripleBarrier rule;      // the usual ones where the search is hopeless
  market::BarrierOptimum optimum;  // what the search holds for the best
  bool hopeless = false;           // it found none whose labels could be learnt from
};

/// Searches as [barriers] says, in bars [begin, end) and no others; a hopeless search is logged as a warning. `scale`
/// as barrier_scale makes it, `cost` as mean_cost_share. Throws as market::search_barriers.
FoundBarriers find_barriers(const PrepareConfig& config, const std::string& symbol, std::size_t horizon,
                            const market::Bars& bars, std::span<const double> scale, double cost, BarRange range,
                            unsigned threads);

/// Shares of what labels say: {"rows", "up", "down", "neutral", "mean_signal_bars"}.
Json label_shares(const market::LabelSummary& labels);

}  // namespace moola::work
