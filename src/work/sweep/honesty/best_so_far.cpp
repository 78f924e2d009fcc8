#include "work/sweep/honesty/best_so_far.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "work/sweep/study/best_trial.h"

namespace moola::work {
namespace {

constexpr std::size_t kPoints = 200;

// Mean and squares of Sharpe ratios so far (Welford).
struct Spread {
  double count = 0, mean = 0, squares = 0;
  void add(double x) {
    const double before = x - mean;
    mean += before / ++count;
    squares += before * (x - mean);
  }
  double variance(std::size_t observations) const {
    return count > 1 ? squares / (count - 1) : 1.0 / static_cast<double>(observations - 1);
  }
};

}  // namespace

Json best_so_far(const sweep::Study& study, const StudyReturns& returns,
                 std::span<const validation::ReturnMoments> moments, double mean_noise) {
  Json out = Json::array();
  const bool maximise = study.directions.front() == sweep::Direction::maximize;
  const double sign = maximise ? -1 : 1;
  const auto complete =
      static_cast<std::size_t>(std::ranges::count(study.trials, sweep::TrialState::complete, &sweep::Trial::state));
  const std::size_t every = std::max<std::size_t>(1, complete / kPoints);
  Spread spread;
  std::size_t trials = 0;
  std::optional<std::uint64_t> best;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    const sweep::Trial& trial = study.trials[number];
    if (trial.state != sweep::TrialState::complete || trial.values.size() != 1) continue;
    ++trials;
    if (const auto at = returns.find(number); at && *at < moments.size()) spread.add(moments[*at].sharpe);
    const double value = trial.values.front();
    const bool is_better =
        !std::isnan(value) && is_feasible(trial) && (!best || sign * value < sign * study.trials[*best].values.front());
    if (is_better) best = number;
    if (!best || (!is_better && trials % every != 0 && trials != complete)) continue;
    const double best_value = study.trials[*best].values.front();
    Json point = {{"trials", trials}, {"best", *best}, {"value", best_value}};
    if (const auto at = returns.find(*best); at && *at < moments.size()) {
      const double variance = spread.variance(returns.rows()), count = static_cast<double>(trials);
      const double by_luck = validation::deflation_benchmark(variance, count);
      point.update({{"sharpe", moments[*at].sharpe},
                    {"expected_maximum", by_luck},
                    {"corrected", moments[*at].sharpe - by_luck},
                    {"dsr", validation::deflated_sharpe(moments[*at], variance, count)}});
    }
    if (!std::isnan(mean_noise)) {
      const double by_luck = mean_noise * validation::expected_maximum(static_cast<double>(trials));
      point["corrected_value"] = best_value + sign * by_luck;
    }
    out.push_back(std::move(point));
  }
  return out;
}

}  // namespace moola::work
