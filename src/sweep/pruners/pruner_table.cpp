#include "sweep/pruners/pruner_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/named_choice.h"
#include "sweep/pruners/hyperband.h"
#include "sweep/pruners/patient_pruner.h"
#include "sweep/pruners/percentile_pruner.h"
#include "sweep/pruners/successive_halving.h"
#include "sweep/pruners/threshold_pruner.h"
#include "sweep/pruners/wilcoxon_pruner.h"

namespace moola::sweep {
namespace {

using Names = std::string_view;
constexpr std::array kMedian{Names("startup_trials"), Names("warmup_steps"), Names("interval_steps"),
                             Names("min_trials")};
constexpr std::array kPercentile{Names("percentile"), Names("startup_trials"), Names("warmup_steps"),
                                 Names("interval_steps"), Names("min_trials")};
constexpr std::array kHalving{Names("min_resource"), Names("reduction_factor"), Names("min_early_stopping_rate"),
                              Names("bootstrap_count")};
constexpr std::array kHyperband{Names("min_resource"), Names("max_resource"), Names("reduction_factor"),
                                Names("bootstrap_count")};
constexpr std::array kPatient{Names("wrapped"), Names("patience"), Names("min_delta")};
constexpr std::array kThreshold{Names("lower"), Names("upper"), Names("warmup_steps"), Names("interval_steps")};
constexpr std::array kWilcoxon{Names("p_threshold"), Names("startup_steps"), Names("instances")};

constexpr std::array kTable{
    PrunerDescription{"none", PrunerKind::none, "no trial is given up", {}},
    PrunerDescription{"median", PrunerKind::median,
                      "gives up what is worse than the median of complete trials at the same step", kMedian},
    PrunerDescription{"percentile", PrunerKind::percentile, "the same with another percentile than 50", kPercentile},
    PrunerDescription{"successive_halving", PrunerKind::successive_halving,
                      "lets one in reduction_factor pass each rung, asynchronously (ASHA)", kHalving},
    PrunerDescription{"hyperband", PrunerKind::hyperband,
                      "successive halving in brackets that begin to prune sooner or "
                      "later",
                      kHyperband},
    PrunerDescription{"patient", PrunerKind::patient,
                      "asks another pruner once a trial has not improved for some time, or decides alone", kPatient},
    PrunerDescription{"threshold", PrunerKind::threshold, "gives up what leaves a range or becomes NaN", kThreshold},
    PrunerDescription{"wilcoxon", PrunerKind::wilcoxon,
                      "for folds or instances: a signed-rank test against the best trial's", kWilcoxon}};

class NoPruner final : public Pruner {
 public:
  Judgement judge(const History&, std::uint64_t) override { return {}; }
};

void at_least(std::string_view option, std::int64_t value, std::int64_t least) {
  if (value < least)
    throw ConfigError(fmt::format("{} of the pruner must be {} or more, not {}.", option, least, value));
}

void check_interval(const PrunerOptions& options) {
  at_least("warmup_steps", options.warmup_steps, 0);
  at_least("interval_steps", options.interval_steps, 1);
}

std::unique_ptr<Pruner> make_percentile(const PrunerOptions& options, double percentile) {
  if (!(percentile >= 0 && percentile <= 100))
    throw ConfigError(fmt::format("percentile of the pruner must be from 0 to 100, not {}.", percentile));
  check_interval(options);
  at_least("startup_trials", options.startup_trials, 0);
  at_least("min_trials", options.min_trials, 1);
  return std::make_unique<PercentilePruner>(
      PercentileOptions{.percentile = percentile,
                        .maximise = options.maximise,
                        .startup_trials = static_cast<std::size_t>(options.startup_trials),
                        .min_trials = static_cast<std::size_t>(options.min_trials),
                        .interval = {.warmup_steps = options.warmup_steps, .steps = options.interval_steps}});
}

HalvingOptions halving_options(const PrunerOptions& options, std::int64_t usual_factor) {
  const HalvingOptions out{
      .min_resource = options.min_resource.value_or(1),
      .reduction_factor = options.reduction_factor == 0 ? usual_factor : options.reduction_factor,
      .min_early_stopping_rate = options.min_early_stopping_rate,
      .bootstrap_count = static_cast<std::size_t>(std::max<std::int64_t>(0, options.bootstrap_count))};
  at_least("min_resource", out.min_resource, 1);
  at_least("reduction_factor", out.reduction_factor, 2);
  at_least("min_early_stopping_rate", out.min_early_stopping_rate, 0);
  at_least("bootstrap_count", options.bootstrap_count, 0);
  return out;
}

void refuse_bootstrap(const PrunerOptions& options, std::string_view resource) {
  if (options.bootstrap_count == 0) return;
  throw ConfigError(
      fmt::format("bootstrap_count = {} of the pruner needs {} as a number: where it is left to the first complete "
                  "trial, no trial would end at a rung before. Say {}, or leave bootstrap_count out.",
                  options.bootstrap_count, resource, resource));
}

std::unique_ptr<Pruner> make_halving(const PrunerOptions& options) {
  const HalvingOptions halving = halving_options(options, 4);
  if (!options.min_resource) refuse_bootstrap(options, "min_resource");
  return std::make_unique<SuccessiveHalvingPruner>(halving, !options.min_resource);
}

std::unique_ptr<Pruner> make_hyperband(const PrunerOptions& options, std::string_view study_name) {
  HalvingOptions halving = halving_options(options, 3);
  halving.min_early_stopping_rate = 0;
  if (!options.max_resource) refuse_bootstrap(options, "max_resource");
  if (options.max_resource && *options.max_resource < halving.min_resource) {
    throw ConfigError(fmt::format("max_resource of the pruner must not be below min_resource = {}, as {} is.",
                                  halving.min_resource, *options.max_resource));
  }
  if (options.max_resource && *options.max_resource > kLongestTrial) {
    throw ConfigError(fmt::format("max_resource of the pruner must not be above {}, as {} is.", kLongestTrial,
                                  *options.max_resource));
  }
  return std::make_unique<HyperbandPruner>(halving, options.max_resource, std::string(study_name));
}

std::unique_ptr<Pruner> make_patient(const PrunerOptions& options, std::string_view study_name) {
  at_least("patience", options.patience, 0);
  if (!(options.min_delta >= 0))
    throw ConfigError(fmt::format("min_delta of the pruner must be 0 or more, not {}.", options.min_delta));
  if (options.wrapped == PrunerKind::patient)
    throw ConfigError("a patient pruner can't wrap another patient one. Name another kind as wrapped.");
  std::unique_ptr<Pruner> wrapped;
  if (options.wrapped != PrunerKind::none) wrapped = make_pruner(options.wrapped, options, study_name);
  return std::make_unique<PatientPruner>(std::move(wrapped), static_cast<std::size_t>(options.patience),
                                         options.min_delta);
}

std::unique_ptr<Pruner> make_threshold(const PrunerOptions& options) {
  check_interval(options);
  if (!options.lower && !options.upper)
    throw ConfigError("the threshold pruner needs lower, upper or both: the values beyond which a trial is given up.");
  const double infinity = std::numeric_limits<double>::infinity();
  double lower = options.lower.value_or(-infinity), upper = options.upper.value_or(infinity);
  if (!(lower <= upper))
    throw ConfigError(fmt::format("lower = {} of the pruner must not be above upper = {}.", lower, upper));
  if (options.maximise) std::tie(lower, upper) = std::pair(-upper, -lower);
  return std::make_unique<ThresholdPruner>(
      lower, upper, StepInterval{.warmup_steps = options.warmup_steps, .steps = options.interval_steps});
}

std::unique_ptr<Pruner> make_wilcoxon(const PrunerOptions& options) {
  if (!(options.p_threshold >= 0 && options.p_threshold <= 1))
    throw ConfigError(fmt::format("p_threshold of the pruner must be from 0 to 1, not {}.", options.p_threshold));
  at_least("startup_steps", options.startup_steps, 0);
  at_least("instances", options.instances, 0);
  return std::make_unique<WilcoxonPruner>(
      WilcoxonOptions{.p_threshold = options.p_threshold,
                      .startup_steps = static_cast<std::size_t>(options.startup_steps),
                      .instances = static_cast<std::size_t>(options.instances)});
}

}  // namespace

std::span<const PrunerDescription> pruner_table() {
  return kTable;
}

PrunerKind parse_pruner(std::string_view name) {
  std::vector<std::string> names;
  for (const PrunerDescription& each : kTable) {
    if (each.name == name) return each.kind;
    names.emplace_back(each.name);
  }
  refuse_choice("pruner =", name, names);
}

std::unique_ptr<Pruner> make_pruner(PrunerKind kind, const PrunerOptions& options, std::string_view study_name) {
  switch (kind) {
    case PrunerKind::none:
      return std::make_unique<NoPruner>();
    case PrunerKind::median:
      return make_percentile(options, 50);
    case PrunerKind::percentile:
      return make_percentile(options, options.percentile);
    case PrunerKind::successive_halving:
      return make_halving(options);
    case PrunerKind::hyperband:
      return make_hyperband(options, study_name);
    case PrunerKind::patient:
      return make_patient(options, study_name);
    case PrunerKind::threshold:
      return make_threshold(options);
    case PrunerKind::wilcoxon:
      return make_wilcoxon(options);
  }
  throw std::logic_error("a kind of pruner that is none");
}

}  // namespace moola::sweep
