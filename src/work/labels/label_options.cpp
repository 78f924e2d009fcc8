#include "work/labels/label_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <optional>

#include "base/command_line.h"
#include "base/config.h"
#include "base/error.h"
#include "base/named_choice.h"
#include "base/parse_number.h"
#include "market/labels/barrier_table.h"
#include "market/symbol_table.h"
#include "work/labels/strategy_kind.h"
#include "work/labels/symbol_file.h"

namespace moola::work {
namespace {

enum class Judge { barriers, holding_return };
constexpr auto kJudges =
    std::to_array<NamedChoice<Judge>>({{"barriers", Judge::barriers}, {"return", Judge::holding_return}});
constexpr auto kReturns = std::to_array<NamedChoice<market::ReturnKind>>(
    {{"simple", market::ReturnKind::simple}, {"log", market::ReturnKind::logarithmic}});

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (std::size_t end = text.find(at); end != std::string::npos; end = text.find(at, begin)) {
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  out.push_back(text.substr(begin));
  return out;
}

bool asks_symbol_table(const std::string& cost) {
  return cost == "auto" || cost == "auto_volatile";
}

// "0.5": in price; "3bp": of the price; "auto": what the symbol table says.
market::TradeCost parse_cost(const std::string& text, const std::string& symbol,
                             std::span<const market::SymbolCosts> own) {
  if (asks_symbol_table(text)) {
    const auto fills = text == "auto" ? market::Fills::calm : market::Fills::volatile_market;
    return market::symbol_costs(symbol, own).round_trip(fills);
  }
  const bool relative = text.ends_with("bp");
  const auto value = parse_number(relative ? std::string_view(text).substr(0, text.size() - 2) : text);
  if (!value || *value < 0) {
    throw ConfigError(fmt::format(
        "--cost \"{}\": expected a price such as 0.5, basis points of the price such as 3bp, or auto or auto_volatile "
        "for what the symbol table says.",
        text));
  }
  return relative ? market::TradeCost{.price = 0, .share = *value * 1e-4} : market::TradeCost{.price = *value};
}

// "0:24711,30000:40000".
std::vector<market::FitRows> parse_rows(const std::string& text) {
  std::vector<market::FitRows> out;
  for (const std::string& part : split(text, ',')) {
    const std::size_t colon = part.find(':');
    std::size_t begin = 0, end = 0;
    const auto whole = [](std::string_view digits, std::size_t& value) {
      const auto [last, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      return wrong == std::errc() && last == digits.data() + digits.size();
    };
    if (colon == std::string::npos || !whole(std::string_view(part).substr(0, colon), begin) ||
        !whole(std::string_view(part).substr(colon + 1), end)) {
      throw ConfigError(
          fmt::format("--fit-rows \"{}\": expected ranges of rows, BEGIN:END without END, such as 0:24711.", text));
    }
    out.push_back({begin, end});
  }
  return out;
}

}  // namespace

struct LabelOptions::Values {
  CLI::App* app = nullptr;
  std::string strategy = "triple_barrier", entry = "close", tie = "nearest_open", cost = "0", symbols;
  std::optional<std::string> touch, scale;
  int horizon = 0;
  std::optional<double> up, down;
  std::optional<std::int32_t> max_bars, min_bars;
  bool unknown_is_neutral = false;
  double threshold = 0.005, dead_band = 0, multiple = 100, min_t = 0;
  std::vector<std::string> factors;
  std::string signal, signal_file, judge = "barriers", timeout = "by_return";
  std::string winsor = "0.01,0.99", fit_rows, returns = "simple";

