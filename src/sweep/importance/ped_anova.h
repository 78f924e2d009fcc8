#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sweep/study/trial.h"

namespace moola::sweep {

struct PedAnovaOptions {
  std::optional<std::size_t> objective = {};  // of several: which; none: of being on their common front
  double target = 0.1;                        // share of the trials that are the good ones, above 0 and below `region`
  double region = 1;                          // share of the trials among which that is asked, at most 1
  bool within_trials = true;  // against where the trials of the region lie; else against the whole range
};

struct ParameterImportance {
  std::string name;
  double divergence = 0;   // how differently good trials have chosen it; 0: no differently
  double share = 0;        // of the sum of all divergences, equal where all are 0
  std::size_t trials = 0;  // complete ones that have it
};

/// How much each parameter has to do with whether a trial is one of the good ones, most important first, equals by
/// name. Trials count that are complete with finite values; below two of them all divergences are 0.
///
/// Where the good trials lie and where all do is estimated by a density for each, on a grid of at most 50 values, with
/// Scott's bandwidth; the Pearson divergence of the two is the importance. It looks at one parameter at a time: of two
/// that matter only together it sees what each does on the average of the other. A parameter that only some trials
/// have, or whose range has changed, is looked at among those that have it alike. Equal to Optuna 5's
/// PedAnovaImportanceEvaluator.
///
/// Cost O(trials * parameters), about 0.1 µs each. Throws std::invalid_argument for quantiles out of order and an
/// objective that the study lacks.
/// Source: Watanabe, Bansal, Hutter 2023, "PED-ANOVA", https://arxiv.org/abs/2304.10255; conditions: Ito, Watanabe,
/// Kuriyama 2026, https://arxiv.org/abs/2601.20800.
std::vector<ParameterImportance> ped_anova(const Study& study, const PedAnovaOptions& options = {});

}  // namespace moola::sweep
