#pragma once
// The hot loops of labels/triple_barrier.cpp, compiled for each instruction set by barrier_scan_v*.cpp. Every operation
// on a price is one IEEE operation on its own lane, so the sets agree bit for bit.
#include <cstdint>

#include "base/isa.h"

namespace moola::market::barrier_scan {

/// Rows [begin, end) of a table: bar i is searched from bar i + 1 to bar i + max_bars, both included.
struct Search {
  const double *high, *low;     // what mae and mfe look at, and what reaches the barriers
  const double* close;          // reaches the barriers instead; null: high and low do
  const double *upper, *lower;  // per row, from `begin`; NaN: the row is passed over
  std::int64_t begin, end;
  std::int32_t max_bars;
  // Per row, from `begin`: bars until the one that reached a barrier, max_bars when none did; which it reached, 1 the
  // upper, 2 the lower, 3 both, 0 none; highest high and lowest low of the bars searched, that one included. A row that
  // is passed over: 0 bars, 0 reached, the last two untouched.
  std::int32_t* bars;
  std::uint8_t* reached;
  double *highest, *lowest;
};

/// Of `rows` rows: shares of the entry price that the trade stood below and above it, and that it gained.
struct Shares {
  std::int64_t rows;
  const double *entry, *highest, *lowest, *exit;
  float *mae, *mfe, *exit_return;
};

struct Kernels {
  void (*search)(const Search&);
  void (*shares)(const Shares&);
};
const Kernels& kernels(Isa isa);

extern const Kernels kKernels_v2, kKernels_v3, kKernels_v4;

}  // namespace moola::market::barrier_scan
