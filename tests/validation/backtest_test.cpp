#include "validation/backtest.h"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <sstream>

#include "base/error.h"
#include "market/bars.h"
#include "tests/support/messages.h"
#include "validation/sharpe.h"

using namespace moola;
using namespace moola::test;
using namespace moola::validation;
using market::BarrierTie;

namespace {

constexpr double kInfinity = HUGE_VAL;
constexpr BacktestOptions kHeld{.exit_at_barriers = false};

bool near(double a, double b, double tolerance = 1e-12) {
  return a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= tolerance * std::max(1.0, std::fabs(b));
}

struct Prices {
  market::Bars bars;

  // Rows of open, high, low, close.
  Prices(std::initializer_list<std::array<double, 4>> rows) {
    for (const auto& [open, high, low, close] : rows) add(open, high, low, close);
  }
  void add(double open, double high, double low, double close, std::uint8_t flags = 0) {
    bars.push_back(static_cast<std::int64_t>(bars.size()) * 60'000'000'000, open, high, low, close, 1, flags);
  }
  Prices& roll_at(std::size_t bar) {
    bars.flags[bar] = market::kRoll;
    return *this;
  }
  BarSpans spans() const {
    return {.time = bars.time,
            .open = bars.open,
            .high = bars.high,
            .low = bars.low,
            .close = bars.close,
            .flags = bars.flags};
  }
  RowRange all() const { return {0, bars.size()}; }
};

struct Said {
  std::vector<std::size_t> bar;
  std::vector<std::int8_t> direction;
  std::vector<double> confidence, up, down;
  std::vector<std::int32_t> horizon;

  Said() = default;
  Said(std::initializer_list<std::pair<std::size_t, int>> rows) {
    for (const auto& [at, to] : rows) {
      bar.push_back(at);
      direction.push_back(static_cast<std::int8_t>(to));
    }
  }
  Said with_barriers(double above, double below) const {
    Said out = *this;
    out.up.assign(bar.size(), above);
    out.down.assign(bar.size(), below);
    return out;
  }
  Said with_horizon(std::int32_t bars) const {
    Said out = *this;
    out.horizon.assign(bar.size(), bars);
    return out;
  }
  Signals signals() const {
    return {.bar = bar, .direction = direction, .confidence = confidence, .up = up, .down = down, .horizon = horizon};
  }
};

Backtest run(const Prices& prices, const Said& said, const BacktestOptions& options = {}) {
  return backtest(prices.spans(), prices.all(), said.signals(), options);
}

// "1-2 100 > 104 +1 target": bars, prices, direction, why it ended.
std::string text(const Trade& trade) {
  std::ostringstream out;
  out << trade.entry_bar << '-' << trade.exit_bar << ' ' << trade.entry_price << " > " << trade.exit_price << ' '
      << (trade.direction > 0 ? "+1 " : "-1 ") << to_string(trade.end);
  return out.str();
}
std::vector<std::string> texts(const Backtest& found) {
  std::vector<std::string> out;
  for (const Trade& trade : found.trades) out.push_back(text(trade));
  return out;
}
using Texts = std::vector<std::string>;

// A simulator as one would write it down: bar by bar, every position by itself, with cash.
struct Slow {
  struct Held {
    Trade trade;
    double upper, lower, units;
    std::size_t decided;
    std::int64_t horizon;  // 0: none
  };
  std::vector<Trade> trades;
  std::vector<double> equity;  // at the close of each bar of the part
  std::size_t skipped = 0;
};

Slow slow_backtest(const BarSpans& bars, const RowRange& part, const Said& said, const BacktestOptions& options) {
  Slow out;
  std::vector<Slow::Held> held;
  double cash = 1;
  const auto fee = [&](double units, double entry) {
    return std::fabs(units) * (options.cost.price + options.cost.share * entry) / 2;
  };
  const auto close_where = [&](std::size_t t, auto&& exit) {
    std::vector<Slow::Held> rest;
    for (Slow::Held& each : held) {
      double price = 0;
      TradeEnd why{};
      if (!exit(each, price, why)) {
        rest.push_back(each);
        continue;
      }
      each.trade.exit_bar = t;
      each.trade.exit_price = price;
      each.trade.end = why;
      each.trade.gross = each.trade.share * (each.trade.direction > 0 ? price / each.trade.entry_price - 1
                                                                      : 1 - price / each.trade.entry_price);
      each.trade.cost = 2 * each.trade.share * fee(1, each.trade.entry_price) / each.trade.entry_price;
      cash += each.units * price - fee(each.units, each.trade.entry_price);
      out.trades.push_back(each.trade);
    }
    held = rest;
  };
  const auto end_at = [](const Slow::Held& each, bool upper) {
    return upper == (each.trade.direction == 1) ? TradeEnd::target : TradeEnd::stop;
  };
  for (std::size_t t = part.begin; t < part.end; ++t) {
    const double open = bars.open[t], high = bars.high[t], low = bars.low[t], last = bars.close[t];
    const auto found = t == part.begin ? said.bar.end() : std::find(said.bar.begin(), said.bar.end(), t - 1);
    int wanted = 0;
    double share = 0;
    std::size_t row = 0;
    if (found != said.bar.end()) {
      row = static_cast<std::size_t>(found - said.bar.begin());
      const double confidence = said.confidence.empty() ? 1 : said.confidence[row];
      share = (options.size_by_confidence ? confidence : 1.0) / static_cast<double>(options.max_positions);
      wanted = confidence >= options.min_confidence && share > 0 ? said.direction[row] : 0;
      if (options.exit_on_signal) {
        close_where(t, [&](const Slow::Held& each, double& price, TradeEnd& why) {
          price = open;
          why = TradeEnd::signal;
          return each.trade.direction != wanted;
        });
      }
    }
    const bool room = held.size() < options.max_positions;
    close_where(t, [&](const Slow::Held& each, double& price, TradeEnd& why) {  // opened beyond a barrier
      price = open;
      why = end_at(each, open >= each.upper);
      return open >= each.upper || open <= each.lower;
    });
    if (wanted != 0 && !room) ++out.skipped;
    if (wanted != 0 && room) {
      double equity = cash;
      for (const Slow::Held& each : held) equity += each.units * open;
      Slow::Held entered{
          .trade = {.entry_bar = t, .entry_price = open, .share = share, .direction = static_cast<std::int8_t>(wanted)},
          .upper = kInfinity,
          .lower = -kInfinity,
          .units = wanted * share * equity / open,
          .decided = t - 1,
          .horizon = said.horizon.empty() ? 0 : said.horizon[row]};
      if (options.exit_at_barriers) {
        const bool shares = options.distance == BarrierDistance::entry_share;
        entered.upper = open + (shares ? said.up[row] * open : said.up[row]);
        entered.lower = open - (shares ? said.down[row] * open : said.down[row]);
      }
      cash -= entered.units * open + fee(entered.units, open);
      held.push_back(entered);
    }
    close_where(t, [&](const Slow::Held& each, double& price, TradeEnd& why) {
      bool upper = high >= each.upper;
      const bool lower = low <= each.lower;
      if (upper && lower) {
        const double to_upper = std::fabs(each.upper - open), to_lower = std::fabs(open - each.lower);
        upper = options.tie == BarrierTie::nearest_open ? to_upper <= to_lower : each.trade.direction == -1;
      }
      price = upper ? each.upper : each.lower;
      why = end_at(each, upper);
      return upper || lower;
    });
    close_where(t, [&](const Slow::Held& each, double& price, TradeEnd& why) {
      price = last;
      const bool at_horizon = each.horizon > 0 && t == each.decided + static_cast<std::size_t>(each.horizon);
      const bool at_end = t + 1 == part.end;
      const bool at_roll = !at_end && !bars.flags.empty() && (bars.flags[t + 1] & market::kRoll) != 0;
      why = at_horizon ? TradeEnd::horizon : at_roll ? TradeEnd::roll : TradeEnd::end;
      return at_horizon || at_roll || at_end;
    });
    double equity = cash;
    for (const Slow::Held& each : held) equity += each.units * last;
    out.equity.push_back(equity);
  }
  std::sort(out.trades.begin(), out.trades.end(),
            [](const Trade& a, const Trade& b) { return a.entry_bar < b.entry_bar; });
  return out;
}

// Prices on a grid, so that barriers are touched exactly and opens lie as near to one as to the other.
Prices random_prices(std::mt19937_64& random, std::size_t n, bool rolls) {
  Prices out{};
  int price = 200;
  const auto step = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(2 * most + 1)) - most; };
  for (std::size_t i = 0; i < n; ++i) {
    const bool roll = rolls && random() % 12 == 0;
    const int open = std::max(20, price + (roll ? step(60) : random() % 3 == 0 ? step(6) : 0));
    const int close = std::max(20, open + step(4));
    const unsigned reach = random() % 6 == 0 ? 20 : 4;
    const int high = std::max(open, close) + static_cast<int>(random() % reach);
    const int low = std::max(1, std::min(open, close) - static_cast<int>(random() % reach));
    out.add(open / 2.0, high / 2.0, low / 2.0, close / 2.0,
            static_cast<std::uint8_t>((roll ? market::kRoll : 0) | (random() % 5 == 0 ? market::kFilled : 0)));
    price = close;
  }
  return out;
}

