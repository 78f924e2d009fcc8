#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "sweep/pruners/pruner.h"

namespace moola::sweep {

enum class PrunerKind { none, median, percentile, successive_halving, hyperband, patient, threshold, wilcoxon };

/// Options of all pruners, with Optuna's defaults; each reads its own and leaves the others alone (PrunerDescription).
struct PrunerOptions {
  bool maximise = false;                          // the study's values are its losses with their sign changed
  std::int64_t startup_trials = 5;                // nothing is pruned before so many trials are complete
  std::int64_t warmup_steps = 0;                  // nor before this step
  std::int64_t interval_steps = 1;                // looks once in so many steps
  std::int64_t min_trials = 1;                    // complete trials that must have a value at the step
  double percentile = 25;                         // the best that are kept, of 100
  std::optional<std::int64_t> min_resource = {};  // first rung's step; none: see successive_halving.h, hyperband.h
  std::optional<std::int64_t> max_resource = {};  // steps of a whole trial; none: see hyperband.h
  std::int64_t reduction_factor = 0;              // one in so many passes a rung; 0: 4, and 3 for hyperband
  std::int64_t min_early_stopping_rate = 0;       // how many of the lowest rungs are left out
  std::int64_t bootstrap_count = 0;               // so many end at a rung before any passes it
  PrunerKind wrapped = PrunerKind::none;          // what a patient pruner asks; none: it decides alone
  std::int64_t patience = 0;                      // reports without improvement that are put up with
  double min_delta = 0;                           // what counts as improvement
  std::optional<double> lower = {}, upper = {};   // a value, not a loss, beyond these ends the trial
  double p_threshold = 0.1;
  std::int64_t startup_steps = 2;  // common instances before any judgement
  std::int64_t instances = 0;      // reports that a trial must have to be the best one; 0: any
};

/// A row of the table of pruners.
struct PrunerDescription {
  std::string_view name;
  PrunerKind kind;
  std::string_view summary;
  std::span<const std::string_view> options;  // those of PrunerOptions that it reads, by name
};

/// All of them, in the order of PrunerKind.
std::span<const PrunerDescription> pruner_table();

/// Throws ConfigError naming the nearest of the table.
PrunerKind parse_pruner(std::string_view name);

/// `study_name` decides which trials are in which bracket of hyperband. Throws ConfigError, naming the option, for a
/// value that makes no sense.
std::unique_ptr<Pruner> make_pruner(PrunerKind kind, const PrunerOptions& options, std::string_view study_name);

}  // namespace moola::sweep
