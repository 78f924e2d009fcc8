#pragma once
// The kernel of one instruction set; included once by each barrier_scan_v*.cpp.
//
// Neighbouring bars lie side by side in the lanes and are searched in step, so that the search has no branch that a
// processor would guess wrongly, but the one that ends it. When a search is long and few of a block still go on, each
// of those goes alone, with the bars ahead of it in the lanes.
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

#include "market/double_lanes.h"
#include "market/labels/barrier_scan.h"

namespace {

using moola::market::barrier_scan::Scan;

#define MOOLA_INLINE inline __attribute__((always_inline))

constexpr int kStepsPerLook = 4;  // between looks at how many still search
// A block with few left goes on together for so many bars: parting costs more than the lanes that idle meanwhile.
constexpr std::int32_t kPatience = 64;

// One 0 or 1 byte per bit.
constexpr std::array<std::uint64_t, 256> bytes_of_bits() {
  std::array<std::uint64_t, 256> table{};
  for (unsigned bits = 0; bits < 256; ++bits) {
    for (unsigned lane = 0; lane < 8; ++lane) table[bits] |= static_cast<std::uint64_t>(bits >> lane & 1U) << 8 * lane;
  }
  return table;
}
constexpr std::array<std::uint64_t, 256> kBytes = bytes_of_bits();

template <class L>
MOOLA_INLINE void write_bytes(std::int8_t* to, std::uint64_t bytes) {
  std::memcpy(to, &bytes, L::kCount);
}

// A bar that goes on alone: its barriers, and the ends of what it has seen in `done` bars.
struct Lone {
  double upper, lower, highest, lowest, bars;
};

// Goes on from bar i + done + 1 to bar i + most.
template <bool kCloses>
void search_on(const Scan& s, std::int64_t i, std::int64_t done, std::int64_t most, Lone& lone) {
  using L = Lanes;
  const typename L::V upper = L::all(lone.upper), lower = L::all(lone.lower);
  const double* const over = (kCloses ? s.close : s.high) + i + 1;
  const double* const under = (kCloses ? s.close : s.low) + i + 1;
  std::int64_t end = most;
  std::int64_t at = done;
  for (; at + L::kCount <= most; at += L::kCount) {
    const unsigned hit =
        L::bits(L::at_least(L::read(over + at), upper)) | L::bits(L::at_most(L::read(under + at), lower));
    if (hit != 0) {
      end = at + __builtin_ctz(hit) + 1;
      break;
    }
  }
  for (; end == most && at < end; ++at) {
    if (over[at] >= lone.upper || under[at] <= lone.lower) end = at + 1;
  }
  typename L::V top = L::all(lone.highest), bottom = L::all(lone.lowest);
  const double *const high = s.high + i + 1, *const low = s.low + i + 1;
  for (at = done; at + L::kCount <= end; at += L::kCount) {
    top = L::higher(top, L::read(high + at));
    bottom = L::lower(bottom, L::read(low + at));
  }
  std::array<double, L::kCount> tops, bottoms;
  L::write(tops.data(), top);
  L::write(bottoms.data(), bottom);
  for (int lane = 0; lane < L::kCount; ++lane) {
    lone.highest = OneLane::higher(tops[static_cast<std::size_t>(lane)], lone.highest);
    lone.lowest = OneLane::lower(bottoms[static_cast<std::size_t>(lane)], lone.lowest);
  }
  for (; at < end; ++at) {
    lone.highest = OneLane::higher(high[at], lone.highest);
    lone.lowest = OneLane::lower(low[at], lone.lowest);
  }
  lone.bars = static_cast<double>(end);
}

// kGroups registers of neighbouring bars from `i` on. kOwn: each has a max_bars of its own.
template <class L, int kGroups, bool kCloses, bool kOwn>
MOOLA_INLINE std::int64_t label_block(const Scan& s, std::int64_t i, std::int64_t* ties) {
  using V = typename L::V;
  using M = typename L::M;
  constexpr int kFew = kGroups * L::kCount / 8;
  const V infinite = L::all(std::numeric_limits<double>::infinity());
  V upper[kGroups], lower[kGroups], top[kGroups], bottom[kGroups], bars[kGroups], most[kGroups];
  M known[kGroups], searching[kGroups];
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; ++g) {
    const std::int64_t at = i + g * L::kCount;
    const V entry = L::read(s.enter_at_open ? s.open + at + 1 : s.close + at);
    const V above = s.scale_up == nullptr ? entry : L::read(s.scale_up + at);
    const V below = s.scale_up == nullptr ? entry : L::read(s.scale_down + at);
    known[g] = searching[g] = L::below_in(L::both(L::above(above, L::all(0.0)), L::above(below, L::all(0.0))),
                                          L::higher(above, below), infinite);
    const V cost = L::add(L::all(s.cost), L::multiply(L::all(s.cost_share), entry));
    upper[g] = L::add(L::add(entry, L::multiply(L::all(s.up), above)), cost);
    lower[g] = L::subtract(L::subtract(entry, L::multiply(L::all(s.down), below)), cost);
    top[g] = L::all(-std::numeric_limits<double>::infinity());
    bottom[g] = infinite;
    bars[g] = most[g] = kOwn ? L::read(s.own_bars + (at - s.begin)) : L::all(static_cast<double>(s.max_bars));
  }
  std::int32_t done = 0;
  const auto step = [&](std::int32_t number) __attribute__((always_inline)) {
    const V now = L::all(static_cast<double>(number));
#pragma GCC unroll 8
    for (int g = 0; g < kGroups; ++g) {
      const std::int64_t at = i + number + g * L::kCount;
      const V high = L::read(s.high + at), low = L::read(s.low + at), close = kCloses ? L::read(s.close + at) : high;
      top[g] = L::choose(searching[g], L::higher(high, top[g]), top[g]);
      bottom[g] = L::choose(searching[g], L::lower(low, bottom[g]), bottom[g]);
      bars[g] = L::choose(searching[g], now, bars[g]);
      searching[g] = L::below_in(searching[g], close, upper[g]);
      searching[g] = L::above_in(searching[g], kCloses ? close : low, lower[g]);
      if constexpr (kOwn) searching[g] = L::below_in(searching[g], now, most[g]);
    }
  };
  const auto left = [&]() __attribute__((always_inline)) {
    int count = 0;
#pragma GCC unroll 8
    for (int g = 0; g < kGroups; ++g) count += __builtin_popcount(L::bits(searching[g]));
    return count;
  };
  int still = left();
  while (still > (done < kPatience ? 0 : kFew) && done + kStepsPerLook <= s.max_bars) {
#pragma GCC unroll 8
    for (int k = 1; k <= kStepsPerLook; ++k) step(done + k);
    done += kStepsPerLook;
    still = left();
  }
  if (still > 0 && done < s.max_bars) {
#pragma GCC unroll 8
    for (int g = 0; g < kGroups; ++g) {
      std::array<double, L::kCount> uppers, lowers, tops, bottoms, ends;
      L::write(uppers.data(), upper[g]);
      L::write(lowers.data(), lower[g]);
      L::write(tops.data(), top[g]);
      L::write(bottoms.data(), bottom[g]);
      L::write(ends.data(), bars[g]);
      for (unsigned lanes = L::bits(searching[g]); lanes != 0; lanes &= lanes - 1) {
        const auto lane = static_cast<std::size_t>(__builtin_ctz(lanes));
        Lone lone{uppers[lane], lowers[lane], tops[lane], bottoms[lane], ends[lane]};
        const std::int64_t row = i + g * L::kCount + static_cast<std::int64_t>(lane);
        const std::int64_t last = kOwn ? static_cast<std::int64_t>(s.own_bars[row - s.begin]) : s.max_bars;
        search_on<kCloses>(s, row, done, last, lone);
        tops[lane] = lone.highest;
        bottoms[lane] = lone.lowest;
        ends[lane] = lone.bars;
      }
      top[g] = L::read(tops.data());
      bottom[g] = L::read(bottoms.data());
      bars[g] = L::read(ends.data());
    }
  }
  std::int64_t tied = 0;
#pragma GCC unroll 8
  for (int g = 0; g < kGroups; ++g) {
    const std::int64_t at = i + g * L::kCount;
    const V entry = L::read(s.enter_at_open ? s.open + at + 1 : s.close + at);
    std::array<std::int32_t, L::kCount> ends;
    L::write_ints(ends.data(), L::add(bars[g], L::number()));
    // The close or the open of the bar that ended the search.
    const V last = L::gather((kCloses ? s.close : s.open) + at, ends.data());
    const M up = L::both(known[g], L::at_least(kCloses ? last : top[g], upper[g]));
    const M down = L::both(known[g], L::at_most(kCloses ? last : bottom[g], lower[g]));
    V exit = last;
    if (!kCloses) {
      const V at_end = kOwn ? L::gather(s.close + at, ends.data()) : L::read(s.close + at + s.max_bars);
      exit = L::choose(up, L::higher(upper[g], last), at_end);
      exit = L::choose(down, L::lower(lower[g], last), exit);
    }
    const V zero = L::all(0.0), one = L::all(1.0);
    const V drop = L::divide(L::subtract(L::lower(bottom[g], entry), entry), entry);
    const V rise = L::divide(L::subtract(L::higher(top[g], entry), entry), entry);
    L::write_floats(s.mae + at, L::choose(known[g], drop, zero));
    L::write_floats(s.mfe + at, L::choose(known[g], rise, zero));
    L::write_floats(s.exit_return + at, L::choose(known[g], L::subtract(L::divide(exit, entry), one), zero));
    const V without = kOwn && s.unknown_bars > 0 ? most[g] : L::all(static_cast<double>(s.unknown_bars));
    L::write_ints(s.bars + at, L::choose(known[g], bars[g], without));
    const unsigned ups = L::bits(up), downs = L::bits(down);
    const unsigned unknown = ~L::bits(known[g]) & ((1U << L::kCount) - 1);
    const std::uint64_t touch = kBytes[ups] | kBytes[downs] * 0xFF;
    write_bytes<L>(s.touch + at, touch);
    write_bytes<L>(s.label + at, touch | kBytes[unknown] * static_cast<std::uint8_t>(s.unknown_label));
    for (unsigned both = ups & downs; both != 0; both &= both - 1) ties[tied++] = at + __builtin_ctz(both);
  }
  return tied;
}

template <bool kCloses, bool kOwn>
MOOLA_INLINE std::int64_t label_all(const Scan& scan) {
  const Scan s = scan;  // a copy that no store can change
  constexpr int kGroups = 2, kBlock = kGroups * Lanes::kCount;
  std::int64_t tied = 0, i = s.begin;
  for (; i + kBlock <= s.end; i += kBlock) tied += label_block<Lanes, kGroups, kCloses, kOwn>(s, i, s.ties + tied);
  for (; i < s.end; ++i) tied += label_block<OneLane, 1, kCloses, kOwn>(s, i, s.ties + tied);
  return tied;
}

MOOLA_INLINE std::int64_t label_bars(const Scan& scan) {
  if (scan.own_bars != nullptr) return scan.touch_by_close ? label_all<true, true>(scan) : label_all<false, true>(scan);
  return scan.touch_by_close ? label_all<true, false>(scan) : label_all<false, false>(scan);
}

}  // namespace