Said random_signals(std::mt19937_64& random, std::size_t n, const BacktestOptions& options, bool barriers, bool horizon,
                    bool confidence) {
  Said out;
  const std::size_t every = 1 + random() % 4;
  const double unit = options.distance == BarrierDistance::price ? 0.5 : 0.005;
  for (std::size_t i = 0; i < n; ++i) {
    if (random() % every != 0) continue;
    out.bar.push_back(i);
    out.direction.push_back(static_cast<std::int8_t>(static_cast<int>(random() % 3) - 1));
    const bool flat = out.direction.back() == 0;
    if (confidence) out.confidence.push_back(static_cast<double>(random() % 5) / 4);
    if (barriers) {
      const auto distance = [&] {
        return flat ? std::nan("") : random() % 9 == 0 ? kInfinity : unit * static_cast<double>(1 + random() % 8);
      };
      out.up.push_back(distance());
      out.down.push_back(distance());
    }
    if (horizon) out.horizon.push_back(flat ? 0 : static_cast<std::int32_t>(1 + random() % 9));
  }
  return out;
}

// One of 1,024 combinations.
struct Combination {
  BacktestOptions options;
  bool horizon, confidence, rolls;
};
Combination combination(std::size_t number) {
  std::size_t left = number;
  const auto take = [&](std::size_t choices) {
    const std::size_t out = left % choices;
    left /= choices;
    return out;
  };
  Combination out{.options = {}, .horizon = take(2) == 1, .confidence = false, .rolls = false};
  out.options.exit_at_barriers = take(2) == 1;
  out.options.exit_on_signal = take(2) == 1;
  out.options.max_positions = std::array<std::size_t, 4>{1, 2, 3, 7}[take(4)];
  out.options.tie = take(2) == 1 ? BarrierTie::stop_first : BarrierTie::nearest_open;
  out.options.distance = take(2) == 1 ? BarrierDistance::entry_share : BarrierDistance::price;
  out.confidence = take(2) == 1;
  out.options.size_by_confidence = take(2) == 1;
  out.rolls = take(2) == 1;
  out.options.cost = take(2) == 1 ? market::TradeCost{.price = 0.05, .share = 0.0008} : market::TradeCost{};
  out.options.min_confidence = out.confidence && number % 3 == 0 ? 0.5 : 0;
  return out;
}

bool same(const Trade& a, const Trade& b) {
  return a.entry_bar == b.entry_bar && a.exit_bar == b.exit_bar && a.entry_price == b.entry_price &&
         a.exit_price == b.exit_price && a.share == b.share && a.direction == b.direction && a.end == b.end &&
         near(a.gross, b.gross) && near(a.cost, b.cost);
}

std::vector<double> returns_of(const std::vector<double>& equity) {
  std::vector<double> out;
  double before = 1;
  for (const double each : equity) {
    out.push_back(each / before - 1);
    before = each;
  }
  return out;
}

bool all_near(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](double x, double y) { return near(x, y, 1e-11); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backtests)

BOOST_AUTO_TEST_CASE(a_signal_is_filled_at_the_next_open_and_marked_at_closes) {
  const Prices prices{{90, 101, 90, 100}, {102, 104, 101, 103}, {103, 105, 103, 104}};
  const Backtest found = run(prices, {{0, 1}}, kHeld);
  BOOST_TEST(texts(found) == Texts{"1-2 102 > 104 +1 end"});
  BOOST_TEST((found.returns.net.size() == 3 && found.returns.net[0] == 0));
  BOOST_TEST(near(found.returns.net[1], 103.0 / 102 - 1));
  BOOST_TEST(near(found.returns.net[2], 104.0 / 103 - 1));
  BOOST_TEST(near(found.trades[0].gross, 2.0 / 102));
  BOOST_TEST(near(found.summary.path.total, 2.0 / 102));
  BOOST_TEST(found.returns.gross == found.returns.net);
}

BOOST_AUTO_TEST_CASE(a_short_position_loses_what_its_units_gain) {
  const Prices prices{{100, 100, 100, 100}, {100, 110, 100, 110}, {110, 121, 110, 121}};
  const Backtest found = run(prices, {{0, -1}}, kHeld);
  // The equity goes from 1 to 0.9 to 0.79: a unit was sold once and not once more at each close.
  BOOST_TEST(near(found.returns.net[1], -0.1));
  BOOST_TEST(near(found.returns.net[2], -0.11 / 0.9));
  BOOST_TEST(near(found.trades[0].gross, -0.21));
}

