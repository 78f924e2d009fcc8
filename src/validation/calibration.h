#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "validation/forecast_scores.h"

namespace moola::validation {

/// How probabilities are brought to what came:
/// - temperature: softmax(log p / T), one T of all classes, which minimises the log loss. Keeps the predicted class.
///   Source: Guo et al., On calibration of modern neural networks (2017).
/// - sigmoid: of each class against the rest 1 / (1 + e^-(slope z + intercept)), z = log(p / (1 - p)), fitted to the
///   targets (n1 + 1) / (n1 + 2) of rows that came and 1 / (n0 + 2) of others. Source: Platt (1999); Lin, Lin and Weng,
///   A note on Platt's probabilistic outputs (2007).
/// - isotonic: of each class against the rest the rising function nearest to what came in squares, by pooling
///   neighbours that fall, with straight lines between pools. Source: Zadrozny and Elkan (2002).
/// - automatic: isotonic where every class has kAutomaticIsotonicRows, below which it fits chance (Niculescu-Mizil and
///   Caruana, Predicting good probabilities, 2005), else temperature, which asks least of the rows.
/// What is fitted class by class is divided by the row's sum afterwards, and may predict another class than before.
enum class CalibrationMethod : std::uint8_t { none, temperature, sigmoid, isotonic, automatic };
CalibrationMethod parse_calibration_method(const std::string& name);
std::string_view to_string(CalibrationMethod method);

inline constexpr double kLeastTemperature = 0.01, kMostTemperature = 100;
inline constexpr std::size_t kIsotonicRows = 100, kAutomaticIsotonicRows = 1000;  // of each class, of weight above 0

struct SigmoidCurve {
  double slope = 1, intercept = 0;
  friend bool operator==(const SigmoidCurve&, const SigmoidCurve&) = default;
};

/// Straight lines between points, level before the first and after the last.
struct IsotonicCurve {
  std::vector<double> at = {};     // probabilities given, each above the one before
  std::vector<double> share = {};  // that came there, not falling
  friend bool operator==(const IsotonicCurve&, const IsotonicCurve&) = default;
};

/// All that a fitted calibration is.
struct Calibrator {
  CalibrationMethod method = CalibrationMethod::none;  // never automatic
  std::size_t classes = 0;
  double temperature = 1;
  bool at_bound = false;  // the loss falls on beyond: all was right (at the least T), or misled (at the most)
  std::vector<SigmoidCurve> sigmoid = {};    // (classes), of sigmoid alone
  std::vector<IsotonicCurve> isotonic = {};  // (classes), of isotonic alone
  std::vector<double> prior = {};            // (classes) shares of the rows, by weight; none without a method
  friend bool operator==(const Calibrator&, const Calibrator&) = default;
};

/// `held_out`: forecasts of rows that the model did not learn from, purged. Rows of no weight do not count; a weight w
/// counts as w rows, also in Platt's targets. The temperature lies between its bounds; a probability below 2.2e-16
/// counts as that for it, and for the sigmoid 1e-6 to 1 - 1e-6 are the ends.
///
/// Cost O(classes n) a step, of which there are about ten; isotonic O(classes n log n). The same bits on every machine.
/// Throws DataError as check_forecasts, and naming a class that never came (but for `none`); ConfigError for isotonic
/// with fewer than kIsotonicRows of a class.
Calibrator fit_calibrator(CalibrationMethod method, const Forecasts& held_out);

/// `probability` (rows, classes) row by row, calibrated: each row sums to 1. Isotonic gives 0 and 1 where nothing else
/// came; a row whose classes all become 0 gets the priors. Cost O(rows classes), times log points for isotonic. Throws
/// DataError for probabilities as check_forecasts, and for a calibrator as check_calibrator.
std::vector<double> calibrate(const Calibrator& calibrator, std::span<const double> probability);

/// For one that was read from a file. Throws DataError naming what no fit makes: curves of another number than the
/// classes, a temperature out of bounds, points that fall, shares beyond 0 to 1.
void check_calibrator(const Calibrator& calibrator);

}  // namespace moola::validation
