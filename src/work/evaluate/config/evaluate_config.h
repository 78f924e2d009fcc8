#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/config.h"
#include "base/duration.h"
#include "base/json.h"
#include "models/classifiers/classifier.h"
#include "validation/overfitting.h"
#include "validation/purge.h"
#include "validation/walk_forward.h"
#include "work/evaluate/config/own_models.h"

namespace moola::work {

/// How an evaluation cuts its rows: what the command says.
enum class SplitStrategy : std::uint8_t { purged_k_fold, walk_forward, combinatorial, chronological };
/// "cv", "walk-forward", "cpcv-pbo", "train".
std::string_view job_name(SplitStrategy strategy);

/// What `moola cv`, `walk-forward`, `cpcv-pbo` and `train` are told; docs/reference/evaluate.md is made from `bind`.
struct EvaluateConfig {
  struct Data {
    std::string table, windows;  // one of them
    std::string synthetic;       // made from the windows; empty: none
    double synthetic_weight = 1;
    std::string embeddings;  // of the windows; or what an encoder is trained by for each split:
    std::string encoder, pooling = "mean";
    std::string normalize = "usual";
    std::int64_t horizon = 0;
    std::vector<std::string> features, exclude;
    std::string from, to;
    std::int64_t window = 60, stride = 1;
    bool trust = false;
  } data;
  struct Splits {
    std::int64_t groups = 6, test_groups = 2, folds = 5;
    std::string train = "0.4", test = "0.1";
    bool rolling = false, short_last = true;
    double train_share = 0.7, val_share = 0.15;
    std::string name;
    std::string purge = "0bars", embargo = "0.01", look_back = "0bars";
  } splits;
  struct Fit {
    double held_out = 0.15;
    std::string weights = "uniqueness", scaling = "usual", calibration = "none";
    double clip = 5;
    std::vector<std::string> refit;  // what is fitted anew for every split: "barriers", "encoder"

    bool refits(std::string_view what) const { return std::ranges::find(refit, what) != refit.end(); }
  } fit;
  struct Backtest {
    std::vector<std::string> bars;
    std::string timeframe, exit = "horizon";
    std::int64_t max_bars = 0, positions = 1;
    double up = 0, down = 0, min_confidence = 0;
    bool size_by_confidence = false;
    std::vector<std::string> costs;
    std::string symbols;
  } backtest;
  struct Overfitting {
    std::int64_t blocks = 16;
    std::string metric = "sharpe";
  } overfitting;
  struct Bootstrap {
    std::int64_t replicates = 500, block = 0;
    double level = 0.9;
  } bootstrap;
  struct Gates {
    std::vector<double> sharpe, win_rate, drawdown, pbo, dsr;
    bool beat_baseline = false;
  } gates;
  struct Output {
    std::string oof = "best", keep = "log_loss";
  } output;
  struct Run {
    std::string name;
    std::int64_t seed = 42, retries = 1, max_failures = 0;
    std::string time_limit;
    std::int64_t threads = 0;
  } run;
  std::vector<std::string> models{"majority", "prior", "last_direction", "always_long", "logistic", "xgboost"};
  /// What a model's keys may be, by "model.key": every one of a list makes variants.
  using Values = std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;
  std::map<std::string, Values> model_values;
  std::map<std::string, OwnModel> own;

  EvaluateConfig();
  EvaluateConfig(const EvaluateConfig&) = delete;
  EvaluateConfig& operator=(const EvaluateConfig&) = delete;
  EvaluateConfig(EvaluateConfig&&) = default;
  EvaluateConfig& operator=(EvaluateConfig&&) = default;

  void bind(ConfigSchema& schema);
  validation::PurgeOptions apart() const;
};

/// A model and one choice of its parameters: what is tried.
struct Configuration {
  std::string name;  // "xgboost", and with variants "xgboost depth=3 rate=0.1"
  std::string model;
  const models::ModelKind* kind = nullptr;
  Json parameters = Json::object();  // every key
  bool baseline = false;
  const OwnModel* own = nullptr;  // of a model that is none of the table's

  bool is_predicted() const { return own != nullptr && !own->predictions.empty(); }
};

struct LoadedEvaluateConfig {
  EvaluateConfig values;
  SplitStrategy strategy = SplitStrategy::combinatorial;
  std::vector<Configuration> configurations;  // in the order of `models`, the first key varying slowest
  std::list<models::ModelKind> own_kinds = {};
  // Of a saved model that is judged:
  bool saved = false;
  std::size_t trials_before = 0;  // that were tried, and are not here, to choose what is
  std::string resolved, identity;
};

/// Reads, checks and resolves. Throws ConfigError: as ConfigSchema::load; for a model that is none, named twice, or
/// whose keys are given and that `models` does not name; for more than 10,000 configurations; and for what does not go
/// together.
LoadedEvaluateConfig load_evaluate_config(SplitStrategy strategy, const std::optional<std::filesystem::path>& file,
                                          const std::vector<std::string>& settings,
                                          const std::optional<ShippedConfig>& shipped = std::nullopt);
/// The reference page of all keys, in Markdown.
std::string evaluate_config_reference();

}  // namespace moola::work
