#include "validation/backtest_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/named_choice.h"
#include "base/utc_time.h"
#include "market/bars.h"
#include "market/portable_log.h"

namespace moola::validation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr auto kEnds = std::to_array<NamedChoice<TradeEnd>>({{"target", TradeEnd::target},
                                                             {"stop", TradeEnd::stop},
                                                             {"horizon", TradeEnd::horizon},
                                                             {"signal", TradeEnd::signal},
                                                             {"roll", TradeEnd::roll},
                                                             {"end", TradeEnd::end}});

void check_cost(const market::TradeCost& cost) {
  for (const double each : {cost.price, cost.share}) {
    if (!(each >= 0) || !std::isfinite(each))
      throw ConfigError(fmt::format("a round trip that costs {}: expected 0 or more.", each));
  }
}

bool before_roll(const BarSpans& bars, std::size_t bar) {
  return !bars.flags.empty() && (bars.flags[bar + 1] & market::kRoll) != 0;
}

// The fills of trades in the order in which they happen, and the equity that they make.
class Ledger {
 public:
  Ledger(const BarSpans& bars, const RowRange& part, std::span<const Trade> trades)
      : bars_(bars), part_(part), trades_(trades), units_(trades.size()) {
    check();
    // Sorted by counting: a place per bar and kind of fill; those of one place stay in the order of trades.
    std::vector<std::uint32_t> begins(3 * part.size() + 1);
    const auto entry = [&](const Trade& trade) { return 3 * (trade.entry_bar - part.begin) + 1; };
    const auto exit = [&](const Trade& trade) {
      return 3 * (trade.exit_bar - part.begin) + (at_open(trade) ? std::size_t{0} : std::size_t{2});
    };
    for (const Trade& trade : trades) {
      ++begins[entry(trade) + 1];
      ++begins[exit(trade) + 1];
    }
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    fills_.resize(2 * trades.size());
    for (std::size_t i = 0; i < trades.size(); ++i) {
      const Trade& trade = trades[i];
      const auto index = static_cast<std::uint32_t>(i);
      fills_[begins[entry(trade)]++] = {.bar = trade.entry_bar, .trade = index, .entry = true, .open = true};
      fills_[begins[exit(trade)]++] = {.bar = trade.exit_bar, .trade = index, .entry = false, .open = at_open(trade)};
    }
  }

  std::vector<double> returns(const market::TradeCost& cost) {
    std::vector<double> out(part_.size());
    Book book;
    std::size_t next = 0;
    // Nothing is held in the first bar, so that the close before it is not read.
    for (std::size_t bar = part_.begin + 1; bar < part_.end; ++bar) {
      const bool filled = next < fills_.size() && fills_[next].bar == bar;
      const double gain = filled ? fill(bar, cost, next, book) : book.units * (bars_.close[bar] - bars_.close[bar - 1]);
      const double before = book.equity;
      book.equity += gain;
      if (!(book.equity > 0)) {
        out[bar - part_.begin] = -1;
        break;
      }
      out[bar - part_.begin] = gain / before;
    }
    return out;
  }

  // 0 where a fill leaves none.
  double final_equity(const market::TradeCost& cost) {
    return overlap_ ? equity_from_fill_to_fill(cost) : product_of_nets(cost);
  }

  double break_even_cost() {
    if (trades_.empty()) return kNaN;
    const auto log_equity = [&](double cost) {
      const double equity = final_equity({.price = 0, .share = cost});
      return equity > 0 ? market::portable_log(equity) : -kInfinity;
    };
    double traded = 0;
    for (const Trade& trade : trades_) traded += trade.share;
    // The logarithm is nearly a straight line in the cost: secants meet zero in two or three steps. Where a cost is so
    // high that it takes all of a position they don't, and every fourth step halves what the zero lies in.
    constexpr double kNothing = 1e-12;
    double last = 0, last_value = log_equity(last);
    if (!(last_value > -kInfinity)) return kNaN;
    if (last_value == 0) return 0;
    double low = last_value > 0 ? 0 : -kInfinity, high = last_value > 0 ? kInfinity : 0;
    double cost = last_value / traded;
    for (int step = 1; low < cost && cost < high; ++step) {
      const double value = log_equity(cost);
      if (std::fabs(value) <= kNothing) return cost;
      (value > 0 ? low : high) = cost;
      const bool both = low > -kInfinity && high < kInfinity;
      const double halved = both ? low + (high - low) / 2 : 2 * cost;
      if (!(value > -kInfinity)) {
        cost = halved;
        continue;
      }
      const double crosses = cost - value * (cost - last) / (value - last_value);
      last = cost;
      last_value = value;
      cost = step % 4 != 0 && low < crosses && crosses < high ? crosses : halved;
    }
    return low;
  }