BOOST_AUTO_TEST_CASE(half_of_the_cost_is_paid_at_each_end) {
  // (0.2 + 1 % of 100) / 2 = 0.6 at each fill, of the entry price also where the exit is elsewhere.
  const Prices prices{{100, 100, 100, 100}, {100, 100, 100, 100}, {100, 100, 100, 100}, {100, 150, 100, 150}};
  BacktestOptions options = kHeld;
  options.cost = {.price = 0.2, .share = 0.01};
  const Backtest found = run(prices, {{0, 1}}, options);
  BOOST_TEST(near(found.returns.net[1], -0.006));
  BOOST_TEST(found.returns.net[2] == 0);
  BOOST_TEST(near(found.returns.net[3], (0.5 - 0.006) / 0.994));
  BOOST_TEST(near(found.trades[0].cost, 0.012));
  BOOST_TEST(near(found.trades[0].net(), 0.488));
  BOOST_TEST(near(found.returns.gross[3], 0.5));
  BOOST_TEST(near(found.summary.gross_total, 0.5));
  BOOST_TEST(near(found.summary.path.total, 0.488));
}

BOOST_AUTO_TEST_CASE(a_barrier_is_filled_at_its_price_when_it_is_touched_and_not_before) {
  const Prices prices{{100, 100, 100, 100}, {100, 101.75, 98.25, 100}, {100, 102, 98.25, 99}, {99, 101, 97, 98}};
  BOOST_TEST(texts(run(prices, Said{{0, 1}}.with_barriers(2, 2))) == Texts{"1-2 100 > 102 +1 target"});
  BOOST_TEST(texts(run(prices, Said{{0, -1}}.with_barriers(2, 2))) == Texts{"1-2 100 > 102 -1 stop"});
  BOOST_TEST(texts(run(prices, Said{{0, 1}}.with_barriers(2.25, 3))) == Texts{"1-3 100 > 97 +1 stop"});
  BOOST_TEST(texts(run(prices, Said{{0, -1}}.with_barriers(kInfinity, 3))) == Texts{"1-3 100 > 97 -1 target"});
  BOOST_TEST(texts(run(prices, Said{{0, 1}}.with_barriers(1.75, 3))) == Texts{"1-1 100 > 101.75 +1 target"});
  BacktestOptions options{.distance = BarrierDistance::entry_share};
  BOOST_TEST(texts(run(prices, Said{{0, 1}}.with_barriers(0.02, 0.5), options)) == Texts{"1-2 100 > 102 +1 target"});
}

BOOST_AUTO_TEST_CASE(a_bar_that_opens_beyond_a_barrier_fills_it_at_its_open) {
  const Prices down{{100, 100, 100, 100}, {100, 101, 99, 100}, {96, 110, 95, 109}},
      up{{100, 100, 100, 100}, {100, 101, 99, 100}, {105, 106, 90, 91}};
  BOOST_TEST(texts(run(down, Said{{0, 1}}.with_barriers(2, 2))) == Texts{"1-2 100 > 96 +1 stop"});
  BOOST_TEST(texts(run(up, Said{{0, 1}}.with_barriers(2, 2))) == Texts{"1-2 100 > 105 +1 target"});
  BOOST_TEST(texts(run(up, Said{{0, -1}}.with_barriers(2, 2))) == Texts{"1-2 100 > 105 -1 stop"});
  // Whatever the bar did later, and whatever decides bars that open between the barriers.
  const BacktestOptions stop_first{.tie = BarrierTie::stop_first};
  BOOST_TEST(texts(run(up, Said{{0, 1}}.with_barriers(2, 2), stop_first)) == Texts{"1-2 100 > 105 +1 target"});
  BOOST_TEST(texts(run(down, Said{{0, -1}}.with_barriers(2, 2), stop_first)) == Texts{"1-2 100 > 96 -1 target"});
  // On the barrier is beyond it.
  BOOST_TEST(texts(run(down, Said{{0, 1}}.with_barriers(9, 4))) == Texts{"1-2 100 > 96 +1 stop"});
  BOOST_TEST(texts(run(down, Said{{0, 1}}.with_barriers(9, 5.5))) == Texts{"1-2 100 > 109 +1 target"});
}

BOOST_AUTO_TEST_CASE(a_bar_that_reaches_both_barriers_is_decided_by_the_tie_rule) {
  const Prices prices{{100, 100, 100, 100}, {100, 103, 97, 100}};
  const auto end = [&](int direction, double up, double down, BarrierTie tie) {
    const Backtest found = run(prices, Said{{0, direction}}.with_barriers(up, down), {.tie = tie});
    return std::pair{found.trades.at(0).exit_price, std::string(to_string(found.trades[0].end))};
  };
  using End = std::pair<double, std::string>;
  BOOST_TEST((end(1, 2, 1, BarrierTie::nearest_open) == End{99, "stop"}));
  BOOST_TEST((end(1, 1, 2, BarrierTie::nearest_open) == End{101, "target"}));
  BOOST_TEST((end(1, 2, 2, BarrierTie::nearest_open) == End{102, "target"}));  // as near: the upper
  BOOST_TEST((end(-1, 2, 2, BarrierTie::nearest_open) == End{102, "stop"}));
  BOOST_TEST((end(1, 1, 2, BarrierTie::stop_first) == End{98, "stop"}));
  BOOST_TEST((end(-1, 2, 1, BarrierTie::stop_first) == End{102, "stop"}));
}

BOOST_AUTO_TEST_CASE(the_horizon_is_counted_from_the_deciding_bar_and_always_caps) {
  const Prices prices{
      {100, 100, 100, 100}, {100, 101, 99, 100}, {100, 101, 99, 101}, {101, 103, 99, 102}, {102, 103, 101, 103}};
  BOOST_TEST(texts(run(prices, Said{{0, 1}}.with_horizon(1), kHeld)) == Texts{"1-1 100 > 100 +1 horizon"});
  BOOST_TEST(texts(run(prices, Said{{0, 1}}.with_horizon(3), kHeld)) == Texts{"1-3 100 > 102 +1 horizon"});
  BOOST_TEST(texts(run(prices, Said{{0, 1}}.with_horizon(9), kHeld)) == Texts{"1-4 100 > 103 +1 end"});
  // A barrier touched in the last bar comes before its close, and one after it not at all.
  const Said barriers = Said{{0, 1}}.with_barriers(3, 3);
  BOOST_TEST(texts(run(prices, barriers.with_horizon(3))) == Texts{"1-3 100 > 103 +1 target"});
  BOOST_TEST(texts(run(prices, barriers.with_horizon(2))) == Texts{"1-2 100 > 101 +1 horizon"});
  // Closed at the close of bar 2, the position is no obstacle to what is decided at that close.
  BOOST_TEST(texts(run(prices, Said{{0, 1}, {1, -1}, {2, -1}}.with_horizon(2), kHeld)) ==
             (Texts{"1-2 100 > 101 +1 horizon", "3-4 101 > 103 -1 horizon"}));
}

