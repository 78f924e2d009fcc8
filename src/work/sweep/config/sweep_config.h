#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/duration.h"
#include "sweep/pruners/pruner_table.h"
#include "sweep/space/space_toml.h"
#include "sweep/study/trial.h"

namespace moola::work {

/// What `moola sweep` is told, but for the space, which is the table [sweep.space] (sweep/space/space_toml.h);
/// docs/reference/sweep.md is made from `bind`.
struct SweepConfig {
  struct Sweep {
    std::string name;
    std::vector<std::string> direction{"minimize"};
    std::int64_t trials = 100, seed = 42;
    std::string sampler = "auto", pruner = "none";
    std::string order = "any";
    std::int64_t lag = 0;
    std::vector<std::string> command;
    std::string job, config;
    std::vector<std::string> metric, settings;
  } sweep;
  struct Trial {
    std::string folder, time_limit;
    std::int64_t retries = 1, log_megabytes = 64;
    double patience = 10;
  } trial;
  struct Pruner {
    std::int64_t startup_trials = 5, warmup_steps = 0, interval_steps = 1, min_trials = 1;
    double percentile = 25;
    std::vector<std::int64_t> min_resource, max_resource;
    std::int64_t reduction_factor = 0, min_early_stopping_rate = 0, bootstrap_count = 0;
    std::int64_t patience = 0;
    double min_delta = 0;
    std::vector<double> lower, upper;
    double p_threshold = 0.1;
    std::int64_t startup_steps = 2, instances = 0;
  } pruner;
  struct Workers {
    std::int64_t count = 0, ranks = 1;
    double gpus = 0;
  } workers;
  struct Stop {
    std::vector<double> value;
    std::int64_t without_improvement = 0;
    std::string time_limit;
    double gpu_hours = 0;
  } stop;

  struct Honesty {
    Duration resolution{86'400'000'000'000};
    std::string returns = "simple", test_from, test_to;
  } honesty;

  void bind(ConfigSchema& schema);
  std::vector<sweep::Direction> directions() const;
  std::unique_ptr<sweep::Pruner> make_pruner() const;
};

struct LoadedSweepConfig {
  SweepConfig values;
  sweep::ConfiguredSpace space;
  std::string text;              // resolved, with the space, as TOML
  std::filesystem::path folder;  // absolute, of the file that gives sweep.command; programs of trials run there
};

/// Reads and checks a configuration; nothing is run. Throws ConfigError, IoError.
LoadedSweepConfig load_sweep_config(const std::optional<std::filesystem::path>& file,
                                    const std::vector<std::string>& settings);

}  // namespace moola::work
