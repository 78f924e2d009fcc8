#pragma once
// Extremes and when they were, for rolling_kernels_impl.h.
#include <cstddef>

namespace {

template <bool kHighest>
void extreme(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const auto better = [](double a, double b) { return kHighest ? (a > b ? a : b) : (a < b ? a : b); };
  const double* best = x;
  std::size_t w = 1;
  for (; 4 * w <= period; w *= 4) {
    const std::size_t count = rows + period - 4 * w;
#pragma GCC ivdep  // what is read lies ahead of what is written
    for (std::size_t i = 0; i < count; ++i)
      work[i] = better(better(best[i], best[i + w]), better(best[i + 2 * w], best[i + 3 * w]));
    best = work;
  }
  // The last ones overlap, which extremes don't mind.
  const std::size_t last = period - w;
  if (2 * w >= period) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = better(best[i], best[i + last]);
  } else {
    const std::size_t middle = w, late = last - w;
    for (std::size_t i = 0; i < rows; ++i)
      out[i] = better(better(best[i], best[i + middle]), better(best[i + late], best[i + last]));
  }
}

template <bool kHighest>
void since_extreme(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const auto as_good = [](double a, double b) { return kHighest ? a >= b : a <= b; };
  double *const best = work, *const at = work + rows + period;
  for (std::size_t i = 0; i < rows + period - 1; ++i) best[i] = x[i];
  for (std::size_t i = 0; i < rows + period - 1; ++i) at[i] = static_cast<double>(i);
  std::size_t w = 1;
  for (; 2 * w <= period; w *= 2) {
#pragma GCC ivdep  // what is read lies ahead of what is written
    for (std::size_t i = 0; i < rows + period - 2 * w; ++i) {
      const double a = best[i], b = best[i + w], at_a = at[i], at_b = at[i + w];
      best[i] = as_good(b, a) ? b : a;
      at[i] = as_good(b, a) ? at_b : at_a;
    }
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const double a = best[i], b = best[i + period - w], at_a = at[i], at_b = at[i + period - w];
    out[i] = static_cast<double>(i + period - 1) - (as_good(b, a) ? at_b : at_a);
  }
}

void middle(const double* high, const double* low, std::size_t rows, std::size_t period, double* out, double* work) {
  double* const highest = work + rows + period;
  extreme<true>(high, rows, period, highest, work);
  extreme<false>(low, rows, period, out, work);
  for (std::size_t i = 0; i < rows; ++i) out[i] = (highest[i] + out[i]) * 0.5;
}

}  // namespace
