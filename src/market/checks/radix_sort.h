#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace moola::market {

/// Unsigned numbers in the order of the doubles, which are not NaN: negative ones turned over, the others above them.
/// 0 and -0 are apart.
inline std::uint64_t sort_key(double value) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

inline double value_of_key(std::uint64_t key) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return std::bit_cast<double>((key & kSign) != 0 ? key & ~kSign : ~key);
}

/// Sorts by key(item), a 64-bit number; equal ones keep their order. At most 2^32 - 1 items. `other` is what it works
/// with, of any size; who sorts several lists keeps its memory by handing it in again.
///
/// Three passes of 11 bits over the upper 33 bits in which keys differ leave few neighbours to swap; neighbours that
/// agree in these bits are sorted among themselves. Cost: about 15 ns an item of 8 bytes.
template <class Item>
void radix_sort(std::vector<Item>& items, std::vector<Item>& other, const auto& key) {
  constexpr unsigned kBits = 11, kPasses = 3;
  constexpr std::size_t kValues = std::size_t{1} << kBits;
  if (items.empty()) return;
  std::uint64_t lowest = key(items[0]), highest = lowest;
  for (const Item& item : items) {
    lowest = std::min(lowest, key(item));
    highest = std::max(highest, key(item));
  }
  if (lowest == highest) return;
  const auto unused = static_cast<unsigned>(std::countl_zero(highest - lowest));
  const auto digit = [&](const Item& item, unsigned pass) -> std::size_t {
    return ((key(item) - lowest) << unused) >> (64 - kBits * (kPasses - pass)) & (kValues - 1);
  };
  std::array<std::array<std::uint32_t, kValues>, kPasses> place{};
  for (const Item& item : items) {
    for (unsigned pass = 0; pass < kPasses; ++pass) ++place[pass][digit(item, pass)];
  }
  other.resize(items.size());
  for (unsigned pass = 0; pass < kPasses; ++pass) {
    if (place[pass][digit(items[0], pass)] == items.size()) continue;  // as flags and counts have it
    std::uint32_t sum = 0;
    for (std::uint32_t& count : place[pass]) sum += std::exchange(count, sum);
    for (const Item& item : items) other[place[pass][digit(item, pass)]++] = item;
    items.swap(other);
  }
  const auto less = [&](const Item& a, const Item& b) { return key(a) < key(b); };
  const auto seen = [&](const Item& item) { return ((key(item) - lowest) << unused) >> (64 - kBits * kPasses); };
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (!less(items[i], items[i - 1])) continue;
    // Only what agrees in the bits seen can be out of order.
    const std::uint64_t upper = seen(items[i]);
    std::size_t begin = i - 1, end = i + 1;
    while (begin > 0 && seen(items[begin - 1]) == upper) --begin;
    while (end < items.size() && seen(items[end]) == upper) ++end;
    const auto at = [&](std::size_t place_of) { return items.begin() + static_cast<std::ptrdiff_t>(place_of); };
    std::stable_sort(at(begin), at(end), less);
    i = end;
  }
}

template <class Item>
void radix_sort(std::vector<Item>& items, const auto& key) {
  std::vector<Item> other;
  radix_sort(items, other, key);
}

}  // namespace moola::market
