#include "models/classifiers/ridge.h"

// Its own threads would cut sums by their number; pieces run beside each other instead. No file that is compiled for an
// instruction set of its own includes Eigen: of its templates the linker could keep that copy.
#define EIGEN_DONT_PARALLELIZE

#include <fmt/format.h>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "base/error.h"
#include "base/parallel_pieces.h"

namespace moola::models {
namespace {

using Eigen::Index;
using Matrix = Eigen::MatrixXd;
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Column = Eigen::ArrayXd;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Index kTile = 256;   // rows and columns of a piece of a product
constexpr Index kDepth = 512;  // what is summed over at a time
constexpr std::size_t kColumnsPerPiece = 512, kRowsPerPiece = 64, kLanes = 8;

// Eigen cuts products by the size of the processor's caches, and sums are rounded where they are cut.
void fix_cuts() {
  static const bool fixed = [] {
    Eigen::setCpuCacheSizes(32 << 10, 256 << 10, 2 << 20);
    return true;
  }();
  static_cast<void>(fixed);
}

std::size_t pieces_of(Index count, Index size) {
  return static_cast<std::size_t>((count + size - 1) / size);
}

void check_finite(std::span<const float> features, std::size_t columns) {
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (!std::isfinite(features[i])) {
      throw DataError(
          fmt::format("feature {} of row {} is {}: every feature must be a number. Repair it, or leave the "
                      "row out.",
                      i % columns, i / columns, features[i]));
    }
  }
}

void check(const RidgeRows& rows, const RidgeOptions& options) {
  if (rows.columns == 0 || rows.classes == 0 || rows.features.size() != rows.rows() * rows.columns ||
      (!rows.weight.empty() && rows.weight.size() != rows.rows()))
    throw std::invalid_argument("rows whose parts are of different lengths");
  if (options.alphas.empty()) throw ConfigError("ridge without a penalty to choose from: give one alpha at least.");
  for (const double alpha : options.alphas) {
    if (!(alpha > 0) || !std::isfinite(alpha))
      throw ConfigError(fmt::format("a ridge penalty of {}: every alpha must be a number above 0.", alpha));
  }
  std::vector<bool> came(rows.classes);
  std::size_t weighing = 0;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const std::int32_t truth = rows.truth[row];
    if (truth < 0 || static_cast<std::size_t>(truth) >= rows.classes) {
      throw DataError(fmt::format("row {} is of class {}: classes are 0 to {}. Leave rows without a label out.", row,
                                  truth, rows.classes - 1));
    }
    if (!rows.weight.empty() && !(rows.weight[row] >= 0 && std::isfinite(rows.weight[row])))
      throw DataError(fmt::format("row {} weighs {}: a weight is a number of at least 0.", row, rows.weight[row]));
    if (!rows.weight.empty() && rows.weight[row] == 0) continue;
    came[static_cast<std::size_t>(truth)] = true;
    ++weighing;
  }
  if (const std::size_t least = std::min(weighing, rows.columns); least > kMostRidge) {
    throw ConfigError(fmt::format(
        "{} rows of {} features: ridge solves for the lesser of both at once, and takes {} at most. Use fewer features "
        "than that (MiniRocket's features =), or logistic regression, which reads the rows part by part.",
        weighing, rows.columns, kMostRidge));
  }
  if (std::count(came.begin(), came.end(), true) < 2) {
    throw DataError(
        fmt::format("{} rows of fewer than two classes: there is nothing to tell apart. Give rows of more "
                    "classes, of weights above 0.",
                    rows.rows()));
  }
  check_finite(rows.features, rows.columns);
}