 private:
  struct Fill {
    std::size_t bar;
    std::uint32_t trade;
    bool entry, open;
  };
  struct Book {
    double equity = 1, units = 0;  // units: of long positions less those of short ones
    std::size_t positions = 0;
  };

  BarSpans bars_;
  RowRange part_;
  std::span<const Trade> trades_;
  bool overlap_ = false;  // some position is entered while another is open
  std::vector<Fill> fills_;
  std::vector<double> units_;  // of each trade, below 0 where it is short

  // A position that a barrier closed at its bar's open was there before the bar.
  bool at_open(const Trade& trade) const {
    if (trade.end == TradeEnd::signal) return true;
    return (trade.end == TradeEnd::target || trade.end == TradeEnd::stop) && trade.exit_bar > trade.entry_bar &&
           trade.exit_price == bars_.open[trade.exit_bar];
  }

  double equity_from_fill_to_fill(const market::TradeCost& cost) {
    Book book;
    std::size_t next = 0, marked = part_.begin;
    while (next < fills_.size()) {
      const std::size_t bar = fills_[next].bar;
      book.equity += book.units * (bars_.close[bar - 1] - bars_.close[marked]);
      book.equity += fill(bar, cost, next, book);
      marked = bar;
      if (!(book.equity > 0)) return 0;
    }
    return book.equity;
  }

  double product_of_nets(const market::TradeCost& cost) const {
    double equity = 1;
    for (const Trade& trade : trades_) {
      equity *= 1 + with_result(trade, cost).net();
      if (!(equity > 0)) return 0;
    }
    return equity;
  }

  void check() {
    if (part_.size() > std::numeric_limits<std::uint32_t>::max() / 3)
      throw std::invalid_argument("more bars than trades of a backtest are counted in");
    std::size_t last = part_.begin, closed = 0;  // closed: the first bar that may be entered without overlap
    for (const Trade& trade : trades_) {
      if (trade.entry_bar <= last || trade.exit_bar < trade.entry_bar || trade.exit_bar >= part_.end ||
          (trade.end == TradeEnd::signal && trade.exit_bar == trade.entry_bar))
        throw std::invalid_argument("trades that are out of order or outside of the evaluated part");
      if (trade.entry_bar < closed) overlap_ = true;
      closed = std::max(closed, trade.exit_bar + (at_open(trade) ? 0 : 1));
      last = trade.entry_bar;
    }
  }

  // What a bar with fills adds to the equity.
  double fill(std::size_t bar, const market::TradeCost& cost, std::size_t& next, Book& book) {
    double mark = bars_.close[bar - 1], gain = 0;
    for (; next < fills_.size() && fills_[next].bar == bar; ++next) {
      const Fill& each = fills_[next];
      const Trade& trade = trades_[each.trade];
      const double half = (cost.price + cost.share * trade.entry_price) / 2;
      double& units = units_[each.trade];
      if (each.entry) {
        // The step from the last close to this open is that of positions that were there before.
        if (book.positions > 0) gain += book.units * (trade.entry_price - mark);
        mark = trade.entry_price;
        // The division does not wait for the equity.
        units = trade.direction * trade.share / trade.entry_price * std::max(0.0, book.equity + gain);
        gain -= std::fabs(units) * half;
        book.units += units;
        ++book.positions;
      } else {
        gain += units * (trade.exit_price - mark) - std::fabs(units) * half;
        book.units -= units;
        // What sums and differences left behind is no position.
        if (--book.positions == 0) book.units = 0;
      }
    }
    if (book.positions > 0) gain += book.units * (bars_.close[bar] - mark);
    return gain;
  }
};

