#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "sweep/samplers/gp/gp_kernel.h"

namespace moola::sweep {

/// The loops for this processor.
const gp_kernel::Kernel& gp_loops();

/// A positive definite matrix K = L L^T of a Gaussian process by the inverse of L.
class GpCholesky {
 public:
  /// How far apart the rows of a matrix of `size` rows lie.
  static std::size_t stride_of(std::size_t size) { return (size + 7) / 8 * 8 + 8; }

  /// `upper`: K's upper triangle (size, stride_of(size)); what is below the diagonal is not read.
  /// Cost: size^3 multiplications and additions.
  GpCholesky(std::size_t size, std::vector<double> upper);

  /// Whether K was positive definite, as far as rounding lets it; nothing else may be asked where not.
  bool positive() const { return positive_; }
  double log_determinant() const { return log_determinant_; }
  std::size_t size() const { return size_; }
  std::size_t stride() const { return stride_; }

  /// L^-1 (size, stride), zeros above the diagonal.
  std::span<const double> inverse() const { return inverse_; }
  /// K^-1 v.
  std::vector<double> solve(std::span<const double> v) const;
  /// Row i of K^-1 from its diagonal on; `out` holds size - i values.
  void inverse_row(std::size_t i, std::span<double> out) const;

 private:
  std::size_t size_, stride_;
  bool positive_ = true;
  double log_determinant_ = 0;
  std::vector<double> inverse_;
};

}  // namespace moola::sweep