  // "max_bars": --max-bars.
  static std::string option_of(std::string_view setting) {
    std::string out = "--" + std::string(setting);
    std::replace(out.begin(), out.end(), '_', '-');
    return out;
  }
  bool given(std::string_view setting) const {
    const CLI::Option* const option = app->get_option_no_throw(option_of(setting));
    return option != nullptr && option->count() > 0;
  }
  void refuse_unused(StrategyKind asked) const;
  market::TradeCost trade_cost(const std::string& symbol) const;
  market::Holding holding() const;
  market::TripleBarrier barriers(const std::string& symbol, const std::string& used_scale) const;
  market::TripleBarrier threshold_barriers(const std::string& symbol) const;
  market::Directional directional(const std::string& symbol) const;
  MetaStrategy meta(const std::string& symbol) const;
  RegressionStrategy regression() const;
};

void LabelOptions::Values::refuse_unused(StrategyKind asked) const {
  for (const SettingUse& use : setting_uses()) {
    if (!given(use.setting) || use.used_by(asked)) continue;
    throw ConfigError(
        fmt::format("{} means nothing to --strategy {}; it is for {}.", option_of(use.setting), strategy, use.users()));
  }
  const bool closes = touch.value_or(asked == StrategyKind::threshold ? "close" : "high_low") == "close";
  if (given("tie") && closes)
    throw ConfigError(
        "--tie means nothing where closes alone reach barriers (--touch close): one reaches one at most.");
  if (asked == StrategyKind::directional && given("scale") && dead_band == 0)
    throw ConfigError("--scale is what --dead-band is a multiple of, and that is 0.");
}

market::TradeCost LabelOptions::Values::trade_cost(const std::string& symbol) const {
  if (symbols.empty()) return parse_cost(cost, symbol, {});
  if (!asks_symbol_table(cost)) {
    throw ConfigError(fmt::format(
        "--symbols {}: the costs of symbols are looked up for --cost auto or auto_volatile alone, and --cost is {}.",
        symbols, cost));
  }
  const std::vector<market::SymbolCosts> own = read_symbol_file(symbols, "label");
  check_symbols_named(own, {symbol}, "--symbols " + symbols);
  return parse_cost(cost, symbol, own);
}

market::Holding LabelOptions::Values::holding() const {
  if (horizon < 1)
    throw ConfigError(
        fmt::format("--strategy {}: --horizon N says how many bars ahead the price is looked at.", strategy));
  return {.bars = horizon, .entry = market::parse_barrier_entry(entry)};
}

// The barriers of the horizon, where none are given.
market::TripleBarrier LabelOptions::Values::barriers(const std::string& symbol, const std::string& used_scale) const {
  market::TripleBarrier rule;
  if (horizon > 0) {
    rule = used_scale == "price" ? market::usual_percentage_barriers(horizon) : market::usual_barriers(symbol, horizon);
  } else if (!up || !down || !max_bars) {
    throw ConfigError(
        "barriers are given by --horizon N (from the table of usual ones), or by --up, --down and --max-bars together: "
        "moola label --bars BTCUSD/v1 --up 3.0 --down 2.1 --max-bars 50 --out labels.h5.");
  }
  rule.up = up.value_or(rule.up);
  rule.down = down.value_or(rule.down);
  rule.max_bars = max_bars.value_or(rule.max_bars);
  rule.touch = market::parse_barrier_touch(touch.value_or("high_low"));
  rule.entry = market::parse_barrier_entry(entry);
  rule.tie = market::parse_barrier_tie(tie);
  const market::TradeCost of_trade = trade_cost(symbol);
  rule.cost = of_trade.price;
  rule.cost_share = of_trade.share;
  rule.unknown_scale_is_neutral = unknown_is_neutral;
  return rule;
}

market::TripleBarrier LabelOptions::Values::threshold_barriers(const std::string& symbol) const {
  Values same = *this;
  same.up = same.down = threshold;
  same.max_bars = max_bars.value_or(20);
  same.touch = touch.value_or("close");
  return same.barriers(symbol, "price");
}

market::Directional LabelOptions::Values::directional(const std::string& symbol) const {
  const market::TradeCost of_trade = trade_cost(symbol);
  return {.holding = holding(), .dead_band = dead_band, .cost = of_trade.price, .cost_share = of_trade.share};
}

MetaStrategy LabelOptions::Values::meta(const std::string& symbol) const {
  if (signal.empty()) {
    throw ConfigError(
        "--strategy meta judges sides that something else chose: --signal \"sma_10 > sma_50\" (columns of moola "
        "features), or --signal-file FILE.h5 --signal COLUMN.");
  }
  MetaStrategy out{.scale = scale.value_or("atr_14"),
                   .timeout = market::parse_timeout_is(timeout),
                   .signal = signal,
                   .signal_file = signal_file};
  if (parse_choice("judge =", judge, kJudges) == Judge::barriers) {
    out.judge = barriers(symbol, out.scale);
    return out;
  }
  for (const std::string_view setting : barrier_settings()) {
    if (given(setting)) {
      throw ConfigError(fmt::format("{} is of barriers: it means nothing to --judge return.", option_of(setting)));
    }
  }
  out.judge = directional(symbol);
  return out;
}

RegressionStrategy LabelOptions::Values::regression() const {
  RegressionStrategy out;
  out.rule.holding = holding();
  out.rule.kind = parse_choice("returns =", returns, kReturns);
  if (!(multiple >= 1e-6 && multiple <= 1e6))
    throw ConfigError(fmt::format("--multiple {}: expected 0.000001 to 1000000.", multiple));
  out.rule.multiple = multiple;
  if (winsor == "none") {
    if (!fit_rows.empty())
      throw ConfigError("--fit-rows fits what returns are cut at, and --winsor none cuts nothing.");
    return out;
  }
  const auto shares = split(winsor, ',');
  const auto low = parse_number(shares[0]), high = shares.size() == 2 ? parse_number(shares[1]) : std::nullopt;
  if (!low || !high || !(0 <= *low && *low < *high && *high <= 1)) {
    throw ConfigError(fmt::format(
        "--winsor \"{}\": expected two percentiles as shares, LOW,HIGH with 0 <= LOW < HIGH <= 1, or none.", winsor));
  }
  if (fit_rows.empty()) {
    throw ConfigError(
        "--strategy regression cuts returns at percentiles, which may be fitted on rows that train alone: --fit-rows "
        "0:24711 says which; --winsor none leaves returns as they are.");
  }
  out.rule.low = *low;
  out.rule.high = *high;
  out.fit_rows = parse_rows(fit_rows);
  return out;
}

LabelOptions::LabelOptions(CLI::App& app) : values_(std::make_unique<Values>()) {
  Values& v = *values_;
  v.app = &app;
  app.add_option("--strategy", v.strategy, fmt::format("how bars are labelled: {}", fmt::join(strategy_names(), ", ")))
      ->capture_default_str();
  app.add_option("--horizon", v.horizon,
                 "bars that a label is meant for: barriers from the table of usual ones; directional, regression: "
                 "where the price is after so many")
      ->check(at_least(1))
      ->type_name("BARS");
  app.add_option("--up", v.up, "upper barrier (meta: profit), times the scale")->type_name("K");
  app.add_option("--down", v.down, "lower barrier (meta: loss), times the scale")->type_name("K");
  app.add_option("--max-bars", v.max_bars, "bars until the label is neutral; threshold: 20; trend_scan: longest, 19")
      ->check(at_least(1));
  app.add_option("--scale", v.scale,
                 "what barriers and dead band are multiples of: a column of moola features, or price for shares of it "
                 "[atr_14; directional: price]")
      ->type_name("COLUMN");
  app.add_option("--touch", v.touch, "what reaches a barrier: high_low or close [high_low; threshold: close]");
  app.add_option("--entry", v.entry, "where the trade begins: close or next_open")->capture_default_str();
  app.add_option("--tie", v.tie, "a bar that reaches both: nearest_open, stop_first or invalid")->capture_default_str();
  app.add_option("--cost", v.cost,
                 "of a round trip, moves both barriers away: in price (0.5), of the price (3bp), or of the symbol "
                 "(auto, auto_volatile)")
      ->capture_default_str();
  app.add_option("--symbols", v.symbols,
                 "your own symbols and their costs, for --cost auto: a TOML table each (configs/symbols.toml)")
      ->type_name("FILE");
  app.add_flag("--unknown-is-neutral", v.unknown_is_neutral,
               "label 0 instead of none where the scale is not known yet, as the Python factory's state D28 does");
  app.add_option("--threshold", v.threshold, "threshold: both barriers, as a share of the price")
      ->capture_default_str();
  app.add_option("--factors", v.factors,
                 "adaptive: COLUMN=STATE:UP,DOWN,BARS, once per state, instead of the usual ones "
                 "(atr_regime=1:1.2,1.2,1.1 …)")
      ->type_name("FACTORS");
  app.add_option("--signal", v.signal,
                 "meta: the side that is judged: COLUMN (its sign), \"rsi_14 < 30..70\", \"sma_10 > sma_50\"")
      ->type_name("RULE");
  app.add_option("--signal-file", v.signal_file, "meta: take --signal COLUMN from this file (HDF5 with time)")
      ->type_name("FILE");
  app.add_option("--judge", v.judge,
                 "meta: a side is right by its barriers, or by the return after --horizon bars: return")
      ->capture_default_str();
  app.add_option("--timeout", v.timeout, "meta: a trade that reached no barrier is right by_return, or wrong")
      ->capture_default_str();
  app.add_option("--dead-band", v.dead_band, "directional: moves up to this are neutral, times the scale")
      ->capture_default_str();
  app.add_option("--winsor", v.winsor, "regression: percentiles that returns are cut at, or none")
      ->capture_default_str()
      ->type_name("LOW,HIGH");
  app.add_option("--fit-rows", v.fit_rows, "regression: rows that percentiles are fitted on, BEGIN:END[,BEGIN:END]")
      ->type_name("ROWS");
  app.add_option("--returns", v.returns, "regression: simple or log")->capture_default_str();
  app.add_option("--multiple", v.multiple, "regression: what returns are multiplied by")->capture_default_str();
  app.add_option("--min-bars", v.min_bars, "trend_scan: the shortest trend [4]")->check(at_least(2));
  app.add_option("--min-t", v.min_t, "trend_scan: trends of a smaller |t| are neutral")->capture_default_str();
}

LabelOptions::~LabelOptions() = default;

LabelStrategy LabelOptions::strategy(const std::string& symbol) const {
  const Values& v = *values_;
  const StrategyKind asked = parse_strategy_kind(v.strategy);
  v.refuse_unused(asked);
  const std::string scale = v.scale.value_or(asked == StrategyKind::directional ? "price" : "atr_14");
  switch (asked) {
    case StrategyKind::triple_barrier:
      return BarrierStrategy{.rule = v.barriers(symbol, scale), .scale = scale};
    case StrategyKind::threshold:
      return BarrierStrategy{.rule = v.threshold_barriers(symbol), .scale = "price", .name = "threshold"};
    case StrategyKind::adaptive: {
      AdaptiveStrategy out{.rule = v.barriers(symbol, scale), .scale = scale};
      if (!v.factors.empty()) out.regimes.clear();
      naming_key("--factors", [&] {
        for (const std::string& line : v.factors) out.regimes.push_back(market::parse_regime_factors(line));
      });
      return out;
    }
    case StrategyKind::meta:
      return v.meta(symbol);
    case StrategyKind::directional:
      return DirectionalStrategy{.rule = v.directional(symbol), .scale = scale};
    case StrategyKind::regression:
      return v.regression();
    case StrategyKind::trend_scan:
      return TrendStrategy{
          .rule = {.least = v.min_bars.value_or(4), .most = v.max_bars.value_or(19), .least_t = v.min_t}};
  }
  throw std::logic_error("a strategy that is none");
}

}  // namespace moola::work
