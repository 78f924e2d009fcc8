#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/isa.h"
#include "models/classifiers/classifier.h"

namespace moola::models {

/// Samples in one table, and what class each is of.
struct LogisticRows {
  Samples samples;                      // features: steps x channels of each
  std::span<const std::size_t> at;      // (rows) which samples
  std::span<const std::int32_t> truth;  // (rows) 0 to classes - 1
  std::span<const double> weight;       // (rows) above 0
  std::size_t classes = 0;              // 2 or more; each comes

  std::size_t rows() const { return at.size(); }
  std::size_t features() const { return samples.steps * samples.channels; }
};

struct LogisticOptions {
  double c = 1;             // the inverse of the penalty's strength
  double tolerance = 1e-6;  // largest part of the gradient of the mean loss at which the fit is done
  int max_iterations = 500;
};

/// (classes, features) coefficients, then (classes) intercepts.
struct LogisticFit {
  std::size_t classes = 0, features = 0;
  std::vector<double> values = {};
  int iterations = 0;
  double loss = 0;         // the mean by weight, nats, without the penalty
  double gradient = 0;     // the largest part of the gradient at the end
  bool converged = false;  // that is at most the tolerance
  std::string ended = {};  // why it ended, for people

  std::span<const double> coefficients() const { return std::span(values).first(classes * features); }
  std::span<const double> intercepts() const { return std::span(values).last(classes); }
};

/// The mean by weight of the loss -log p[truth], p the softmax of what the classes' linear functions say, plus
/// strength / 2 |coefficients|^2; `gradient` gets its derivatives by `values`. The same bits on any number of threads
/// and of any set of instructions.
double logistic_loss(const LogisticRows& rows, double strength, std::span<const double> values,
                     std::span<double> gradient, unsigned threads = 1, Isa set = isa());

/// Minimises 1/2 |coefficients|^2 + c sum of weight x loss by L-BFGS; intercepts are free. Of two classes the penalty
/// is on the difference of their coefficients, so that for any number of classes the optimum is scikit-learn's. A
/// weight of 2 counts as the row twice.
///
/// Each evaluation reads all rows once: about rows x features x classes / 2 ns on one thread. Memory 20 numbers per
/// coefficient, and 128 gradients at most. `check_stop` is called between iterations and may throw. Throws DataError
/// where features are so large that the loss has no number.
/// Source: Liu and Nocedal, On the limited memory BFGS method (1989).
LogisticFit fit_logistic(
    const LogisticRows& rows, const LogisticOptions& options, unsigned threads = 1,
    const std::function<void()>& check_stop = [] {});

/// (samples, classes): probabilities, each row's whatever stands beside it.
std::vector<double> logistic_probabilities(const LogisticFit& fit, const Samples& samples, unsigned threads = 1);

/// What a fit has to tell: iterations, converged, gradient, loss and why it ended.
Json told_of(const LogisticFit& fit);

/// "logistic": softmax regression on one row of features, or on all of a window's. Classes that never came get the
/// probability 0. Importance: the size of a feature's coefficients, which means something when features are scaled.
ModelKind logistic_regression_model();

}  // namespace moola::models
