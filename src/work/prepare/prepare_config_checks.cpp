// How the keys of moola prepare fit together.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utc_time.h"
#include "data/store/dataset_id.h"
#include "market/features/feature_table.h"
#include "market/labels/barrier_table.h"
#include "market/labels/triple_barrier.h"
#include "validation/separation.h"
#include "work/labels/configured_costs.h"
#include "work/labels/symbol_file.h"
#include "work/prepare/compared_symbols.h"
#include "work/prepare/horizon_strategy.h"
#include "work/prepare/prepare_config.h"
#include "work/prepare/symbol_calendars.h"

namespace moola::work {
namespace {

// Keys that were given although the others' values leave them without a meaning.
void refuse_given(const ConfigSchema& schema, const std::vector<std::string>& keys, const std::string& because) {
  for (const std::string& key : keys) {
    if (schema.given(key))
      throw ConfigError(fmt::format("{} has no meaning where {}. Leave one of them out.", key, because));
  }
}

// Refuses those that were given, and leaves all of them out of what is written.
void without(ConfigSchema& schema, const std::vector<std::string>& keys, const std::string& because) {
  refuse_given(schema, keys, because);
  for (const std::string& key : keys) schema.leave_out(key);
}

// Keys of labels that the strategy does not use.
void leave_out_by_strategy(const PrepareConfig& config, ConfigSchema& schema) {
  const auto& labels = config.labels;
  const StrategyKind kind = parse_strategy_kind(labels.strategy);
  const std::vector<std::string> paths = schema.paths();
  for (const SettingUse& use : setting_uses()) {
    const std::string key = "labels." + std::string(use.setting);
    if (use.used_by(kind) || std::find(paths.begin(), paths.end(), key) == paths.end()) continue;
    without(schema, {key}, fmt::format("labels.strategy is \"{}\"; it is for {}", labels.strategy, use.users()));
  }
  if (kind == StrategyKind::meta && labels.judge == "return") {
    for (const std::string_view setting : barrier_settings())
      without(schema, {"labels." + std::string(setting)}, "labels.judge is \"return\": no barriers judge a side");
  }
  if (labels.touch == "close")
    without(schema, {"labels.tie"}, "labels.touch is \"close\": a close reaches one barrier at most");
  if (kind == StrategyKind::directional &&
      std::all_of(labels.dead_band.begin(), labels.dead_band.end(), [](double band) { return band == 0; }))
    without(schema, {"labels.scale"}, "labels.dead_band is 0: it is what a dead band is a multiple of");
  if (kind == StrategyKind::regression) {
    without(schema, {"validation.least_class_share", "validation.most_class_share"},
            "labels.strategy is \"regression\": targets have no classes");
  }
  if (config.weights.method == "quality" && !has_quality(kind)) {
    throw ConfigError(fmt::format(
        "weights.method = \"quality\" weighs trades by how clean they were, and labels.strategy = \"{}\" makes none. "
        "Set \"uniqueness\" (what is usual there), \"return_attribution\" or \"none\".",
        labels.strategy));
  }
}

void leave_out_of_barriers(const PrepareConfig& config, ConfigSchema& schema) {
  std::vector<std::string> keys;
  for (const std::string& key : schema.paths()) {
    if (key.starts_with("barriers.") && (key != "barriers.optimise" || config.labels.strategy != "triple_barrier"))
      keys.push_back(key);
  }
  if (config.labels.strategy != "triple_barrier") {
    without(schema, keys,
            fmt::format("labels.strategy is \"{}\": there are no barriers to search", config.labels.strategy));
  } else if (!config.barriers.optimise) {
    without(schema, keys, "barriers.optimise is false");
  }
  if (config.searches_barriers() || config.labels.subtract_cost) return;
  for (const auto& [key, empty] :
       {std::pair{"labels.costs", config.labels.costs.empty()}, {"labels.symbols", config.labels.symbols.empty()}}) {
    if (empty) continue;
    throw ConfigError(fmt::format(
        "{} has no meaning where labels.subtract_cost is false and no barriers are searched: nothing is done with a "
        "cost. Leave it out, or set labels.subtract_cost = true.",
        key));
  }
}

void check_bars(const PrepareConfig::Data& data) {
  if (data.bars.empty()) throw ConfigError("data.bars is empty; name the bars: --set 'data.bars=[\"BTCUSD/v1\"]'.");
  std::set<std::string> symbols;
  for (const std::string& bars : data.bars) {
    const std::string symbol = data::parse_dataset_id(bars, "bars").name;
    if (!symbols.insert(symbol).second) {
      throw ConfigError(fmt::format(
          "data.bars names {} twice. One version of a symbol makes one table; prepare the other in a run of its own.",
          symbol));
    }
  }
  if (data.multi_symbol && data.bars.size() < 2) {
    throw ConfigError(fmt::format("data.multi_symbol is for several symbols; data.bars names {} alone.", data.bars[0]));
  }
  for (const auto& [key, text] : {std::pair{"data.from", data.from}, {"data.to", data.to}}) {
    if (!text.empty()) naming_key(key, [&] { static_cast<void>(parse_utc(text)); });
  }
  if (!data.from.empty() && !data.to.empty() && parse_utc(data.from) >= parse_utc(data.to))
    throw ConfigError(fmt::format("data.from = {} is not before data.to = {}.", data.from, data.to));
}

void check_costs(const PrepareConfig& config) {
  std::vector<std::string> symbols = config.symbols();
  const auto costs = parse_costs(config.labels.costs, "labels.costs");
  for (const auto& [symbol, cost] : costs) {
    if (std::find(symbols.begin(), symbols.end(), symbol) != symbols.end()) continue;
    throw ConfigError(fmt::format("labels.costs has a cost of {}, which data.bars does not name.{}", symbol,
                                  did_you_mean(symbol, symbols)));
  }
  if (config.labels.symbols.empty()) return;
  std::erase_if(symbols, [&](const std::string& symbol) { return costs.contains(symbol); });
  if (symbols.empty()) {
    throw ConfigError(
        "labels.costs says what every symbol of data.bars costs, so that labels.symbols has no meaning. Leave one of "
        "them out.");
  }
  check_symbols_named(config.labels.own_symbols, symbols, "labels.symbols = " + config.labels.symbols);
}

// Lists that hold a value for each horizon, and some also one for all of them.
void check_lengths(const PrepareConfig::Labels& labels) {
  struct List {
    const char* key;
    std::size_t size;
    std::size_t besides;  // the other length that it may have
  };
  for (const List& list : {List{"labels.max_bars", labels.max_bars.size(), 0},
                           {"labels.min_bars", labels.min_bars.size(), 0},
                           {"labels.threshold", labels.threshold.size(), 1},
                           {"labels.dead_band", labels.dead_band.size(), 1}}) {
    if (list.size == labels.horizons.size() || list.size == list.besides) continue;
    throw ConfigError(fmt::format("{} holds {} values for {} horizons; give {} or one for each.", list.key, list.size,
                                  labels.horizons.size(), list.besides == 0 ? "none" : "one"));
  }
}

// The key that names a column which labels look at.
std::string key_of(const PrepareConfig::Labels& labels, const std::string& column) {
  if (column == labels.scale) return "labels.scale";
  return labels.strategy == "meta" ? "labels.signal" : "labels.factors";
}

void check_strategies(const PrepareConfig& config) {
  for (const std::string& symbol : config.symbols()) {
    for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
      const LabelStrategy strategy = configured_strategy(config, symbol, h);
      for (const std::string& column : columns_of(strategy)) {
        naming_key(key_of(config.labels, column), [&] {
          if (column.starts_with("cross_")) {
            throw ConfigError(fmt::format(
                "{} compares with other symbols, and labels look at the bars of their own symbol alone. Take another "
                "column.",
                column));
          }
          static_cast<void>(market::parse_feature(column));
        });
      }
      naming_key(config.labels.strategy == "trend_scan"
                     ? "labels.min_bars and labels.max_bars"
                     : "labels, horizon " + std::to_string(config.labels.horizons[h]),
                 [&] { check_strategy(strategy); });
    }
  }
}

void check_labels(const PrepareConfig& config) {
  const auto& labels = config.labels;
  if (labels.horizons.empty()) throw ConfigError("labels.horizons is empty; give at least one, such as [20].");
  if (!std::is_sorted(labels.horizons.begin(), labels.horizons.end(), std::less_equal<>())) {
    throw ConfigError("labels.horizons must increase, each once: they name the columns label_5, label_10.");
  }
  const std::size_t n = labels.horizons.size();
  const bool whole = labels.strategy != "threshold" && labels.strategy != "trend_scan";  // all three lists or none
  const bool any = whole && (!labels.up.empty() || !labels.down.empty() || !labels.max_bars.empty());
  if (any && (labels.up.size() != n || labels.down.size() != n || labels.max_bars.size() != n)) {
    throw ConfigError(fmt::format(
        "labels.up, labels.down and labels.max_bars hold {}, {} and {} values; barriers of one's own need one of each "
        "for every one of the {} horizons.",
        labels.up.size(), labels.down.size(), labels.max_bars.size(), n));
  }
  check_lengths(labels);
  if (labels.strategy == "meta" && labels.signal.empty()) {
    throw ConfigError(
        "labels.strategy = \"meta\" judges sides that something else chose: labels.signal = \"sma_10 > sma_50\", a "
        "comparison of columns of features, or a column whose sign is the side.");
  }
  if (!labels.winsor.empty() && (labels.winsor.size() != 2 || labels.winsor[0] >= labels.winsor[1])) {
    throw ConfigError(
        "labels.winsor: expected two shares, the lower first, such as [0.01, 0.99], or [] to cut nothing.");
  }
  check_costs(config);
  check_strategies(config);
}

// Columns of longer bars, and those that labels look at, beside the bars that everything is computed from.
void check_longer_bars(const PrepareConfig& config) {
  const std::int64_t step = config.clean.sampling == "time" ? config.clean.timeframe.nanoseconds : 0;
  for (const std::string& symbol : config.symbols()) {
    naming_key("features.columns", [&] { market::check_timeframes(columns_of_symbol(config, symbol), step); });
    for (const std::string& name : columns_of(configured_strategy(config, symbol, 0))) {
      naming_key(key_of(config.labels, name), [&] { market::check_timeframes({market::parse_feature(name)}, step); });
    }
  }
}

void check_barriers(const PrepareConfig& config) {
  const auto& barriers = config.barriers;
  if (!barriers.safe && config.output.profile == "final") {
    throw ConfigError(
        "barriers.safe = false looks for barriers in validation and test rows too, so that nothing measured there "
        "could be believed; output.profile = \"final\" refuses it. Leave safe on, or set output.profile = "
        "\"exploration\", which marks the table.");
  }
  for (std::size_t h = 0; config.searches_barriers() && h < config.labels.horizons.size(); ++h) {
    if (barriers.least_scale <= config.furthest_barrier(h)) continue;
    throw ConfigError(fmt::format(
        "barriers.least_scale = {} is above the furthest barrier of horizon {}: {}. Set "
        "barriers.most_scale above it.",
        barriers.least_scale, config.labels.horizons[h],
        barriers.most_scale > 0 ? fmt::format("barriers.most_scale = {}", barriers.most_scale)
                                : fmt::format("{:.3g} (barriers.most_scale = 0)", config.furthest_barrier(h))));
  }
  if (barriers.least_length > barriers.most_length) {
    throw ConfigError(fmt::format("barriers.least_length = {} is above barriers.most_length = {}.",
                                  barriers.least_length, barriers.most_length));
  }
  for (const std::int64_t horizon : config.labels.horizons) {
    const auto bars = static_cast<double>(horizon);
    if (std::ceil(bars * barriers.least_length) <= std::floor(bars * barriers.most_length)) continue;
    throw ConfigError(
        fmt::format("barriers.least_length = {} and barriers.most_length = {} leave no whole number of bars for a "
                    "horizon of {}; give them more room.",
                    barriers.least_length, barriers.most_length, horizon));
  }
  if (barriers.optimise && config.labels.scale == "price" && (barriers.most_scale == 0 || barriers.most_scale > 0.5)) {
    throw ConfigError(
        "labels.scale = \"price\" makes barriers shares of the price, and the search would go up to multiples of it. "
        "Set "
        "barriers.least_scale and barriers.most_scale to shares, such as 0.001 and 0.01, or barriers.optimise = "
        "false.");
  }
}

// Purging must reach over the longest label, whatever the search will choose.
void check_splits(const PrepareConfig& config) {
  const auto purge = validation::parse_separation(config.splits.purge, "splits.purge");
  static_cast<void>(validation::parse_separation(config.splits.embargo, "splits.embargo"));
  if (config.splits.train + config.splits.val >= 1) {
    throw ConfigError(
        fmt::format("splits.train = {} and splits.val = {} leave nothing for test; together they must "
                    "stay below 1.",
                    config.splits.train, config.splits.val));
  }
  std::int64_t longest = 0;
  for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) longest = std::max(longest, config.longest_label(h));
  const bool too_short =
      (purge.unit == validation::Separation::Unit::bars && purge.value < static_cast<double>(longest)) ||
      (purge.unit == validation::Separation::Unit::time && config.clean.sampling == "time" &&
       purge.value < static_cast<double>(longest) * static_cast<double>(config.clean.timeframe.nanoseconds));
  if (too_short) {
    throw ConfigError(fmt::format(
        "splits.purge = \"{}\" is shorter than the longest label, which may last {} bars of {}. Labels of train rows "
        "would look into the validation part; set splits.purge to \"{}bars\" or more.",
        config.splits.purge, longest, to_string(config.clean.timeframe), longest));
  }
}

}  // namespace

