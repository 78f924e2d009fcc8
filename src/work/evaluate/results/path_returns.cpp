#include "work/evaluate/results/path_returns.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moola::work {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// A part's rows of one symbol that have a bar, and the bars from the first to the last of them.
struct SymbolPart {
  std::vector<std::size_t> rows = {};
  validation::RowRange bars = {0, 0};
};

SymbolPart symbol_part(const EvaluationData& data, const Prices& prices, std::size_t symbol,
                       const validation::RowRange& part) {
  SymbolPart out;
  for (std::size_t row = part.begin; row < part.end; ++row) {
    if (static_cast<std::size_t>(data.symbol[row]) == symbol && prices.bar[row] >= 0) out.rows.push_back(row);
  }
  if (out.rows.empty()) return out;
  out.bars = {static_cast<std::size_t>(prices.bar[out.rows.front()]),
              static_cast<std::size_t>(prices.bar[out.rows.back()]) + 1};
  return out;
}

struct SignalColumns {
  std::vector<std::size_t> bar;
  std::vector<std::int8_t> direction;
  std::vector<double> confidence, up, down;
  std::vector<std::int32_t> horizon;
};

SignalColumns signals(const EvaluateConfig& config, const EvaluationData& data, const Prices& prices,
                      const SymbolPart& part, const PathForecast& forecast) {
  const std::size_t classes = data.classes();
  const std::int32_t horizon =
      config.backtest.max_bars > 0 ? static_cast<std::int32_t>(config.backtest.max_bars) : data.horizon;
  SignalColumns out;
  for (const std::size_t row : part.rows) {
    const float* const p = forecast.probability.data() + row * classes;
    if (std::isnan(p[0])) continue;
    const auto best = static_cast<std::size_t>(std::max_element(p, p + classes) - p);
    out.bar.push_back(static_cast<std::size_t>(prices.bar[row]));
    out.direction.push_back(data.direction[best]);
    out.confidence.push_back(std::min(1.0, static_cast<double>(p[best])));
    out.horizon.push_back(std::max(1, horizon));
  }
  if (config.backtest.exit == "barriers") {
    out.up.assign(out.bar.size(), config.backtest.up);
    out.down.assign(out.bar.size(), config.backtest.down);
  }
  return out;
}

// Adds a symbol's returns of a part at their moments; `count`: how many symbols are in each.
void add_returns(const std::vector<std::int64_t>& clock, const std::vector<std::int64_t>& time,
                 const validation::RowRange& bars, const validation::StrategyReturns& from, PathReturns& out,
                 std::vector<std::uint32_t>& count) {
  auto at = static_cast<std::size_t>(std::ranges::lower_bound(clock, time[bars.begin]) - clock.begin());
  for (std::size_t bar = bars.begin; bar < bars.end; ++bar) {
    while (clock[at] < time[bar]) ++at;
    if (count[at]++ == 0) out.net[at] = out.gross[at] = 0;
    out.net[at] += from.net[bar - bars.begin];
    out.gross[at] += from.gross[bar - bars.begin];
  }
}

void finish(PathReturns& out, const std::vector<std::uint32_t>& count) {
  for (std::size_t i = 0; i < count.size(); ++i) {
    if (count[i] < 2) continue;
    out.net[i] /= count[i];
    out.gross[i] /= count[i];
  }
}

}  // namespace

PathForecast path_forecast(const EvaluationData& data, const std::vector<EvaluationSplits::Part>& path,
                           const std::vector<const FoldResult*>& folds) {
  const std::size_t classes = data.classes();
  PathForecast out{.probability = std::vector<float>(data.size() * classes, std::numeric_limits<float>::quiet_NaN())};
  for (const EvaluationSplits::Part& part : path) {
    const FoldResult* const fold = folds[part.split];
    if (fold == nullptr) continue;
    const std::uint64_t first = data.first_row + part.rows.begin, last = data.first_row + part.rows.end;
    const auto begin = static_cast<std::size_t>(std::ranges::lower_bound(fold->row, first) - fold->row.begin());
    for (std::size_t i = begin; i < fold->row.size() && fold->row[i] < last; ++i) {
      const std::size_t row = static_cast<std::size_t>(fold->row[i]) - data.first_row;
      std::copy_n(fold->probability.begin() + static_cast<std::ptrdiff_t>(i * classes), classes,
                  out.probability.begin() + static_cast<std::ptrdiff_t>(row * classes));
    }
  }
  return out;
}

