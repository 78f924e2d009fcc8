#include "validation/backtest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/named_choice.h"
#include "market/bars.h"

namespace moola::validation {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr auto kDistances = std::to_array<NamedChoice<BarrierDistance>>(
    {{"price", BarrierDistance::price}, {"entry_share", BarrierDistance::entry_share}});

void check_options(const Signals& signals, const BacktestOptions& options) {
  if (options.max_positions == 0) throw ConfigError("a backtest of 0 positions at once: expected 1 or more.");
  if (!(options.min_confidence >= 0 && options.min_confidence <= 1))
    throw ConfigError(fmt::format("a least confidence of {}: expected 0 to 1.", options.min_confidence));
  if (options.tie == market::BarrierTie::invalid) {
    throw ConfigError(
        "tie = \"invalid\" leaves a label out, and no backtest can leave a position out that is open: choose "
        "nearest_open or stop_first.");
  }
  if (options.exit_at_barriers && signals.up.empty() && signals.size() > 0)
    throw ConfigError("exits at barriers, and signals without barriers: give them, or choose other exits.");
}

void check_signals(const Signals& signals, std::size_t bars, const BacktestOptions& options) {
  const std::size_t n = signals.size();
  const auto fits = [n](const auto& column) { return column.empty() || column.size() == n; };
  if (signals.direction.size() != n || !fits(signals.confidence) || !fits(signals.up) || !fits(signals.down) ||
      signals.up.size() != signals.down.size() || !fits(signals.horizon))
    throw std::invalid_argument("the columns of signals are of unequal length");
  for (std::size_t row = 0; row < n; ++row) {
    const std::size_t bar = signals.bar[row];
    if (bar >= bars) throw DataError(fmt::format("signal {} is of bar {}; there are {} bars.", row, bar, bars));
    if (row > 0 && bar <= signals.bar[row - 1]) {
      throw DataError(
          fmt::format("signal {} is of bar {}, and the one before of bar {}: signals must be in order, one "
                      "a bar.",
                      row, bar, signals.bar[row - 1]));
    }
    const int direction = signals.direction[row];
    if (direction < -1 || direction > 1)
      throw DataError(fmt::format("signal {} has the direction {}: expected -1, 0 or 1.", row, direction));
    if (!signals.confidence.empty() && !(signals.confidence[row] >= 0 && signals.confidence[row] <= 1)) {
      throw DataError(fmt::format("signal {} has the confidence {}: expected 0 to 1.", row, signals.confidence[row]));
    }
    if (direction == 0) continue;
    if (options.exit_at_barriers && !(signals.up[row] > 0 && signals.down[row] > 0)) {
      throw DataError(
          fmt::format("signal {} has barriers {} above and {} below its entry: expected numbers above 0, or "
                      "infinity for none. Make it flat where its scale is not known.",
                      row, signals.up[row], signals.down[row]));
    }
    if (!signals.horizon.empty() && signals.horizon[row] < 1) {
      throw DataError(
          fmt::format("signal {} has a horizon of {} bars: expected 1 or more.", row, signals.horizon[row]));
    }
  }
}

struct Position {
  double upper, lower;
  std::size_t last;  // the bar at whose close it ends, if it still stands
  std::size_t trade;
};

class Market {
 public:
  Market(const BarSpans& bars, const RowRange& part, const Signals& signals, const BacktestOptions& options)
      : bars_(bars), part_(part), signals_(signals), options_(options), next_roll_(part.begin) {}

  void trade(Backtest& out) {
    auto row = static_cast<std::size_t>(std::lower_bound(signals_.bar.begin(), signals_.bar.end(), part_.begin) -
                                        signals_.bar.begin());
    for (std::size_t bar = part_.begin + 1; bar < part_.end; ++bar) {
      if (row < signals_.size() && signals_.bar[row] == bar - 1) {
        follow(row, bar, out);
        ++row;
      }
      hold(bar, out);
    }
  }

 private:
  BarSpans bars_;
  RowRange part_;
  Signals signals_;
  BacktestOptions options_;
  std::vector<Position> open_;  // by entry
  std::size_t next_roll_;       // the first after the last entry; the end of the part where there is none

  double share_of(std::size_t row) const {
    const double confidence = signals_.confidence.empty() ? 1 : signals_.confidence[row];
    if (signals_.direction[row] == 0 || confidence < options_.min_confidence) return 0;
    return (options_.size_by_confidence ? confidence : 1) / static_cast<double>(options_.max_positions);
  }

