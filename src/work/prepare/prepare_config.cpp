#include "work/prepare/prepare_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utc_time.h"
#include "data/store/dataset_id.h"
#include "market/clean/outliers.h"
#include "market/clean/rolls.h"
#include "market/clean/session_calendar.h"
#include "market/features/feature.h"
#include "market/features/scaler.h"
#include "market/labels/barrier_table.h"
#include "market/labels/triple_barrier.h"
#include "validation/separation.h"
#include "work/labels/strategy_kind.h"
#include "work/labels/symbol_file.h"
#include "work/prepare/compared_symbols.h"

namespace moola::work {
namespace {

constexpr const char* kScaleMethods = "`none`, `standard`, `robust` (median and quartiles), `min_max` or `quantile`";

void bind_scaling(ConfigSchema& schema, PrepareConfig::Scaling& scaling) {
  schema.table("scaling",
               "How columns are brought to comparable sizes, by what kind of number they hold. The scale is fitted on "
               "the train part alone and is a file of its own; the table stays as it is.");
  const auto method = [&](const char* name, std::string& field, const char* what) {
    schema.key(name, field)
        .choices({"none", "standard", "robust", "min_max", "quantile"})
        .help(fmt::format("{}: {}", what, kScaleMethods));
  };
  method("returns", scaling.returns, "columns around 0 that are comparable over time");
  method("oscillator", scaling.oscillator, "columns within fixed bounds");
  method("price", scaling.price, "prices and differences of prices");
  method("volatility", scaling.volatility, "columns at least 0");
  method("volume", scaling.volume, "volumes");
  method("signed_sum", scaling.signed_sum, "sums, z-scores and ratios");
  method("temporal", scaling.temporal, "columns of the clock");
  method("state", scaling.state, "flags and states");
  schema.key("logarithm", scaling.logarithm)
      .choices({"returns", "oscillator", "price", "volatility", "volume", "signed_sum", "temporal", "state"})
      .help("kinds whose columns get the logarithm of 1 + x first, where their train rows are all above -1");
  schema.key("clip", scaling.clip).at_least(0).help("scaled values stay within plus and minus this; 0: no limit");
}

void bind_labels(ConfigSchema& schema, PrepareConfig& config) {
  schema.table("labels",
               "What a row is asked to foresee: which of three barriers the price reaches first, or by another "
               "strategy. A key that a strategy does not use is refused beside it.");
  schema.key("strategy", config.labels.strategy)
      .choices(strategy_names())
      .help(
          "how rows are labelled: `triple_barrier`; `threshold`: the first close beyond a share of the price; "
          "`adaptive`: barriers that follow the regime; `meta`: whether it was right to take the side of `signal`; "
          "`directional`: where the price is after the horizon; `regression`: the return until then, `target_10` "
          "instead of `label_10`; `trend_scan`: the clearest trend that begins here");
  schema.key("horizons", config.labels.horizons)
      .range(1, 10'000)
      .unit("bars")
      .help(
          "how far ahead labels look; each horizon has its own barriers and its own columns, `label_10`, `t1_10`, "
          "`weight_10`, `quality_10`");
  schema.key("scale", config.labels.scale)
      .help(
          "what barriers are multiples of: a column of features, as it was known a bar before; `price`: barriers are "
          "shares of the price; of `directional` what its dead band is a multiple of, and `price` unless said "
          "otherwise");
  schema.key("up", config.labels.up)
      .above(0)
      .help("upper barrier of each horizon, times the scale; empty: the table of usual ones");
  schema.key("down", config.labels.down).above(0).help("lower barrier of each horizon; empty: as `up`");
  schema.key("max_bars", config.labels.max_bars)
      .range(1, 1'000'000)
      .unit("bars")
      .help(
          "how long the barriers of each horizon stand; empty: as `up`. Of `threshold` how long prices are waited for, "
          "of `trend_scan` the longest trend; empty: the horizon");
  schema.key("touch", config.labels.touch)
      .choices({"high_low", "close"})
      .help("which prices reach a barrier: highs and lows, or closes alone (so `threshold` unless said otherwise)");
  schema.key("entry", config.labels.entry)
      .choices({"close", "next_open"})
      .help("where the trade that a label judges begins: at the `close` of the row's bar, or at the `next_open`");
  schema.key("tie", config.labels.tie)
      .choices({"nearest_open", "stop_first", "invalid"})
      .help(
          "a bar that reaches both barriers ended at the one nearer to its open (`nearest_open`), at the lower "
          "(`stop_first`), or gives no label (`invalid`)");
  schema.key("costs", config.labels.costs)
      .help(
          "of a round trip, per symbol: `\"BTCUSD=0.1%\"` of the price, or `\"MES=0.625\"` in price; a symbol that is "
          "not named costs what the table of symbols says, or nothing");
  schema.key("symbols", config.labels.symbols)
      .file_name()
      .circumstance()
      .help(
          "a file of your own symbols and what trading them costs (configs/symbols.toml is one), beside this one; its "
          "lines come before those of the table of symbols, and what they say of the symbols of `data.bars` counts, "
          "not what the file is called");
  schema.key("subtract_cost", config.labels.subtract_cost)
      .help(
          "move both barriers away by the cost, so that what a label promises is what remains; `directional`: a wider "
          "dead band");
  schema.key("threshold", config.labels.threshold)
      .above(0)
      .help("`threshold`: how far the price has to go, as a share of it; one for all horizons, or one for each");
  schema.key("factors", config.labels.factors)
      .help(
          "`adaptive`: what barriers and `max_bars` are multiplied by in a regime, `\"atr_regime=1:1.2,1.2,1.1\"` "
          "(column, its value, up, down, bars); empty: the usual ones");
  schema.key("signal", config.labels.signal)
      .help(
          "`meta`: the side that is judged: a column of features (its sign), or a comparison: `\"sma_10 > sma_50\"`, "
          "`\"rsi_14 < 30..70\"`");
  schema.key("judge", config.labels.judge)
      .choices({"barriers", "return"})
      .help("`meta`: a side is right by its barriers, or by the `return` until the horizon");
  schema.key("timeout", config.labels.timeout)
      .choices({"by_return", "wrong"})
      .help("`meta`: a trade that reached no barrier is right when it gained, or wrong");
  schema.key("dead_band", config.labels.dead_band)
      .at_least(0)
      .help("`directional`: moves up to this are neutral, times the scale; one for all horizons, or one for each");
  schema.key("winsor", config.labels.winsor)
      .range(0, 1)
      .help("`regression`: percentiles that returns are cut at, as shares, fitted on the train part; empty: not cut");
  schema.key("returns", config.labels.returns)
      .choices({"simple", "log"})
      .help("`regression`: of returns, or of their logarithms");
  schema.key("multiple", config.labels.multiple)
      .range(1e-6, 1e6)
      .help("`regression`: what returns are multiplied by; 100: per cent");
  schema.key("min_bars", config.labels.min_bars)
      .range(2, 1'000'000)
      .unit("bars")
      .help("`trend_scan`: the shortest trend of each horizon; empty: a fifth of the longest, 2 at least");
  schema.key("min_t", config.labels.min_t).at_least(0).help("`trend_scan`: trends of a smaller |t| are neutral");

  schema.table(
      "barriers",
      "The search for barriers whose labels can be learnt from, on the train part alone; of `labels.strategy = "
      "\"triple_barrier\"`.");
  schema.key("optimise", config.barriers.optimise)
      .help("search for barriers; false: those of [labels], or the usual ones, stay");
  schema.key("safe", config.barriers.safe)
      .help("look at train rows alone; false looks at all of them, which output.profile = \"final\" refuses");
  schema.key("population", config.barriers.population)
      .range(4, 100'000)
      .help("pairs of barriers that are tried in a generation");
  schema.key("generations", config.barriers.generations)
      .range(1, 100'000)
      .help("how often the best are combined and varied");
  schema.key("sample", config.barriers.sample)
      .range(0.01, 1)
      .help("share of the train rows that the search looks at: one stretch of them, drawn by `seed`");
  schema.key("least_scale", config.barriers.least_scale).above(0).help("the nearest barrier, times the scale");
  schema.key("most_scale", config.barriers.most_scale)
      .at_least(0)
      .help(
          "the furthest barrier, times the scale; 0: 4 up to 10 bars, and as far as prices get from there on: 4 times "
          "the root of a tenth of the horizon");
  schema.key("least_length", config.barriers.least_length).above(0).unit("horizons").help("the shortest max_bars");
  schema.key("most_length", config.barriers.most_length).above(0).unit("horizons").help("the longest max_bars");
  schema.key("seed", config.barriers.seed).range(0, 9e15).help("of the stretch and of the search");
}

}  // namespace

void PrepareConfig::bind(ConfigSchema& schema) {
  schema.table("data", "Which bars, and what part of their time.");
  schema.key("bars", data.bars)
      .required()
      .help("bars `SYMBOL/vN`, one or several (`moola data import bars` makes one)");
  schema.key("multi_symbol", data.multi_symbol).help("put all symbols into one table; false: a table each");
  schema.key("from", data.from)
      .help("only bars from this time on (UTC, such as `2019-01-01` or `2019-01-01T12:00:00Z`); empty: all");
  schema.key("to", data.to).help("only bars that begin before this time; empty: all");

  schema.table("clean", "How bars become the bars that everything is computed from.");
  schema.key("timeframe", clean.timeframe)
      .help("of the bars to compute with: a multiple of what they are, such as `5m`, `20m`, `1h`, `4h`, `1d`");
  schema.key("sampling", clean.sampling)
      .choices({"time", "volume", "dollars"})
      .help(
          "what ends a bar: the clock (`time`), or that `threshold` units (`volume`) or so much money (`dollars`) were "
          "traded in it");
  schema.key("threshold", clean.threshold)
      .at_least(0)
      .help("how much is traded in a bar of `sampling = \"volume\"` or `\"dollars\"`");
  schema.key("calendar", clean.calendar)
      .choices(market::SessionCalendar::names())
      .help(
          "when the market is open, by its exchange's clock and summer time: `crypto` always, `cme` index and metal "
          "futures, `fx` New York's week, `taifex` the Taiwan index future, `nyse` its day session; gaps are filled in "
          "open hours and nowhere else");
  schema.key("calendars", clean.calendars)
      .help(
          "of single symbols, where `calendar` is not theirs: `\"NSXUSD=cme\"`; also of those of `cross_asset.others`");
  schema.key("holidays", clean.holidays)
      .help(
          "days without a session, such as `\"2024-12-25\"`, by the market's clock; none in a market that never "
          "closes");
  schema.key("max_fill", clean.max_fill)
      .help("gaps up to this long are filled with flat bars without volume, which carry a flag; `0`: none");
  schema.key("outliers", clean.outliers)
      .choices({"none", "atr", "zscore", "iqr"})
      .help(
          "drops bars whose return is beyond belief by the bars before them, measured by their average true range "
          "(`atr`), deviation (`zscore`) or interquartile range (`iqr`)");
  schema.key("outlier_limit", clean.outlier_limit)
      .at_least(0)
      .help("how many of the rule's units are beyond belief; 0: what is usual (5, 5 and 3)");
  schema.key("roll_threshold", clean.roll_threshold)
      .range(0, 10)
      .help("a change of the close by this share or more is taken for a change of contract; 0: only what bars say");
  schema.key("back_adjust", clean.back_adjust)
      .choices({"none", "difference", "ratio"})
      .help("how prices before a change of contract are brought to those after it");

  schema.table("features", "The columns of the table.");
  schema.key("columns", features.columns)
      .help("names of columns, of sets, `wavelet_*`, and `-name` to leave one out; `moola features --list` shows all");
  schema.key("definitions", features.definitions)
      .choices({"moola", "factory-d28"})
      .help("`factory-d28`: columns of longer bars as the Python factory has them, with its faults");

  schema.table("cross_asset", "Other symbols that columns compare with: `cross_corr_ETHUSD_20`, or `cross_*`.");
  schema.key("others", cross_asset.others)
      .help(
          "bars `SYMBOL/vN` to compare with, cleaned as those of `data` are; of several tables each compares with all "
          "but its own symbol");
  schema.key("max_age", cross_asset.max_age)
      .help(
          "how much earlier than a bar the other's last one may have ended; where it is older, what compares has the "
          "value that stands for undefined");

  bind_labels(schema, *this);

  schema.table("weights", "What a row counts in training.");
  schema.key("method", weights.method)
      .choices({"quality", "uniqueness", "return_attribution", "none"})
      .help(
          "`quality`: 1.5 for the cleanest fifth of the trades, 0.5 for the worst; `uniqueness`: by how few labels "
          "share its bars (so unless said otherwise where labels are no trades: meta, regression, trend_scan); "
          "`return_attribution`: by the return that is its own; `none`: 1");
  schema.key("time_decay", weights.time_decay)
      .range(-0.999, 1)
      .help("what the oldest row weighs against the newest; 1: the same; below 0: that share weighs nothing");

  schema.table("splits", "Three parts of time that know nothing of each other.");
  schema.key("train", splits.train).range(0.01, 0.98).help("share of the rows");
  schema.key("val", splits.val).range(0.01, 0.98).help("share of the rows; the rest is test");
  schema.key("purge", splits.purge)
      .help("left out before a later part: `\"60bars\"`, `\"5h\"` or a share; at least as long as the longest label");
  schema.key("embargo", splits.embargo).help("left out after an earlier part, in the same units");

  bind_scaling(schema, scaling);

  schema.table("table", "The file that models learn from.");
  schema.key("float32", table.float32).help("store columns in half the room");
  schema.key("max_gap", table.max_gap)
      .help("windows of rows may go over a gap as long as this; `0`: over none, a segment ends at every missing bar");

  schema.table("validation", "What is looked into before anybody believes the table.");
  schema.key("correlation", validation.correlation)
      .range(0, 1)
      .help("columns with this correlation or more, of either sign, are one group");
  schema.key("psi", validation.psi)
      .above(0)
      .help(
          "population stability index above which a column counts as drifted, and targets of a regression are a "
          "warning: "
          "below 0.1 is alike, above 0.2 another distribution");
  schema.key("least_class_share", validation.least_class_share)
      .range(0, 1)
      .help("a rarer class of labels is a warning");
  schema.key("most_class_share", validation.most_class_share)
      .range(0, 1)
      .help("a more frequent class of labels is a warning");
  schema.key("strict", validation.strict).help("warnings end the command with status 3");

  schema.table("parallel", "Who computes what.");
  schema.key("threads", parallel.threads).range(0, 1024).circumstance().help("per rank; 0: all cores of the host");

  schema.table("output", "What is kept.");
  schema.key("name", output.name)
      .help(
          "of the run and of the table: data/feature_table/NAME; empty: symbol and timeframe; of several tables each "
          "has its symbol added");
  schema.key("profile", output.profile)
      .choices({"final", "exploration"})
      .help("`exploration` allows what would make a result unbelievable, and the table says so");
}

LoadedPrepareConfig load_prepare_config(const std::string& preset, const std::optional<std::filesystem::path>& file,
                                        const std::vector<std::string>& settings) {
  LoadedPrepareConfig loaded;
  ConfigSchema schema("prepare");
  loaded.values.bind(schema);
  std::optional<ShippedConfig> shipped;
  std::vector<std::string> names;
  for (ShippedConfig& candidate : prepare_presets()) {
    names.push_back(candidate.name);
    if (candidate.name == preset) shipped = {"preset " + candidate.name, std::move(candidate.text)};
  }
  if (!preset.empty() && !shipped) {
    throw ConfigError(fmt::format("--preset {}: expected {}, {} or {}.{}", preset, names[0], names[1], names[2],
                                  did_you_mean(preset, names)));
  }
  schema.load(file, settings, shipped);
  loaded.values.suit_strategy(schema);
  auto& labels = loaded.values.labels;
  if (!labels.symbols.empty())
    naming_key("labels.symbols", [&] { labels.own_symbols = read_symbol_file(labels.symbols, "prepare"); });
  loaded.values.check(schema);
  loaded.resolved = schema.resolved();
  loaded.identity = schema.identity();
  for (const char* table : {"data", "clean", "features", "cross_asset", "labels", "barriers", "weights", "splits",
                            "scaling", "table", "validation", "output"})
    loaded.tables[table] = schema.identity_of(table);
  for (const market::SymbolCosts& line : labels.own_symbols) {
    const std::vector<std::string> symbols = loaded.values.symbols();
    if (std::find(symbols.begin(), symbols.end(), line.symbol) == symbols.end()) continue;
    loaded.tables["labels"] += symbol_text(line);
    loaded.identity += symbol_text(line);
  }
  return loaded;
}

PrepareConfig recorded_prepare_config(const Json& parameters, const std::string& table) {
  PrepareConfig out;
  ConfigSchema schema("prepare");
  out.bind(schema);
  std::vector<std::string> settings;
  for (const auto& [name, value] : parameters.items()) {
    std::string keys = value.get<std::string>();
    // Behind the keys of [labels] stand the user's own symbols, a table each.
    const std::size_t own = name == "labels" ? keys.find("[\"") : std::string::npos;
    if (own != std::string::npos && (own == 0 || keys[own - 1] == '\n')) {
      out.labels.own_symbols = parse_symbol_file(keys.substr(own), table, "prepare");
      keys.resize(own);
    }
    std::istringstream lines(keys);
    for (std::string line; std::getline(lines, line);) settings.push_back(name + "." + line);
  }
  schema.load(std::nullopt, settings);
  out.suit_strategy(schema);
  return out;
}

std::string prepare_reference() {
  PrepareConfig config;
  ConfigSchema schema("prepare");
  config.bind(schema);
  return schema.reference(
      "# Configuration of `moola prepare`\n\nEvery key of the TOML file, as `moola prepare --config-reference` prints "
      "it. Any key can be set on the command line: `--set clean.timeframe=15m`. `inherit = \"base.toml\"` at the top "
      "reads another file first. A key that has no meaning beside the others' values is refused.\n");
}

}  // namespace moola::work
