#include "base/keyed_permutation.h"

#include <bit>

namespace moola {
namespace {

// The finaliser of SplitMix64 (Steele et al. 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

KeyedPermutation::KeyedPermutation(std::uint64_t n, std::uint64_t seed, std::uint64_t epoch) : n_(n) {
  const unsigned bits = n > 1 ? static_cast<unsigned>(std::bit_width(n - 1)) : 1;
  half_bits_ = (bits + 1) / 2;
  half_mask_ = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t key = mix(seed + 0x9e3779b97f4a7c15ULL) ^ mix(epoch + 0x632be59bd9b4e019ULL);
  for (std::uint64_t& round : round_keys_) round = mix(key += 0x9e3779b97f4a7c15ULL);
}

std::uint64_t KeyedPermutation::operator()(std::uint64_t i) const {
  do {
    std::uint64_t left = i >> half_bits_;
    std::uint64_t right = i & half_mask_;
    for (const std::uint64_t key : round_keys_) {
      const std::uint64_t next = left ^ (mix(right + key) & half_mask_);
      left = right;
      right = next;
    }
    i = left << half_bits_ | right;
  } while (i >= n_);
  return i;
}

std::uint64_t KeyedPermutation::inverse(std::uint64_t j) const {
  do {
    std::uint64_t left = j >> half_bits_;
    std::uint64_t right = j & half_mask_;
    for (int round = kRounds - 1; round >= 0; --round) {
      const std::uint64_t before = right ^ (mix(left + round_keys_[round]) & half_mask_);
      right = left;
      left = before;
    }
    j = left << half_bits_ | right;
  } while (j >= n_);
  return j;
}

}  // namespace moola
