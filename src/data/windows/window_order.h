#pragma once
#include <cstdint>
#include <string_view>

#include "base/keyed_permutation.h"

namespace moola::data {

/// In which order an epoch visits its samples.
enum class Order {
  shuffled,    // a keyed permutation of all of them
  blocked,     // for sets larger than memory: a few blocks at a time, shuffled among themselves
  sequential,  // as they are numbered
};

/// By the names above. Throws ConfigError that names the nearest.
Order parse_order(std::string_view text);
std::string_view to_string(Order order);

/// The order of one epoch over [0, n). A pure function of (seed, epoch) and the numbers it was made of; no memory per
/// sample.
class EpochOrder {
 public:
  /// The sample at `position` in [0, n). About 30 ns.
  std::int64_t operator()(std::int64_t position) const;

 private:
  friend class WindowOrder;
  EpochOrder(Order kind, std::int64_t n, std::int64_t block, std::int64_t group, std::uint64_t seed,
             std::int64_t epoch);

  Order kind_;
  std::int64_t n_, block_, group_;
  std::uint64_t seed_;
  std::int64_t epoch_, blocks_;
  std::int64_t last_visit_ = 0;  // when the last block, which may be short, has its turn
  KeyedPermutation samples_, visits_;
};

/// The order of every epoch. Every sample comes once in an epoch.
///
/// `blocked` cuts [0, n) into blocks of `block` neighbours (the last may be short), visits the blocks in a permuted
/// order, `group` of them at a time, and shuffles the samples of a group among themselves. A reader that holds the
/// group's blocks reads each block once an epoch.
class WindowOrder {
 public:
  static WindowOrder shuffled(std::int64_t n, std::uint64_t seed) { return {Order::shuffled, n, 1, 1, seed}; }
  static WindowOrder sequential(std::int64_t n) { return {Order::sequential, n, 1, 1, 0}; }
  /// Throws ConfigError for a block or group below 1.
  static WindowOrder blocked(std::int64_t n, std::uint64_t seed, std::int64_t block, std::int64_t group);

  std::int64_t size() const { return n_; }
  Order kind() const { return kind_; }
  std::int64_t block() const { return block_; }
  std::int64_t group() const { return group_; }

  EpochOrder epoch(std::int64_t number) const { return {kind_, n_, block_, group_, seed_, number}; }
  /// The sample at `position` of an epoch; epoch(e)(position), for single look-ups.
  std::int64_t operator()(std::int64_t epoch_number, std::int64_t position) const {
    return epoch(epoch_number)(position);
  }

 private:
  WindowOrder(Order kind, std::int64_t n, std::int64_t block, std::int64_t group, std::uint64_t seed)
      : kind_(kind), n_(n), block_(block), group_(group), seed_(seed) {}
  Order kind_;
  std::int64_t n_, block_, group_;
  std::uint64_t seed_;
};

}  // namespace moola::data