// The rows that weigh anything, as they are regressed on: centred, scaled, and times the root of their weight.
class Design {
 public:
  Design(const RidgeRows& rows, bool standardise, unsigned threads)
      : rows_(rows), mean_(rows.columns), scale_(rows.columns, 1.0), factor_(rows.columns) {
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      const double weight = rows.weight.empty() ? 1.0 : rows.weight[row];
      if (weight == 0) continue;
      used_.push_back(row);
      weights_.push_back(weight);
      roots_.push_back(std::sqrt(weight));
      all_ += weight;
    }
    for_each_piece((rows.columns + kColumnsPerPiece - 1) / kColumnsPerPiece, threads, [&](std::size_t piece) {
      measure(piece * kColumnsPerPiece, std::min(rows.columns, (piece + 1) * kColumnsPerPiece), standardise);
    });
  }

  Index rows() const { return static_cast<Index>(used_.size()); }
  Index columns() const { return static_cast<Index>(rows_.columns); }
  double root(Index row) const { return roots_[static_cast<std::size_t>(row)]; }
  double weight(Index row) const { return weights_[static_cast<std::size_t>(row)]; }
  std::int32_t truth(Index row) const { return rows_.truth[used_[static_cast<std::size_t>(row)]]; }
  double all_weight() const { return all_; }
  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& scale() const { return scale_; }
  bool changes(Index column) const { return factor_[static_cast<std::size_t>(column)] != 0; }

  void read(Index row, Index rows, Index column, Index columns, RowMatrix& out) const {
    out.resize(rows, columns);
    for (Index r = 0; r < rows; ++r) {
      const auto at = static_cast<std::size_t>(row + r), first = static_cast<std::size_t>(column);
      const float* features = &rows_.features[used_[at] * rows_.columns + first];
      const double *mean = &mean_[first], *factor = &factor_[first], root_weight = roots_[at];
      double* to = out.row(r).data();
      for (Index c = 0; c < columns; ++c) to[c] = (features[c] - mean[c]) * factor[c] * root_weight;
    }
  }

 private:
  const RidgeRows& rows_;
  std::vector<std::size_t> used_;
  std::vector<double> weights_, roots_;        // (used)
  double all_ = 0;                             // the sum of weights
  std::vector<double> mean_, scale_, factor_;  // (columns); 1 / scale, or 0 of a feature that never changes

  void measure(std::size_t begin, std::size_t end, bool standardise) {
    const std::size_t count = end - begin;
    std::vector<double> variance(count);
    std::vector<bool> changes(count);
    const float* first = &rows_.features[used_[0] * rows_.columns + begin];
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const float* x = &rows_.features[used_[i] * rows_.columns + begin];
      for (std::size_t c = 0; c < count; ++c) {
        mean_[begin + c] += weights_[i] * x[c];
        if (x[c] != first[c]) changes[c] = true;
      }
    }
    for (std::size_t c = 0; c < count; ++c) mean_[begin + c] = changes[c] ? mean_[begin + c] / all_ : first[c];
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const float* x = &rows_.features[used_[i] * rows_.columns + begin];
      for (std::size_t c = 0; c < count; ++c) {
        const double off = x[c] - mean_[begin + c];
        variance[c] += weights_[i] * (off * off);
      }
    }
    for (std::size_t c = 0; c < count; ++c) {
      if (!changes[c]) continue;
      if (standardise) scale_[begin + c] = std::sqrt(variance[c] / all_);
      factor_[begin + c] = 1 / scale_[begin + c];
    }
  }
};

// The lower triangle of the design times itself: of rows with rows, or of features with features.
Matrix gram(const Design& design, bool of_rows, unsigned threads) {
  const Index size = of_rows ? design.rows() : design.columns(), depth = of_rows ? design.columns() : design.rows();
  Matrix out(size, size);
  std::vector<std::pair<Index, Index>> tiles;
  for (Index i = 0; i < size; i += kTile) {
    for (Index j = 0; j <= i; j += kTile) tiles.emplace_back(i, j);
  }
  for_each_piece(tiles.size(), threads, [&](std::size_t piece) {
    const auto [i, j] = tiles[piece];
    const Index height = std::min(kTile, size - i), width = std::min(kTile, size - j);
    Matrix sum = Matrix::Zero(height, width);
    RowMatrix left, right;
    for (Index at = 0; at < depth; at += kDepth) {
      const Index count = std::min(kDepth, depth - at);
      if (of_rows) {
        design.read(i, height, at, count, left);
        design.read(j, width, at, count, right);
        sum.noalias() += left * right.transpose();
      } else {
        design.read(at, count, i, height, left);
        design.read(at, count, j, width, right);
        sum.noalias() += left.transpose() * right;
      }
    }
    out.block(i, j, height, width) = sum;
  });
  return out;
}

// The design's rows, transposed, times a row for each of them.
Matrix transposed_times(const Design& design, const Matrix& of_rows, unsigned threads) {
  Matrix out(design.columns(), of_rows.cols());
  for_each_piece(pieces_of(design.columns(), kDepth), threads, [&](std::size_t piece) {
    const Index begin = static_cast<Index>(piece) * kDepth, count = std::min(kDepth, design.columns() - begin);
    Matrix sum = Matrix::Zero(count, of_rows.cols());
    RowMatrix some;
    for (Index row = 0; row < design.rows(); row += kTile) {
      const Index rows = std::min(kTile, design.rows() - row);
      design.read(row, rows, begin, count, some);
      sum.noalias() += some.transpose() * of_rows.middleRows(row, rows);
    }
    out.middleRows(begin, count) = sum;
  });
  return out;
}

// T + alpha as L D L', T tridiagonal; none where alpha is lost beside the rounding of T.
struct Factors {
  Column below, diagonal;
};

