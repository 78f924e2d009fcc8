#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
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

/// Sorts by key(item), a 64-bit number, eight bits at a time from the lowest; equal ones keep their order. At most 2^32
/// - 1 items. Cost O(n); bytes that all keys share cost nothing but their counting.
template <class Item>
void radix_sort(std::vector<Item>& items, const auto& key) {
  constexpr std::size_t kDigits = 8, kValues = 256;
  if (items.empty()) return;
  const auto digit = [&](const Item& item, std::size_t number) -> std::size_t {
    return key(item) >> (8 * number) & (kValues - 1);
  };
  std::array<std::array<std::uint32_t, kValues>, kDigits> counts{};
  for (const Item& item : items) {
    for (std::size_t d = 0; d < kDigits; ++d) ++counts[d][digit(item, d)];
  }
  std::vector<Item> other(items.size());
  for (std::size_t d = 0; d < kDigits; ++d) {
    if (counts[d][digit(items[0], d)] == items.size()) continue;
    std::array<std::uint32_t, kValues> place;
    std::uint32_t sum = 0;
    for (std::size_t v = 0; v < kValues; ++v) {
      place[v] = sum;
      sum += counts[d][v];
    }
    for (const Item& item : items) other[place[digit(item, d)]++] = item;
    items.swap(other);
  }
}

}  // namespace moola::market