void PrepareConfig::suit_strategy(const ConfigSchema& schema) {
  const StrategyKind kind = parse_strategy_kind(labels.strategy);
  if (kind == StrategyKind::directional && !schema.given("labels.scale")) labels.scale = "price";
  if (kind == StrategyKind::threshold && !schema.given("labels.touch")) labels.touch = "close";
  if (!has_quality(kind) && !schema.given("weights.method")) weights.method = "uniqueness";
}

std::int64_t PrepareConfig::longest_label(std::size_t horizon) const {
  std::int64_t longest = 0;
  for (const std::string& symbol : symbols())
    longest = std::max(longest, work::longest_label(configured_strategy(*this, symbol, horizon)));
  if (!searches_barriers()) return longest;
  // The configured ones stay where the search finds none.
  const auto bars = static_cast<double>(labels.horizons[horizon]);
  return std::max(longest, static_cast<std::int64_t>(std::floor(bars * barriers.most_length)));
}

std::vector<std::string> PrepareConfig::symbols() const {
  std::vector<std::string> out;
  for (const std::string& id : data.bars) out.push_back(data::parse_dataset_id(id, "bars").name);
  return out;
}

double PrepareConfig::furthest_barrier(std::size_t horizon) const {
  if (barriers.most_scale > 0) return barriers.most_scale;
  return 4.0 * std::sqrt(std::max(1.0, static_cast<double>(labels.horizons[horizon]) / 10));
}