  void follow(std::size_t row, std::size_t bar, Backtest& out) {
    const double share = share_of(row);
    const std::int8_t direction = share > 0 ? signals_.direction[row] : std::int8_t{0};
    if (options_.exit_on_signal) {
      std::erase_if(open_, [&](const Position& position) {
        const bool turned = out.trades[position.trade].direction != direction;
        if (turned) close(position, bar, bars_.open[bar], TradeEnd::signal, out);
        return turned;
      });
    }
    if (direction == 0) return;
    if (open_.size() == options_.max_positions) {
      ++out.skipped;
      return;
    }
    const double entry = bars_.open[bar];
    Position position{.upper = kInfinity, .lower = -kInfinity, .last = part_.end - 1, .trade = out.trades.size()};
    if (options_.exit_at_barriers) {
      const double unit = options_.distance == BarrierDistance::price ? 1 : entry;
      position.upper = entry + signals_.up[row] * unit;
      position.lower = entry - signals_.down[row] * unit;
    }
    TradeEnd end = TradeEnd::end;
    if (const std::size_t roll = roll_after(bar); roll < part_.end) {
      position.last = roll - 1;
      end = TradeEnd::roll;
    }
    if (!signals_.horizon.empty()) {
      const std::size_t horizon = bar - 1 + static_cast<std::size_t>(signals_.horizon[row]);
      if (horizon <= position.last) {
        position.last = horizon;
        end = TradeEnd::horizon;
      }
    }
    out.trades.push_back({.entry_bar = bar, .entry_price = entry, .share = share, .direction = direction, .end = end});
    open_.push_back(position);
  }

  // What the bar does to the positions that are open in it.
  void hold(std::size_t bar, Backtest& out) {
    if (open_.empty()) return;
    const double open = bars_.open[bar], high = bars_.high[bar], low = bars_.low[bar];
    std::size_t kept = 0;
    for (const Position& each : open_) {
      const bool above = high >= each.upper, below = low <= each.lower;
      if (above || below) {
        const bool up = above && (!below || upper_first(each, open, out.trades[each.trade].direction));
        const double price = up ? std::max(each.upper, open) : std::min(each.lower, open);
        const bool gains = up == (out.trades[each.trade].direction > 0);
        close(each, bar, price, gains ? TradeEnd::target : TradeEnd::stop, out);
      } else if (bar == each.last) {
        close(each, bar, bars_.close[bar], out.trades[each.trade].end, out);
      } else {
        open_[kept++] = each;
      }
    }
    open_.resize(kept);
  }

  // Of a bar that reaches both barriers.
  bool upper_first(const Position& position, double open, std::int8_t direction) const {
    if (open >= position.upper) return true;
    if (open <= position.lower) return false;
    if (options_.tie == market::BarrierTie::stop_first) return direction < 0;
    return std::fabs(open - position.upper) <= std::fabs(open - position.lower);
  }

  void close(const Position& position, std::size_t bar, double price, TradeEnd end, Backtest& out) const {
    Trade& trade = out.trades[position.trade];
    trade.exit_bar = bar;
    trade.exit_price = price;
    trade.end = end;
    trade = with_result(trade, options_.cost);
  }

  std::size_t roll_after(std::size_t bar) {
    if (bars_.flags.empty()) return part_.end;
    if (next_roll_ <= bar) next_roll_ = bar + 1;
    while (next_roll_ < part_.end && (bars_.flags[next_roll_] & market::kRoll) == 0) ++next_roll_;
    return next_roll_;
  }
};

}  // namespace

BarrierDistance parse_barrier_distance(const std::string& name) {
  return parse_choice("distance =", name, kDistances);
}

std::string_view to_string(BarrierDistance distance) {
  return name_of(distance, kDistances);
}

Backtest backtest(const BarSpans& bars, const RowRange& part, const Signals& signals, const BacktestOptions& options) {
  check_options(signals, options);
  check_bars(bars, part);
  check_signals(signals, bars.size(), options);
  Backtest out{.part = part};
  Market(bars, part, signals, options).trade(out);
  out.returns = strategy_returns(bars, part, out.trades, options.cost);
  out.summary = summarise_backtest(out.returns, out.trades, part.begin);
  return out;
}

}  // namespace moola::validation