// Bars in which one position at least was held.
std::size_t bars_held(std::span<const Trade> trades) {
  std::size_t out = 0, until = 0;
  for (const Trade& trade : trades) {
    const std::size_t from = std::max(until, trade.entry_bar), to = trade.exit_bar + 1;
    if (to > from) out += to - from;
    until = std::max(until, to);
  }
  return out;
}

double ratio(double part, std::size_t whole) {
  return whole > 0 ? part / static_cast<double>(whole) : kNaN;
}

}  // namespace

std::string_view to_string(TradeEnd end) {
  return name_of(end, kEnds);
}

void check_bars(const BarSpans& bars, const RowRange& part) {
  const std::size_t n = bars.size();
  if (bars.open.size() != n || bars.high.size() != n || bars.low.size() != n || bars.close.size() != n ||
      (!bars.flags.empty() && bars.flags.size() != n))
    throw std::invalid_argument("the columns of bars are of unequal length");
  if (part.begin > part.end || part.end > n) throw std::invalid_argument("an evaluated part that is not of its bars");
  if (part.size() == 0) throw DataError("the part to evaluate has no bars. Give one that has.");
  for (std::size_t i = part.begin; i < part.end; ++i) {
    const double open = bars.open[i], high = bars.high[i], low = bars.low[i], close = bars.close[i];
    // Comparisons with what is no number are false.
    const bool fine = low > 0 && low <= open && low <= close && open <= high && close <= high && high < kInfinity;
    if (!fine) {
      throw DataError(
          fmt::format("bar {} ({}) has open {}, high {}, low {}, close {}: expected numbers above 0, with the high and "
                      "low around the others. Repair the bars on import.",
                      i, utc_text(bars.time[i]), open, high, low, close));
    }
    if (i > part.begin && bars.time[i] <= bars.time[i - 1]) {
      throw DataError(fmt::format("bar {} is of {}, no later than the bar before ({}): bars must be in order.", i,
                                  utc_text(bars.time[i]), utc_text(bars.time[i - 1])));
    }
  }
}

Trade with_result(Trade trade, const market::TradeCost& cost) {
  trade.gross = trade.share * (trade.direction * (trade.exit_price - trade.entry_price) / trade.entry_price);
  trade.cost = trade.share * (cost.price / trade.entry_price + cost.share);
  return trade;
}

PathSummary summarise_path(std::span<const double> returns, std::size_t first_row) {
  PathSummary out{.rows = returns.size()};
  double equity = 1, highest = 1, lowest = 1, sum = 0, losses = 0;  // lowest: since the highest
  std::size_t peak = first_row, under = 0;
  bool is_deepest = false;  // the fall that goes on is the deepest until now
  for (std::size_t i = 0; i < returns.size(); ++i) {
    const double each = returns[i];
    const std::size_t row = first_row + i;
    if (!std::isfinite(each)) throw DataError(fmt::format("return {} is {}: every return must be a number.", i, each));
    sum += each;
    // Signs of returns are as good as random, and a branch on them would cost more than all the rest.
    const double loss = std::min(each, 0.0);
    losses += loss * loss;
    if (each != returns[0]) out.no_variance = false;
    if (each <= -1 && !out.lost) out.lost = row;
    equity = each > -1 ? equity * (1 + each) : 0;
    if (equity >= highest) {
      if (is_deepest) out.drawdown.recovery = row;
      highest = lowest = equity;
      peak = row;
      under = 0;
      is_deepest = false;
      continue;
    }
    out.longest_under_water = std::max(out.longest_under_water, ++under);
    if (equity >= lowest) continue;
    lowest = equity;
    const double depth = (highest - equity) / highest;
    if (depth > out.drawdown.depth) {
      out.drawdown = {.depth = depth, .begin = peak, .bottom = row};
      is_deepest = true;
    }
  }
  out.total = equity - 1;
  if (returns.empty()) return out;
  const auto n = static_cast<double>(returns.size());
  // The mean of equal numbers is one of them, whatever their sum rounds to.
  out.mean = out.no_variance ? returns[0] : sum / n;
  if (!out.no_variance) {
    double squares = 0;
    for (const double each : returns) squares += (each - out.mean) * (each - out.mean);
    out.deviation = std::sqrt(squares / (n - 1));
    // Squares of the smallest numbers are 0.
    out.no_variance = !(out.deviation > 0);
    out.sharpe = out.no_variance ? 0 : out.mean / out.deviation;
  }
  out.sortino = losses > 0 ? out.mean / std::sqrt(losses / n) : out.mean > 0 ? kInfinity : 0;
  return out;
}

