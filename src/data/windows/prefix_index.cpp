#include "data/windows/prefix_index.h"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>

#include "base/error.h"

namespace moola::data {

PrefixIndex::PrefixIndex(std::span<const std::int64_t> sizes) {
  if (sizes.size() >= std::numeric_limits<std::uint32_t>::max()) throw std::length_error("2^32 pieces or more");
  begins_.reserve(sizes.size() + 1);
  begins_.push_back(0);
  for (const std::int64_t size : sizes) {
    if (size < 0 || begins_.back() > std::numeric_limits<std::int64_t>::max() - size) {
      throw DataError(
          fmt::format("piece {} has size {} after {} before it; sizes are not negative and their sum is below 2^63.",
                      begins_.size() - 1, size, begins_.back()));
    }
    begins_.push_back(begins_.back() + size);
  }
  // Between one and two buckets per piece.
  while (total() >> shift_ > 2 * pieces()) ++shift_;
  const std::int64_t buckets = (total() >> shift_) + 2;
  table_.reserve(static_cast<std::size_t>(buckets));
  std::uint32_t piece = 0;
  for (std::uint64_t bucket = 0; bucket < static_cast<std::uint64_t>(buckets); ++bucket) {
    while (piece + 1 < sizes.size() && static_cast<std::uint64_t>(begins_[piece + 1]) <= bucket << shift_) ++piece;
    table_.push_back(piece);
  }
}

}  // namespace moola::data
