#pragma once
// Registers of one instruction set behind one name, and the activations. Included by the files of one instruction set
// each, inside which everything has internal linkage: no function here may be shared with another file.
#include <immintrin.h>
#include <stddef.h>

namespace {

#define MOOLA_INLINE inline __attribute__((always_inline))

#if defined(__AVX512F__)
using Vec = __m512;
constexpr ptrdiff_t kLanes = 16;
MOOLA_INLINE Vec load(const float* p) {
  return _mm512_loadu_ps(p);
}
MOOLA_INLINE void store(float* p, Vec v) {
  _mm512_storeu_ps(p, v);
}
MOOLA_INLINE __mmask16 first(ptrdiff_t n) {
  return static_cast<__mmask16>((1u << n) - 1u);
}
MOOLA_INLINE Vec load_some(const float* p, ptrdiff_t n) {
  return _mm512_maskz_loadu_ps(first(n), p);
}
MOOLA_INLINE void store_some(float* p, Vec v, ptrdiff_t n) {
  _mm512_mask_storeu_ps(p, first(n), v);
}
MOOLA_INLINE Vec set1(float v) {
  return _mm512_set1_ps(v);
}
MOOLA_INLINE Vec add(Vec a, Vec b) {
  return _mm512_add_ps(a, b);
}
MOOLA_INLINE Vec sub(Vec a, Vec b) {
  return _mm512_sub_ps(a, b);
}
MOOLA_INLINE Vec mul(Vec a, Vec b) {
  return _mm512_mul_ps(a, b);
}
MOOLA_INLINE Vec fma(Vec a, Vec b, Vec c) {
  return _mm512_fmadd_ps(a, b, c);
}
MOOLA_INLINE Vec fnma(Vec a, Vec b, Vec c) {
  return _mm512_fnmadd_ps(a, b, c);
}
// The forms with a mask of ones: GCC 12 warns of its own undefined operand in the plain ones, and makes the same code
// of both.
constexpr __mmask16 kAll = 0xffff;
// The second operand comes back when either is NaN, so the bound goes first.
MOOLA_INLINE Vec clamp(Vec v, float low, float high) {
  return _mm512_maskz_min_ps(kAll, set1(high), _mm512_maskz_max_ps(kAll, set1(low), v));
}
MOOLA_INLINE Vec reciprocal(Vec d) {
  const Vec y = _mm512_maskz_rcp14_ps(kAll, d);
  return fma(y, fnma(d, y, set1(1.0f)), y);
}
/// 2^n for n in [-126, 127], from n + 1.5 * 2^23: the low bits of that float are n.
MOOLA_INLINE Vec power_of_two(Vec shifted) {
  const __m512i bits = _mm512_maskz_slli_epi32(kAll, _mm512_castps_si512(shifted), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(bits, _mm512_set1_epi32(0x3f800000)));
}
constexpr int kForwardRows = 6;
constexpr int kBackwardRows = 12;
constexpr int kGradientColumns = 6;

#elif defined(__AVX2__)
using Vec = __m256;
constexpr ptrdiff_t kLanes = 8;
MOOLA_INLINE Vec load(const float* p) {
  return _mm256_loadu_ps(p);
}
MOOLA_INLINE void store(float* p, Vec v) {
  _mm256_storeu_ps(p, v);
}
MOOLA_INLINE __m256i first(ptrdiff_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
MOOLA_INLINE Vec load_some(const float* p, ptrdiff_t n) {
  return _mm256_maskload_ps(p, first(n));
}
MOOLA_INLINE void store_some(float* p, Vec v, ptrdiff_t n) {
  _mm256_maskstore_ps(p, first(n), v);
}
MOOLA_INLINE Vec set1(float v) {
  return _mm256_set1_ps(v);
}
MOOLA_INLINE Vec add(Vec a, Vec b) {
  return _mm256_add_ps(a, b);
}
MOOLA_INLINE Vec sub(Vec a, Vec b) {
  return _mm256_sub_ps(a, b);
}
MOOLA_INLINE Vec mul(Vec a, Vec b) {
  return _mm256_mul_ps(a, b);
}
MOOLA_INLINE Vec fma(Vec a, Vec b, Vec c) {
  return _mm256_fmadd_ps(a, b, c);
}
MOOLA_INLINE Vec fnma(Vec a, Vec b, Vec c) {
  return _mm256_fnmadd_ps(a, b, c);
}
MOOLA_INLINE Vec clamp(Vec v, float low, float high) {
  return _mm256_min_ps(set1(high), _mm256_max_ps(set1(low), v));
}
MOOLA_INLINE Vec reciprocal(Vec d) {
  return _mm256_div_ps(set1(1.0f), d);
}
MOOLA_INLINE Vec power_of_two(Vec shifted) {
  const __m256i bits = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(bits, _mm256_set1_epi32(0x3f800000)));
}
constexpr int kForwardRows = 3;
constexpr int kBackwardRows = 6;
constexpr int kGradientColumns = 3;

#else
using Vec = __m128;
constexpr ptrdiff_t kLanes = 4;
MOOLA_INLINE Vec load(const float* p) {
  return _mm_loadu_ps(p);
}
MOOLA_INLINE void store(float* p, Vec v) {
  _mm_storeu_ps(p, v);
}
MOOLA_INLINE Vec load_some(const float* p, ptrdiff_t n) {
  float lanes[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  for (ptrdiff_t i = 0; i < n; ++i) lanes[i] = p[i];
  return _mm_loadu_ps(lanes);
}
MOOLA_INLINE void store_some(float* p, Vec v, ptrdiff_t n) {
  float lanes[4];
  _mm_storeu_ps(lanes, v);
  for (ptrdiff_t i = 0; i < n; ++i) p[i] = lanes[i];
}
MOOLA_INLINE Vec set1(float v) {
  return _mm_set1_ps(v);
}
MOOLA_INLINE Vec add(Vec a, Vec b) {
  return _mm_add_ps(a, b);
}
MOOLA_INLINE Vec sub(Vec a, Vec b) {
  return _mm_sub_ps(a, b);
}
MOOLA_INLINE Vec mul(Vec a, Vec b) {
  return _mm_mul_ps(a, b);
}
MOOLA_INLINE Vec fma(Vec a, Vec b, Vec c) {
  return _mm_add_ps(_mm_mul_ps(a, b), c);
}
MOOLA_INLINE Vec fnma(Vec a, Vec b, Vec c) {
  return _mm_sub_ps(c, _mm_mul_ps(a, b));
}
MOOLA_INLINE Vec clamp(Vec v, float low, float high) {
  return _mm_min_ps(set1(high), _mm_max_ps(set1(low), v));
}
MOOLA_INLINE Vec reciprocal(Vec d) {
  return _mm_div_ps(set1(1.0f), d);
}
MOOLA_INLINE Vec power_of_two(Vec shifted) {
  const __m128i bits = _mm_slli_epi32(_mm_castps_si128(shifted), 23);
  return _mm_castsi128_ps(_mm_add_epi32(bits, _mm_set1_epi32(0x3f800000)));
}
constexpr int kForwardRows = 2;
constexpr int kBackwardRows = 4;
constexpr int kGradientColumns = 2;
#endif

/// Cache lines that a later tile touches, fetched a few at a time between the terms of a sum. Activations exceed every
/// cache but the last, and a tile reads and writes them in bursts: without this a quarter of the time goes into
/// waiting.
template <_mm_hint kHint = _MM_HINT_T0>
class Fetch {
 public:
  void add(const float* p, ptrdiff_t stride, ptrdiff_t count) {
    if (count > 0) runs_[end_++] = {p, stride, count};
  }
  MOOLA_INLINE void next() {
    if (at_ == end_) return;
    Run& run = runs_[at_];
    _mm_prefetch(reinterpret_cast<const char*>(run.p), kHint);
    run.p += run.stride;
    if (--run.count == 0) ++at_;
  }

 private:
  struct Run {
    const float* p;
    ptrdiff_t stride, count;
  };
  Run runs_[6] = {};
  int at_ = 0, end_ = 0;
};
constexpr ptrdiff_t kLine = 16;  // floats of a cache line
constexpr ptrdiff_t lines(ptrdiff_t floats) {
  return (floats + kLine - 1) / kLine;
}

constexpr float kShift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
constexpr float kLog2e = 1.44269504f;
constexpr float kLn2High = 0.693359375f;  // exact in 10 bits, so that n * kLn2High is exact
constexpr float kLn2Low = -2.12194440e-4f;

/// In place: the first S become 1 / (1 + e^z), the sigmoid of -z; the others (e^z - 1) / (e^z + 1), the tanh of z / 2.
///
/// Side by side, term by term: one alone is a chain of twenty dependent operations, and the scheduler does not look far
/// enough ahead to overlap what is written one after the other. e^z = s (1 + p) with s a power of two and p = e^r - 1,
/// |r| <= ln 2 / 2 (minimax fit, relative error below 2e-8 before rounding), so that tanh keeps its relative error near
/// zero. The clamp keeps e^z a normal number: the least sigmoid is 1.6e-38.
template <int S, int N>
MOOLA_INLINE void activate(Vec (&z)[N]) {
  Vec n[N], r[N], scale[N], p[N];
#define MOOLA_EACH _Pragma("GCC unroll 8") for (int i = 0; i < N; ++i)
  MOOLA_EACH z[i] = clamp(z[i], -87.0f, 87.0f);
  MOOLA_EACH scale[i] = fma(z[i], set1(kLog2e), set1(kShift));
  MOOLA_EACH n[i] = sub(scale[i], set1(kShift));
  MOOLA_EACH r[i] = fnma(n[i], set1(kLn2High), z[i]);
  MOOLA_EACH r[i] = fnma(n[i], set1(kLn2Low), r[i]);
  MOOLA_EACH p[i] = fma(r[i], set1(1.3882510063e-3f), set1(8.3665803377e-3f));
  MOOLA_EACH p[i] = fma(p[i], r[i], set1(4.1667201780e-2f));
  MOOLA_EACH p[i] = fma(p[i], r[i], set1(1.6666543178e-1f));
  MOOLA_EACH p[i] = fma(p[i], r[i], set1(4.9999998144e-1f));
  MOOLA_EACH p[i] = fma(mul(r[i], r[i]), p[i], r[i]);
  MOOLA_EACH scale[i] = power_of_two(scale[i]);
  MOOLA_EACH n[i] = reciprocal(fma(scale[i], p[i], add(scale[i], set1(1.0f))));
  MOOLA_EACH z[i] = i < S ? n[i] : mul(fma(scale[i], p[i], sub(scale[i], set1(1.0f))), n[i]);
#undef MOOLA_EACH
}

/// Cuts `count` into the fewest tiles of at most `most`, sizes differing by one at most: no lonely last tile.
struct Tiles {
  ptrdiff_t number, base, longer;
  Tiles(ptrdiff_t count, ptrdiff_t most)
      : number((count + most - 1) / most), base(number ? count / number : 0), longer(number ? count % number : 0) {}
  ptrdiff_t size(ptrdiff_t tile) const { return base + (tile < longer ? 1 : 0); }
};

MOOLA_INLINE ptrdiff_t groups_of(ptrdiff_t width) {
  return (width + kLanes - 1) / kLanes;
}
MOOLA_INLINE ptrdiff_t lanes_in(ptrdiff_t width, ptrdiff_t group) {
  const ptrdiff_t left = width - group * kLanes;
  return left < kLanes ? left : kLanes;
}

}  // namespace