std::vector<std::int64_t> return_clock(const EvaluationData& data, const Prices& prices) {
  std::vector<std::int64_t> out;
  for (const Prices::Symbol& symbol : prices.symbols) {
    const auto& time = symbol.bars.time;
    out.insert(out.end(), std::ranges::lower_bound(time, data.time.front()),
               std::ranges::upper_bound(time, data.time.back()));
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

PathReturns trade_path(const EvaluateConfig& config, const EvaluationData& data, const Prices& prices,
                       const std::vector<std::int64_t>& clock, const std::vector<EvaluationSplits::Part>& path,
                       const PathForecast& forecast, double cost_multiple) {
  PathReturns out{.net = std::vector<double>(clock.size(), kNone),
                  .gross = std::vector<double>(clock.size(), kNone),
                  .trades = {},
                  .break_even_cost = kNone};
  std::vector<std::uint32_t> count(clock.size());
  double break_even = 0;
  std::size_t with_trades = 0;
  for (const EvaluationSplits::Part& each : path) {
    for (std::size_t s = 0; s < prices.symbols.size(); ++s) {
      const SymbolPart part = symbol_part(data, prices, s, each.rows);
      if (part.rows.empty()) continue;
      const SignalColumns columns = signals(config, data, prices, part, forecast);
      // A fold that is missing leaves no forecast: not a part in which nothing was traded.
      if (columns.bar.empty()) continue;
      const Prices::Symbol& symbol = prices.symbols[s];
      market::TradeCost cost = symbol.cost;
      cost.price *= cost_multiple;
      cost.share *= cost_multiple;
      validation::Backtest found =
          validation::backtest(symbol.spans(), part.bars,
                               {.bar = columns.bar,
                                .direction = columns.direction,
                                .confidence = columns.confidence,
                                .up = columns.up,
                                .down = columns.down,
                                .horizon = columns.horizon},
                               {.exit_at_barriers = config.backtest.exit == "barriers",
                                .exit_on_signal = config.backtest.exit == "signal",
                                .max_positions = static_cast<std::size_t>(config.backtest.positions),
                                .min_confidence = config.backtest.min_confidence,
                                .size_by_confidence = config.backtest.size_by_confidence,
                                .distance = validation::BarrierDistance::entry_share,
                                .cost = cost});
      add_returns(clock, symbol.bars.time, part.bars, found.returns, out, count);
      out.bars += part.bars.size();
      out.bars_held +=
          static_cast<std::size_t>(std::llround(found.summary.exposure * static_cast<double>(part.bars.size())));
      out.turnover += found.summary.turnover;
      if (!found.trades.empty() && std::isfinite(found.summary.break_even_cost)) {
        break_even += found.summary.break_even_cost * static_cast<double>(found.trades.size());
        with_trades += found.trades.size();
      }
      out.trades.insert(out.trades.end(), found.trades.begin(), found.trades.end());
    }
  }
  if (with_trades > 0) out.break_even_cost = break_even / static_cast<double>(with_trades);
  finish(out, count);
  return out;
}

PathReturns hold_path(const EvaluationData& data, const Prices& prices, const std::vector<std::int64_t>& clock,
                      const std::vector<EvaluationSplits::Part>& path) {
  PathReturns out{.net = std::vector<double>(clock.size(), kNone),
                  .gross = std::vector<double>(clock.size(), kNone),
                  .trades = {},
                  .break_even_cost = kNone};
  std::vector<std::uint32_t> count(clock.size());
  for (const EvaluationSplits::Part& each : path) {
    for (std::size_t s = 0; s < prices.symbols.size(); ++s) {
      const SymbolPart part = symbol_part(data, prices, s, each.rows);
      if (part.rows.empty()) continue;
      const Prices::Symbol& symbol = prices.symbols[s];
      const auto trades = validation::buy_and_hold_trades(symbol.spans(), part.bars, symbol.cost);
      add_returns(clock, symbol.bars.time, part.bars,
                  validation::strategy_returns(symbol.spans(), part.bars, trades, symbol.cost), out, count);
      out.trades.insert(out.trades.end(), trades.begin(), trades.end());
    }
  }
  finish(out, count);
  return out;
}

}  // namespace moola::work
