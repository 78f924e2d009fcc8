#include "work/evaluate/results/forecast_results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace moola::work {
namespace {

using validation::ForecastScores;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kLeastRows = 100, kMostClasses = 64;

double loss_of(double probability) {
  return -std::log(std::max(probability, std::numeric_limits<double>::epsilon()));
}

std::size_t likeliest(const double* p, std::size_t classes) {
  return static_cast<std::size_t>(std::max_element(p, p + classes) - p);
}

// float32 rounds what summed to 1.
void append_normalised(const float* p, std::size_t classes, std::vector<double>& out) {
  double sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += static_cast<double>(p[c]);
  for (std::size_t c = 0; c < classes; ++c) out.push_back(static_cast<double>(p[c]) / sum);
}

void add_rows(const ScoredRows& scored, std::size_t classes, ForecastResult& out, std::vector<std::uint32_t>& count) {
  for (std::size_t i = 0; i < scored.row.size(); ++i) {
    const std::size_t row = scored.row[i];
    const double* const p = scored.probability.data() + i * classes;
    const auto truth = static_cast<std::size_t>(scored.truth[i]);
    if (count[row]++ == 0) out.right[row] = out.loss[row] = out.brier[row] = 0;
    out.right[row] += likeliest(p, classes) == truth ? 1 : 0;
    out.loss[row] += loss_of(p[truth]);
    for (std::size_t c = 0; c < classes; ++c)
      out.brier[row] += (p[c] - (c == truth ? 1 : 0)) * (p[c] - (c == truth ? 1 : 0));
  }
}

// The mean of several paths' scores, number by number.
ForecastScores mean_scores(const std::vector<ForecastScores>& all) {
  ForecastScores out = all.front();
  const auto average = [&](auto&& of) {
    double sum = 0;
    for (const ForecastScores& each : all) sum += of(each);
    return sum / static_cast<double>(all.size());
  };
  for (double ForecastScores::*field :
       {&ForecastScores::accuracy, &ForecastScores::balanced_accuracy, &ForecastScores::macro_precision,
        &ForecastScores::macro_recall, &ForecastScores::macro_f1, &ForecastScores::mcc, &ForecastScores::log_loss,
        &ForecastScores::brier, &ForecastScores::ece_width, &ForecastScores::ece_mass, &ForecastScores::roc_auc,
        &ForecastScores::pr_auc})
    out.*field = average([&](const ForecastScores& each) { return each.*field; });
  for (std::size_t c = 0; c < out.by_class.size(); ++c) {
    for (double validation::ClassScores::*field :
         {&validation::ClassScores::precision, &validation::ClassScores::recall, &validation::ClassScores::f1,
          &validation::ClassScores::roc_auc, &validation::ClassScores::pr_auc, &validation::ClassScores::share})
      out.by_class[c].*field = average([&](const ForecastScores& each) { return each.by_class[c].*field; });
  }
  for (std::size_t i = 0; i < out.confusion.size(); ++i)
    out.confusion[i] = average([&](const ForecastScores& each) { return each.confusion[i]; });
  return out;
}

}  // namespace

std::vector<FoldScore> score_folds(const EvaluationData& data, const std::vector<const FoldResult*>& folds) {
  const std::size_t classes = data.classes();
  std::vector<FoldScore> out;
  std::vector<double> p;
  for (const FoldResult* const fold : folds) {
    FoldScore score{.accuracy = kNone, .log_loss = kNone};
    double right = 0, loss = 0;
    for (std::size_t i = 0; fold != nullptr && i < fold->row.size(); ++i) {
      const std::size_t row = static_cast<std::size_t>(fold->row[i]) - data.first_row;
      if (data.label[row] < 0) continue;
      const auto truth = static_cast<std::size_t>(data.label[row]);
      p.clear();
      append_normalised(fold->probability.data() + i * classes, classes, p);
      ++score.rows;
      right += likeliest(p.data(), classes) == truth ? 1 : 0;
      loss += loss_of(p[truth]);
    }
    if (score.rows > 0) {
      score.accuracy = right / static_cast<double>(score.rows);
      score.log_loss = loss / static_cast<double>(score.rows);
    }
    out.push_back(score);
  }
  return out;
}

