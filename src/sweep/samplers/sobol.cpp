#include "sweep/samplers/sobol.h"

#include <bit>
#include <stdexcept>

#include "sweep/samplers/sobol_numbers.h"

namespace moola::sweep {
namespace {

constexpr std::size_t kBits = 32;

// The finaliser of SplitMix64 (Steele et al. 2014).
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::uint32_t scramble(std::uint32_t x, std::uint64_t key) {
  std::uint32_t flips = 0;
  std::uint64_t stretch = 1;  // a one before the bits of x above this one
  for (std::size_t bit = kBits; bit-- > 0;) {
    flips |= static_cast<std::uint32_t>(mix(key + stretch * 0x9e3779b97f4a7c15ULL) & 1) << bit;
    stretch = stretch << 1 | (x >> bit & 1);
  }
  return x ^ flips;
}

}  // namespace

SobolSequence::SobolSequence(std::size_t dimensions, std::optional<std::uint64_t> seed)
    : scrambled_(seed.has_value()), keys_(dimensions), directions_(kBits * dimensions) {
  if (dimensions > kMostDimensions) throw std::invalid_argument("a Sobol sequence has 512 dimensions at most");
  const std::uint16_t* next = kSobolNumbers;
  for (std::size_t dimension = 0; dimension < dimensions; ++dimension) {
    keys_[dimension] = mix(mix(seed.value_or(0) + 0x9e3779b97f4a7c15ULL) + dimension + 1);
    std::uint32_t* const v = directions_.data() + kBits * dimension;
    if (dimension == 0) {
      for (std::size_t k = 0; k < kBits; ++k) v[k] = std::uint32_t{1} << (kBits - 1 - k);
      continue;
    }
    const std::uint32_t polynomial = *next++;
    const auto degree = static_cast<std::size_t>(std::bit_width(polynomial)) - 1;
    for (std::size_t k = 0; k < degree; ++k) v[k] = std::uint32_t{*next++} << (kBits - 1 - k);
    for (std::size_t k = degree; k < kBits; ++k) {
      v[k] = v[k - degree] ^ v[k - degree] >> degree;
      for (std::size_t i = 1; i < degree; ++i) {
        if ((polynomial >> (degree - i) & 1) != 0) v[k] ^= v[k - i];
      }
    }
  }
}

void SobolSequence::point(std::uint64_t index, std::span<double> out) const {
  if (index >= kPoints || out.size() != keys_.size()) throw std::invalid_argument("no such point of a Sobol sequence");
  const auto gray = static_cast<std::uint32_t>(index ^ index >> 1);
  for (std::size_t dimension = 0; dimension < keys_.size(); ++dimension) {
    std::uint32_t x = 0;
    for (std::uint32_t rest = gray; rest != 0; rest &= rest - 1)
      x ^= directions_[kBits * dimension + static_cast<std::size_t>(std::countr_zero(rest))];
    out[dimension] = static_cast<double>(scrambled_ ? scramble(x, keys_[dimension]) : x) * 0x1p-32;
  }
}

}  // namespace moola::sweep
