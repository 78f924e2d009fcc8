#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/duration.h"
#include "base/json.h"
#include "market/symbol_table.h"

namespace moola::work {

/// What `moola prepare` is told; docs/reference/prepare.md is made from `bind`.
struct PrepareConfig {
  struct Data {
    std::vector<std::string> bars;
    bool multi_symbol = false;
    std::string from, to;
  } data;
  struct Clean {
    Duration timeframe = Duration::seconds(300);
    std::string sampling = "time";
    double threshold = 0;
    std::string calendar = "crypto";
    std::vector<std::string> calendars, holidays;
    Duration max_fill = Duration::seconds(300);
    std::string outliers = "none";
    double outlier_limit = 0;
    double roll_threshold = 0;
    std::string back_adjust = "none";
  } clean;
  struct Features {
    std::vector<std::string> columns{"core_full"};
    std::string definitions = "moola";
  } features;
  struct CrossAsset {
    std::vector<std::string> others;
    Duration max_age = Duration::seconds(900);
  } cross_asset;
  struct Labels {
    std::string strategy = "triple_barrier";
    std::vector<std::int64_t> horizons{5, 10, 15, 20};
    std::string scale = "atr_14";
    std::vector<double> up, down;
    std::vector<std::int64_t> max_bars;
    std::string touch = "high_low", entry = "close", tie = "nearest_open";
    std::vector<std::string> costs;
    std::string symbols;
    std::vector<market::SymbolCosts> own_symbols;  // no key: what the file of `symbols` holds
    bool subtract_cost = false;
    std::vector<double> threshold{0.005}, dead_band{0};
    std::vector<std::string> factors;
    std::string signal, judge = "barriers", timeout = "by_return";
    std::vector<double> winsor{0.01, 0.99};
    std::string returns = "simple";
    double multiple = 100;
    std::vector<std::int64_t> min_bars;
    double min_t = 0;
  } labels;
  struct Barriers {
    bool optimise = true, safe = true;
    std::int64_t population = 20, generations = 8;
    double sample = 0.3;
    double least_scale = 0.8, most_scale = 0, least_length = 2, most_length = 3;
    std::int64_t seed = 42;
  } barriers;
  struct Weights {
    std::string method = "quality";
    double time_decay = 1;
  } weights;
  struct Splits {
    double train = 0.70, val = 0.15;
    std::string purge = "60bars", embargo = "1440bars";
  } splits;
  struct Scaling {
    std::string returns = "none", oscillator = "min_max", price = "robust", volatility = "robust", volume = "robust",
                signed_sum = "robust", temporal = "none", state = "none";
    std::vector<std::string> logarithm{"price", "volume"};
    double clip = 5;
  } scaling;
  struct Table {
    bool float32 = false;
    Duration max_gap;
  } table;
  struct Validation {
    double correlation = 0.85, psi = 0.2;
    double least_class_share = 0.2, most_class_share = 0.6;
    bool strict = false;
  } validation;
  struct Parallel {
    std::int64_t threads = 0;
  } parallel;
  struct Output {
    std::string name, profile = "final";
  } output;

  /// Adds every key to `schema`.
  void bind(ConfigSchema& schema);
  /// What the table cannot check: how keys fit together. Refuses keys that mean nothing beside the others' values, and
  /// leaves them out of what `schema` writes. Throws ConfigError naming the keys.
  void check(ConfigSchema& schema) const;
  /// Gives keys that nobody has set the value that is usual beside labels.strategy, where it has one of its own.
  void suit_strategy(const ConfigSchema& schema);
  /// Whether barriers are searched for: there are some that may be others, and the user wants it.
  bool searches_barriers() const { return labels.strategy == "triple_barrier" && barriers.optimise; }
  /// The symbols that `data.bars` names.
  std::vector<std::string> symbols() const;
  /// The longest that a label of `horizon` may last with these settings, in bars.
  std::int64_t longest_label(std::size_t horizon) const;
  /// The furthest barrier that is looked for, times the scale.
  double furthest_barrier(std::size_t horizon) const;
};

/// The keys of `moola prepare`, read from a preset, a file and --set values, and checked.
struct LoadedPrepareConfig {
  PrepareConfig values;
  std::string resolved;                       // TOML with every key
  std::string identity;                       // without circumstances
  std::map<std::string, std::string> tables;  // the identity of each table alone, with what files that it names hold
};

/// `preset`: a name of prepare_presets(), or empty.
LoadedPrepareConfig load_prepare_config(const std::string& preset, const std::optional<std::filesystem::path>& file,
                                        const std::vector<std::string>& settings);

/// How a table of `moola prepare` was made, by the "parameters" of its manifest: what bars, features and labels it
/// says; the keys of [splits] and the tables after it are the defaults. `table` is its name in errors. Throws
/// ConfigError for parameters that are not of `moola prepare`, or of a version with other keys.
PrepareConfig recorded_prepare_config(const Json& parameters, const std::string& table);

/// scalping, day_trading, swing: the files of configs/prepare, as they were when the program was built.
std::vector<ShippedConfig> prepare_presets();

/// docs/reference/prepare.md, from the table.
std::string prepare_reference();

}  // namespace moola::work
