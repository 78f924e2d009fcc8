#include "work/evaluate/results/trading_results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace moola::work {
namespace {

using validation::PathSummary;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<double> tested(const std::vector<double>& returns) {
  std::vector<double> out;
  for (const double x : returns) {
    if (!std::isnan(x)) out.push_back(x);
  }
  return out;
}

// The mean of paths' returns, moment by moment.
class MeanReturns {
 public:
  void add(const std::vector<double>& returns) {
    sum_.resize(returns.size(), kNone);
    count_.resize(returns.size());
    for (std::size_t i = 0; i < returns.size(); ++i) {
      if (std::isnan(returns[i])) continue;
      if (count_[i]++ == 0) sum_[i] = 0;
      sum_[i] += returns[i];
    }
  }
  std::vector<double> mean() && {
    for (std::size_t i = 0; i < sum_.size(); ++i) {
      if (count_[i] > 1) sum_[i] /= count_[i];
    }
    return std::move(sum_);
  }

 private:
  std::vector<double> sum_;
  std::vector<std::uint32_t> count_;
};

void tell_trades(const std::vector<validation::Trade>& trades, ConfigurationResult& result) {
  std::size_t wins = 0;
  double gain = 0, loss = 0;
  for (const validation::Trade& each : trades) {
    if (each.net() > 0) {
      ++wins;
      gain += each.net();
    } else {
      loss -= each.net();
    }
  }
  result.trades = trades.size();
  result.hit_rate = trades.empty() ? kNone : static_cast<double>(wins) / static_cast<double>(trades.size());
  result.profit_factor = trades.empty() ? kNone : gain / loss;
}

// Where the total comes to nothing, between a multiple that gains and one that does not. Logarithms of equity are all
// but straight in the costs, so that a few steps along the chord find it; halving the far end's value keeps it from
// staying there (the Illinois method).
double where_nothing_is_left(double low, double low_value, double high, double high_value, const auto& log_equity) {
  int kept = 0;  // which end was kept the last time: -1 low, 1 high
  for (int step = 0; step < 60 && high - low > 1e-9 * high; ++step) {
    const double chord = (low * high_value - high * low_value) / (high_value - low_value);
    const double at = std::isfinite(high_value) && chord > low && chord < high ? chord : (low + high) / 2;
    const double value = log_equity(at);
    if (std::fabs(value) < 1e-12) return at;
    if (value > 0) {
      low = at;
      low_value = value;
      if (kept == 1) high_value /= 2;
      kept = 1;
    } else {
      high = at;
      high_value = value;
      if (kept == -1) low_value /= 2;
      kept = -1;
    }
  }
  return (low + high) / 2;
}

}  // namespace

std::vector<double> equity_points(const std::vector<double>& returns, const std::vector<std::size_t>& at) {
  std::vector<double> out;
  double now = 1;
  std::size_t next = 0;
  for (std::size_t i = 0; i < returns.size() && next < at.size(); ++i) {
    if (!std::isnan(returns[i])) now *= 1 + returns[i];
    if (i != at[next]) continue;
    out.push_back(now);
    ++next;
  }
  return out;
}

void trade_paths(const TradingInputs& inputs, const EvaluationSplits& splits,
                 const std::vector<const FoldResult*>& folds, ConfigurationResult& result) {
  MeanReturns mean;
  std::vector<std::tuple<double, std::size_t>> order;  // Sharpe ratio, number among `paths`
  PathReturns found;
  std::size_t found_path = 0;
  const auto trade = [&](std::size_t path) {
    found = trade_path(inputs.config, inputs.data, inputs.prices, inputs.clock, splits.paths[path],
                       path_forecast(inputs.data, splits.paths[path], folds));
    found_path = path;
  };
  for (std::size_t path = 0; path < splits.paths.size(); ++path) {
    trade(path);
    const std::vector<double> net = tested(found.net);
    if (net.empty()) continue;
    mean.add(found.net);
    result.paths.push_back(validation::summarise_path(net));
    result.path_numbers.push_back(path);
    result.path_equity.push_back(equity_points(found.net, inputs.equity_at));
    order.emplace_back(result.paths.back().sharpe, order.size());
  }
  if (order.empty()) return;
  if (order.size() > 1) result.mean_returns = std::move(mean).mean();
  std::ranges::sort(order);
  result.median = std::get<1>(order[(order.size() - 1) / 2]);
  if (result.path_numbers[result.median] != found_path) trade(result.path_numbers[result.median]);
  result.median_path = result.paths[result.median];
  result.returns = found.net;
  result.mean_path =
      result.mean_returns.empty() ? result.median_path : validation::summarise_path(tested(result.mean_returns));
  result.gross_total = validation::summarise_path(tested(found.gross)).total;
  result.turnover = found.turnover;
  result.exposure = static_cast<double>(found.bars_held) / static_cast<double>(std::max<std::size_t>(1, found.bars));
  result.break_even_cost = found.break_even_cost;
  tell_trades(found.trades, result);
}

void measure_cost_sensitivity(const TradingInputs& inputs, const EvaluationSplits& splits,
                              const std::vector<const FoldResult*>& folds, ConfigurationResult& result) {
  const bool costly = std::ranges::any_of(inputs.prices.symbols, [](const Prices::Symbol& symbol) {
    return symbol.cost.price > 0 || symbol.cost.share > 0;
  });
  if (!costly || result.trades == 0) return;
  const auto& path = splits.paths[result.path_numbers[result.median]];
  const PathForecast forecast = path_forecast(inputs.data, path, folds);
  const auto at = [&](double multiple) {
    return validation::summarise_path(
        tested(trade_path(inputs.config, inputs.data, inputs.prices, inputs.clock, path, forecast, multiple).net));
  };
  const auto log_equity = [&](double multiple) { return std::log1p(at(multiple).total); };
  for (const double multiple : kEvaluatedCosts) {
    const PathSummary found = at(multiple);
    result.costs.push_back({.multiple = multiple, .total = found.total, .sharpe = found.sharpe});
  }
  result.break_even_multiple = kNone;
  if (!(result.costs.front().total > 0)) return;
  double low = 0, low_value = std::log1p(result.costs.front().total), high = 1;
  double high_value = log_equity(high);
  while (high_value > 0 && high < 1e6) {
    low = high;
    low_value = high_value;
    high *= 2;
    high_value = log_equity(high);
  }
  result.break_even_multiple = high_value > 0 ? std::numeric_limits<double>::infinity()
                                              : where_nothing_is_left(low, low_value, high, high_value, log_equity);
}

}  // namespace moola::work
