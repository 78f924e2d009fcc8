#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"

namespace moola::work {

/// Everything `moola pretrain` can be told; the initialisers are the defaults. One table, `bind`, says what each key
/// means.
struct PretrainConfig {
  struct Data {
    std::string windows;            // "NAME/vN"
    std::vector<std::string> bars;  // instead: the view is cut first
  } data;
  struct Windows {
    std::int64_t length = 105, stride = 1;
    Duration max_gap = Duration::seconds(600);
    std::string break_at = "roll", channels = "ohlc", normalize = "window_log_return";
    double scale = 0;  // 0: measured
    std::string order = "shuffled";
    double memory = 1.0;  // GiB
    double holdout = 0.1;
    std::int64_t holdout_windows = 4096;
    std::string from, to;
    std::vector<std::string> exclude;
  } windows;
  struct Model {
    std::string name = "bilstm";
    std::int64_t hidden = 128, layers = 2;
    double dropout = 0.2;
  } model;
  struct Objective {
    std::string name = "masked", loss = "mse", strategy = "patch";
    double ratio = 0.15;
    std::int64_t patch = 7;
    double variance_weight = 0.1, huber_delta = 1.0;
    std::int64_t decoder_hidden = 128;
    double decoder_dropout = 0.2;
  } objective;
  struct Train {
    std::int64_t epochs = 50, max_steps = 0, batch = 512;
    double lr = 1e-3, weight_decay = 1e-4, clip = 1.0;
    std::string schedule = "cosine";
    double min_lr = 1e-5;
    std::int64_t warmup_steps = 0, patience = 10, evaluate_every = 0, log_every = 10, seed = 1337;
  } train;
  struct Parallel {
    std::int64_t microbatch = 64;
    std::string reduce = "exact", precision = "fp32", device = "auto";
    std::int64_t threads = 1;
  } parallel;
  struct Output {
    std::string name = "encoder";
    std::int64_t keep = 3;
    Duration checkpoint_every = Duration::seconds(600);
    std::int64_t checkpoint_steps = 0;
  } output;

  /// Adds every key to `schema`.
  void bind(ConfigSchema& schema);
  /// Numbers of a representation, D of the encoder.
  std::int64_t dims() const { return 2 * model.hidden; }  // of the only encoder there is, with two directions
  /// Micro-batches of a step.
  int leaves() const;
  /// What the table cannot check: how keys fit together. Throws ConfigError naming both keys.
  void check() const;
  /// Refuses keys that cut windows where data.windows names some that are cut; leaves them out of what `schema` writes.
  void check_cut(ConfigSchema& schema) const;
};

/// The keys of `moola pretrain`, read from a file and --set values and checked.
struct LoadedPretrainConfig {
  PretrainConfig values;
  std::string resolved;  // TOML with every key
  std::string identity;  // without circumstances
};

LoadedPretrainConfig load_pretrain_config(const std::optional<std::filesystem::path>& file,
                                          const std::vector<std::string>& settings);

/// docs/reference/pretrain.md, from the table.
std::string pretrain_reference();

}  // namespace moola::work
