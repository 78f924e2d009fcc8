#pragma once
#include <cstdint>
#include <vector>

#include "validation/backtest.h"
#include "work/evaluate/folds/fold.h"
#include "work/evaluate/rows/evaluation_splits.h"
#include "work/evaluate/rows/prices.h"

namespace moola::work {

/// Probabilities of all rows that a path predicts: those of each part from the split that predicts it there.
struct PathForecast {
  std::vector<float> probability;  // (n, classes); NaN where nothing was predicted
};
/// `folds`: of one configuration, by split; an empty one is missing, and so are its rows.
PathForecast path_forecast(const EvaluationData& data, const std::vector<EvaluationSplits::Part>& path,
                           const std::vector<const FoldResult*>& folds);

/// The moments at which returns are told: when bars of any symbol begin, between the first and the last row.
std::vector<std::int64_t> return_clock(const EvaluationData& data, const Prices& prices);

/// What trading a path earned.
struct PathReturns {
  std::vector<double> net, gross;  // by the clock, the mean over symbols; NaN where nothing was tested
  std::vector<validation::Trade> trades;
  double turnover = 0;  // of all symbols
  std::size_t bars_held = 0, bars = 0;
  double break_even_cost = 0;  // share of the price, of a round trip, the mean over symbols with trades; NaN: none
};
/// Every part is traded by itself: nothing is held from one to the next. `cost_multiple`: of what trades cost.
PathReturns trade_path(const EvaluateConfig& config, const EvaluationData& data, const Prices& prices,
                       const std::vector<std::int64_t>& clock, const std::vector<EvaluationSplits::Part>& path,
                       const PathForecast& forecast, double cost_multiple = 1);

/// What it would have earned to hold every symbol all the time, over the same parts.
PathReturns hold_path(const EvaluationData& data, const Prices& prices, const std::vector<std::int64_t>& clock,
                      const std::vector<EvaluationSplits::Part>& path);

}  // namespace moola::work
