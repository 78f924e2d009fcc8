#pragma once
// Doubles side by side in one register, for kernels that are compiled once per instruction set: `Lanes` is the widest
// kind that the compiler's -march allows, `OneLane` has the same operations on a single number, for what is left over.
// Every operation is one IEEE operation per lane, so all kinds agree bit for bit.
//
// V holds the numbers, M which lanes are meant. at_least and its like are false for NaN. Included by kernels only.
#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

#define MOOLA_LANES static inline __attribute__((always_inline))

struct OneLane {
  static constexpr int kCount = 1;
  using V = double;
  using M = bool;
  MOOLA_LANES V all(double value) { return value; }
  // The number of the lane.
  MOOLA_LANES V number() { return 0; }
  MOOLA_LANES V read(const double* from) { return *from; }
  MOOLA_LANES void write(double* to, V a) { *to = a; }
  MOOLA_LANES void write_floats(float* to, V a) { *to = static_cast<float>(a); }
  MOOLA_LANES void write_ints(std::int32_t* to, V a) { *to = static_cast<std::int32_t>(a); }
  MOOLA_LANES V add(V a, V b) { return a + b; }
  MOOLA_LANES V subtract(V a, V b) { return a - b; }
  MOOLA_LANES V multiply(V a, V b) { return a * b; }
  MOOLA_LANES V divide(V a, V b) { return a / b; }
  MOOLA_LANES V higher(V a, V b) { return a > b ? a : b; }
  MOOLA_LANES V lower(V a, V b) { return a < b ? a : b; }
  MOOLA_LANES M at_least(V a, V b) { return a >= b; }
  MOOLA_LANES M at_most(V a, V b) { return a <= b; }
  MOOLA_LANES M above(V a, V b) { return a > b; }
  MOOLA_LANES M below(V a, V b) { return a < b; }
  // Of `lanes`, those where it holds.
  MOOLA_LANES M above_in(M lanes, V a, V b) { return lanes && a > b; }
  MOOLA_LANES M below_in(M lanes, V a, V b) { return lanes && a < b; }
  MOOLA_LANES M both(M a, M b) { return a && b; }
  MOOLA_LANES V choose(M lanes, V yes, V no) { return lanes ? yes : no; }
  MOOLA_LANES unsigned bits(M lanes) { return lanes ? 1U : 0U; }
  // from[at], one per lane.
  MOOLA_LANES V gather(const double* from, const std::int32_t* at) { return from[*at]; }
};