std::optional<Factors> factors_of(const Column& diagonal, const Column& beside, double alpha) {
  Factors out{.below = Column::Zero(diagonal.size()), .diagonal = diagonal + alpha};
  for (Index k = 1; k < diagonal.size(); ++k) {
    if (!(out.diagonal[k - 1] > 0)) return std::nullopt;
    out.below[k] = beside[k - 1] / out.diagonal[k - 1];
    out.diagonal[k] -= out.below[k] * beside[k - 1];
  }
  if (!(out.diagonal[diagonal.size() - 1] > 0)) return std::nullopt;
  return out;
}

Matrix solve(const Factors& factors, Matrix right) {
  const Index size = right.rows();
  for (Index k = 1; k < size; ++k) right.row(k) -= factors.below[k] * right.row(k - 1);
  for (Index k = 0; k < size; ++k) right.row(k) /= factors.diagonal[k];
  for (Index k = size - 1; k-- > 0;) right.row(k) -= factors.below[k + 1] * right.row(k + 1);
  return right;
}

// For each row x: x' (T + alpha)^-1 x.
Column norms(const Factors& factors, const Matrix& rows) {
  Column out = Column::Zero(rows.rows()), now = Column::Zero(rows.rows());
  for (Index k = 0; k < rows.cols(); ++k) {
    now = rows.col(k).array() - factors.below[k] * now;
    out += now.square() / factors.diagonal[k];
  }
  return out;
}

// Targets of rows: -1 and 1, centred, times the root of the weight.
Matrix targets_of(const Design& design, std::size_t classes, std::vector<double>& mean) {
  std::vector<double> of_class(classes);
  for (Index row = 0; row < design.rows(); ++row)
    of_class[static_cast<std::size_t>(design.truth(row))] += design.weight(row);
  mean.clear();
  for (const double weight : of_class) mean.push_back(2 * weight / design.all_weight() - 1);
  Matrix out(design.rows(), static_cast<Index>(classes));
  for (Index row = 0; row < out.rows(); ++row) {
    for (Index k = 0; k < out.cols(); ++k)
      out(row, k) = design.root(row) * ((design.truth(row) == k ? 1 : -1) - mean[static_cast<std::size_t>(k)]);
  }
  return out;
}

// The regression of all classes for any alpha, from Q T Q' = Z Z' or Z' Z, T tridiagonal. Eigenvalues, which take
// several times as long, would make T diagonal; but (T + alpha) is solved as easily.
class Regression {
 public:
  Regression(const Design& design, const Matrix& targets, unsigned threads)
      : design_(design), targets_(targets), threads_(threads), of_rows_(design.rows() <= design.columns()) {
    Matrix product = gram(design, of_rows_, threads);
    if (of_rows_) {
      // What all rows have in common is no part of centred rows: without it their product is singular, and what
      // leaving one out changes would be a small difference of large numbers.
      common_ = product.trace() / static_cast<double>(product.rows());
      for (Index j = 0; j < product.cols(); ++j) {
        for (Index i = j; i < product.rows(); ++i) product(i, j) += common_ * share(i, j);
      }
    }
    const Eigen::Tridiagonalization<Matrix> reduced(product);  // of the lower triangle
    product.resize(0, 0);
    diagonal_ = reduced.diagonal().array();
    beside_ = reduced.subDiagonal().array();
    turn_ = reduced.matrixQ();
    turned_ = turn_.transpose() * (of_rows_ ? targets : transposed_times(design, targets, threads));
  }