BOOST_AUTO_TEST_CASE(a_signal_that_turns_closes_at_the_next_open) {
  const Prices prices{
      {100, 100, 100, 100}, {100, 101, 99, 100}, {100, 101, 99, 101}, {102, 103, 99, 102}, {104, 105, 101, 103}};
  BacktestOptions options = kHeld;
  options.exit_on_signal = true;
  BOOST_TEST(texts(run(prices, {{0, 1}, {1, 1}, {2, 0}}, options)) == Texts{"1-3 100 > 102 +1 signal"});
  BOOST_TEST(texts(run(prices, {{0, 1}, {2, -1}}, options)) ==
             (Texts{"1-3 100 > 102 +1 signal", "3-4 102 > 103 -1 end"}));
  // No row, no change; and without the option an opposite signal is one for which there is no room.
  BOOST_TEST(texts(run(prices, {{0, 1}}, options)) == Texts{"1-4 100 > 103 +1 end"});
  const Backtest kept = run(prices, {{0, 1}, {1, 1}, {2, -1}, {3, 0}}, kHeld);
  BOOST_TEST(texts(kept) == Texts{"1-4 100 > 103 +1 end"});
  BOOST_TEST(kept.skipped == 2);
  // The position that follows is of the equity that the first left at that open: 1.02 (1 - 1/102).
  const Backtest turned = run(prices, {{0, 1}, {2, -1}}, options);
  BOOST_TEST(near(turned.summary.path.total, 1.02 * (1 - 1.0 / 102) - 1));
}

BOOST_AUTO_TEST_CASE(a_position_that_the_next_open_stops_out_was_still_open_when_the_signal_came) {
  const Prices prices{{100, 100, 100, 100}, {100, 101, 99, 100}, {95, 96, 94, 95}, {95, 96, 94, 96}};
  const Backtest found = run(prices, Said{{0, 1}, {1, 1}}.with_barriers(9, 2));
  BOOST_TEST(texts(found) == Texts{"1-2 100 > 95 +1 stop"});
  BOOST_TEST(found.skipped == 1);
  const Backtest later = run(prices, Said{{0, 1}, {2, 1}}.with_barriers(9, 2));
  BOOST_TEST(texts(later) == (Texts{"1-2 100 > 95 +1 stop", "3-3 95 > 96 +1 end"}));
}

BOOST_AUTO_TEST_CASE(nothing_is_held_beyond_the_part_and_nothing_outside_is_read) {
  Prices prices{{100, 100, 100, 100}, {100, 101, 99, 100}, {100, 101, 99, 101}, {102, 103, 99, 102}, {1, 2, 1, 2}};
  const double none = std::nan("");
  for (const std::size_t outside : {0U, 4U}) {
    for (auto* column : {&prices.bars.open, &prices.bars.high, &prices.bars.low, &prices.bars.close})
      (*column)[outside] = none;
  }
  const Said said{{0, -1}, {1, 1}, {3, 1}, {4, 1}};
  const Backtest found = backtest(prices.spans(), {1, 4}, said.signals(), kHeld);
  BOOST_TEST(texts(found) == Texts{"2-3 100 > 102 +1 end"});
  BOOST_TEST(found.returns.net.size() == 3);
  // A part of one bar has no next open.
  BOOST_TEST(backtest(prices.spans(), {1, 2}, said.signals(), kHeld).trades.empty());
}

BOOST_AUTO_TEST_CASE(no_position_is_held_over_a_roll) {
  Prices prices{
      {100, 100, 100, 100}, {100, 101, 99, 100}, {100, 102, 99, 102}, {200, 210, 190, 205}, {205, 207, 201, 206}};
  prices.roll_at(3);
  const Backtest found = run(prices, Said{{0, 1}}.with_horizon(4), kHeld);
  BOOST_TEST(texts(found) == Texts{"1-2 100 > 102 +1 roll"});
  BOOST_TEST(found.returns.net[3] == 0);
  // What is decided at the close before enters the new contract, at its first open.
  BOOST_TEST(texts(run(prices, {{0, 1}, {1, 1}, {2, -1}}, kHeld)) ==
             (Texts{"1-2 100 > 102 +1 roll", "3-4 200 > 206 -1 end"}));
  BOOST_TEST(texts(run(prices, Said{{0, 1}}.with_horizon(2), kHeld)) == Texts{"1-2 100 > 102 +1 horizon"});
  // To hold is to pay for each roll: 102/100 and 206/200, a round trip of 1 % each.
  const market::TradeCost cost{.price = 0, .share = 0.01};
  const ReferenceSummaries references = reference_summaries(prices.spans(), prices.all(), cost);
  BOOST_TEST(near(references.buy_and_hold.path.total, (1.02 - 0.01) * (1.03 - 0.01) - 1));
  BOOST_TEST(near(references.buy_and_hold.gross_total, 1.02 * 1.03 - 1));
  BOOST_TEST(references.buy_and_hold.trades == 2);
  BOOST_TEST(near(references.buy_and_hold.exposure, 0.8));
  BacktestOptions options = kHeld;
  options.cost = cost;
  BOOST_TEST(
      run(prices, {{0, 1}, {2, 1}}, options).returns.net ==
      strategy_returns(prices.spans(), prices.all(), buy_and_hold_trades(prices.spans(), prices.all(), cost), cost)
          .net);
  BOOST_TEST(references.flat.path.total == 0);
  BOOST_TEST(references.flat.path.rows == 5);
  BOOST_TEST(references.flat.path.no_variance);
  BOOST_TEST(references.flat.exposure == 0);
  BOOST_TEST(std::isnan(references.flat.hit_rate));
}

BOOST_AUTO_TEST_CASE(confidence_sizes_positions_and_what_is_below_the_least_is_flat) {
  const Prices prices{{100, 100, 100, 100}, {100, 110, 100, 110}, {110, 121, 110, 121}, {121, 122, 120, 121}};
  Said said{{0, 1}, {1, 1}};
  said.confidence = {0.25, 0.2};
  BacktestOptions options = kHeld;
  options.exit_on_signal = true;
  BOOST_TEST(near(run(prices, said, options).summary.path.total, 0.25 * 0.21));
  options.min_confidence = 0.25;
  BOOST_TEST(texts(run(prices, said, options)) == Texts{"1-2 100 > 110 +1 signal"});
  options.size_by_confidence = false;
  BOOST_TEST(near(run(prices, said, options).summary.path.total, 0.1));
  options.min_confidence = 0.3;
  BOOST_TEST(run(prices, said, options).trades.empty());
  // A position of no size is none.
  said.confidence = {0, 0};
  options = kHeld;
  BOOST_TEST(run(prices, said, options).trades.empty());
  options.size_by_confidence = false;
  BOOST_TEST(run(prices, said, options).trades.size() == 1);
}

