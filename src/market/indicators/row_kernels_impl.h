#pragma once
// The kernels of one instruction set; included once by each row_v*.cpp.
//
// No function of the standard library that is a template is called here: the linker would keep one copy of it for all
// of the program, and that could be the one for the newest processors.
#include <cstddef>
#include <cstdint>

#include "market/double_lanes.h"
#include "market/indicators/row_kernels.h"

namespace {

void copy(const double* from, std::size_t count, double* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

// Eight rows side by side.
struct Rows {
  static constexpr int kVectors = 8 / Lanes::kCount;
  Lanes::V v[kVectors];

  static Rows all(double value) {
    Rows out;
    for (Lanes::V& each : out.v) each = Lanes::all(value);
    return out;
  }
  static Rows read(const double* from) {
    Rows out;
    for (std::ptrdiff_t j = 0; j < kVectors; ++j) out.v[j] = Lanes::read(from + j * Lanes::kCount);
    return out;
  }
  void write(double* to) const {
    for (std::ptrdiff_t j = 0; j < kVectors; ++j) Lanes::write(to + j * Lanes::kCount, v[j]);
  }
  // These rows kBy rows later; `before` are the eight before them.
  template <int kBy>
  Rows behind(const Rows& before) const {
    Rows out;
    for (int j = 0; j < kVectors; ++j) {
      if constexpr (kBy < Lanes::kCount) {
        out.v[j] = Lanes::behind<kBy>(j > 0 ? v[j - 1] : before.v[kVectors - 1], v[j]);
      } else {
        const int from = j - kBy / Lanes::kCount;
        out.v[j] = from >= 0 ? v[from] : before.v[kVectors + from];
      }
    }
    return out;
  }
  friend Rows operator*(Lanes::V factor, const Rows& a) {
    Rows out;
    for (int j = 0; j < kVectors; ++j) out.v[j] = Lanes::multiply(factor, a.v[j]);
    return out;
  }
  friend Rows operator+(const Rows& a, const Rows& b) {
    Rows out;
    for (int j = 0; j < kVectors; ++j) out.v[j] = Lanes::add(a.v[j], b.v[j]);
    return out;
  }
  friend Rows operator-(const Rows& a, const Rows& b) {
    Rows out;
    for (int j = 0; j < kVectors; ++j) out.v[j] = Lanes::subtract(a.v[j], b.v[j]);
    return out;
  }
};

static_assert(moola::market::row_kernels::kDecayHistory == 8, "made by three doublings");

using moola::market::row_kernels::DecayRate;

// out = kept out + share x. A row's value waits for that of eight rows before, not of one: what the seven between and
// itself add is a weighted window, made by halves.
struct Decay {
  double kept, share, kept_2, kept_4, kept_8;
  Rows one_before, two_before, four_before, last;

  explicit Decay(DecayRate rate)
      : kept(rate.kept), share(rate.share), kept_2(kept * kept), kept_4(kept_2 * kept_2), kept_8(kept_4 * kept_4) {}

  // The eight rows before those to come. Of the windows only those count that look back no further than the first of
  // these.
  void begin(const Rows& x, const Rows& out) {
    one_before = Lanes::all(share) * x;
    two_before = one_before + Lanes::all(kept) * one_before.behind<1>(one_before);
    four_before = two_before + Lanes::all(kept_2) * two_before.behind<2>(two_before);
    last = out;
  }
  Rows next(const Rows& x) {
    const Rows one = Lanes::all(share) * x;
    const Rows two = one + Lanes::all(kept) * one.behind<1>(one_before);
    const Rows four = two + Lanes::all(kept_2) * two.behind<2>(two_before);
    last = (four + Lanes::all(kept_4) * four.behind<4>(four_before)) + Lanes::all(kept_8) * last;
    one_before = one;
    two_before = two;
    four_before = four;
    return last;
  }
  // One row, the same. number(back) is x so many rows before.
  template <class Number>
  double one_row(const double* out, Number&& number) const {
    double part[8];
    for (std::size_t back = 0; back < 8; ++back) part[7 - back] = share * number(back);
    for (std::size_t r = 7; r > 0; --r) part[r] = part[r] + kept * part[r - 1];
    for (std::size_t r = 7; r > 2; --r) part[r] = part[r] + kept_2 * part[r - 2];
    return (part[7] + kept_4 * part[3]) + kept_8 * *(out - 8);
  }
};

void decay(const double* x, std::size_t rows, DecayRate rate, double* out) {
  Decay state(rate);
  std::size_t i = 0;
  if (rows >= 8) state.begin(Rows::read(x - 8), Rows::read(out - 8));
  for (; i + 8 <= rows; i += 8) state.next(Rows::read(x + i)).write(out + i);
  for (; i < rows; ++i) out[i] = state.one_row(out + i, [=](std::size_t back) { return *(x + i - back); });
}

void lead(const double* x, std::size_t rows, double kept, double* out) {
  Decay state({kept, kept});
  std::size_t i = 0;
  if (rows >= 8) {
    Rows before = Rows::read(x - 8);
    state.begin(before - before.behind<1>(before), Rows::read(out - 8));
    for (; i + 8 <= rows; i += 8) {
      const Rows now = Rows::read(x + i);
      state.next(now - now.behind<1>(before)).write(out + i);
      before = now;
    }
  }
  for (; i < rows; ++i) {
    out[i] = state.one_row(out + i, [=](std::size_t back) { return *(x + i - back) - *(x + i - back - 1); });
  }
}

void two_decays(const double* x, std::size_t rows, DecayRate rate_a, DecayRate rate_b, double* a, double* b,
                double* apart) {
  Decay state_a(rate_a), state_b(rate_b);
  std::size_t i = 0;
  if (rows >= 8) {
    state_a.begin(Rows::read(x - 8), Rows::read(a - 8));
    state_b.begin(Rows::read(x - 8), Rows::read(b - 8));
  }
  for (; i + 8 <= rows; i += 8) {
    const Rows now = Rows::read(x + i), next_a = state_a.next(now), next_b = state_b.next(now);
    next_a.write(a + i);
    next_b.write(b + i);
    (next_a - next_b).write(apart + i);
  }
  for (; i < rows; ++i) {
    const auto number = [=](std::size_t back) { return *(x + i - back); };
    a[i] = state_a.one_row(a + i, number);
    b[i] = state_b.one_row(b + i, number);
    apart[i] = a[i] - b[i];
  }
}

// Of one bar and the one before it, see Kernels::directional_sums.
template <class V>
struct Movement {
  V up, down, range;
};
template <class L>
inline Movement<typename L::V> movement_of(const double* high, const double* low, const double* close) {
  const typename L::V top = L::read(high), bottom = L::read(low), before = L::read(close - 1), none = L::all(0.0);
  const typename L::V rise = L::subtract(top, L::read(high - 1)), fall = L::subtract(L::read(low - 1), bottom);
  return {L::choose(L::above(rise, fall), L::higher(rise, none), none),
          L::choose(L::above(fall, rise), L::higher(fall, none), none),
          L::subtract(L::higher(top, before), L::lower(bottom, before))};
}
inline Movement<Rows> movements(const double* high, const double* low, const double* close) {
  Movement<Rows> out;
  for (std::ptrdiff_t j = 0; j < Rows::kVectors; ++j) {
    const std::ptrdiff_t at = j * Lanes::kCount;
    const auto one = movement_of<Lanes>(high + at, low + at, close + at);
    out.up.v[j] = one.up;
    out.down.v[j] = one.down;
    out.range.v[j] = one.range;
  }
  return out;
}

void directional_sums(const double* high, const double* low, const double* close, std::size_t rows, double kept,
                      double* plus, double* minus, double* range) {
  Decay rises({kept, 1.0}), falls = rises, ranges = rises;
  std::size_t i = 0;
  if (rows >= 8) {
    const Movement<Rows> before = movements(high - 8, low - 8, close - 8);
    rises.begin(before.up, Rows::read(plus - 8));
    falls.begin(before.down, Rows::read(minus - 8));
    ranges.begin(before.range, Rows::read(range - 8));
  }
  for (; i + 8 <= rows; i += 8) {
    const Movement<Rows> now = movements(high + i, low + i, close + i);
    rises.next(now.up).write(plus + i);
    falls.next(now.down).write(minus + i);
    ranges.next(now.range).write(range + i);
  }
  for (; i < rows; ++i) {
    const auto at = [=](std::size_t back) {
      return movement_of<OneLane>(high + i - back, low + i - back, close + i - back);
    };
    plus[i] = rises.one_row(plus + i, [&](std::size_t back) { return at(back).up; });
    minus[i] = falls.one_row(minus + i, [&](std::size_t back) { return at(back).down; });
    range[i] = ranges.one_row(range + i, [&](std::size_t back) { return at(back).range; });
  }
}

// numbers(begin, count) are eight rows, those from `count` on being 0.
template <class Numbers>
inline double total_of(std::size_t rows, double before, double lost, double* out, Numbers&& numbers) {
  const Rows base = Rows::all(before), rest = Rows::all(lost);
  Rows one_before = Rows::all(0.0), two_before = one_before, four_before = one_before, last = one_before;
  double some[8] = {};
  for (std::size_t begin = 0; begin < rows; begin += 8) {
    const std::size_t count = rows - begin < 8 ? rows - begin : 8;
    const Rows one = numbers(begin, count);
    const Rows two = one + one.behind<1>(one_before);
    const Rows four = two + two.behind<2>(two_before);
    last = (four + four.behind<4>(four_before)) + last;
    const Rows now = base + (last + rest);
    if (count == 8) {
      now.write(out + begin);
    } else {
      now.write(some);
      copy(some, count, out + begin);
    }
    one_before = one;
    two_before = two;
    four_before = four;
  }
  last.write(some);  // rows that are not there added nothing
  return some[7];
}

double total(const double* x, std::size_t rows, double before, double lost, double* out) {
  return total_of(rows, before, lost, out, [=](std::size_t begin, std::size_t count) {
    if (count == 8) return Rows::read(x + begin);
    double some[8] = {};
    copy(x + begin, count, some);
    return Rows::read(some);
  });
}

template <class L>
inline int one_ratio(const double* part, const double* whole, double scale, double neutral, double* out) {
  const typename L::V below = L::read(whole), none = L::all(0.0);
  const typename L::M zero = L::both(L::at_least(below, none), L::at_most(below, none));
  const typename L::V value = L::multiply(L::all(scale), L::divide(L::read(part), below));
  L::write(out, L::choose(zero, L::all(neutral), value));
  return __builtin_popcount(L::bits(zero));
}

std::int64_t ratio(const double* part, const double* whole, std::size_t rows, double scale, double neutral,
                   double* out) {
  std::int64_t zeros = 0;
  std::size_t i = 0;
  for (; i + Lanes::kCount <= rows; i += Lanes::kCount)
    zeros += one_ratio<Lanes>(part + i, whole + i, scale, neutral, out + i);
  for (; i < rows; ++i) zeros += one_ratio<OneLane>(part + i, whole + i, scale, neutral, out + i);
  return zeros;
}

// What is read so many rows later, fetched while this is computed: many columns are more than the processor follows by
// itself.
template <class... Columns>
inline void fetch(std::size_t row, Columns... columns) {
  constexpr std::size_t kAhead = 128;
  (__builtin_prefetch(columns + row + kAhead), ...);
}

template <class L>
inline typename L::V location_of(const double* high, const double* low, const double* close, const double* volume,
                                 std::int64_t& flats) {
  const typename L::V top = L::read(high), bottom = L::read(low), now = L::read(close), none = L::all(0.0);
  const typename L::V place = L::subtract(L::subtract(now, bottom), L::subtract(top, now));
  const typename L::M flat = L::both(L::at_least(bottom, top), L::at_most(bottom, top));
  flats += __builtin_popcount(L::bits(flat));
  return L::choose(flat, none, L::multiply(L::divide(place, L::subtract(top, bottom)), L::read(volume)));
}

std::int64_t location(const double* high, const double* low, const double* close, const double* volume,
                      std::size_t rows, double* out) {
  std::int64_t flats = 0;
  std::size_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    fetch(i, high, low, close, volume);
    for (std::size_t k = i; k < i + 8; k += Lanes::kCount)
      Lanes::write(out + k, location_of<Lanes>(high + k, low + k, close + k, volume + k, flats));
  }
  for (; i < rows; ++i) out[i] = location_of<OneLane>(high + i, low + i, close + i, volume + i, flats);
  return flats;
}

double location_total(const double* high, const double* low, const double* close, const double* volume,
                      std::size_t rows, double before, double lost, double* out, std::int64_t* flats) {
  std::int64_t found = 0;
  const double sum = total_of(rows, before, lost, out, [&](std::size_t begin, std::size_t count) {
    fetch(begin, high, low, close, volume);
    Rows now;
    if (count == 8) {
      for (int j = 0; j < Rows::kVectors; ++j) {
        const std::size_t k = begin + static_cast<std::size_t>(j) * Lanes::kCount;
        now.v[j] = location_of<Lanes>(high + k, low + k, close + k, volume + k, found);
      }
      return now;
    }
    double some[8] = {};
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t k = begin + r;
      some[r] = location_of<OneLane>(high + k, low + k, close + k, volume + k, found);
    }
    return Rows::read(some);
  });
  *flats += found;
  return sum;
}

