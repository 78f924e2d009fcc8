#pragma once
// The hot loops of overfitting.cpp, compiled for each instruction set by overfitting_kernel_v*.cpp. Each column is one
// lane of IEEE operations, and counts are exact, so the sets agree bit for bit.
#include <cstddef>

#include "base/isa.h"

namespace moola::validation::overfitting_kernel {

/// Two parts of the rows: per column the sums of x - centre, and of what the risk is made of.
struct Halves {
  const double *first_a, *first_b, *second_a, *second_b;
  const double *centre, *nothing;  // per column; what is rounding alone
  std::size_t columns;
  double rows, risk_free;
  double risk_rows;  // what sums of squares are divided by
  double less_mean;  // 1: of squares around the mean of these rows; 0: as they are
  bool by_risk;      // else the gain alone
};

struct Kernel {
  /// How each column did in the rows of both parts.
  void (*score)(const Halves& halves, double* out);
  /// The first of the largest.
  std::size_t (*best)(const double* values, std::size_t count);
  /// How many are less than `value`, and how many equal it.
  void (*rank)(const double* values, std::size_t count, double value, std::size_t& less, std::size_t& equal);
};

const Kernel& kernel(Isa isa);

extern const Kernel kernel_v2, kernel_v3, kernel_v4;

}  // namespace moola::validation::overfitting_kernel
