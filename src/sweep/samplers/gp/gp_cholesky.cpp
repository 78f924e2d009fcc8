#include "sweep/samplers/gp/gp_cholesky.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moola::sweep {

const gp_kernel::Kernel& gp_loops() {
  static const gp_kernel::Kernel& of_this_processor = gp_kernel::kernel(isa());
  return of_this_processor;
}

GpCholesky::GpCholesky(std::size_t size, std::vector<double> upper) : size_(size), stride_(stride_of(size)) {
  // K = U^T U, row by row; then the rows of U^-T = L^-1.
  std::vector<double> by(size);
  for (std::size_t k = 0; k < size; ++k) {
    double* row = upper.data() + k * stride_;
    for (std::size_t p = 0; p < k; ++p) by[p] = -upper[p * stride_ + k];
    gp_loops().combine(row + k, size - k, upper.data() + k, stride_, by.data(), k, false);
    if (!(row[k] > 0) || !std::isfinite(row[k])) {
      positive_ = false;
      return;
    }
    log_determinant_ += std::log(row[k]);
    const double root = std::sqrt(row[k]);
    for (std::size_t i = k; i < size; ++i) row[i] /= root;
  }
  inverse_.assign(size * stride_, 0.0);
  for (std::size_t i = 0; i < size; ++i) {
    double* row = inverse_.data() + i * stride_;
    const double diagonal = upper[i * stride_ + i];
    for (std::size_t p = 0; p < i; ++p) by[p] = -upper[p * stride_ + i] / diagonal;
    gp_loops().combine(row, i, inverse_.data(), stride_, by.data(), i, true);
    row[i] = 1 / diagonal;
  }
}

std::vector<double> GpCholesky::solve(std::span<const double> v) const {
  std::vector<double> half(size_), out(size_, 0.0);
  for (std::size_t i = 0; i < size_; ++i) {
    const double* row = inverse_.data() + i * stride_;
    half[i] = std::inner_product(row, row + i + 1, v.begin(), 0.0);
  }
  gp_loops().combine(out.data(), size_, inverse_.data(), stride_, half.data(), size_, true);
  return out;
}

void GpCholesky::inverse_row(std::size_t i, std::span<double> out) const {
  std::vector<double> by(size_ - i);
  for (std::size_t p = i; p < size_; ++p) by[p - i] = inverse_[p * stride_ + i];
  std::ranges::fill(out, 0.0);
  gp_loops().combine(out.data(), out.size(), inverse_.data() + i * stride_ + i, stride_, by.data(), by.size(), true);
}

}  // namespace moola::sweep
