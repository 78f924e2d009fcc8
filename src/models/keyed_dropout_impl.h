#pragma once
// The mask kernel of one instruction set; included once by each keyed_dropout_v*.cpp.
//
// Element e of a chunk is in word e / 32 of counter e % 16, low half first: what a register of neighbouring counters
// gives without a transposition, for 4, 8 and 16 lanes alike.
#include <immintrin.h>

#include "models/keyed_dropout_kernel.h"

namespace {

using moola::models::keyed_dropout::Fill;
using moola::models::keyed_dropout::kChunk;

#define MOOLA_INLINE inline __attribute__((always_inline))

// Integer lanes of 64 bits that hold 32: a product's low half needs no masking, since the multiplication reads the low
// half only.
#if defined(__AVX512F__)
using Wide = __m512i;
constexpr int kWide = 8;
constexpr __mmask8 kAll = 0xff;
MOOLA_INLINE Wide set1(uint64_t v) {
  return _mm512_set1_epi64(static_cast<long long>(v));
}
MOOLA_INLINE Wide ramp() {
  return _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
}
MOOLA_INLINE Wide plus(Wide a, Wide b) {
  return _mm512_add_epi64(a, b);
}
MOOLA_INLINE Wide times(Wide a, Wide b) {
  return _mm512_maskz_mul_epu32(kAll, a, b);
}
MOOLA_INLINE Wide high(Wide a) {
  return _mm512_maskz_srli_epi64(kAll, a, 32);
}
MOOLA_INLINE Wide exclusive(Wide a, Wide b, Wide c) {
  return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}
/// Even counters' words and odd counters' words into one register of neighbours.
MOOLA_INLINE Wide interleave(Wide even, Wide odd) {
  return _mm512_mask_blend_epi32(0xaaaa, even, _mm512_maskz_slli_epi64(kAll, odd, 32));
}
struct Select {
  __m512i threshold;
  __m512 scale;
  explicit Select(const Fill& f)
      : threshold(_mm512_set1_epi32(static_cast<int>(f.threshold))), scale(_mm512_set1_ps(f.scale)) {}
  MOOLA_INLINE void put(float* out, const float* source, Wide bits) const {
    __m512 mask = _mm512_maskz_mov_ps(_mm512_cmpge_epi32_mask(bits, threshold), scale);
    if (source) mask = _mm512_mul_ps(_mm512_loadu_ps(source), mask);
    _mm512_storeu_ps(out, mask);
  }
};
MOOLA_INLINE Wide low16(Wide a) {
  return _mm512_and_si512(a, _mm512_set1_epi32(0xffff));
}
MOOLA_INLINE Wide high16(Wide a) {
  return _mm512_maskz_srli_epi32(0xffff, a, 16);
}
#elif defined(__AVX2__)
using Wide = __m256i;
constexpr int kWide = 4;
MOOLA_INLINE Wide set1(uint64_t v) {
  return _mm256_set1_epi64x(static_cast<long long>(v));
}
MOOLA_INLINE Wide ramp() {
  return _mm256_setr_epi64x(0, 2, 4, 6);
}
MOOLA_INLINE Wide plus(Wide a, Wide b) {
  return _mm256_add_epi64(a, b);
}
MOOLA_INLINE Wide times(Wide a, Wide b) {
  return _mm256_mul_epu32(a, b);
}
MOOLA_INLINE Wide high(Wide a) {
  return _mm256_srli_epi64(a, 32);
}
MOOLA_INLINE Wide exclusive(Wide a, Wide b, Wide c) {
  return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}
MOOLA_INLINE Wide interleave(Wide even, Wide odd) {
  return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}
struct Select {
  __m256i below;
  __m256 scale;
  explicit Select(const Fill& f)
      : below(_mm256_set1_epi32(static_cast<int>(f.threshold) - 1)), scale(_mm256_set1_ps(f.scale)) {}
  MOOLA_INLINE void put(float* out, const float* source, Wide bits) const {
    __m256 mask = _mm256_and_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(bits, below)), scale);
    if (source) mask = _mm256_mul_ps(_mm256_loadu_ps(source), mask);
    _mm256_storeu_ps(out, mask);
  }
};
MOOLA_INLINE Wide low16(Wide a) {
  return _mm256_and_si256(a, _mm256_set1_epi32(0xffff));
}
MOOLA_INLINE Wide high16(Wide a) {
  return _mm256_srli_epi32(a, 16);
}
#else
using Wide = __m128i;
constexpr int kWide = 2;
MOOLA_INLINE Wide set1(uint64_t v) {
  return _mm_set1_epi64x(static_cast<long long>(v));
}
MOOLA_INLINE Wide ramp() {
  return _mm_set_epi64x(2, 0);
}
MOOLA_INLINE Wide plus(Wide a, Wide b) {
  return _mm_add_epi64(a, b);
}
MOOLA_INLINE Wide times(Wide a, Wide b) {
  return _mm_mul_epu32(a, b);
}
MOOLA_INLINE Wide high(Wide a) {
  return _mm_srli_epi64(a, 32);
}
MOOLA_INLINE Wide exclusive(Wide a, Wide b, Wide c) {
  return _mm_xor_si128(_mm_xor_si128(a, b), c);
}
MOOLA_INLINE Wide interleave(Wide even, Wide odd) {
  return _mm_blend_epi16(even, _mm_slli_epi64(odd, 32), 0xcc);
}
struct Select {
  __m128i below;
  __m128 scale;
  explicit Select(const Fill& f)
      : below(_mm_set1_epi32(static_cast<int>(f.threshold) - 1)), scale(_mm_set1_ps(f.scale)) {}
  MOOLA_INLINE void put(float* out, const float* source, Wide bits) const {
    __m128 mask = _mm_and_ps(_mm_castsi128_ps(_mm_cmpgt_epi32(bits, below)), scale);
    if (source) mask = _mm_mul_ps(_mm_loadu_ps(source), mask);
    _mm_storeu_ps(out, mask);
  }
};
MOOLA_INLINE Wide low16(Wide a) {
  return _mm_and_si128(a, _mm_set1_epi32(0xffff));
}
MOOLA_INLINE Wide high16(Wide a) {
  return _mm_srli_epi32(a, 16);
}
#endif

