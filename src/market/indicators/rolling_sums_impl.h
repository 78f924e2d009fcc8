#pragma once
// Sums, plain, weighted and averaged, for rolling_kernels_impl.h.
#include <cstddef>

#include "market/indicators/rolling_joins_impl.h"

namespace {

struct SumWindows {
  const double* x;
  double *work, *out;
  MOOLA_INLINE double value(std::size_t i) const { return x[i]; }
  MOOLA_INLINE double load(std::size_t i) const { return work[i]; }
  MOOLA_INLINE void store(std::size_t i, double sum) const { work[i] = sum; }
  MOOLA_INLINE void put(std::size_t i, double sum) const { out[i] = sum; }
  MOOLA_INLINE double join(double a, double b, std::size_t, std::size_t) const { return a + b; }
};

void sum(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  all_windows(SumWindows{x, work, out}, rows, period);
}

// With means instead of sums there is nothing to divide in the end, and the mean of equal values is that value.
struct MeanWindows : SumWindows {
  MOOLA_INLINE double join(double a, double b, std::size_t of_a, std::size_t of_b) const {
    return a + (b - a) * (static_cast<double>(of_b) / static_cast<double>(of_a + of_b));
  }
};

void mean(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  all_windows(MeanWindows{{x, work, out}}, rows, period);
}

struct Weighted {
  double weighted, plain;
};
struct WeightedWindows {
  const double* x;
  double *weighted, *plain, *out;
  MOOLA_INLINE Weighted value(std::size_t i) const { return {x[i], x[i]}; }
  MOOLA_INLINE Weighted load(std::size_t i) const { return {weighted[i], plain[i]}; }
  MOOLA_INLINE void store(std::size_t i, Weighted w) const {
    weighted[i] = w.weighted;
    plain[i] = w.plain;
  }
  MOOLA_INLINE void put(std::size_t i, Weighted w) const { out[i] = w.weighted; }
  MOOLA_INLINE Weighted join(Weighted a, Weighted b, std::size_t of_a, std::size_t) const {
    return {a.weighted + (b.weighted + static_cast<double>(of_a) * b.plain), a.plain + b.plain};
  }
};

void weighted_sum(const double* x, std::size_t rows, std::size_t period, double factor, double* out, double* work) {
  all_windows(WeightedWindows{x, work, work + rows + period, out}, rows, period);
  for (std::size_t i = 0; i < rows; ++i) out[i] *= factor;
}

// The mean of the means of about half the window.
void triangle(const double* x, std::size_t rows, std::size_t period, double* out, double* work) {
  const std::size_t inner = (period + 1) / 2, outer = period + 1 - inner;
  double* const sums = work + rows + period;
  sum(x, rows + outer - 1, inner, sums, work);
  sum(sums, rows, outer, out, work);
  const double share = 1.0 / (static_cast<double>(inner) * static_cast<double>(outer));
  for (std::size_t i = 0; i < rows; ++i) out[i] *= share;
}

void mean_by(const double* x, const double* weights, std::size_t rows, std::size_t period, double* out, double* work) {
  double *const weighted = work + rows + period, *const total = weighted + rows + period;
  for (std::size_t i = 0; i < rows + period - 1; ++i) weighted[i] = x[i] * weights[i];
  sum(weighted, rows, period, out, work);
  sum(weights, rows, period, total, work);
  for (std::size_t i = 0; i < rows; ++i) out[i] /= total[i];
}

// Of three weighted means over `period`, half of it and its root.
void hull(const double* x, std::size_t rows, std::size_t period, std::size_t root, double* out, double* work) {
  const std::size_t half = period / 2, needed = rows + root - 1;
  const auto share = [](std::size_t bars) {
    return 2.0 / (static_cast<double>(bars) * (static_cast<double>(bars) + 1));
  };
  double *const ahead = work + 2 * (needed + period), *const slow = ahead + needed;
  weighted_sum(x + (period - half), needed, half, 2.0 * share(half), ahead, work);
  weighted_sum(x, needed, period, share(period), slow, work);
  for (std::size_t i = 0; i < needed; ++i) ahead[i] -= slow[i];
  weighted_sum(ahead, rows, root, share(root), out, work);
}

}  // namespace
