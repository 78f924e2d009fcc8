#pragma once
// The kernel of one instruction set; included once by each overfitting_kernel_v*.cpp. Calls no template of the standard
// library, of which the linker would keep one copy for all sets.
#include "validation/overfitting_kernel.h"

namespace {

using moola::validation::overfitting_kernel::Halves;

void score_of_set(const Halves& h, double* out) {
  const double infinity = __builtin_huge_val();
  const double *first_a = h.first_a, *first_b = h.first_b, *second_a = h.second_a, *second_b = h.second_b,
               *centre = h.centre, *nothing = h.nothing;
  const double rows = h.rows, risk_free = h.risk_free, risk_rows = h.risk_rows, less_mean = h.less_mean;
  if (!h.by_risk) {
    for (std::size_t c = 0; c < h.columns; ++c) out[c] = centre[c] + (first_a[c] + first_b[c]) / rows - risk_free;
    return;
  }
  for (std::size_t c = 0; c < h.columns; ++c) {
    const double first = first_a[c] + first_b[c], second = second_a[c] + second_b[c];
    const double gain = centre[c] + first / rows - risk_free;
    const double squares = second - less_mean * (first * first / rows);
    const double variance = squares / risk_rows;
    const double risk = __builtin_sqrt(variance > 0 ? variance : 0.0);
    const double ratio = gain / risk;
    const double without_risk = __builtin_fabs(gain) > nothing[c] ? gain * infinity : 0.0;
    out[c] = risk > nothing[c] ? ratio : without_risk;
  }
}

std::size_t best_of_set(const double* values, std::size_t count) {
  double most = values[0];
  for (std::size_t i = 1; i < count; ++i) most = values[i] > most ? values[i] : most;
  std::size_t at = 0;
  while (at < count && values[at] != most) ++at;
  return at;
}

void rank_of_set(const double* values, std::size_t count, double value, std::size_t& less, std::size_t& equal) {
  std::size_t below = 0, same = 0;
  for (std::size_t i = 0; i < count; ++i) {
    below += values[i] < value ? 1U : 0U;
    same += values[i] == value ? 1U : 0U;
  }
  less = below;
  equal = same;
}

}  // namespace
