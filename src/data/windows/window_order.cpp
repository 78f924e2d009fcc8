#include "data/windows/window_order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "base/philox.h"

namespace moola::data {
namespace {

constexpr std::array<std::string_view, 3> kNames{"shuffled", "blocked", "sequential"};

std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

// Permutations of blocks and of the samples of a group are drawn apart from the one of all samples.
std::uint64_t derived_seed(std::uint64_t seed, std::uint64_t what) {
  const auto bits =
      philox4x32({static_cast<std::uint32_t>(what), static_cast<std::uint32_t>(what >> 32), 0x6f726465, 0},
                 {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return std::uint64_t{bits[1]} << 32 | bits[0];
}

}  // namespace

Order parse_order(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text == kNames[i]) return static_cast<Order>(i);
  }
  const std::vector<std::string> names(kNames.begin(), kNames.end());
  throw ConfigError(fmt::format("'{}' is no order of samples; there are {}.{}", text, fmt::join(names, ", "),
                                did_you_mean(text, names)));
}

std::string_view to_string(Order order) {
  return kNames[static_cast<std::size_t>(order)];
}

WindowOrder WindowOrder::blocked(std::int64_t n, std::uint64_t seed, std::int64_t block, std::int64_t group) {
  if (block < 1 || group < 1) {
    throw ConfigError(
        fmt::format("order \"blocked\" needs a block and a group of 1 at least; they are {} and {}.", block, group));
  }
  return {Order::blocked, n, block, group, seed};
}

EpochOrder::EpochOrder(Order kind, std::int64_t n, std::int64_t block, std::int64_t group, std::uint64_t seed,
                       std::int64_t epoch)
    : kind_(kind),
      n_(n),
      block_(std::min(block, std::max<std::int64_t>(n, 1))),
      group_(group),
      seed_(seed),
      epoch_(epoch),
      blocks_((n + block_ - 1) / block_),
      samples_(unsigned_of(n), seed, unsigned_of(epoch)),
      visits_(unsigned_of(blocks_), derived_seed(seed, 0), unsigned_of(epoch)) {
  group_ = std::min(group_, std::max<std::int64_t>(blocks_, 1));
  if (kind_ == Order::blocked && n_ > 0)
    last_visit_ = static_cast<std::int64_t>(visits_.inverse(unsigned_of(blocks_ - 1)));
}

std::int64_t EpochOrder::operator()(std::int64_t position) const {
  if (kind_ == Order::sequential) return position;
  if (kind_ == Order::shuffled) return static_cast<std::int64_t>(samples_(unsigned_of(position)));

  // Every group but the last holds group_ blocks, and the one with the last block lacks what that block is short of.
  const std::int64_t missing = blocks_ * block_ - n_;
  const std::int64_t short_group = last_visit_ / group_;
  const std::int64_t per_group = block_ * group_;
  std::int64_t group = position / per_group;
  if (group >= short_group) group = std::max(short_group, (position + missing) / per_group);
  const std::int64_t begin = group * per_group - (group > short_group ? missing : 0);
  const std::int64_t first_visit = group * group_;
  const std::int64_t visits = std::min(group_, blocks_ - first_visit);
  const std::int64_t size = visits * block_ - (group == short_group ? missing : 0);

  const KeyedPermutation within(unsigned_of(size), derived_seed(seed_, 1 + unsigned_of(group)), unsigned_of(epoch_));
  const auto place = static_cast<std::int64_t>(within(unsigned_of(position - begin)));
  std::int64_t visit = first_visit + place / block_;
  if (group == short_group) {  // the short block stands last in its group
    const std::int64_t last = first_visit + visits - 1;
    if (visit == last) {
      visit = last_visit_;
    } else if (visit == last_visit_) {
      visit = last;
    }
  }
  return static_cast<std::int64_t>(visits_(unsigned_of(visit))) * block_ + place % block_;
}

}  // namespace moola::data