struct Words {
  Wide w[4];
};

/// philox4x32 of base/philox.h for the counters block, block + 2, ...
MOOLA_INLINE Words philox(const Fill& f, uint32_t block) {
  // Counters that wrap carry into bits that no multiplication reads.
  Words c{{plus(set1(block), ramp()), set1(f.sample), set1(f.step), set1(f.stream)}};
  const Wide a_factor = set1(0xD2511F53u), b_factor = set1(0xCD9E8D57u);
  uint32_t k0 = f.seed[0], k1 = f.seed[1];
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    const Wide a = times(c.w[0], a_factor), b = times(c.w[2], b_factor);
    c = {{exclusive(high(b), c.w[1], set1(k0)), b, exclusive(high(a), c.w[3], set1(k1)), a}};
  }
  return c;
}

MOOLA_INLINE void fill_chunk(const Fill& f, const Select& select, uint32_t block, const float* source, float* out) {
  constexpr int kLanes = 2 * kWide;
  for (int lane = 0; lane < 16; lane += kLanes) {
    const auto first = block + static_cast<uint32_t>(lane);
    const Words even = philox(f, first), odd = philox(f, first + 1);
#pragma GCC unroll 4
    for (int word = 0; word < 4; ++word) {
      const Wide bits = interleave(even.w[word], odd.w[word]);
      const int at = word * 32 + lane;
      select.put(out + at, source ? source + at : nullptr, low16(bits));
      select.put(out + at + 16, source ? source + at + 16 : nullptr, high16(bits));
    }
  }
}

void fill(const Fill& f) {
  const Select select(f);
  uint32_t block = f.first_block;
  ptrdiff_t i = 0;
  for (; i + kChunk <= f.count; i += kChunk, block += 16) {
    fill_chunk(f, select, block, f.source ? f.source + i : nullptr, f.out + i);
  }
  if (i == f.count) return;
  float part[kChunk];
  fill_chunk(f, select, block, nullptr, part);
  for (ptrdiff_t k = 0; i < f.count; ++i, ++k) f.out[i] = f.source ? f.source[i] * part[k] : part[k];
}

}  // namespace