BOOST_AUTO_TEST_CASE(overlapping_positions_share_the_equity) {
  const Prices prices{
      {100, 100, 100, 100}, {100, 100, 100, 100}, {120, 120, 120, 120}, {120, 120, 120, 120}, {150, 150, 150, 150}};
  BacktestOptions options = kHeld;
  options.max_positions = 2;
  const Backtest found = run(prices, {{0, 1}, {1, -1}, {2, 1}}, options);
  BOOST_TEST(texts(found) == (Texts{"1-4 100 > 150 +1 end", "2-4 120 > 150 -1 end"}));
  BOOST_TEST(found.skipped == 1);
  // Half of 1 at 100; half of 1.1 against it at 120: 1 + 0.5 * 0.5 - 0.55 * 0.25.
  BOOST_TEST(near(found.summary.path.total, 0.5 * 0.5 - 0.55 * 0.25));
  BOOST_TEST(near(found.returns.net[2], 0.1));
  BOOST_TEST(near(found.summary.turnover, 2));
  BOOST_TEST(near(found.summary.exposure, 0.8));
}

// Half of the equity, short at 100, is worth -0.5 at 400: who has less than nothing buys nothing.
BOOST_AUTO_TEST_CASE(nothing_is_bought_with_an_equity_that_is_gone_at_the_open) {
  const Prices prices{{100, 100, 100, 100}, {100, 100, 100, 100}, {400, 400, 100, 100}, {100, 100, 100, 100}};
  BacktestOptions options = kHeld;
  options.max_positions = 2;
  const Backtest found = run(prices, {{0, -1}, {1, 1}}, options);
  BOOST_TEST(found.trades.size() == 2);
  BOOST_TEST(found.returns.net == (std::vector<double>{0, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(an_equity_that_is_lost_stays_lost) {
  const Prices prices{{100, 100, 100, 100}, {100, 100, 100, 100}, {100, 250, 100, 250}, {100, 100, 50, 50}};
  const Backtest found = run(prices, Said{{0, -1}, {1, 1}}.with_horizon(3), kHeld);
  BOOST_TEST(found.returns.net == (std::vector<double>{0, 0, -1, 0}));
  BOOST_TEST(found.summary.path.total == -1);
  BOOST_TEST(found.summary.path.lost.value() == 2);
  BOOST_TEST(found.summary.path.drawdown.depth == 1);
}

BOOST_AUTO_TEST_CASE(results_are_those_of_a_slow_simulator_for_every_combination_of_options) {
  std::mt19937_64 random(31);
  std::size_t traded = 0;
  std::array<std::size_t, 6> ends{};
  constexpr std::size_t kCombinations = 1024, kCases = 1000, kEach = 8;
  for (std::size_t round = 0; round < kCases * kEach; ++round) {
    const Combination c = combination(round % kCombinations);
    const std::size_t n = 2 + random() % 70;
    const Prices prices = random_prices(random, n, c.rolls);
    const Said said = random_signals(random, n, c.options, c.options.exit_at_barriers, c.horizon, c.confidence);
    const std::size_t begin = random() % n, end = begin + 1 + random() % (n - begin);
    const BarSpans bars = prices.spans();
    const Backtest found = backtest(bars, {begin, end}, said.signals(), c.options);
    const Slow slow = slow_backtest(bars, {begin, end}, said, c.options);
    BacktestOptions free = c.options;
    free.cost = {};
    BOOST_TEST_CONTEXT("round " << round) {
      BOOST_REQUIRE(found.trades.size() == slow.trades.size());
      for (std::size_t i = 0; i < slow.trades.size(); ++i)
        BOOST_REQUIRE_MESSAGE(same(found.trades[i], slow.trades[i]), text(found.trades[i])
                                                                         << ", and slowly " << text(slow.trades[i]));
      BOOST_REQUIRE(found.skipped == slow.skipped);
      BOOST_REQUIRE(all_near(found.returns.net, returns_of(slow.equity)));
      BOOST_REQUIRE(all_near(found.returns.gross, returns_of(slow_backtest(bars, {begin, end}, said, free).equity)));
      BOOST_REQUIRE(all_near(compound(found.returns.net), slow.equity));
      BOOST_REQUIRE(found.summary.path.total == compound(found.returns.net).back() - 1);
      std::vector<bool> held(end);
      for (const Trade& trade : found.trades)
        std::fill_n(held.begin() + static_cast<std::ptrdiff_t>(trade.entry_bar), trade.exit_bar - trade.entry_bar + 1,
                    true);
      std::size_t bars_held = 0;
      for (std::size_t bar = begin; bar < end; ++bar) {
        bars_held += held[bar] ? 1 : 0;
        if (!held[bar]) BOOST_REQUIRE(found.returns.net[bar - begin] == 0);
      }
      BOOST_REQUIRE(near(found.summary.exposure, static_cast<double>(bars_held) / static_cast<double>(end - begin)));
      if (c.options.max_positions == 1) {
        double product = 1;
        for (const Trade& trade : found.trades) product *= 1 + trade.net();
        BOOST_REQUIRE(near(product - 1, found.summary.path.total));
      }
      if (!found.trades.empty()) {
        BacktestOptions even = c.options;
        even.cost = {.price = 0, .share = found.summary.break_even_cost};
        if (even.cost.share >= 0) {
          BOOST_REQUIRE(std::fabs(backtest(bars, {begin, end}, said.signals(), even).summary.path.total) < 1e-11);
        } else {
          BOOST_REQUIRE(found.summary.gross_total < 1e-12);
        }
      }
    }
    traded += found.trades.size();
    for (const Trade& trade : found.trades) ++ends[static_cast<std::size_t>(trade.end)];
  }
  BOOST_TEST(traded > 15'000);
  for (const std::size_t each : ends) BOOST_TEST(each > 500);
}

BOOST_AUTO_TEST_CASE(positions_end_as_the_labels_of_their_bars_do) {
  std::mt19937_64 random(32);
  for (int round = 0; round < 60; ++round) {
    const std::size_t n = 120;
    const Prices prices = random_prices(random, n, false);
    const BarrierTie tie = round % 2 == 0 ? BarrierTie::nearest_open : BarrierTie::stop_first;
    const market::TripleBarrier rule{
        .up = 0.02, .down = 0.015, .max_bars = 10, .entry = market::BarrierEntry::next_open, .tie = tie};
    const BarSpans bars = prices.spans();
    const auto labels =
        market::triple_barrier({.open = bars.open, .high = bars.high, .low = bars.low, .close = bars.close}, {}, rule);
    Said said;
    for (std::size_t i = 0; i + 1 < n; ++i) {
      said.bar.push_back(i);
      said.direction.push_back(1);
    }
    const Backtest found = run(prices, said.with_barriers(rule.up, rule.down).with_horizon(rule.max_bars),
                               {.max_positions = n, .distance = BarrierDistance::entry_share, .tie = tie});
    BOOST_REQUIRE(found.trades.size() == n - 1);
    for (std::size_t i = 0; i < n; ++i) {
      if (labels.label[i] == market::kInvalidLabel) continue;
      const Trade& trade = found.trades[i];
      BOOST_REQUIRE(static_cast<std::int64_t>(trade.exit_bar) == labels.exit_bar(i));
      BOOST_REQUIRE(near(trade.exit_price / trade.entry_price - 1, labels.exit_return[i], 1e-7));
      const TradeEnd end = labels.touch[i] > 0   ? TradeEnd::target
                           : labels.touch[i] < 0 ? TradeEnd::stop
                                                 : TradeEnd::horizon;
      BOOST_REQUIRE(trade.end == end);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_comes_later_changes_nothing_before) {
  std::mt19937_64 random(33);
  for (std::size_t round = 0; round < 2048; ++round) {
    const Combination c = combination(round % 1024);
    const std::size_t n = 40;
    const Prices prices = random_prices(random, n, c.rolls);
    const Said said = random_signals(random, n, c.options, c.options.exit_at_barriers, c.horizon, c.confidence);
    // Other prices after bar `last`, other signals from it on: these are filled after it. The next bar's roll is known.
    const std::size_t last = 1 + random() % (n - 2);
    Prices other = random_prices(random, n, c.rolls);
    Said others = random_signals(random, n, c.options, c.options.exit_at_barriers, c.horizon, c.confidence);
    for (std::size_t i = 0; i <= last; ++i) {
      other.bars.open[i] = prices.bars.open[i];
      other.bars.high[i] = prices.bars.high[i];
      other.bars.low[i] = prices.bars.low[i];
      other.bars.close[i] = prices.bars.close[i];
      other.bars.flags[i] = prices.bars.flags[i];
    }
    other.bars.flags[last + 1] = prices.bars.flags[last + 1];
    const auto cut = [&](const Said& from, bool before) {
      Said out;
      for (std::size_t row = 0; row < from.bar.size(); ++row) {
        if ((from.bar[row] < last) != before) continue;
        out.bar.push_back(from.bar[row]);
        out.direction.push_back(from.direction[row]);
        if (!from.confidence.empty()) out.confidence.push_back(from.confidence[row]);
        if (!from.up.empty()) out.up.push_back(from.up[row]);
        if (!from.down.empty()) out.down.push_back(from.down[row]);
        if (!from.horizon.empty()) out.horizon.push_back(from.horizon[row]);
      }
      return out;
    };
    Said joined = cut(said, true);
    const Said rest = cut(others, false);
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(joined.bar, rest.bar);
    append(joined.direction, rest.direction);
    append(joined.confidence, rest.confidence);
    append(joined.up, rest.up);
    append(joined.down, rest.down);
    append(joined.horizon, rest.horizon);
    const Backtest a = run(prices, said, c.options), b = run(other, joined, c.options);
    for (std::size_t i = 0; i <= last; ++i) {
      BOOST_REQUIRE(a.returns.net[i] == b.returns.net[i]);
      BOOST_REQUIRE(a.returns.gross[i] == b.returns.gross[i]);
    }
    const auto before = [&](const Backtest& of) {
      std::vector<std::string> out;
      for (const Trade& trade : of.trades) {
        if (trade.entry_bar > last) break;
        std::ostringstream entry;
        entry << trade.entry_bar << ' ' << trade.entry_price << ' ' << trade.share << ' ' << int{trade.direction};
        out.push_back(trade.exit_bar <= last ? text(trade) : entry.str());
      }
      return out;
    };
    BOOST_REQUIRE(before(a) == before(b));
  }
}

BOOST_AUTO_TEST_CASE(multiples_of_the_costs_are_backtests_with_these_costs) {
  std::mt19937_64 random(34);
  for (std::size_t round = 0; round < 200; ++round) {
    Combination c = combination(round * 5 + 1);
    c.options.cost = {.price = 0.05, .share = 0.001};
    const Prices prices = random_prices(random, 60, c.rolls);
    const Said said = random_signals(random, 60, c.options, c.options.exit_at_barriers, c.horizon, c.confidence);
    const Backtest found = run(prices, said, c.options);
    const auto points = cost_sensitivity(prices.spans(), prices.all(), found.trades, c.options.cost);
    BOOST_REQUIRE(points.size() == 5);
    for (const CostPoint& point : points) {
      BacktestOptions options = c.options;
      options.cost = {.price = 0.05 * point.multiple, .share = 0.001 * point.multiple};
      const PathSummary path = run(prices, said, options).summary.path;
      BOOST_REQUIRE(path.total == point.total);
      BOOST_REQUIRE(path.sharpe == point.sharpe);
    }
    BOOST_REQUIRE(points[0].total == found.summary.gross_total);
    if (!found.trades.empty()) BOOST_REQUIRE(points[4].total < points[1].total);
  }
}

BOOST_AUTO_TEST_CASE(the_break_even_cost_is_what_a_round_trip_gains) {
  const Prices gains{{100, 100, 100, 100}, {100, 110, 100, 110}, {50, 55, 50, 55}},
      loses{{100, 100, 100, 100}, {100, 100, 95, 95}};
  BacktestOptions options = kHeld;
  options.cost = {.price = 0.3, .share = 0};
  // (1 + 0.1 - c)^2 = 1, and 1 - 0.05 - c = 1: whatever the costs were.
  BOOST_TEST(near(run(gains, Said{{0, 1}, {1, 1}}.with_horizon(1), options).summary.break_even_cost, 0.1, 1e-11));
  BOOST_TEST(near(run(loses, {{0, 1}}, options).summary.break_even_cost, -0.05, 1e-11));
  BOOST_TEST(std::isnan(run(loses, {}, options).summary.break_even_cost));
  const Prices still{{100, 100, 100, 100}, {100, 100, 100, 100}};
  BOOST_TEST(run(still, {{0, 1}}, options).summary.break_even_cost == 0);
  const Prices ruins{{100, 100, 100, 100}, {100, 300, 100, 300}};
  BOOST_TEST(std::isnan(run(ruins, {{0, -1}}, options).summary.break_even_cost));
}

// From fortunes made to fortunes lost: the equity at no cost is anything from 1e-40 to 1e40.
BOOST_AUTO_TEST_CASE(a_break_even_cost_is_found_for_any_strategy) {
  std::mt19937_64 random(35);
  for (int round = 0; round < 200; ++round) {
    const double most = std::array{0.001, 0.1, 0.9, 3.0}[static_cast<std::size_t>(round % 4)];
    const double down = std::min(most, 0.9) * (round % 3 == 0 ? 0.3 : 1);
    std::uniform_real_distribution<double> uniform(-down, round % 5 == 0 ? most / 4 : most);
    Prices prices{{100, 100, 100, 100}};
    Said said;
    for (std::size_t i = 0; i < 100; ++i) {
      const double close = 100 * (1 + uniform(random));
      prices.add(100, std::max(100.0, close), std::min(100.0, close), close);
      said.bar.push_back(i);
      said.direction.push_back(1);
    }
    BacktestOptions options = kHeld;
    options.max_positions = round % 2 == 0 ? 1 : 3;
    said = said.with_horizon(round % 2 == 0 ? 1 : 2);
    const Backtest found = run(prices, said, options);
    const double cost = found.summary.break_even_cost;
    BOOST_REQUIRE(std::isfinite(cost));
    BOOST_REQUIRE((cost > 0) == (found.summary.gross_total > 0));
    if (cost < 0) continue;
    // Where it takes nearly all of the worst position, the equity falls from much to nothing within a rounding.
    options.cost = {.price = 0, .share = cost};
    BOOST_REQUIRE(run(prices, said, options).summary.path.total > -1e-10);
    options.cost.share *= 1 + 1e-9;
    BOOST_REQUIRE(run(prices, said, options).summary.path.total < 0);
  }
}

BOOST_AUTO_TEST_CASE(trades_are_counted_by_what_they_net) {
  // +10 %, -5 %, +0 % and a round trip of 1 %: nets of 0.09, -0.06, -0.01.
  const Prices prices{{100, 100, 100, 100}, {100, 110, 100, 110}, {100, 100, 95, 95}, {100, 100, 100, 100}};
  BacktestOptions options = kHeld;
  options.cost = {.price = 1, .share = 0};
  const Said said = Said{{0, 1}, {1, 1}, {2, 1}}.with_horizon(1);
  const BacktestSummary found = run(prices, said, options).summary;
  BOOST_TEST(found.trades == 3);
  BOOST_TEST(near(found.hit_rate, 1.0 / 3));
  BOOST_TEST(near(found.profit_factor, 0.09 / 0.07));
  BOOST_TEST(near(found.average_win, 0.09));
  BOOST_TEST(near(found.average_loss, -0.035));
  BOOST_TEST(near(found.turnover, 6));
  BOOST_TEST(near(found.exposure, 0.75));
  // Free: a trade that nets nothing is neither.
  const BacktestSummary free = run(prices, said, kHeld).summary;
  BOOST_TEST(near(free.hit_rate, 1.0 / 3));
  BOOST_TEST(near(free.profit_factor, 2));
  BOOST_TEST(near(free.average_loss, -0.05));
  const BacktestSummary won = run(prices, Said{{0, 1}}.with_horizon(1), kHeld).summary;
  BOOST_TEST(won.profit_factor == kInfinity);
  BOOST_TEST(std::isnan(won.average_loss));
}

// Numbers of pypbo's and RiskLabAI's tests.
BOOST_AUTO_TEST_CASE(paths_are_summarised_as_others_do) {
  std::vector<double> returns{0.259, 0.198, 0.364, -0.081, 0.057, 0.055, 0.188, 0.317, 0.24, 0.184, -0.01, 0.526};
  for (double& each : returns) each -= 0.05;
  BOOST_TEST(near(summarise_path(returns).sharpe, 0.834364, 1e-6));
  BOOST_TEST(near(summarise_path(returns).sharpe, measure_returns(returns).sharpe));
  BOOST_TEST(near(summarise_path(returns).deviation, measure_returns(returns).deviation));
  BOOST_TEST(near(summarise_path(std::vector<double>{0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04}).sortino,
                  4.417261, 1e-6));
  std::vector<double> falls;
  // 10, 12 and 12 again, but for how products round.
  const std::vector<double> equity{10, 9, 8, 10.001, 11, 10, 12, 11, 10, 12.001};
  for (std::size_t i = 0; i < equity.size(); ++i) falls.push_back(i == 0 ? 0 : equity[i] / equity[i - 1] - 1);
  const PathSummary found = summarise_path(falls, 100);
  BOOST_TEST(near(found.drawdown.depth, 0.2));
  BOOST_TEST(found.drawdown.begin == 100);
  BOOST_TEST(found.drawdown.bottom == 102);
  BOOST_TEST(found.drawdown.recovery.value() == 103);
  BOOST_TEST(found.longest_under_water == 2);
  BOOST_TEST(near(found.total, 0.2001));
}

BOOST_AUTO_TEST_CASE(a_drawdown_begins_at_the_last_high_and_ends_when_it_is_reached_again) {
  const auto of = [](std::vector<double> returns) { return summarise_path(returns); };
  // 1, 2, 2, 1, 2, 1: the first of two that are as deep.
  const PathSummary two = of({0, 1, 0, -0.5, 1, -0.5});
  BOOST_TEST((two.drawdown == Drawdown{.depth = 0.5, .begin = 2, .bottom = 3, .recovery = 4}));
  BOOST_TEST(two.longest_under_water == 1);
  // 2, 1, 1.5, 1, 1.5: never again as high.
  const PathSummary under = of({1, -0.5, 0.5, -1.0 / 3, 0.5});
  BOOST_TEST(under.drawdown.begin == 0);
  BOOST_TEST(!under.drawdown.recovery);
  BOOST_TEST(under.longest_under_water == 4);
  // A smaller fall after the deepest one has recovered is not its recovery.
  const PathSummary small = of({0, -0.5, 1, -0.25, 1});
  BOOST_TEST(small.drawdown.recovery.value() == 2);
  BOOST_TEST((of({0.5, 0, 1}).drawdown == Drawdown{}));
  // The start is a high.
  BOOST_TEST((of({-0.5, 0, 1}).drawdown == Drawdown{.depth = 0.5, .begin = 0, .bottom = 0, .recovery = 2}));
}

BOOST_AUTO_TEST_CASE(a_path_without_a_variance_has_a_sharpe_ratio_of_0_and_says_so) {
  const PathSummary same = summarise_path(std::vector<double>(10, 0.1));
  BOOST_TEST(same.no_variance);
  BOOST_TEST(same.sharpe == 0);
  BOOST_TEST(same.mean == 0.1);
  BOOST_TEST(same.deviation == 0);
  BOOST_TEST(same.sortino == kInfinity);
  BOOST_TEST(summarise_path(std::vector<double>(10, 0.0)).sortino == 0);
  BOOST_TEST(summarise_path({}).no_variance);
  BOOST_TEST(summarise_path(std::vector<double>{0, -1, 0, -1.5}).lost.value() == 1);
  BOOST_TEST(summarise_path(std::vector<double>{0, -1, 0, -1.5}).total == -1);
  BOOST_TEST(!summarise_path(std::vector<double>{0, -0.99}).lost);
  BOOST_TEST(!summarise_path(std::vector<double>{0, 0.1}).no_variance);
  BOOST_TEST(holds(message_of<DataError>([] {
                     summarise_path(std::vector<double>{0, std::nan("")});
                   }),
                   "return 1 is nan"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_traded_is_refused_with_its_row) {
  const Prices prices{{100, 100, 100, 100}, {100, 101, 99, 100}, {100, 101, 99, 101}};
  const auto refused = [&](const Prices& at, const Said& said, const BacktestOptions& options = kHeld) {
    return refusal_of([&] { run(at, said, options); });
  };
  BOOST_TEST(refused(prices, {{0, 1}}) == "");
  for (int column = 0; column < 4; ++column) {
    Prices broken = prices;
    market::Bars& bars = broken.bars;
    std::vector<double>& of =
        *std::array{&bars.open, &bars.high, &bars.low, &bars.close}[static_cast<std::size_t>(column)];
    for (const double bad : {std::nan(""), kInfinity, -1.0, 0.0, 98.0, 102.0}) {
      // Below the low or above the high; as a low or a high these are fine.
      if ((column == 1 && bad == 102) || (column == 2 && bad == 98)) continue;
      of[1] = bad;
      BOOST_TEST(holds(refused(broken, {{0, 1}}), "bar 1 (1970-01-01T00:01:00Z) has open"));
    }
  }
  Prices unordered = prices;
  unordered.bars.time[2] = unordered.bars.time[1];
  BOOST_TEST(holds(refused(unordered, {{0, 1}}), "bar 2 is of 1970-01-01T00:01:00Z, no later"));
  BOOST_TEST(holds(refused(prices, {{0, 1}, {0, 1}}), "signal 1 is of bar 0, and the one before of bar 0"));
  BOOST_TEST(holds(refused(prices, {{1, 1}, {0, 1}}), "signal 1 is of bar 0, and the one before of bar 1"));
  BOOST_TEST(holds(refused(prices, {{3, 1}}), "signal 0 is of bar 3; there are 3"));
  BOOST_TEST(holds(refused(prices, {{0, 2}}), "signal 0 has the direction 2"));
  BOOST_TEST(holds(refused(prices, {{0, -2}}), "signal 0 has the direction -2"));
  Said said{{0, 1}, {1, 0}, {2, 1}};
  for (const double bad : {std::nan(""), -0.1, 1.1}) {
    said.confidence = {1, bad, 1};
    BOOST_TEST(holds(refused(prices, said), "signal 1 has the confidence"));
  }
  said.confidence = {0, 0, 1};
  BOOST_TEST(refused(prices, said) == "");
  for (const double bad : {std::nan(""), 0.0, -1.0}) {
    Said barriers = said.with_barriers(1, 1);
    barriers.up[1] = bad;  // flat
    BOOST_TEST(refused(prices, barriers, {}) == "");
    barriers.down[2] = bad;
    BOOST_TEST(holds(refused(prices, barriers, {}), "signal 2 has barriers 1 above"));
    BOOST_TEST(refused(prices, barriers) == "");  // which looks at none
  }
  Said horizon = said.with_horizon(1);
  horizon.horizon[1] = 0;
  BOOST_TEST(refused(prices, horizon) == "");
  horizon.horizon[2] = 0;
  BOOST_TEST(holds(refused(prices, horizon), "signal 2 has a horizon of 0"));
}

BOOST_AUTO_TEST_CASE(options_that_cannot_be_are_refused) {
  const Prices prices{{100, 100, 100, 100}, {100, 101, 99, 100}, {100, 101, 99, 101}};
  const Said said = Said{{0, 1}}.with_barriers(1, 1);
  const auto refused = [&](const BacktestOptions& options, const Said& given) {
    return message_of<ConfigError>([&] { run(prices, given, options); });
  };
  BOOST_TEST(refused({}, said) == "");
  BOOST_TEST(refused({}, {}) == "");
  BOOST_TEST(holds(refused({}, {{0, 1}}), "signals without barriers"));
  BOOST_TEST(holds(refused({.max_positions = 0}, said), "0 positions"));
  BOOST_TEST(holds(refused({.tie = BarrierTie::invalid}, said), "stop_first"));
  for (const double bad : {-0.1, 1.1, std::nan("")})
    BOOST_TEST(holds(refused({.min_confidence = bad}, said), "least confidence"));
  BOOST_TEST(refused({.min_confidence = 1}, said) == "");
  for (const double bad : {-0.1, kInfinity, std::nan("")}) {
    BOOST_TEST(holds(refused({.cost = {.price = bad, .share = 0}}, said), "costs"));
    BOOST_TEST(holds(refused({.cost = {.price = 0, .share = bad}}, said), "costs"));
    BOOST_TEST(holds(message_of<ConfigError>(
                         [&] { cost_sensitivity(prices.spans(), prices.all(), {}, {}, std::vector<double>{bad}); }),
                     "times the costs"));
  }
  BOOST_TEST(holds(message_of<ConfigError>([] { parse_barrier_distance("prize"); }), "'price'"));
  BOOST_TEST((parse_barrier_distance("entry_share") == BarrierDistance::entry_share));
  BOOST_TEST(to_string(BarrierDistance::price) == "price");
}

BOOST_AUTO_TEST_CASE(columns_and_parts_that_do_not_belong_together_are_a_programmers_error) {
  const Prices prices{{100, 100, 100, 100}, {100, 101, 99, 100}, {100, 101, 99, 101}};
  const Said said{{0, 1}};
  const auto part = [&](std::size_t begin, std::size_t end) {
    return message_of<std::invalid_argument>([&] { backtest(prices.spans(), {begin, end}, said.signals(), kHeld); });
  };
  BOOST_TEST(part(0, 3) == "");
  BOOST_TEST(holds(part(0, 4), "part"));
  BOOST_TEST(holds(part(2, 1), "part"));
  BOOST_CHECK_THROW(backtest(prices.spans(), {1, 1}, said.signals(), kHeld), DataError);
  const auto uneven_bars = [&](auto&& shorten) {
    BarSpans bars = prices.spans();
    shorten(bars);
    BOOST_CHECK_THROW(backtest(bars, {0, 2}, said.signals(), kHeld), std::invalid_argument);
  };
  uneven_bars([](BarSpans& bars) { bars.time = bars.time.first(2); });
  uneven_bars([](BarSpans& bars) { bars.open = bars.open.first(2); });
  uneven_bars([](BarSpans& bars) { bars.high = bars.high.first(2); });
  uneven_bars([](BarSpans& bars) { bars.low = bars.low.first(2); });
  uneven_bars([](BarSpans& bars) { bars.close = bars.close.first(2); });
  uneven_bars([](BarSpans& bars) { bars.flags = bars.flags.first(2); });
  Said uneven = said;
  uneven.up = {1};
  BOOST_CHECK_THROW(run(prices, uneven, kHeld), std::invalid_argument);
  uneven = said;
  uneven.horizon = {1, 1};
  BOOST_CHECK_THROW(run(prices, uneven, kHeld), std::invalid_argument);
  const auto settled = [&](Trade trade) {
    return message_of<std::invalid_argument>(
        [&] { strategy_returns(prices.spans(), prices.all(), std::vector<Trade>{trade}, {}); });
  };
  const Trade fine{.entry_bar = 1, .exit_bar = 2, .entry_price = 100, .exit_price = 101, .share = 1, .direction = 1};
  BOOST_TEST(settled(fine) == "");
  Trade off = fine;
  off.exit_bar = 3;
  BOOST_TEST(holds(settled(off), "outside"));
  off = fine;
  off.entry_bar = off.exit_bar = 0;
  BOOST_TEST(holds(settled(off), "outside"));
  BOOST_CHECK_THROW(strategy_returns(prices.spans(), prices.all(), std::vector<Trade>{fine, fine}, {}),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