template <class L>
inline int one_body(const double* open, const double* high, const double* low, const double* close, double* out) {
  const typename L::V top = L::read(high), bottom = L::read(low);
  const typename L::M flat = L::both(L::at_least(bottom, top), L::at_most(bottom, top));
  const typename L::V value = L::divide(L::subtract(L::read(close), L::read(open)), L::subtract(top, bottom));
  L::write(out, L::choose(flat, L::all(0.0), value));
  return __builtin_popcount(L::bits(flat));
}

std::int64_t body(const double* open, const double* high, const double* low, const double* close, std::size_t rows,
                  double* out) {
  std::int64_t flat = 0;
  std::size_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    fetch(i, open, high, low, close);
    for (std::size_t k = i; k < i + 8; k += Lanes::kCount)
      flat += one_body<Lanes>(open + k, high + k, low + k, close + k, out + k);
  }
  for (; i < rows; ++i) flat += one_body<OneLane>(open + i, high + i, low + i, close + i, out + i);
  return flat;
}

constexpr moola::market::row_kernels::Kernels this_set() {
  return {.decay = decay,
          .lead = lead,
          .two_decays = two_decays,
          .directional_sums = directional_sums,
          .total = total,
          .ratio = ratio,
          .location = location,
          .location_total = location_total,
          .body = body};
}

}  // namespace