std::vector<double> compound(std::span<const double> returns) {
  std::vector<double> out;
  out.reserve(returns.size());
  double equity = 1;
  for (const double each : returns) out.push_back(equity *= 1 + each);
  return out;
}

StrategyReturns strategy_returns(const BarSpans& bars, const RowRange& part, std::span<const Trade> trades,
                                 const market::TradeCost& cost) {
  check_bars(bars, part);
  check_cost(cost);
  Ledger ledger(bars, part, trades);
  StrategyReturns out{.net = ledger.returns(cost), .break_even_cost = ledger.break_even_cost()};
  out.gross = cost.price == 0 && cost.share == 0 ? out.net : ledger.returns({});
  return out;
}

BacktestSummary summarise_backtest(const StrategyReturns& returns, std::span<const Trade> trades,
                                   std::size_t first_bar) {
  BacktestSummary out{.path = summarise_path(returns.net, first_bar), .trades = trades.size()};
  double gross = 1;
  for (const double each : returns.gross) gross *= 1 + each;
  out.gross_total = gross - 1;
  double won = 0, lost = 0;
  std::size_t wins = 0, losses = 0;
  for (const Trade& trade : trades) {
    const double net = trade.net();
    out.turnover += 2 * trade.share;
    if (net > 0) {
      won += net;
      ++wins;
    } else if (net < 0) {
      lost += net;
      ++losses;
    }
  }
  out.exposure = ratio(static_cast<double>(bars_held(trades)), returns.net.size());
  out.hit_rate = ratio(static_cast<double>(wins), trades.size());
  out.profit_factor = lost < 0 ? won / -lost : won > 0 ? kInfinity : kNaN;
  out.average_win = ratio(won, wins);
  out.average_loss = ratio(lost, losses);
  out.break_even_cost = returns.break_even_cost;
  return out;
}

std::vector<Trade> buy_and_hold_trades(const BarSpans& bars, const RowRange& part, const market::TradeCost& cost) {
  check_bars(bars, part);
  check_cost(cost);
  std::vector<Trade> out;
  std::size_t entry = part.begin + 1;
  for (std::size_t bar = entry; bar < part.end; ++bar) {
    const bool last = bar + 1 == part.end;
    if (!last && !before_roll(bars, bar)) continue;
    out.push_back(with_result({.entry_bar = entry,
                               .exit_bar = bar,
                               .entry_price = bars.open[entry],
                               .exit_price = bars.close[bar],
                               .share = 1,
                               .direction = 1,
                               .end = last ? TradeEnd::end : TradeEnd::roll},
                              cost));
    entry = bar + 1;
  }
  return out;
}

ReferenceSummaries reference_summaries(const BarSpans& bars, const RowRange& part, const market::TradeCost& cost) {
  const std::vector<Trade> held = buy_and_hold_trades(bars, part, cost);
  const auto summary = [&](std::span<const Trade> trades) {
    return summarise_backtest(strategy_returns(bars, part, trades, cost), trades, part.begin);
  };
  return {.buy_and_hold = summary(held), .flat = summary({})};
}

std::vector<CostPoint> cost_sensitivity(const BarSpans& bars, const RowRange& part, std::span<const Trade> trades,
                                        const market::TradeCost& cost, std::span<const double> multiples) {
  check_bars(bars, part);
  check_cost(cost);
  Ledger ledger(bars, part, trades);
  std::vector<CostPoint> out;
  for (const double multiple : multiples) {
    if (!(multiple >= 0) || !std::isfinite(multiple))
      throw ConfigError(fmt::format("{} times the costs: expected 0 or more.", multiple));
    const PathSummary path =
        summarise_path(ledger.returns({.price = multiple * cost.price, .share = multiple * cost.share}));
    out.push_back({.multiple = multiple, .total = path.total, .sharpe = path.sharpe});
  }
  return out;
}

}  // namespace moola::validation