ScoredRows scored_rows(const EvaluationData& data, const PathForecast& forecast) {
  ScoredRows out;
  const std::size_t classes = data.classes();
  for (std::size_t row = 0; row < data.size(); ++row) {
    const float* const p = forecast.probability.data() + row * classes;
    if (data.label[row] < 0 || std::isnan(p[0])) continue;
    append_normalised(p, classes, out.probability);
    out.truth.push_back(data.label[row]);
    out.row.push_back(row);
  }
  return out;
}

ForecastResult score_paths(const EvaluationData& data, const EvaluationSplits& splits,
                           const std::vector<const FoldResult*>& folds) {
  const std::size_t n = data.size(), classes = data.classes();
  ForecastResult out{.right = std::vector<double>(n, kNone),
                     .loss = std::vector<double>(n, kNone),
                     .brier = std::vector<double>(n, kNone)};
  std::vector<std::uint32_t> count(n);
  std::vector<ForecastScores> all;
  std::vector<std::tuple<double, std::size_t>> losses;
  for (std::size_t path = 0; path < splits.paths.size(); ++path) {
    const ScoredRows scored = scored_rows(data, path_forecast(data, splits.paths[path], folds));
    if (scored.row.empty()) continue;
    all.push_back(validation::ForecastScorer(scored.forecasts(classes)).scores());
    losses.emplace_back(all.back().log_loss, path);
    add_rows(scored, classes, out, count);
  }
  for (std::size_t row = 0; row < n; ++row) {
    if (count[row] < 2) continue;
    for (auto* column : {&out.right, &out.loss, &out.brier}) (*column)[row] /= count[row];
  }
  if (all.empty()) return out;
  std::ranges::sort(losses);
  out.median = std::get<1>(losses[(losses.size() - 1) / 2]);
  out.scores = mean_scores(all);
  return out;
}

ReliabilityResult measure_path_reliability(const EvaluationData& data, const ScoredRows& scored, std::size_t path) {
  const validation::Forecasts forecasts = scored.forecasts(data.classes());
  ReliabilityResult out{.path = path};
  out.by_width = validation::measure_reliability(forecasts).predicted;
  out.by_mass = validation::measure_reliability(forecasts, {.by = validation::ReliabilityBins::equal_mass}).predicted;
  out.histogram = validation::measure_reliability(forecasts, {.bins = 40}).predicted.bins;
  return out;
}

std::optional<ConformalResult> measure_path_sets(const EvaluationData& data, const ScoredRows& scored) {
  const std::size_t n = scored.row.size(), classes = data.classes(), half = n / 2;
  if (half < kLeastRows || classes > kMostClasses) return std::nullopt;
  ConformalResult out{.measured = n - half, .from = data.time[scored.row[half]]};
  std::vector<double> held;
  std::vector<std::int32_t> truth;
  for (std::size_t i = 0; i < half; ++i) {
    // Its label is known before the first measured row, or it tells of what is measured.
    if (data.intervals().end(scored.row[i]) >= out.from) {
      ++out.purged;
      continue;
    }
    held.insert(held.end(), scored.probability.begin() + static_cast<std::ptrdiff_t>(i * classes),
                scored.probability.begin() + static_cast<std::ptrdiff_t>((i + 1) * classes));
    truth.push_back(scored.truth[i]);
  }
  out.calibrated = truth.size();
  if (out.calibrated < kLeastRows) return std::nullopt;
  const auto measured = std::span(scored.probability).subspan(half * classes);
  const auto came = std::span(scored.truth).subspan(half);
  const auto scores = [&](validation::ConformalScore score) {
    const validation::ConformalPredictor predictor =
        validation::fit_conformal({.classes = classes, .probability = held, .truth = truth},
                                  {.score = score, .miscoverage = kConformalMiscoverage});
    return validation::score_sets(validation::prediction_sets(predictor, measured), classes, came);
  };
  out.lac = scores(validation::ConformalScore::lac);
  out.aps = scores(validation::ConformalScore::aps);
  return out;
}

}  // namespace moola::work
