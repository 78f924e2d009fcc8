#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace moola::data {

/// Finds in which of many neighbouring pieces a number lies: piece 0 holds [0, sizes[0]), piece 1 what follows, and so
/// on.
///
/// Memory is O(pieces), whatever the total. A table over equal ranges of numbers says where to begin, so a find is a
/// look into the table and a few neighbouring sums: about 10 ns in cache, two cache misses out of it. Pieces of wildly
/// different sizes cost a binary search between two entries of the table at worst.
class PrefixIndex {
 public:
  PrefixIndex() : PrefixIndex(std::span<const std::int64_t>()) {}
  /// Throws DataError for a negative size or a total beyond int64, std::length_error for 2^32 pieces or more.
  explicit PrefixIndex(std::span<const std::int64_t> sizes);

  struct Place {
    std::int64_t piece, offset;
  };
  /// `number` is in [0, total()).
  Place find(std::int64_t number) const;

  std::int64_t total() const { return begins_.back(); }
  std::int64_t pieces() const { return static_cast<std::int64_t>(begins_.size()) - 1; }
  /// The first number of a piece; begin(pieces()) is the total.
  std::int64_t begin(std::int64_t piece) const { return begins_[static_cast<std::size_t>(piece)]; }
  std::size_t bytes() const {
    return begins_.capacity() * sizeof(std::int64_t) + table_.capacity() * sizeof(std::uint32_t);
  }

 private:
  std::vector<std::int64_t> begins_;  // sums, one more than pieces
  std::vector<std::uint32_t> table_;  // the piece that holds number b << shift_
  unsigned shift_ = 0;
};

inline PrefixIndex::Place PrefixIndex::find(std::int64_t number) const {
  const auto bucket = static_cast<std::size_t>(number >> shift_);
  std::size_t low = table_[bucket], high = table_[bucket + 1];  // the piece is in [low, high]
  while (high - low > 8) {
    const std::size_t middle = low + (high - low + 1) / 2;
    if (begins_[middle] <= number) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  while (begins_[low + 1] <= number) ++low;
  return {static_cast<std::int64_t>(low), number - begins_[low]};
}

}  // namespace moola::data
