#pragma once
// The kernels of one instruction set; included once by each rolling_v*.cpp. The loops are plain, so that the compiler
// turns them into vector instructions.
//
// No function of the standard library that is a template is called here: the linker would keep one copy of it for all
// of the program, and that could be the one for the newest processors.
#include <cstddef>

#include "market/indicators/rolling_extremes_impl.h"
#include "market/indicators/rolling_kernels.h"
#include "market/indicators/rolling_moments_impl.h"
#include "market/indicators/rolling_scans_impl.h"
#include "market/indicators/rolling_sums_impl.h"
#include "market/portable_log.h"

namespace {

void log(const double* x, std::size_t rows, double* out) {
  for (std::size_t i = 0; i < rows; ++i) out[i] = moola::market::portable_log(x[i]);
}

void log_ratio(const double* x, const double* y, std::size_t rows, double* out) {
  for (std::size_t i = 0; i < rows; ++i) out[i] = moola::market::portable_log(x[i] / y[i]);
}

constexpr moola::market::rolling::Kernels this_set() {
  return {.sum = sum,
          .mean = mean,
          .max = extreme<true>,
          .min = extreme<false>,
          .weighted_sum = weighted_sum,
          .squares = squares,
          .mean_and_squares = mean_and_squares,
          .products = products,
          .pair = pair,
          .correlation = correlation,
          .mean_deviation = mean_deviation,
          .since_max = since_extreme<true>,
          .since_min = since_extreme<false>,
          .moments = moments,
          .count_below = count<true>,
          .count_above = count<false>,
          .rescaled_range = rescaled_range,
          .dot = dot,
          .mean_by = mean_by,
          .hull = hull,
          .triangle = triangle,
          .middle = middle,
          .line = line,
          .angle = angle,
          .log = log,
          .log_ratio = log_ratio};
}

}  // namespace
