#pragma once
// The kernel of one instruction set; included once by each product_kernel_v*.cpp. Calls no template of the standard
// library, of which the linker would keep one copy for all sets.
#include "market/checks/product_kernel.h"
#include "market/double_lanes.h"

namespace {

using moola::market::product_kernel::kColumns;
using moola::market::product_kernel::kRows;

constexpr std::size_t kLanes = static_cast<std::size_t>(Lanes::kCount);
constexpr std::size_t kVectors = kColumns / kLanes;  // of a group
// As many sums at once as there are registers for: 24 of 32, or 8 of 16.
constexpr std::size_t kTogether = kLanes == 8 ? 8 : kLanes;  // columns of one group, each times
constexpr std::size_t kGroups = kLanes == 8 ? 3 : 1;         // all columns of so many groups

// `a` is the first of kTogether columns of a group, `b` the first of kWide groups; `sums` where their sums stand.
template <std::size_t kWide>
void add_tile(const double* a, const double* b, std::size_t rows, double* sums, std::size_t width) {
  constexpr std::size_t kAcross = kWide * kVectors;
  Lanes::V sum[kTogether][kAcross];
  for (auto& line : sum) {
    for (Lanes::V& each : line) each = Lanes::all(0.0);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    Lanes::V across[kAcross];
    for (std::size_t v = 0; v < kAcross; ++v)
      across[v] = Lanes::read(b + (v / kVectors * kRows + r) * kColumns + v % kVectors * kLanes);
    for (std::size_t i = 0; i < kTogether; ++i) {
      const Lanes::V factor = Lanes::all(a[r * kColumns + i]);
      for (std::size_t v = 0; v < kAcross; ++v) sum[i][v] = Lanes::add(sum[i][v], Lanes::multiply(factor, across[v]));
    }
  }
  for (std::size_t i = 0; i < kTogether; ++i) {
    for (std::size_t v = 0; v < kAcross; ++v) {
      double* const to = sums + i * width + v * kLanes;
      Lanes::write(to, Lanes::add(Lanes::read(to), sum[i][v]));
    }
  }
}

void add_products_of_set(const double* block, std::size_t groups, std::size_t rows, double* sums) {
  const std::size_t width = groups * kColumns;
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t i = 0; i < kColumns; i += kTogether) {
      const double* const a = block + g * kRows * kColumns + i;
      double* const line = sums + (g * kColumns + i) * width;
      std::size_t h = g;
      for (; h + kGroups <= groups; h += kGroups)
        add_tile<kGroups>(a, block + h * kRows * kColumns, rows, line + h * kColumns, width);
      for (; h < groups; ++h) add_tile<1>(a, block + h * kRows * kColumns, rows, line + h * kColumns, width);
    }
  }
}

}  // namespace
