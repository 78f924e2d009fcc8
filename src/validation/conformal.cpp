#include "validation/conformal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/error.h"
#include "base/named_choice.h"

namespace moola::validation {
namespace {

constexpr auto kScores = std::to_array<NamedChoice<ConformalScore>>(
    {{"lac", ConformalScore::lac}, {"aps", ConformalScore::aps}, {"randomised_aps", ConformalScore::randomised_aps}});
constexpr std::size_t kMostClasses = 64;  // bits of a set

void check_draws(ConformalScore score, std::span<const double> draws, std::size_t rows) {
  if (draws.size() != (score == ConformalScore::randomised_aps ? rows : 0))
    throw std::invalid_argument("a draw for each row is what the randomised score asks for, and no other");
  for (const double draw : draws) {
    if (!(draw >= 0 && draw <= 1)) throw std::invalid_argument("a draw beyond 0 to 1");
  }
}

// Scores of all classes in a row.
class RowScores {
 public:
  RowScores(ConformalScore score, std::size_t classes) : score_(score), order_(classes), scores_(classes) {}

  const std::vector<double>& of(std::span<const double> p, double draw) {
    if (score_ == ConformalScore::lac) {
      for (std::size_t c = 0; c < p.size(); ++c) scores_[c] = 1 - p[c];
      return scores_;
    }
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(),
              [&](std::size_t a, std::size_t b) { return p[a] > p[b] || (p[a] == p[b] && a < b); });
    // Over their sum, in this order: the last class scores 1 to the bit, and rounding makes no two sorts of it.
    double all = 0, before = 0;
    for (const std::size_t c : order_) all += p[c];
    for (const std::size_t c : order_) {
      scores_[c] = (before + draw * p[c]) / all;
      before += p[c];
    }
    return scores_;
  }

 private:
  ConformalScore score_;
  std::vector<std::size_t> order_;
  std::vector<double> scores_;
};

}  // namespace

ConformalScore parse_conformal_score(const std::string& name) {
  return parse_choice("score =", name, kScores);
}

std::string_view to_string(ConformalScore score) {
  return name_of(score, kScores);
}

double conformal_quantile(std::span<const double> scores, double miscoverage, std::span<const double> weight) {
  if (!weight.empty() && weight.size() != scores.size())
    throw std::invalid_argument("weights of another number than the scores");
  const auto weight_of = [&](std::size_t row) { return weight.empty() ? 1.0 : weight[row]; };
  std::vector<std::size_t> rows;
  double all = 0, most = 0;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    if (!(weight_of(row) > 0)) continue;
    rows.push_back(row);
    all += weight_of(row);
    most = std::max(most, weight_of(row));
  }
  std::sort(rows.begin(), rows.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] < scores[b] || (scores[a] == scores[b] && a < b); });
  // 1 - 0.07 is no double: where the product stands for a whole number it may come out above, and ask for a rank more.
  const double enough = (1 - miscoverage) * (all + most) * (1 - 1e-12);
  double so_far = 0;
  for (const std::size_t row : rows) {
    so_far += weight_of(row);
    if (so_far >= enough) return scores[row];
  }
  return std::numeric_limits<double>::infinity();
}

ConformalPredictor fit_conformal(const Forecasts& held_out, const ConformalOptions& options,
                                 std::span<const double> draws) {
  if (!(options.miscoverage > 0 && options.miscoverage < 1))
    throw ConfigError(fmt::format("a miscoverage of {}: expected above 0 and below 1.", options.miscoverage));
  if (held_out.classes > kMostClasses)
    throw ConfigError(fmt::format("sets of {} classes: there are {} at most.", held_out.classes, kMostClasses));
  check_forecasts(held_out);
  check_draws(options.score, draws, held_out.rows());
  const std::size_t n = held_out.rows(), classes = held_out.classes;
  ConformalPredictor out{.options = options,
                         .classes = classes,
                         .threshold = std::vector<double>(classes),
                         .rows = std::vector<std::size_t>(classes)};
  RowScores row_scores(options.score, classes);
  std::vector<std::vector<double>> scores(options.by_class ? classes : 1), weights(scores.size());
  for (std::size_t row = 0; row < n; ++row) {
    const auto truth = static_cast<std::size_t>(held_out.truth[row]);
    const double weight = held_out.weight.empty() ? 1 : held_out.weight[row];
    const std::size_t group = options.by_class ? truth : 0;
    const double draw = draws.empty() ? 1 : draws[row];
    scores[group].push_back(row_scores.of(held_out.probability.subspan(row * classes, classes), draw)[truth]);
    weights[group].push_back(weight);
    out.rows[truth] += weight > 0 ? 1 : 0;
  }
  for (std::size_t group = 0; group < scores.size(); ++group)
    out.threshold[group] = conformal_quantile(scores[group], options.miscoverage, weights[group]);
  if (!options.by_class) std::fill(out.threshold.begin(), out.threshold.end(), out.threshold.front());
  return out;
}

