#pragma once
// The kernel of one instruction set; included once by each minirocket_kernel_v*.cpp. Calls no template of the standard
// library, of which the linker would keep one copy for all sets.
#include <immintrin.h>

#include "models/classifiers/minirocket_kernel.h"

namespace {

using moola::models::minirocket_kernel::kBlock;

#define MOOLA_INLINE inline __attribute__((always_inline))

void ones_of_set(const float* x, std::ptrdiff_t d, std::size_t blocks, float* __restrict out) {
  for (std::size_t t = 0; t < blocks * kBlock; ++t) {
    const float* at = x + t;
    // Their sum with all signs turned rounds to the same numbers.
    out[t] = -(*at + at[-4 * d] + at[-3 * d] + at[-2 * d] + at[-d] + at[d] + at[2 * d] + at[3 * d] + at[4 * d]);
  }
}

void add_two_of_set(const float* a, const float* b, const float* c, std::size_t blocks, float* __restrict out) {
  for (std::size_t t = 0; t < blocks * kBlock; ++t) out[t] = (a[t] + b[t]) + c[t];
}

void add_of_set(const float* a, const float* b, std::size_t blocks, float* __restrict out) {
  for (std::size_t t = 0; t < blocks * kBlock; ++t) out[t] = a[t] + b[t];
}

void accumulate_of_set(const float* a, const float* b, std::size_t blocks, float* __restrict sum) {
  for (std::size_t t = 0; t < blocks * kBlock; ++t) sum[t] += a[t] + b[t];
}

// Compilers turn `count += value > bias` into one instruction more than it takes, and it is nearly all of the work.
#if defined(__AVX512F__)
constexpr std::size_t kLanes = 16, kAtOnce = 12;
using Floats = __m512;
using Counts = __m512i;
MOOLA_INLINE Floats all(float value) {
  return _mm512_set1_ps(value);
}
MOOLA_INLINE Floats read(const float* from) {
  return _mm512_loadu_ps(from);
}
MOOLA_INLINE Counts none() {
  return _mm512_setzero_si512();
}
MOOLA_INLINE Counts count(Counts counts, Floats values, Floats bias) {
  return _mm512_mask_sub_epi32(counts, _mm512_cmp_ps_mask(values, bias, _CMP_GT_OQ), counts, _mm512_set1_epi32(-1));
}
MOOLA_INLINE __m128i in_four(Counts counts) {
  const __m256i half = _mm256_add_epi32(_mm512_maskz_extracti64x4_epi64(0xf, counts, 0),
                                        _mm512_maskz_extracti64x4_epi64(0xf, counts, 1));
  return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}
#elif defined(__AVX2__)
constexpr std::size_t kLanes = 8, kAtOnce = 7;
using Floats = __m256;
using Counts = __m256i;
MOOLA_INLINE Floats all(float value) {
  return _mm256_set1_ps(value);
}
MOOLA_INLINE Floats read(const float* from) {
  return _mm256_loadu_ps(from);
}
MOOLA_INLINE Counts none() {
  return _mm256_setzero_si256();
}
MOOLA_INLINE Counts count(Counts counts, Floats values, Floats bias) {
  return _mm256_sub_epi32(counts, _mm256_castps_si256(_mm256_cmp_ps(values, bias, _CMP_GT_OQ)));
}
MOOLA_INLINE __m128i in_four(Counts counts) {
  return _mm_add_epi32(_mm256_castsi256_si128(counts), _mm256_extracti128_si256(counts, 1));
}
#else
constexpr std::size_t kLanes = 4, kAtOnce = 6;
using Floats = __m128;
using Counts = __m128i;
MOOLA_INLINE Floats all(float value) {
  return _mm_set1_ps(value);
}
MOOLA_INLINE Floats read(const float* from) {
  return _mm_loadu_ps(from);
}
MOOLA_INLINE Counts none() {
  return _mm_setzero_si128();
}
MOOLA_INLINE Counts count(Counts counts, Floats values, Floats bias) {
  return _mm_sub_epi32(counts, _mm_castps_si128(_mm_cmplt_ps(bias, values)));
}
MOOLA_INLINE __m128i in_four(Counts counts) {
  return counts;
}
#endif

MOOLA_INLINE std::uint32_t total(Counts counts) {
  const __m128i four = in_four(counts), two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1))));
}

template <std::size_t kQuantiles>
MOOLA_INLINE void count_few(const float* values, std::size_t blocks, const float* biases, std::uint32_t* out) {
  Floats bias[kQuantiles];
  Counts counts[kQuantiles];
#pragma GCC unroll 16
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    bias[q] = all(biases[q]);
    counts[q] = none();
  }
  for (const float *at = values, *end = values + blocks * kBlock; at != end; at += kLanes) {
    const Floats now = read(at);
#pragma GCC unroll 16
    for (std::size_t q = 0; q < kQuantiles; ++q) counts[q] = count(counts[q], now, bias[q]);
  }
#pragma GCC unroll 16
  for (std::size_t q = 0; q < kQuantiles; ++q) out[q] += total(counts[q]);
}

// As few passes as will do, of about as many quantiles each.
template <std::size_t kQuantiles>
MOOLA_INLINE void count_rest(const float* values, std::size_t blocks, const float* biases, std::size_t quantiles,
                             std::uint32_t* counts) {
  if constexpr (kQuantiles > 0) {
    if (quantiles == kQuantiles) return count_few<kQuantiles>(values, blocks, biases, counts);
    count_rest<kQuantiles - 1>(values, blocks, biases, quantiles, counts);
  }
}

// Makes what is outside of `from` and `to` less than any bias, a whole block at a time: a narrower write would keep the
// wider read that follows waiting.
MOOLA_INLINE void bound(float* values, std::size_t from, std::size_t to) {
  static constexpr float kNo = -__builtin_huge_valf(), kYes = __builtin_huge_valf();
  alignas(64) static constexpr float kLimits[3 * kBlock] = {
      kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,   //
      kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kYes,  //
      kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo,  kNo};
  const auto limit = [](float* block, const float* limits) {
    for (std::size_t i = 0; i < kBlock; ++i) block[i] = block[i] < limits[i] ? block[i] : limits[i];
  };
  const std::size_t before = from % kBlock, last = to % kBlock;
  if (before != 0) limit(values + (from - before), kLimits + (kBlock - before));
  if (last != 0) limit(values + (to - last), kLimits + (2 * kBlock - last));
}

void count_above_of_set(float* values, std::size_t from, std::size_t to, const float* biases, std::size_t quantiles,
                        std::uint32_t* counts) {
  bound(values, from, to);
  const std::size_t first = from / kBlock, blocks = (to + kBlock - 1) / kBlock - first;
  while (quantiles > 0) {
    const std::size_t passes = (quantiles + kAtOnce - 1) / kAtOnce, now = (quantiles + passes - 1) / passes;
    count_rest<kAtOnce>(values + first * kBlock, blocks, biases, now, counts);
    biases += now;
    counts += now;
    quantiles -= now;
  }
}

#undef MOOLA_INLINE

}  // namespace
