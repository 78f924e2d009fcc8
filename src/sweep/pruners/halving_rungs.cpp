#include "sweep/pruners/halving_rungs.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moola::sweep {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// min_resource * factor^power, kNever where that is more.
std::int64_t rung_step(const HalvingOptions& options, std::size_t rung) {
  std::int64_t out = options.min_resource;
  const std::size_t power = static_cast<std::size_t>(options.min_early_stopping_rate) + rung;
  for (std::size_t i = 0; i < power; ++i) {
    if (__builtin_mul_overflow(out, options.reduction_factor, &out)) return kNever;
  }
  return out;
}

}  // namespace

void RungLosses::add(std::size_t rung, double loss) {
  if (rungs_.size() <= rung) rungs_.resize(rung + 1);
  rungs_[rung].fresh.push_back(loss);
}

std::size_t RungLosses::count(std::size_t rung) const {
  return rung < rungs_.size() ? rungs_[rung].sorted.size() + rungs_[rung].fresh.size() : 0;
}

std::size_t RungLosses::count_below(std::size_t rung, double loss) {
  constexpr std::size_t kFew = 64;
  if (rung >= rungs_.size()) return 0;
  auto& [sorted, fresh] = rungs_[rung];
  if (fresh.size() > kFew) {
    std::ranges::sort(fresh);
    const auto middle = static_cast<std::ptrdiff_t>(sorted.size());
    sorted.insert(sorted.end(), fresh.begin(), fresh.end());
    std::inplace_merge(sorted.begin(), sorted.begin() + middle, sorted.end());
    fresh.clear();
  }
  return static_cast<std::size_t>(std::ranges::lower_bound(sorted, loss) - sorted.begin()) +
         static_cast<std::size_t>(std::ranges::count_if(fresh, [&](double each) { return each < loss; }));
}

Judgement climb(const Observation& trial, const HalvingOptions& options, RungLosses& others) {
  Judgement out;
  const auto [step, loss] = trial.reports.back();
  for (std::size_t rung = trial.rungs.size();; ++rung) {
    const std::int64_t reached = rung_step(options, rung);
    if (step < reached || reached == kNever) return out;
    if (std::isnan(loss)) {
      out.prune = true;
      return out;
    }
    out.rungs.push_back(loss);
    const std::size_t competing = others.count(rung) + 1;
    const std::size_t promoted =
        std::max<std::size_t>(competing / static_cast<std::size_t>(options.reduction_factor), 1);
    if (competing <= options.bootstrap_count || others.count_below(rung, loss) >= promoted) {
      out.prune = true;
      return out;
    }
  }
}

std::span<RungLosses> PassedRungs::by_bracket(const History& history, std::size_t brackets,
                                              const std::function<std::size_t(std::uint64_t number)>& bracket_of) {
  if (identity_ != history.identity() || forgotten_ != history.forgotten() || brackets_.size() != brackets) {
    brackets_.assign(brackets, {});
    seen_ = 0;
    identity_ = history.identity();
    forgotten_ = history.forgotten();
  }
  const std::span<const RungPass> passes = history.rung_passes();
  for (; seen_ < passes.size(); ++seen_)
    brackets_[bracket_of(passes[seen_].number)].add(passes[seen_].rung, passes[seen_].loss);
  return brackets_;
}

std::optional<std::int64_t> FirstCompleteTrial::last_step(const History& history) {
  if (identity_ != history.identity()) {
    step_.reset();
    seen_ = 0;
    identity_ = history.identity();
  }
  for (; !step_ && seen_ < history.finished().size(); ++seen_) {
    const Observation& trial = history.trials()[history.finished()[seen_]];
    if (trial.state == TrialState::complete && !trial.reports.empty()) step_ = trial.reports.back().step;
  }
  return step_;
}

}  // namespace moola::sweep