std::vector<std::uint64_t> prediction_sets(const ConformalPredictor& predictor, std::span<const double> probability,
                                           std::span<const double> draws) {
  const std::size_t classes = predictor.classes;
  const std::vector<double>& threshold = predictor.threshold;
  if (classes == 0 || classes > kMostClasses || threshold.size() != classes ||
      std::any_of(threshold.begin(), threshold.end(), [](double each) { return std::isnan(each); })) {
    throw DataError(
        fmt::format("a predictor of sets has {} classes and {} thresholds: expected a number for each of 1 to {} "
                    "classes. Fit it again.",
                    classes, threshold.size(), kMostClasses));
  }
  if (probability.size() % classes != 0) throw std::invalid_argument("probabilities that fill no rows");
  const std::size_t rows = probability.size() / classes;
  check_draws(predictor.options.score, draws, rows);
  if (rows == 0) return {};
  // What is asked of probabilities does not depend on what came.
  check_forecasts({.classes = classes, .probability = probability, .truth = std::vector<std::int32_t>(rows)});
  RowScores row_scores(predictor.options.score, classes);
  std::vector<std::uint64_t> out(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto p = probability.subspan(row * classes, classes);
    const std::vector<double>& scores = row_scores.of(p, draws.empty() ? 1 : draws[row]);
    for (std::size_t c = 0; c < classes; ++c) {
      if (scores[c] <= threshold[c]) out[row] |= std::uint64_t{1} << c;
    }
    if (predictor.options.never_empty)
      out[row] |= std::uint64_t{1} << (std::max_element(p.begin(), p.end()) - p.begin());
  }
  return out;
}

SetScores score_sets(std::span<const std::uint64_t> sets, std::size_t classes, std::span<const std::int32_t> truth,
                     std::span<const double> weight) {
  const std::size_t n = truth.size();
  if (sets.size() != n || (!weight.empty() && weight.size() != n))
    throw std::invalid_argument("sets, what came and weights are of unequal number");
  if (classes == 0 || classes > kMostClasses) throw std::invalid_argument("sets of no classes, or of more than bits");
  std::vector<double> came(classes), covered(classes);
  double all = 0;
  SetScores out;
  for (std::size_t row = 0; row < n; ++row) {
    if (truth[row] < 0 || static_cast<std::size_t>(truth[row]) >= classes) {
      throw DataError(fmt::format("row {} is of class {}; there are 0 to {}. Leave rows without a label out.", row,
                                  truth[row], classes - 1));
    }
    if (classes < kMostClasses && sets[row] >> classes != 0)
      throw std::invalid_argument("a set that holds a class which is none");
    const double w = weight.empty() ? 1 : weight[row];
    if (!(w >= 0) || !std::isfinite(w)) throw DataError(fmt::format("row {} weighs {}: expected 0 or more.", row, w));
    const auto of_class = static_cast<std::size_t>(truth[row]);
    const int size = std::popcount(sets[row]);
    all += w;
    came[of_class] += w;
    covered[of_class] += (sets[row] >> of_class & 1) != 0 ? w : 0;
    out.mean_size += w * size;
    out.singletons += size == 1 ? w : 0;
    out.empty += size == 0 ? w : 0;
  }
  if (!(all > 0)) throw DataError(fmt::format("none of {} rows has a weight: there is nothing to score.", n));
  out.coverage = std::accumulate(covered.begin(), covered.end(), 0.0) / all;
  out.mean_size /= all;
  out.singletons /= all;
  out.empty /= all;
  for (std::size_t c = 0; c < classes; ++c)
    out.coverage_by_class.push_back(came[c] > 0 ? covered[c] / came[c] : std::numeric_limits<double>::quiet_NaN());
  return out;
}

}  // namespace moola::validation
