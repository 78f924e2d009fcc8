#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "validation/forecast_scores.h"

namespace moola::validation {

/// How badly a class fits a forecast; a set holds the classes that fit no worse than most of the held-out rows did.
/// - lac: 1 - p. The smallest sets on average, some of them empty. Source: Sadinle, Lei and Wasserman (2019).
/// - aps: the probabilities from the likeliest class to this one, over their sum; classes that are as likely in order.
///   Larger sets where the model is unsure. Source: Romano, Sesia and Candes (2020).
/// - randomised_aps: of this class's own probability only the part `draws` says: covers 1 - miscoverage, and no more.
enum class ConformalScore : std::uint8_t { lac, aps, randomised_aps };
ConformalScore parse_conformal_score(const std::string& name);
std::string_view to_string(ConformalScore score);

struct ConformalOptions {
  ConformalScore score = ConformalScore::lac;
  double miscoverage = 0.1;  // how often the class that comes may be outside; above 0 and below 1
  bool by_class = false;     // keep that for each class, with a threshold of its own; else over all rows
  bool never_empty = false;  // the likeliest class is always in the set
  friend bool operator==(const ConformalOptions&, const ConformalOptions&) = default;
};

/// All that a fitted predictor of sets is.
struct ConformalPredictor {
  ConformalOptions options = {};
  std::size_t classes = 0;
  std::vector<double> threshold = {};  // (classes) infinity: too few rows to leave the class out of any set
  std::vector<std::size_t> rows = {};  // (classes) that came, of weight above 0
  friend bool operator==(const ConformalPredictor&, const ConformalPredictor&) = default;
};

/// The least score that `scores` of n rows are at or below so often that one more is too with the chance
/// 1 - miscoverage: the ceil((n + 1)(1 - miscoverage))-th from below, and infinity where that is above n. With weights
/// the one more weighs as much as the heaviest (Barber et al., Conformal prediction beyond exchangeability, 2023).
/// (n + 1) times a decimal that comes to a whole number is taken as that. Cost O(n log n).
double conformal_quantile(std::span<const double> scores, double miscoverage, std::span<const double> weight = {});

/// `held_out`: forecasts of rows that neither the model nor its calibrator learned from, purged. Of rows that could
/// come in any order the next one's class is in its set at least with the chance 1 - miscoverage; prices are no such
/// rows, so measure it on later ones (score_sets). Rows of no weight do not count.
///
/// `draws` (rows): of randomised_aps, 0 to 1, uniform and independent of all else; otherwise empty. The same bits on
/// every machine. Throws DataError as check_forecasts; ConfigError for a miscoverage that leaves no choice, and more
/// than 64 classes.
ConformalPredictor fit_conformal(const Forecasts& held_out, const ConformalOptions& options = {},
                                 std::span<const double> draws = {});

/// The set of each row of `probability` (rows, classes): bit c is class c. `draws` as in fit_conformal, but of these
/// rows. Cost O(rows classes log classes). Throws DataError for probabilities as check_forecasts, and for a predictor
/// that no fit makes.
std::vector<std::uint64_t> prediction_sets(const ConformalPredictor& predictor, std::span<const double> probability,
                                           std::span<const double> draws = {});

/// Shares of rows, by weight.
struct SetScores {
  double coverage = 0;  // in whose set the class that came is
  double mean_size = 0;
  double singletons = 0, empty = 0;
  std::vector<double> coverage_by_class = {};  // NaN of a class that never came
};

/// Throws DataError for a truth that is no class and a weight below 0, naming the row, and for no row of any weight.
SetScores score_sets(std::span<const std::uint64_t> sets, std::size_t classes, std::span<const std::int32_t> truth,
                     std::span<const double> weight = {});

}  // namespace moola::validation
