#pragma once
#include <array>
#include <vector>

#include "work/evaluate/results/evaluation_results.h"

namespace moola::work {

/// What the paths of a configuration are traded with. All that it names must outlive it.
struct TradingInputs {
  const EvaluateConfig& config;
  const EvaluationData& data;
  const Prices& prices;
  const std::vector<std::int64_t>& clock;
  const std::vector<std::size_t>& equity_at;
};

/// Trades every path, and fills what `result` says of paths, of their mean and of the median path; nothing is filled
/// where no path has a forecast. Cost: a backtest of each path, and one more.
void trade_paths(const TradingInputs& inputs, const EvaluationSplits& splits,
                 const std::vector<const FoldResult*>& folds, ConfigurationResult& result);

/// Equity from 1 after each of the returns that `at` names, in order; what was not tested changes nothing.
std::vector<double> equity_points(const std::vector<double>& returns, const std::vector<std::size_t>& at);

/// Multiples of the costs at which the best configurations are told.
inline constexpr std::array<double, 7> kEvaluatedCosts{0, 0.25, 0.5, 1, 1.5, 2, 3};
/// Fills `costs` and `break_even_multiple` of a configuration that trade_paths has filled. No decision looks at costs,
/// so the trades are the same at all of them. Cost: some 15 backtests of one path.
void measure_cost_sensitivity(const TradingInputs& inputs, const EvaluationSplits& splits,
                              const std::vector<const FoldResult*>& folds, ConfigurationResult& result);

}  // namespace moola::work
