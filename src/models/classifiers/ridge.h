#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace moola::models {

/// Rows of features, and what class each is of.
struct RidgeRows {
  std::span<const float> features;  // (rows, columns) row by row
  std::size_t columns = 0;
  std::span<const std::int32_t> truth;  // (rows) 0 to classes - 1
  std::size_t classes = 0;
  std::span<const double> weight = {};  // (rows) 0 or more; empty: 1

  std::size_t rows() const { return truth.size(); }
};

struct RidgeOptions {
  // Penalties to choose from: 10 from 1e-3 to 1e3, each 10^(2/3) of the one before.
  std::vector<double> alphas = {
      1e-3, 4.6415888336127789e-3, 2.1544346900318837e-2, 0.1, 0.46415888336127789, 2.1544346900318837,
      10,   46.415888336127789,    215.44346900318837,    1e3};
  bool standardise = true;  // divide each feature by its standard deviation over the rows
};

/// A linear function of the features for each class.
struct RidgeClassifier {
  std::size_t classes = 0, columns = 0;
  std::vector<double> coefficients = {};  // (classes, columns) of (feature - mean) / scale
  std::vector<double> intercept = {};     // (classes)
  std::vector<double> mean = {};          // (columns) over the rows, by weight
  std::vector<double> scale = {};         // (columns) 1 where it is not standardised or never changes
  double alpha = 0;                       // the penalty that was chosen
  // (alphas) mean squared error at rows that were left out; infinite where rounding hides it.
  std::vector<double> left_out_error = {};
};

/// How many rows or features, whichever are fewer, fit_ridge takes.
inline constexpr std::size_t kMostRidge = 6000;

/// For each class the least squares of w (f(x) - y)^2 + alpha |coefficients|^2, y = 1 for its rows and -1 for all
/// others. Alpha is the first of those with the least mean squared error, by weight and over all classes, when each row
/// is left out in turn; means and scales are those of all rows. A weight of 2 counts as the row twice, but is left out
/// as one. A feature that never changes has the coefficient 0.
///
/// With m the lesser of n rows and p features, L the larger: time O(L m^2) on `threads` threads, and O(m^3) on one, as
/// long for any number of alphas: with L = 10,000 some 2 s at m = 1000 and 2 to 4 minutes at 6000. Memory 16 m^2 bytes
/// (550 MiB at 6000) beside the features. The same bits on any number of threads.
///
/// Throws ConfigError for m above kMostRidge, no alpha, one that is not above 0, and when all are lost in rounding;
/// DataError for a feature that is not finite, a truth that is no class, a weight that is negative or not finite, each
/// with its row, and when fewer than two classes have weight.
///
/// Source: Hoerl and Kennard, Ridge regression (1970); Allen, PRESS (1974); as scikit-learn's RidgeClassifierCV.
RidgeClassifier fit_ridge(const RidgeRows& rows, const RidgeOptions& options = {}, unsigned threads = 1);

/// (rows, classes): how much speaks for each class, about 1 for its rows and -1 for others; the predicted class is that
/// of the largest. These are no probabilities, nor does a softmax make them any: calibrate them on rows that were not
/// fitted to. The same bits for a row whatever stands beside it.
/// Throws DataError naming the row of a feature that is not finite.
std::vector<double> decision_values(const RidgeClassifier& fitted, std::span<const float> features,
                                    unsigned threads = 1);

}  // namespace moola::models
