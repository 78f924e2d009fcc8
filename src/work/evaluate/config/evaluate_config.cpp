#include "work/evaluate/config/evaluate_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/utc_time.h"
#include "models/classifiers/classifier.h"
#include "validation/calibration.h"
#include "validation/normal.h"
#include "work/evaluate/config/refit_source.h"
#include "work/evaluate/config/row_source.h"

namespace moola::work {
namespace {

using models::ModelKey;
using models::ModelKind;

constexpr std::size_t kMostConfigurations = 10'000;

std::string path_of(const ModelKind& kind, const ModelKey& key) {
  return kind.name + "." + key.name;
}

EvaluateConfig::Values default_of(const ModelKey& key) {
  if (key.fallback.is_number_integer()) return std::vector{key.fallback.get<std::int64_t>()};
  if (key.fallback.is_number()) return std::vector{key.fallback.get<double>()};
  return std::vector{key.fallback.get<std::string>()};
}

std::size_t count(const EvaluateConfig::Values& values) {
  return std::visit([](const auto& list) { return list.size(); }, values);
}

Json value_at(const EvaluateConfig::Values& values, std::size_t i) {
  return std::visit([&](const auto& list) { return Json(list[i]); }, values);
}

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : json_text(value);
}

// Every combination of a model's values, the first key varying slowest.
void add_configurations(const EvaluateConfig& config, const ModelKind& kind, std::vector<Configuration>& out) {
  std::size_t all = 1;
  for (const ModelKey& key : kind.keys) {
    const std::size_t values = count(config.model_values.at(path_of(kind, key)));
    if (values == 0) {
      throw ConfigError(
          fmt::format("{} is an empty list: give a value, or several for as many variants.", path_of(kind, key)));
    }
    all *= values;
    if (all > kMostConfigurations) break;
  }
  if (out.size() + all > kMostConfigurations) {
    throw ConfigError(fmt::format(
        "more than {} configurations: every combination of the lists in [{}] is one. Give shorter lists, or use "
        "`moola sweep`.",
        kMostConfigurations, kind.name));
  }
  for (std::size_t i = 0; i < all; ++i) {
    Json given = Json::object();
    std::string name = kind.name;
    std::size_t rest = i, below = all;
    for (const ModelKey& key : kind.keys) {
      const EvaluateConfig::Values& values = config.model_values.at(path_of(kind, key));
      below /= count(values);
      given[key.name] = value_at(values, rest / below);
      rest %= below;
      if (count(values) > 1) name += fmt::format(" {}={}", key.name, shown(given[key.name]));
    }
    out.push_back({.name = std::move(name),
                   .model = kind.name,
                   .kind = &kind,
                   .parameters = models::complete_parameters(kind, given, "[" + kind.name + "]"),
                   .baseline = kind.role == "baseline"});
  }
}

void add_own(LoadedEvaluateConfig& loaded, const std::string& name, const ConfigSchema& schema) {
  const OwnModel& own = loaded.values.own.at(name);
  OwnVariants variants = own_variants(name, own, schema);
  const models::ModelKind& kind = loaded.own_kinds.emplace_back(std::move(variants.kind));
  for (std::size_t v = 0; v < variants.parameters.size(); ++v) {
    loaded.configurations.push_back({.name = variants.parameters.size() > 1 ? name + " " + variants.words[v] : name,
                                     .model = name,
                                     .kind = &kind,
                                     .parameters = std::move(variants.parameters[v]),
                                     .own = &own});
  }
}

void check_names(const std::vector<Configuration>& configurations) {
  std::set<std::string> names;
  for (const Configuration& each : configurations) {
    if (!names.insert(each.name).second)
      throw ConfigError(fmt::format("two configurations are \"{}\": a value stands twice in its list.", each.name));
  }
}

void check_models(const EvaluateConfig& config, const ConfigSchema& schema) {
  if (config.models.empty()) throw ConfigError("models = []: name one at least; `moola models list` shows them.");
  std::set<std::string> named;
  for (const std::string& name : config.models) {
    if (!config.own.contains(name)) {
      naming_key("models.names", [&] {
        try {
          static_cast<void>(models::find_model(name));
        } catch (const ConfigError& error) {
          throw ConfigError(fmt::format("{} One of your own needs a table [own.{}].", error.what(), name));
        }
      });
    }
    if (!named.insert(name).second) throw ConfigError(fmt::format("models.names has \"{}\" twice.", name));
  }
  for (const auto& [name, own] : config.own) {
    if (!named.contains(name))
      throw ConfigError(fmt::format("[own.{}] is given, and models.names does not name it.", name));
  }
  for (const ModelKind& kind : models::model_table()) {
    if (named.contains(kind.name) || kind.keys.empty()) continue;
    const auto given = schema.given_in(kind.name);
    if (!given.empty())
      throw ConfigError(fmt::format("{} is given, and models.names does not name {}.", given.front(), kind.name));
  }
}

// A score says something beside one that needs no model. At the end, so that numbers of configurations stay.
void add_a_baseline(EvaluateConfig& config) {
  const auto is_baseline = [&](const std::string& name) {
    return !config.own.contains(name) && models::find_model(name).role == "baseline";
  };
  if (std::ranges::none_of(config.models, is_baseline)) config.models.emplace_back("prior");
}

void check_values(const EvaluateConfig& config, SplitStrategy strategy) {
  static_cast<void>(config.apart());
  if (strategy == SplitStrategy::walk_forward) {
    static_cast<void>(validation::parse_stretch(config.splits.train, "splits.train"));
    static_cast<void>(validation::parse_stretch(config.splits.test, "splits.test"));
  }
  if (strategy == SplitStrategy::combinatorial && config.splits.test_groups >= config.splits.groups) {
    throw ConfigError(fmt::format("splits.test_groups = {} of splits.groups = {} leave nothing to train on.",
                                  config.splits.test_groups, config.splits.groups));
  }
  if (strategy == SplitStrategy::chronological && config.splits.train_share + config.splits.val_share > 0.99) {
    throw ConfigError(fmt::format("splits.train_share = {} and splits.val_share = {} leave no test part.",
                                  config.splits.train_share, config.splits.val_share));
  }
  if (config.fit.calibration != "none" && config.fit.held_out <= 0) {
    throw ConfigError(fmt::format(
        "fit.calibration = \"{}\" is fitted on held-out rows of the train part: fit.held_out must be above 0.",
        config.fit.calibration));
  }
  if (config.overfitting.blocks % 2 != 0)
    throw ConfigError(
        fmt::format("overfitting.blocks = {}: halves are made of an even number.", config.overfitting.blocks));
  const EvaluateConfig::Backtest& backtest = config.backtest;
  if (backtest.bars == std::vector<std::string>{"none"} &&
      std::ranges::find(config.models, "last_direction") != config.models.end()) {
    throw ConfigError(
        "models.names has \"last_direction\", which looks at prices, and backtest.bars = \"none\" leaves none. Take it "
        "out of models.names.");
  }
  if (backtest.exit == "barriers" && (backtest.up <= 0 || backtest.down <= 0)) {
    throw ConfigError(
        "backtest.exit = \"barriers\" needs backtest.up and backtest.down: how far barriers are from the entry, as "
        "shares of its price.");
  }
  if (backtest.exit != "barriers" && (backtest.up > 0 || backtest.down > 0))
    throw ConfigError(fmt::format(
        "backtest.up and backtest.down are for backtest.exit = \"barriers\", which is \"{}\".", backtest.exit));
  for (const auto& [key, values] : {std::pair("sharpe", &config.gates.sharpe),
                                    {"win_rate", &config.gates.win_rate},
                                    {"drawdown", &config.gates.drawdown},
                                    {"pbo", &config.gates.pbo},
                                    {"dsr", &config.gates.dsr}}) {
    if (values->size() > 1)
      throw ConfigError(fmt::format("gates.{} is one number, and there are {}.", key, values->size()));
  }
  for (const auto& [key, text] : {std::pair("data.from", &config.data.from), {"data.to", &config.data.to}}) {
    if (!text->empty()) naming_key(key, [&, value = text] { static_cast<void>(parse_utc(*value)); });
  }
  if (!backtest.timeframe.empty())
    naming_key("backtest.timeframe", [&] { static_cast<void>(parse_duration(backtest.timeframe)); });
  if (!config.run.time_limit.empty())
    naming_key("run.time_limit", [&] { static_cast<void>(parse_duration(config.run.time_limit)); });
}

// Keys that the strategy does not use: refused where given, no part of the identity.
void check_strategy(const EvaluateConfig::Splits& splits, ConfigSchema& schema, SplitStrategy strategy) {
  using enum SplitStrategy;
  const std::pair<const char*, SplitStrategy> uses[] = {
      {"splits.groups", combinatorial},    {"splits.test_groups", combinatorial}, {"splits.folds", purged_k_fold},
      {"splits.train", walk_forward},      {"splits.test", walk_forward},         {"splits.rolling", walk_forward},
      {"splits.short_last", walk_forward}, {"output.oof", purged_k_fold},         {"splits.train_share", chronological},
      {"splits.val_share", chronological}};
  for (const auto& [key, by] : uses) {
    if (by == strategy) continue;
    if (schema.given(key))
      throw ConfigError(
          fmt::format("{} is for moola {}, and moola {} does not use it.", key, job_name(by), job_name(strategy)));
    schema.leave_out(key);
  }
  if (splits.name.empty()) return schema.leave_out("splits.name");
  if (strategy != purged_k_fold && strategy != chronological) {
    throw ConfigError(
        fmt::format("splits.name is for moola cv and moola train; moola {} makes its own splits.", job_name(strategy)));
  }
  for (const char* key : {"splits.folds", "splits.train_share", "splits.val_share", "splits.purge", "splits.embargo",
                          "data.from", "data.to"}) {
    if (schema.given(key))
      throw ConfigError(fmt::format("{} has no meaning beside splits.name, which says it all.", key));
  }
  for (const char* key : {"splits.folds", "splits.train_share", "splits.val_share", "splits.purge", "splits.embargo"})
    schema.leave_out(key);
}

void bind_models(EvaluateConfig& config, ConfigSchema& schema) {
  schema.table("models",
               "What is tried. Every key of a model may be a list: each of its values is a variant, and "
               "every combination of lists is a configuration of its own.");
  std::vector<std::string> names;
  for (const ModelKind& kind : models::model_table()) names.push_back(kind.name);
  schema.key("names", config.models)
      .help(fmt::format("any of {}; without a baseline among them `prior` is added", fmt::join(names, ", ")));
  for (const ModelKind& kind : models::model_table()) {
    if (kind.keys.empty()) continue;
    schema.table(kind.name, kind.help);
    for (const ModelKey& key : kind.keys) {
      EvaluateConfig::Values& values = config.model_values.at(path_of(kind, key));
      ConfigKey& bound = std::visit([&](auto& list) -> ConfigKey& { return schema.key(key.name, list); }, values);
      bound.help(key.help);
      if (key.low < key.high) bound.range(key.low, key.high);
      if (!key.choices.empty()) bound.choices(key.choices);
    }
  }
}

void bind_splits(EvaluateConfig::Splits& splits, ConfigSchema& schema) {
  schema.table("splits", "How rows become train and test parts.");
  schema.key("groups", splits.groups).range(2, 1000).help("`cpcv-pbo`: stretches of time");
  schema.key("test_groups", splits.test_groups).range(1, 999).help("`cpcv-pbo`: how many are tested at once");
  schema.key("folds", splits.folds).range(2, 10'000).help("`cv`: how many");
  schema.key("train", splits.train)
      .help(
          "`walk-forward`: what the first test part has before it: `\"0.4\"`, `\"20000bars\"`, `\"90d\"`, `\"1year\"`");
  schema.key("test", splits.test).help("`walk-forward`: each test part, in the same units");
  schema.key("rolling", splits.rolling).help("`walk-forward`: train on the last `train` alone");
  schema.key("short_last", splits.short_last).help("`walk-forward`: also test what is left at the end");
  schema.key("train_share", splits.train_share).range(0.01, 0.98).help("`train`: of the rows, the first");
  schema.key("val_share", splits.val_share)
      .range(0.01, 0.98)
      .help("`train`: of the rows, those behind them; the rest is the test part, which stays sealed");
  schema.key("name", splits.name)
      .help("`cv` and `train`: a split of this table instead, data/splits/NAME.json; `train` takes its first");
  schema.key("purge", splits.purge)
      .help("left out beside a test part besides what labels ask for: `\"60bars\"`, `\"5h\"` or a share of the rows");
  schema.key("embargo", splits.embargo).help("left out after that behind a test part, in the same units");
  schema.key("look_back", splits.look_back)
      .help(
          "how far features look back: rows whose features see a test part are purged too; `\"0bars\"`: not asked for");
}

void bind_fit(EvaluateConfig::Fit& fit, ConfigSchema& schema) {
  schema.table("fit", "How a model is fitted on a train part.");
  schema.key("held_out", fit.held_out)
      .range(0, 0.9)
      .help(
          "share of the train rows, the latest, purged from the others: for models that stop early and for calibration "
          "(each gets half where both want them); never the rows that are scored");
  schema.key("weights", fit.weights)
      .choices({"uniqueness", "table", "none"})
      .help("of samples: by how few labels share their time; those of the table, which may be fitted; or 1");
  schema.key("scaling", fit.scaling)
      .choices({"usual", "none", "standard", "robust", "quantile"})
      .help(
          "of features, for models that want it, fitted on the train part: by what a column holds, or one way for all");
  schema.key("clip", fit.clip).at_least(0).help("scaled values stay within plus and minus this; 0: no limit");
  schema.key("calibration", fit.calibration)
      .choices({"none", "temperature", "sigmoid", "isotonic", "auto"})
      .help("of probabilities, on held-out rows");
  schema.key("refit", fit.refit)
      .choices({"barriers", "encoder"})
      .help(
          "what every split makes anew: `walk-forward`: `barriers` searches them in its past as the table's "
          "`[barriers]` "
          "say, and labels all rows by them; `encoder` of `data.windows`: trains `data.encoder` on what the split "
          "leaves");
}

void bind_backtest(EvaluateConfig::Backtest& backtest, ConfigSchema& schema) {
  schema.table("backtest", "What predictions would have earned on the prices, entered at the next open.");
  schema.key("bars", backtest.bars)
      .help("whose prices, `SYMBOL/vN` for each symbol; empty: what the table was made from; `none`: no backtest");
  schema.key("timeframe", backtest.timeframe).help("of the bars; empty: the table's");
  schema.key("exit", backtest.exit)
      .choices({"horizon", "signal", "barriers"})
      .help("a position ends after `max_bars`; also when the prediction turns; also at `up` and `down`");
  schema.key("max_bars", backtest.max_bars)
      .range(0, 1'000'000)
      .unit("bars")
      .help("the longest position; 0: the horizon");
  schema.key("up", backtest.up).range(0, 10).help("upper barrier, share of the entry price");
  schema.key("down", backtest.down).range(0, 1).help("lower barrier, share of the entry price");
  schema.key("positions", backtest.positions).range(1, 1000).help("at once, each of an equal share; 1: one position");
  schema.key("min_confidence", backtest.min_confidence)
      .range(0, 1)
      .help("predictions that are less probable are no signal");
  schema.key("size_by_confidence", backtest.size_by_confidence).help("a position's size is its probability");
  schema.key("costs", backtest.costs)
      .help(
          "of a round trip, `\"BTCUSD=0.1%\"` or in price `\"MES=0.625\"`, for each symbol; empty: the table of "
          "symbols");
  schema.key("symbols", backtest.symbols).file_name().help("a file with your own lines of the table of symbols");
}

}  // namespace

std::string_view job_name(SplitStrategy strategy) {
  switch (strategy) {
    case SplitStrategy::purged_k_fold:
      return "cv";
    case SplitStrategy::walk_forward:
      return "walk-forward";
    case SplitStrategy::combinatorial:
      return "cpcv-pbo";
    case SplitStrategy::chronological:
      return "train";
  }
  return "";
}

EvaluateConfig::EvaluateConfig() {
  for (const ModelKind& kind : models::model_table()) {
    for (const ModelKey& key : kind.keys) model_values.emplace(path_of(kind, key), default_of(key));
  }
}

void EvaluateConfig::bind(ConfigSchema& schema) {
  schema.table("data", "Which rows, and which of their columns.");
  schema.key("table", data.table).help("a feature table `NAME/vN` (`moola prepare` makes one); this or `windows`");
  schema.key("windows", data.windows)
      .help("labelled windows `NAME/vN` with times (`moola data import windows`, `moola data merge`), a row each");
  schema.key("synthetic", data.synthetic)
      .help(
          "windows made from those of `windows`, `NAME/vN` (`moola data import synthetic`): models learn from them "
          "beside the rows that they were made from; never stopped by, calibrated on or scored by them");
  schema.key("synthetic_weight", data.synthetic_weight)
      .range(0.001, 1000)
      .help("of a synthetic window, in weights of the row that it was made from");
  schema.key("embeddings", data.embeddings)
      .help(
          "of `windows`: what an encoder has made of them, `NAME/vN` (`moola encode`), is what models learn from "
          "instead "
          "of bars");
  schema.key("encoder", data.encoder)
      .file_name()
      .help(
          "of `windows`, with `fit.refit = [\"encoder\"]`: the configuration of the pretraining (as of `moola "
          "pretrain`) "
          "that is done anew for every split");
  schema.key("pooling", data.pooling)
      .choices({"last", "mean", "max"})
      .help("of `encoder`: how the representations of a window's bars become one");
  schema.key("normalize", data.normalize)
      .choices({"usual", "window_log_return", "relative", "zscore", "none"})
      .help(
          "of `windows`: each by itself; `usual`: log returns of prices since the window's first close, other channels "
          "as they are");
  schema.key("horizon", data.horizon).range(0, 1'000'000).unit("bars").help("whose labels are learnt; 0: the only one");
  schema.key("features", data.features)
      .help("names of columns (of `windows`: channels and features), or beginnings with a star; empty: all");
  schema.key("exclude", data.exclude).help("columns to leave out, in the same way");
  schema.key("from", data.from).help("only rows from this time on (UTC); empty: all");
  schema.key("to", data.to).help("only rows before this time, of `windows` those that end before it; empty: all");
  schema.key("window", data.window)
      .range(2, 100'000)
      .unit("rows")
      .help("of models that take windows: the rows up to the one that decides, of one segment and all with a label");
  schema.key("stride", data.stride)
      .range(1, 100'000)
      .unit("rows")
      .help("of models that take windows: how far apart the windows are that they learn from; all are predicted");
  schema.key("trust", data.trust)
      .help(
          "of a table that was made elsewhere, and an encoder of windows without times: true says that nothing was "
          "fitted on rows that are tested; else a run over it has no verdict");
  bind_splits(splits, schema);
  bind_fit(fit, schema);
  bind_models(*this, schema);
  bind_own_models(own, schema);
  bind_backtest(backtest, schema);
  schema.table("overfitting", "Whether the choice among configurations is luck.");
  schema.key("blocks", overfitting.blocks).range(2, 24).help("of time, of which halves choose; even");
  schema.key("metric", overfitting.metric).choices({"sharpe", "mean", "sortino"}).help("what they choose by");
  schema.table("bootstrap", "Intervals of scores, by blocks of neighbouring rows.");
  schema.key("replicates", bootstrap.replicates).range(0, 100'000).help("how many; 0: no intervals");
  schema.key("block", bootstrap.block).range(0, 1'000'000).unit("rows").help("mean length; 0: as far as labels reach");
  schema.key("level", bootstrap.level).range(0.5, 0.999).help("of the intervals");
  schema.table("gates", "What the best configuration must reach, or the command ends with status 3.");
  schema.key("sharpe", gates.sharpe).help("Sharpe ratio of a year, at least; empty: not asked for");
  schema.key("win_rate", gates.win_rate).range(0, 1).help("share of winning trades, at least");
  schema.key("drawdown", gates.drawdown).range(0, 1).help("deepest drawdown, at most");
  schema.key("pbo", gates.pbo).range(0, 1).help("probability of backtest overfitting, at most");
  schema.key("dsr", gates.dsr).range(0, 1).help("deflated Sharpe ratio, at least");
  schema.key("beat_baseline", gates.beat_baseline).help("log-loss below the best baseline's, by its interval");
  schema.table("output", "What is left beside the run.");
  schema.key("oof", output.oof)
      .choices({"best", "all", "none"})
      .help("`cv`: out-of-fold predictions as data sets `oof/RUN/vN`, of the best or of all configurations");
  schema.key("keep", output.keep)
      .choices({"log_loss", "sharpe"})
      .help("`train`: by what the model is chosen that is kept, on the validation part: the least or the most of it");
  schema.table("run", "The run itself.");
  schema.key("name", run.name).help("of the run; empty: the command and the table");
  schema.key("seed", run.seed).range(0, 9e15).help("of everything that is drawn");
  schema.key("retries", run.retries).range(0, 10).circumstance().help("how often a fold that failed is tried again");
  schema.key("max_failures", run.max_failures)
      .range(0, 1e9)
      .circumstance()
      .help("folds that may fail before no new one is begun; those that fail are marked and missing");
  schema.key("time_limit", run.time_limit)
      .circumstance()
      .help("leave after so long, such as `\"8h\"`, with status 85: the same command goes on");
  schema.key("threads", run.threads).range(0, 1024).circumstance().help("per rank; 0: the host's cores, shared");
}

validation::PurgeOptions EvaluateConfig::apart() const {
  return {.purge = validation::parse_separation(splits.purge, "splits.purge"),
          .embargo = validation::parse_separation(splits.embargo, "splits.embargo"),
          .look_back = validation::parse_separation(splits.look_back, "splits.look_back")};
}

LoadedEvaluateConfig load_evaluate_config(SplitStrategy strategy, const std::optional<std::filesystem::path>& file,
                                          const std::vector<std::string>& settings,
                                          const std::optional<ShippedConfig>& shipped) {
  LoadedEvaluateConfig loaded{
      .values = {}, .strategy = strategy, .configurations = {}, .own_kinds = {}, .resolved = {}, .identity = {}};
  ConfigSchema schema{std::string(job_name(strategy))};
  loaded.values.bind(schema);
  schema.load(file, settings, shipped);
  check_strategy(loaded.values.splits, schema, strategy);
  settle_row_source(loaded.values, schema);
  settle_refit(loaded.values, schema, strategy);
  check_models(loaded.values, schema);
  check_values(loaded.values, strategy);
  add_a_baseline(loaded.values);
  for (const std::string& name : loaded.values.models) {
    if (loaded.values.own.contains(name))
      add_own(loaded, name, schema);
    else
      add_configurations(loaded.values, models::find_model(name), loaded.configurations);
  }
  check_names(loaded.configurations);
  for (const ModelKind& kind : models::model_table()) {
    if (std::ranges::find(loaded.values.models, kind.name) != loaded.values.models.end()) continue;
    for (const ModelKey& key : kind.keys) schema.leave_out(path_of(kind, key));
  }
  loaded.resolved = schema.resolved();
  loaded.identity = schema.identity();
  return loaded;
}

std::string evaluate_config_reference() {
  EvaluateConfig config;
  ConfigSchema schema("cpcv-pbo");
  config.bind(schema);
  return schema.reference(
      "All keys of `moola cv`, `moola walk-forward`, `moola cpcv-pbo` and `moola train`, with their defaults. A key "
      "that a command does not use is refused.");
}

}  // namespace moola::work