void PrepareConfig::check(ConfigSchema& schema) const {
  check_bars(data);
  check_calendars(*this, schema);
  if (clean.timeframe.nanoseconds <= 0) throw ConfigError("clean.timeframe must be above 0, such as 5m.");
  if (clean.max_fill.nanoseconds < 0) throw ConfigError("clean.max_fill must be 0 or above.");
  if (table.max_gap.nanoseconds < 0) throw ConfigError("table.max_gap must be 0 or above.");
  if (clean.sampling == "time") {
    refuse_given(schema, {"clean.threshold"}, "clean.sampling is \"time\"");
    schema.leave_out("clean.threshold");
  } else {
    if (clean.threshold <= 0)
      throw ConfigError(fmt::format("clean.sampling = \"{}\" needs clean.threshold above 0.", clean.sampling));
    if (data.multi_symbol) {
      throw ConfigError(
          fmt::format("data.multi_symbol puts rows of several symbols side by side, which the bars of "
                      "clean.sampling = \"{}\" have no common clock for.",
                      clean.sampling));
    }
    refuse_given(schema, {"clean.timeframe", "table.max_gap"}, fmt::format("clean.sampling is \"{}\"", clean.sampling));
    schema.leave_out("clean.timeframe");
    schema.leave_out("table.max_gap");
  }
  if (clean.outliers == "none") {
    refuse_given(schema, {"clean.outlier_limit"}, "clean.outliers is \"none\"");
    schema.leave_out("clean.outlier_limit");
  }
  check_cross_asset(*this, schema);
  leave_out_by_strategy(*this, schema);
  leave_out_of_barriers(*this, schema);
  check_labels(*this);
  check_longer_bars(*this);
  if (searches_barriers()) check_barriers(*this);
  check_splits(*this);
  if (validation.least_class_share > validation.most_class_share)
    throw ConfigError("validation.least_class_share is above validation.most_class_share.");
  if (!output.name.empty()) data::check_name(output.name, "output.name");
}

}  // namespace moola::work
