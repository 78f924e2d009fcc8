#include "sweep/pruners/wilcoxon_pruner.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "sweep/pruners/signed_rank.h"

namespace moola::sweep {
namespace {

bool all_finite(std::span<const Report> reports) {
  return std::ranges::all_of(reports, [](const Report& each) { return std::isfinite(each.value); });
}

double mean(std::span<const Report> reports) {
  double sum = 0;
  for (const Report& each : reports) sum += each.value;
  return sum / static_cast<double>(reports.size());
}

// At steps that both have; both are sorted by step.
std::vector<double> differences(std::span<const Report> own, std::span<const Report> best) {
  std::vector<double> out;
  for (std::size_t i = 0, j = 0; i < own.size() && j < best.size();) {
    if (own[i].step == best[j].step)
      out.push_back(own[i++].value - best[j++].value);
    else if (own[i].step < best[j].step)
      ++i;
    else
      ++j;
  }
  return out;
}

}  // namespace

const Observation* WilcoxonPruner::best_of(const History& history) {
  if (identity_ != history.identity()) {
    best_.reset();
    seen_ = 0;
    identity_ = history.identity();
  }
  for (; seen_ < history.finished().size(); ++seen_) {
    const Observation& trial = history.trials()[history.finished()[seen_]];
    if (trial.state != TrialState::complete || trial.violation > 0 || trial.reports.size() < options_.instances)
      continue;
    const double least = best_ ? history.trials()[*best_].losses[0] : std::numeric_limits<double>::infinity();
    const double loss = trial.losses[0];
    if (!best_ || loss < least || (loss == least && trial.number < *best_)) best_ = trial.number;
  }
  return best_ ? &history.trials()[*best_] : nullptr;
}

Judgement WilcoxonPruner::judge(const History& history, std::uint64_t number) {
  const std::span<const Report> own = history.trials()[number].reports;
  if (!all_finite(own)) return {};
  const Observation* best = best_of(history);
  if (best == nullptr || best->reports.empty() || !all_finite(best->reports)) return {};
  const std::vector<double> difference = differences(own, best->reports);
  if (difference.size() < std::max<std::size_t>(2, options_.startup_steps)) return {};
  if (mean(own) <= mean(best->reports)) return {};
  return {.prune = signed_rank_p(difference) < options_.p_threshold};
}

}  // namespace moola::sweep
