#pragma once
// How the windows of rolling_kernels_impl.h are put together.
//
// A window of 12 values is three windows of 4 end to end: all windows of a length that has small factors come out of as
// many passes, each of which reads and writes every row once, and those of another length out of the ones that are a
// value shorter. So every row's values are put together in the same order.
#include <cstddef>

namespace {

#define MOOLA_INLINE inline __attribute__((always_inline))

// What all windows of one kind know of themselves lies in a `Windows`: it reads the window of one value at row i, keeps
// and reads those of w values, joins neighbours of a and b values, and puts those of `period` values where they belong.

// Out of windows of w values, kParts of them end to end.
template <std::size_t kParts, bool kFromValues, class Windows>
MOOLA_INLINE auto end_to_end(const Windows& windows, std::size_t i, std::size_t w) {
  const auto one = [&](std::size_t k) __attribute__((always_inline)) {
    if constexpr (kFromValues) {
      return windows.value(i + k * w);
    } else {
      return windows.load(i + k * w);
    }
  };
  const auto two = [&](std::size_t k) __attribute__((always_inline)) {
    return windows.join(one(k), one(k + 1), w, w);
  };
  if constexpr (kParts == 2) return two(0);
  if constexpr (kParts == 3) return windows.join(two(0), one(2), 2 * w, w);
  if constexpr (kParts == 4) return windows.join(two(0), two(2), 2 * w, 2 * w);
  if constexpr (kParts == 5) return windows.join(windows.join(two(0), two(2), 2 * w, 2 * w), one(4), 4 * w, w);
  if constexpr (kParts == 7) {
    return windows.join(windows.join(two(0), two(2), 2 * w, 2 * w), windows.join(two(4), one(6), 2 * w, w), 4 * w,
                        3 * w);
  }
}

template <std::size_t kParts, class Windows>
MOOLA_INLINE void join_parts(const Windows& windows, std::size_t w, std::size_t rows, std::size_t period) {
  const std::size_t count = rows + period - kParts * w;
  const bool first = w == 1, last = kParts * w == period;
  if (first && last) {
#pragma GCC ivdep  // results overlap nothing
    for (std::size_t i = 0; i < count; ++i) windows.put(i, end_to_end<kParts, true>(windows, i, w));
  } else if (first) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < count; ++i) windows.store(i, end_to_end<kParts, true>(windows, i, w));
  } else if (last) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < count; ++i) windows.put(i, end_to_end<kParts, false>(windows, i, w));
  } else {
#pragma GCC ivdep  // what is read lies ahead of what is written
    for (std::size_t i = 0; i < count; ++i) windows.store(i, end_to_end<kParts, false>(windows, i, w));
  }
}

template <class Windows>
MOOLA_INLINE void join_value(const Windows& windows, std::size_t w, std::size_t rows, std::size_t period) {
  const std::size_t count = rows + period - w - 1;
  if (w + 1 == period) {
#pragma GCC ivdep
    for (std::size_t i = 0; i < count; ++i) windows.put(i, windows.join(windows.load(i), windows.value(i + w), w, 1));
  } else {
#pragma GCC ivdep
    for (std::size_t i = 0; i < count; ++i) windows.store(i, windows.join(windows.load(i), windows.value(i + w), w, 1));
  }
}

template <class Windows>
MOOLA_INLINE void all_windows(const Windows& windows, std::size_t rows, std::size_t period) {
  if (period == 1) {
    for (std::size_t i = 0; i < rows; ++i) windows.put(i, windows.value(i));
    return;
  }
  // The steps from the last to the first: 1 says that a value was added.
  constexpr std::size_t kMost = 128;  // a value more is followed by at least a doubling
  std::size_t steps[kMost], count = 0;
  for (std::size_t left = period; left > 1; ++count) {
    const std::size_t parts = left % 4 == 0   ? 4
                              : left % 5 == 0 ? 5
                              : left % 7 == 0 ? 7
                              : left % 3 == 0 ? 3
                              : left % 2 == 0 ? 2
                                              : 1;
    steps[count] = parts;
    left = parts == 1 ? left - 1 : left / parts;
  }
  std::size_t w = 1;
  while (count > 0) {
    const std::size_t step = steps[--count];
    if (step == 1) {
      join_value(windows, w, rows, period);
    } else if (step == 2) {
      join_parts<2>(windows, w, rows, period);
    } else if (step == 3) {
      join_parts<3>(windows, w, rows, period);
    } else if (step == 4) {
      join_parts<4>(windows, w, rows, period);
    } else if (step == 5) {
      join_parts<5>(windows, w, rows, period);
    } else {
      join_parts<7>(windows, w, rows, period);
    }
    w = step == 1 ? w + 1 : step * w;
  }
}

}  // namespace