#if defined(__AVX512F__)
struct Lanes {
  static constexpr int kCount = 8;
  using V = __m512d;
  using M = __mmask8;
  MOOLA_LANES V all(double value) { return _mm512_set1_pd(value); }
  MOOLA_LANES V number() { return _mm512_setr_pd(0, 1, 2, 3, 4, 5, 6, 7); }
  MOOLA_LANES V read(const double* from) { return _mm512_loadu_pd(from); }
  MOOLA_LANES void write(double* to, V a) { _mm512_storeu_pd(to, a); }
  MOOLA_LANES void write_floats(float* to, V a) { _mm256_storeu_ps(to, _mm512_cvtpd_ps(a)); }
  MOOLA_LANES void write_ints(std::int32_t* to, V a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvttpd_epi32(a));
  }
  MOOLA_LANES V add(V a, V b) { return _mm512_add_pd(a, b); }
  MOOLA_LANES V subtract(V a, V b) { return _mm512_sub_pd(a, b); }
  MOOLA_LANES V multiply(V a, V b) { return _mm512_mul_pd(a, b); }
  MOOLA_LANES V divide(V a, V b) { return _mm512_div_pd(a, b); }
  MOOLA_LANES V higher(V a, V b) { return _mm512_max_pd(a, b); }
  MOOLA_LANES V lower(V a, V b) { return _mm512_min_pd(a, b); }
  MOOLA_LANES M at_least(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ); }
  MOOLA_LANES M at_most(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
  MOOLA_LANES M above(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ); }
  MOOLA_LANES M below(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  MOOLA_LANES M above_in(M lanes, V a, V b) { return _mm512_mask_cmp_pd_mask(lanes, a, b, _CMP_GT_OQ); }
  MOOLA_LANES M below_in(M lanes, V a, V b) { return _mm512_mask_cmp_pd_mask(lanes, a, b, _CMP_LT_OQ); }
  MOOLA_LANES M both(M a, M b) { return static_cast<M>(a & b); }
  MOOLA_LANES V choose(M lanes, V yes, V no) { return _mm512_mask_mov_pd(no, lanes, yes); }
  MOOLA_LANES unsigned bits(M lanes) { return lanes; }
  MOOLA_LANES V gather(const double* from, const std::int32_t* at) {
    return _mm512_i32gather_pd(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), from, 8);
  }
  // The last kBy numbers of `before`, then the first ones of `now`.
  template <int kBy>
  MOOLA_LANES V behind(V before, V now) {
    return _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(now), _mm512_castpd_si512(before), 8 - kBy));
  }
};
#elif defined(__AVX2__)
struct Lanes {
  static constexpr int kCount = 4;
  using V = __m256d;
  using M = __m256d;
  MOOLA_LANES V all(double value) { return _mm256_set1_pd(value); }
  MOOLA_LANES V number() { return _mm256_setr_pd(0, 1, 2, 3); }
  MOOLA_LANES V read(const double* from) { return _mm256_loadu_pd(from); }
  MOOLA_LANES void write(double* to, V a) { _mm256_storeu_pd(to, a); }
  MOOLA_LANES void write_floats(float* to, V a) { _mm_storeu_ps(to, _mm256_cvtpd_ps(a)); }
  MOOLA_LANES void write_ints(std::int32_t* to, V a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvttpd_epi32(a));
  }
  MOOLA_LANES V add(V a, V b) { return _mm256_add_pd(a, b); }
  MOOLA_LANES V subtract(V a, V b) { return _mm256_sub_pd(a, b); }
  MOOLA_LANES V multiply(V a, V b) { return _mm256_mul_pd(a, b); }
  MOOLA_LANES V divide(V a, V b) { return _mm256_div_pd(a, b); }
  MOOLA_LANES V higher(V a, V b) { return _mm256_max_pd(a, b); }
  MOOLA_LANES V lower(V a, V b) { return _mm256_min_pd(a, b); }
  MOOLA_LANES M at_least(V a, V b) { return _mm256_cmp_pd(a, b, _CMP_GE_OQ); }
  MOOLA_LANES M at_most(V a, V b) { return _mm256_cmp_pd(a, b, _CMP_LE_OQ); }
  MOOLA_LANES M above(V a, V b) { return _mm256_cmp_pd(a, b, _CMP_GT_OQ); }
  MOOLA_LANES M below(V a, V b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
  MOOLA_LANES M above_in(M lanes, V a, V b) { return both(lanes, above(a, b)); }
  MOOLA_LANES M below_in(M lanes, V a, V b) { return both(lanes, below(a, b)); }
  MOOLA_LANES M both(M a, M b) { return _mm256_and_pd(a, b); }
  MOOLA_LANES V choose(M lanes, V yes, V no) { return _mm256_blendv_pd(no, yes, lanes); }
  MOOLA_LANES unsigned bits(M lanes) { return static_cast<unsigned>(_mm256_movemask_pd(lanes)); }
  MOOLA_LANES V gather(const double* from, const std::int32_t* at) {
    return _mm256_setr_pd(from[at[0]], from[at[1]], from[at[2]], from[at[3]]);  // gathers are slow on what lacks more
  }
  template <int kBy>
  MOOLA_LANES V behind(V before, V now) {
    static_assert(kBy == 1 || kBy == 2);
    const V middle = _mm256_permute2f128_pd(before, now, 0x21);
    if constexpr (kBy == 1) return _mm256_shuffle_pd(middle, now, 0b0101);
    return middle;
  }
};
#else
struct Lanes {
  static constexpr int kCount = 2;
  using V = __m128d;
  using M = __m128d;
  MOOLA_LANES V all(double value) { return _mm_set1_pd(value); }
  MOOLA_LANES V number() { return _mm_setr_pd(0, 1); }
  MOOLA_LANES V read(const double* from) { return _mm_loadu_pd(from); }
  MOOLA_LANES void write(double* to, V a) { _mm_storeu_pd(to, a); }
  MOOLA_LANES void write_floats(float* to, V a) {
    const __m128 two = _mm_cvtpd_ps(a);
    std::memcpy(to, &two, 2 * sizeof(float));
  }
  MOOLA_LANES void write_ints(std::int32_t* to, V a) {
    const __m128i two = _mm_cvttpd_epi32(a);
    std::memcpy(to, &two, 2 * sizeof(std::int32_t));
  }
  MOOLA_LANES V add(V a, V b) { return _mm_add_pd(a, b); }
  MOOLA_LANES V subtract(V a, V b) { return _mm_sub_pd(a, b); }
  MOOLA_LANES V multiply(V a, V b) { return _mm_mul_pd(a, b); }
  MOOLA_LANES V divide(V a, V b) { return _mm_div_pd(a, b); }
  MOOLA_LANES V higher(V a, V b) { return _mm_max_pd(a, b); }
  MOOLA_LANES V lower(V a, V b) { return _mm_min_pd(a, b); }
  MOOLA_LANES M at_least(V a, V b) { return _mm_cmpge_pd(a, b); }
  MOOLA_LANES M at_most(V a, V b) { return _mm_cmple_pd(a, b); }
  MOOLA_LANES M above(V a, V b) { return _mm_cmpgt_pd(a, b); }
  MOOLA_LANES M below(V a, V b) { return _mm_cmplt_pd(a, b); }
  MOOLA_LANES M above_in(M lanes, V a, V b) { return both(lanes, above(a, b)); }
  MOOLA_LANES M below_in(M lanes, V a, V b) { return both(lanes, below(a, b)); }
  MOOLA_LANES M both(M a, M b) { return _mm_and_pd(a, b); }
  MOOLA_LANES V choose(M lanes, V yes, V no) { return _mm_blendv_pd(no, yes, lanes); }
  MOOLA_LANES unsigned bits(M lanes) { return static_cast<unsigned>(_mm_movemask_pd(lanes)); }
  MOOLA_LANES V gather(const double* from, const std::int32_t* at) { return _mm_setr_pd(from[at[0]], from[at[1]]); }
  template <int kBy>
  MOOLA_LANES V behind(V before, V now) {
    static_assert(kBy == 1);
    return _mm_shuffle_pd(before, now, 0b01);
  }
};
#endif

#undef MOOLA_LANES

}  // namespace
