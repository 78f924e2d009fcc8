#include "work/sweep/honesty/fold_scores.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "validation/sharpe.h"
#include "work/sweep/honesty/effective_trials.h"
#include "work/sweep/honesty/trial_recorder.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

std::vector<double> scores_of(const sweep::Trial& trial) {
  const std::optional<Json> list = read_attribute(trial.user, kFoldScores);
  std::vector<double> out;
  if (!list || !list->is_array()) return {};
  for (const Json& each : *list) {
    const std::optional<double> value = json_number(each);
    if (!value || !std::isfinite(*value)) return {};
    out.push_back(*value);
  }
  return out;
}

}  // namespace

std::optional<FoldScores> fold_scores_of(const sweep::Study& study) {
  std::map<std::size_t, FoldScores> by_folds;
  for (std::uint64_t number = 0; number < study.trials.size(); ++number) {
    if (study.trials[number].state != sweep::TrialState::complete) continue;
    const std::vector<double> scores = scores_of(study.trials[number]);
    if (scores.size() < 2) continue;
    FoldScores& out = by_folds[scores.size()];
    if (const std::optional<Json> said = read_attribute(study.trials[number].user, kFoldTests)) {
      const double tests = json_number(*said).value_or(1);
      if (std::isfinite(tests)) out.tests = std::max(out.tests, tests);
    }
    out.folds = scores.size();
    out.trials.push_back(number);
    out.values.insert(out.values.end(), scores.begin(), scores.end());
  }
  const auto most = std::ranges::max_element(by_folds, {}, [](const auto& each) { return each.second.trials.size(); });
  if (most == by_folds.end() || most->second.trials.size() < 2) return std::nullopt;
  return most->second;
}

std::optional<FoldLuck> measure_fold_luck(const FoldScores& scores, std::size_t judged, bool maximise,
                                          unsigned threads) {
  const std::size_t trials = scores.trials.size(), folds = scores.folds;
  if (folds < 3 || trials < 2) return std::nullopt;
  const auto trial_count = static_cast<double>(trials), fold_count = static_cast<double>(folds);
  std::vector<double> trial_mean(trials), fold_mean(folds);
  FoldLuck out;
  for (std::size_t t = 0; t < trials; ++t) {
    for (std::size_t f = 0; f < folds; ++f) {
      const double score = scores.values[t * folds + f];
      trial_mean[t] += score / fold_count;
      fold_mean[f] += score / trial_count;
      out.grand_mean += score / (trial_count * fold_count);
    }
  }
  std::vector<double> apart(trials * folds);  // (folds, trials): scores less their fold's mean
  double squares = 0, all_squares = 0;
  for (std::size_t t = 0; t < trials; ++t) {
    for (std::size_t f = 0; f < folds; ++f) {
      const double less_fold = scores.values[t * folds + f] - fold_mean[f];
      const double noise = less_fold - (trial_mean[t] - out.grand_mean);
      apart[f * trials + t] = less_fold;
      squares += noise * noise;
      all_squares += scores.values[t * folds + f] * scores.values[t * folds + f];
    }
  }
  if (!(squares > 1e-24 * all_squares)) return std::nullopt;  // what is left is rounding
  const double shared = std::min((scores.tests - 1) / (fold_count - 1), 1 - 1 / fold_count);
  out.noise = std::sqrt(squares / ((trial_count - 1) * (fold_count - 1)) / (1 - shared));
  out.mean_noise = out.noise * std::sqrt((1 + (fold_count - 1) * shared) / fold_count);
  out.best_mean = trial_mean[judged];
  out.effective = effective_trials(apart, trials, threads).count;
  const double sign = maximise ? 1 : -1;
  out.expected_best =
      out.grand_mean + sign * out.mean_noise * validation::expected_maximum(static_cast<double>(out.effective));
  out.expected_of_all = out.grand_mean + sign * out.mean_noise * validation::expected_maximum(trial_count);
  return out;
}

}  // namespace moola::work