  /// The mean squared error of rows that are left out, for each alpha; infinity where it cannot be told.
  std::vector<double> left_out(const std::vector<double>& alphas) const {
    std::vector<std::optional<Factors>> factors;
    std::vector<Matrix> solved;
    for (const double alpha : alphas) {
      factors.push_back(factors_of(diagonal_, beside_, alpha));
      solved.push_back(factors.back() ? solve(*factors.back(), turned_) : Matrix());
    }
    const std::size_t pieces = pieces_of(design_.rows(), kTile);
    std::vector<double> sums(pieces * alphas.size());
    for_each_piece(pieces, threads_, [&](std::size_t piece) {
      const Index begin = static_cast<Index>(piece) * kTile, count = std::min(kTile, design_.rows() - begin);
      const Matrix rows = turned_rows(begin, count);
      for (std::size_t a = 0; a < alphas.size(); ++a) {
        double& sum = sums[piece * alphas.size() + a];
        if (!factors[a]) {
          sum = kInfinity;
          continue;
        }
        const Column norm = norms(*factors[a], rows);
        const Matrix product = rows * solved[a];
        for (Index row = 0; row < count; ++row) {
          const double weight = share(begin + row, begin + row);
          // What is left of the row's own target when it is left in.
          const double own =
              of_rows_ ? alphas[a] * (norm[row] - weight / (alphas[a] + common_)) : 1 - weight - norm[row];
          for (Index k = 0; k < targets_.cols(); ++k) {
            const double error = of_rows_ ? alphas[a] * product(row, k) : targets_(begin + row, k) - product(row, k);
            sum += own > 0 ? error / own * (error / own) : kInfinity;
          }
        }
      }
    });
    std::vector<double> out(alphas.size());
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      for (std::size_t a = 0; a < alphas.size(); ++a) out[a] += sums[piece * alphas.size() + a];
    }
    for (double& each : out) each /= design_.all_weight() * static_cast<double>(targets_.cols());
    return out;
  }

  /// (columns, classes), of an alpha whose error is finite.
  Matrix coefficients(double alpha) const {
    const Matrix solved = turn_ * solve(*factors_of(diagonal_, beside_, alpha), turned_);
    return of_rows_ ? transposed_times(design_, solved, threads_) : solved;
  }

 private:
  const Design& design_;
  const Matrix& targets_;
  unsigned threads_;
  bool of_rows_;
  double common_ = 0;
  Column diagonal_, beside_;  // of T
  Matrix turn_, turned_;      // Q, and the targets (or what features have of them) turned by it

  double share(Index i, Index j) const { return design_.root(i) * design_.root(j) / design_.all_weight(); }

  // Rows of Q, or the design's turned by it.
  Matrix turned_rows(Index begin, Index count) const {
    if (of_rows_) return turn_.middleRows(begin, count);
    RowMatrix rows;
    design_.read(begin, count, 0, design_.columns(), rows);
    return rows * turn_;
  }
};

}  // namespace

RidgeClassifier fit_ridge(const RidgeRows& rows, const RidgeOptions& options, unsigned threads) {
  check(rows, options);
  fix_cuts();
  const Design design(rows, options.standardise, threads);
  RidgeClassifier out{.classes = rows.classes, .columns = rows.columns};
  const Matrix targets = targets_of(design, rows.classes, out.intercept);
  const Regression regression(design, targets, threads);
  out.left_out_error = regression.left_out(options.alphas);
  const auto best = std::min_element(out.left_out_error.begin(), out.left_out_error.end());
  if (!std::isfinite(*best)) {
    throw ConfigError(fmt::format(
        "no ridge penalty of up to {} tells how rows fare that are left out: it is lost beside features this large. "
        "Standardise the features, or give larger alphas.",
        *std::max_element(options.alphas.begin(), options.alphas.end())));
  }
  out.alpha = options.alphas[static_cast<std::size_t>(best - out.left_out_error.begin())];
  const Matrix coefficients = regression.coefficients(out.alpha);
  out.coefficients.resize(rows.classes * rows.columns);
  for (Index k = 0; k < coefficients.cols(); ++k) {
    for (Index c = 0; c < coefficients.rows(); ++c)
      out.coefficients[static_cast<std::size_t>(k * coefficients.rows() + c)] =
          design.changes(c) ? coefficients(c, k) : 0.0;
  }
  out.mean = design.mean();
  out.scale = design.scale();
  return out;
}

std::vector<double> decision_values(const RidgeClassifier& fitted, std::span<const float> features, unsigned threads) {
  const std::size_t columns = fitted.columns, classes = fitted.classes;
  if (columns == 0 || features.size() % columns != 0 || fitted.coefficients.size() != classes * columns ||
      fitted.intercept.size() != classes || fitted.mean.size() != columns || fitted.scale.size() != columns)
    throw std::invalid_argument("features of other columns than the ridge classifier has");
  check_finite(features, columns);
  const std::size_t rows = features.size() / columns;
  std::vector<double> out(rows * classes);
  for_each_piece((rows + kRowsPerPiece - 1) / kRowsPerPiece, threads, [&](std::size_t piece) {
    std::vector<double> scaled(columns);
    for (std::size_t row = piece * kRowsPerPiece; row < std::min(rows, (piece + 1) * kRowsPerPiece); ++row) {
      for (std::size_t c = 0; c < columns; ++c)
        scaled[c] = (features[row * columns + c] - fitted.mean[c]) / fitted.scale[c];
      for (std::size_t k = 0; k < classes; ++k) {
        const double* coefficients = &fitted.coefficients[k * columns];
        double lanes[kLanes] = {};
        std::size_t c = 0;
        for (; c + kLanes <= columns; c += kLanes) {
          for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += coefficients[c + lane] * scaled[c + lane];
        }
        double sum = fitted.intercept[k];
        for (; c < columns; ++c) sum += coefficients[c] * scaled[c];
        for (const double lane : lanes) sum += lane;
        out[row * classes + k] = sum;
      }
    }
  });
  return out;
}

}  // namespace moola::models
