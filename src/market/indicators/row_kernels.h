#pragma once
// Loops along the rows of a series, for row_blocks.h and those who go through bars with it; compiled for each
// instruction set by row_v*.cpp. Every operation on a value is one IEEE operation, in an order that is written down, so
// the sets agree bit for bit.
#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace moola::market::row_kernels {

/// How much of the last value an average keeps, and of the new number it takes.
struct DecayRate {
  double kept, share;
};

struct Kernels {
  /// out[i] = kept out[i - 1] + share x[i]. Reads the kDecayHistory rows before `x` and before `out` too.
  void (*decay)(const double* x, std::size_t rows, DecayRate rate, double* out);
  /// out[i] = kept (out[i - 1] + x[i] - x[i - 1]). Reads the kDecayHistory rows before `x` and before `out` too.
  void (*lead)(const double* x, std::size_t rows, double kept, double* out);
  /// Two decays, and a less b.
  void (*two_decays)(const double* x, std::size_t rows, DecayRate rate_a, DecayRate rate_b, double* a, double* b,
                     double* apart);
  /// Three sums that keep a share of what they were and take a bar's movement whole: of what its high is above the one
  /// before where this is more than the low is below, of what the low is below where this is more, and of its true
  /// range. Reads the kDecayHistory rows before the sums and one more before the prices.
  void (*directional_sums)(const double* high, const double* low, const double* close, std::size_t rows, double kept,
                           double* plus, double* minus, double* range);
  /// out[i] = before + (x[0] + ... + x[i] + lost); returns x[0] + ... + x[rows - 1].
  double (*total)(const double* x, std::size_t rows, double before, double lost, double* out);
  /// out[i] = scale (part[i] / whole[i]), or `neutral` where whole[i] is 0; returns how often it is. `out` may be
  /// `part` or `whole`.
  std::int64_t (*ratio)(const double* part, const double* whole, std::size_t rows, double scale, double neutral,
                        double* out);
  /// ((close - low) - (high - close)) / (high - low) times volume, 0 where high and low are equal; returns how often
  /// they are.
  std::int64_t (*location)(const double* high, const double* low, const double* close, const double* volume,
                           std::size_t rows, double* out);
  /// The total of these, see `total`; adds to `flats`.
  double (*location_total)(const double* high, const double* low, const double* close, const double* volume,
                           std::size_t rows, double before, double lost, double* out, std::int64_t* flats);
  /// (close - open) / (high - low), the same as `location`.
  std::int64_t (*body)(const double* open, const double* high, const double* low, const double* close, std::size_t rows,
                       double* out);
};

inline constexpr std::size_t kDecayHistory = 8;

const Kernels& kernels(Isa isa);

extern const Kernels kKernels_v2, kKernels_v3, kKernels_v4;

}  // namespace moola::market::row_kernels
