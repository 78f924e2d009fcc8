#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/isa.h"

/// Philox masks, many counters at a time; the same bits from every instruction set. See lstm_kernel.h for why there is
/// no std header.
namespace moola::models::keyed_dropout {

constexpr ptrdiff_t kChunk = 128;  // elements from 16 neighbouring counters

struct Fill {
  float* out;
  const float* source;  ///< null: the mask itself; else source times mask
  ptrdiff_t count;
  uint32_t first_block;  ///< counter of the first element / 8; a multiple of 16
  uint32_t sample, step, stream;
  uint32_t seed[2];
  uint32_t threshold;  ///< drops where 16 random bits are below it; 65536 drops all
  float scale;
};

void fill_v2(const Fill&);
void fill_v3(const Fill&);
void fill_v4(const Fill&);

}  // namespace moola::models::keyed_dropout
