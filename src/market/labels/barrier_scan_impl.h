#pragma once
// The kernels of one instruction set; included once by each barrier_scan_v*.cpp.
#include <immintrin.h>

#include <cstdint>

#include "market/labels/barrier_scan.h"

namespace {

using moola::market::barrier_scan::Search;
using moola::market::barrier_scan::Shares;

#define MOOLA_INLINE inline __attribute__((always_inline))

// A register of prices: how to read its first few lanes, how they compare with a level, and its ends.
#if defined(__AVX512F__)
constexpr std::int64_t kLanes = 8;
using Prices = __m512d;
MOOLA_INLINE Prices all(double value) {
  return _mm512_set1_pd(value);
}
MOOLA_INLINE Prices read(const double* from) {
  return _mm512_loadu_pd(from);
}
MOOLA_INLINE Prices read_some(const double* from, unsigned lanes) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>(lanes), from);
}
MOOLA_INLINE unsigned at_least(Prices a, Prices b) {
  return _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ);
}
MOOLA_INLINE unsigned at_most(Prices a, Prices b) {
  return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ);
}
MOOLA_INLINE Prices higher(Prices a, Prices b) {
  return _mm512_max_pd(a, b);
}
MOOLA_INLINE Prices smaller(Prices a, Prices b) {
  return _mm512_min_pd(a, b);
}
// The same of some lanes; the others stay what they are in `a`.
MOOLA_INLINE Prices higher_in(unsigned lanes, Prices a, Prices b) {
  return _mm512_mask_max_pd(a, static_cast<__mmask8>(lanes), a, b);
}
MOOLA_INLINE Prices smaller_in(unsigned lanes, Prices a, Prices b) {
  return _mm512_mask_min_pd(a, static_cast<__mmask8>(lanes), a, b);
}
MOOLA_INLINE Prices difference(Prices a, Prices b) {
  return _mm512_sub_pd(a, b);
}
MOOLA_INLINE Prices quotient(Prices a, Prices b) {
  return _mm512_div_pd(a, b);
}
MOOLA_INLINE void write_floats(float* to, Prices a) {
  _mm256_storeu_ps(to, _mm512_cvtpd_ps(a));
}
MOOLA_INLINE Prices minus(Prices a) {
  return _mm512_castsi512_pd(_mm512_xor_si512(_mm512_castpd_si512(a), _mm512_set1_epi64(INT64_MIN)));
}
// The highest lane of each.
MOOLA_INLINE __m128d highest_of_both(Prices a, Prices b) {
  const __m256d x = _mm256_max_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
  const __m256d y = _mm256_max_pd(_mm512_castpd512_pd256(b), _mm512_extractf64x4_pd(b, 1));
  const __m256d pairs = _mm256_max_pd(_mm256_unpacklo_pd(x, y), _mm256_unpackhi_pd(x, y));
  return _mm_max_pd(_mm256_castpd256_pd128(pairs), _mm256_extractf128_pd(pairs, 1));
}
#elif defined(__AVX2__)
constexpr std::int64_t kLanes = 4;
using Prices = __m256d;
MOOLA_INLINE Prices all(double value) {
  return _mm256_set1_pd(value);
}
MOOLA_INLINE Prices read(const double* from) {
  return _mm256_loadu_pd(from);
}
MOOLA_INLINE __m256i chosen(unsigned lanes) {
  const __m256i bits = _mm256_setr_epi64x(1, 2, 4, 8);
  return _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(lanes), bits), bits);
}
MOOLA_INLINE Prices read_some(const double* from, unsigned lanes) {
  return _mm256_maskload_pd(from, chosen(lanes));
}
MOOLA_INLINE unsigned at_least(Prices a, Prices b) {
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_GE_OQ)));
}
MOOLA_INLINE unsigned at_most(Prices a, Prices b) {
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_LE_OQ)));
}
MOOLA_INLINE Prices higher(Prices a, Prices b) {
  return _mm256_max_pd(a, b);
}
MOOLA_INLINE Prices smaller(Prices a, Prices b) {
  return _mm256_min_pd(a, b);
}
MOOLA_INLINE Prices higher_in(unsigned lanes, Prices a, Prices b) {
  return _mm256_blendv_pd(a, higher(a, b), _mm256_castsi256_pd(chosen(lanes)));
}
MOOLA_INLINE Prices smaller_in(unsigned lanes, Prices a, Prices b) {
  return _mm256_blendv_pd(a, smaller(a, b), _mm256_castsi256_pd(chosen(lanes)));
}
MOOLA_INLINE Prices difference(Prices a, Prices b) {
  return _mm256_sub_pd(a, b);
}
MOOLA_INLINE Prices quotient(Prices a, Prices b) {
  return _mm256_div_pd(a, b);
}
MOOLA_INLINE void write_floats(float* to, Prices a) {
  _mm_storeu_ps(to, _mm256_cvtpd_ps(a));
}
MOOLA_INLINE Prices minus(Prices a) {
  return _mm256_xor_pd(a, _mm256_set1_pd(-0.0));
}
MOOLA_INLINE __m128d highest_of_both(Prices a, Prices b) {
  const __m256d pairs = _mm256_max_pd(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
  return _mm_max_pd(_mm256_castpd256_pd128(pairs), _mm256_extractf128_pd(pairs, 1));
}
#else
constexpr std::int64_t kLanes = 2;
using Prices = __m128d;
MOOLA_INLINE Prices all(double value) {
  return _mm_set1_pd(value);
}
MOOLA_INLINE Prices read(const double* from) {
  return _mm_loadu_pd(from);
}
MOOLA_INLINE Prices read_some(const double* from, unsigned) {
  return _mm_load_sd(from);  // of two lanes some are one
}
MOOLA_INLINE unsigned at_least(Prices a, Prices b) {
  return static_cast<unsigned>(_mm_movemask_pd(_mm_cmpge_pd(a, b)));
}
MOOLA_INLINE unsigned at_most(Prices a, Prices b) {
  return static_cast<unsigned>(_mm_movemask_pd(_mm_cmple_pd(a, b)));
}
MOOLA_INLINE Prices higher(Prices a, Prices b) {
  return _mm_max_pd(a, b);
}
MOOLA_INLINE Prices smaller(Prices a, Prices b) {
  return _mm_min_pd(a, b);
}
MOOLA_INLINE Prices higher_in(unsigned lanes, Prices a, Prices b) {
  return lanes == 1 ? _mm_max_sd(a, b) : _mm_max_pd(a, b);
}
MOOLA_INLINE Prices smaller_in(unsigned lanes, Prices a, Prices b) {
  return lanes == 1 ? _mm_min_sd(a, b) : _mm_min_pd(a, b);
}
MOOLA_INLINE Prices difference(Prices a, Prices b) {
  return _mm_sub_pd(a, b);
}
MOOLA_INLINE Prices quotient(Prices a, Prices b) {
  return _mm_div_pd(a, b);
}
MOOLA_INLINE void write_floats(float* to, Prices a) {
  _mm_storel_pi(reinterpret_cast<__m64*>(to), _mm_cvtpd_ps(a));
}
MOOLA_INLINE Prices minus(Prices a) {
  return _mm_xor_pd(a, _mm_set1_pd(-0.0));
}
MOOLA_INLINE __m128d highest_of_both(Prices a, Prices b) {
  return _mm_max_pd(_mm_unpacklo_pd(a, b), _mm_unpackhi_pd(a, b));
}
#endif

constexpr unsigned kAllLanes = (1U << kLanes) - 1;

template <bool kCloses>
MOOLA_INLINE void search_rows(const Search& search) {
  const Search s = search;  // a copy that no store can change
  const Prices nothing_high = all(-__builtin_inf()), nothing_low = all(__builtin_inf());
  for (std::int64_t i = s.begin; i < s.end; ++i) {
    const std::int64_t row = i - s.begin;
    if (!(s.upper[row] > 0)) {
      s.bars[row] = 0;
      s.reached[row] = 0;
      continue;
    }
    const Prices upper = all(s.upper[row]), lower = all(s.lower[row]);
    Prices top = nothing_high, bottom = nothing_low;
    std::int32_t bars = s.max_bars;
    unsigned reached = 0;
    for (std::int64_t done = 0; done < s.max_bars; done += kLanes) {
      const std::int64_t at = i + 1 + done, left = s.max_bars - done;
      const bool whole = left >= kLanes;
      unsigned lanes = whole ? kAllLanes : (1U << left) - 1;
      const Prices high = whole ? read(s.high + at) : read_some(s.high + at, lanes);
      const Prices low = whole ? read(s.low + at) : read_some(s.low + at, lanes);
      const Prices close = !kCloses ? high : whole ? read(s.close + at) : read_some(s.close + at, lanes);
      const unsigned up = at_least(close, upper) & lanes, down = at_most(kCloses ? close : low, lower) & lanes;
      const unsigned hit = up | down;
      if (hit == 0 && whole) {
        top = higher(top, high);
        bottom = smaller(bottom, low);
        continue;
      }
      lanes &= hit ^ (hit - 1);  // up to the first bar that was hit, that one included; all when none was
      top = higher_in(lanes, top, high);
      bottom = smaller_in(lanes, bottom, low);
      if (hit != 0) {
        const int lane = __builtin_ctz(hit);
        bars = static_cast<std::int32_t>(done + lane + 1);
        reached = ((up >> lane) & 1U) | ((down >> lane) & 1U) << 1;
        break;
      }
    }
    s.bars[row] = bars;
    s.reached[row] = static_cast<std::uint8_t>(reached);
    const __m128d ends = highest_of_both(top, minus(bottom));
    _mm_storel_pd(s.highest + row, ends);
    _mm_storeh_pd(s.lowest + row, _mm_xor_pd(ends, _mm_set1_pd(-0.0)));
  }
}

MOOLA_INLINE void search(const Search& s) {
  if (s.close != nullptr) {
    search_rows<true>(s);
  } else {
    search_rows<false>(s);
  }
}

// min and max take 0 where the share is one, as a comparison and a choice would.
MOOLA_INLINE void shares(const Shares& share) {
  const Shares s = share;
  const Prices zero = all(0.0), one = all(1.0);
  std::int64_t i = 0;
  for (; i + kLanes <= s.rows; i += kLanes) {
    const Prices entry = read(s.entry + i);
    write_floats(s.mae + i, smaller(quotient(difference(read(s.lowest + i), entry), entry), zero));
    write_floats(s.mfe + i, higher(quotient(difference(read(s.highest + i), entry), entry), zero));
    write_floats(s.exit_return + i, difference(quotient(read(s.exit + i), entry), one));
  }
  for (; i < s.rows; ++i) {
    const double entry = s.entry[i], below = (s.lowest[i] - entry) / entry, beyond = (s.highest[i] - entry) / entry;
    s.mae[i] = static_cast<float>(below < 0.0 ? below : 0.0);
    s.mfe[i] = static_cast<float>(beyond > 0.0 ? beyond : 0.0);
    s.exit_return[i] = static_cast<float>(s.exit[i] / entry - 1.0);
  }
}

}  // namespace
