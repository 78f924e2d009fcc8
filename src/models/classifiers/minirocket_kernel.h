#pragma once
// The hot loops of minirocket_features.cpp, compiled for each instruction set by minirocket_kernel_v*.cpp. Each value
// is one lane of IEEE operations in a given order, and counts are exact, so the sets agree bit for bit.
#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace moola::models::minirocket_kernel {

/// Values that are worked on at once: `blocks` of them are read and written, all that a buffer holds up to there.
inline constexpr std::size_t kBlock = 16;

struct Kernel {
  /// out[t] = -(x[t] + x[t - 4d] + x[t - 3d] + x[t - 2d] + x[t - d] + x[t + d] + ... + x[t + 4d]), from the left.
  void (*ones)(const float* x, std::ptrdiff_t dilation, std::size_t blocks, float* out);
  /// out = (a + b) + c
  void (*add_two)(const float* a, const float* b, const float* c, std::size_t blocks, float* out);
  /// out = a + b
  void (*add)(const float* a, const float* b, std::size_t blocks, float* out);
  /// sum += a + b
  void (*accumulate)(const float* a, const float* b, std::size_t blocks, float* sum);
  /// counts[q] += how many of `values` from `from` on and before `to` are above biases[q]. from < to; the rest of their
  /// blocks is overwritten.
  void (*count_above)(float* values, std::size_t from, std::size_t to, const float* biases, std::size_t quantiles,
                      std::uint32_t* counts);
};

const Kernel& kernel(Isa isa);

extern const Kernel kernel_v2, kernel_v3, kernel_v4;

}  // namespace moola::models::minirocket_kernel
