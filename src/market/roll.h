#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "market/bars.h"

namespace moola::market {

/// When the continuous series goes over to the next contract.
enum class RollRule {
  volume,  // when the next contract traded more than the current one in the session before
  expiry,  // when the current contract has had its last bar
};

/// The bars of one delivery month.
struct Contract {
  std::string month;  // "202411"; months compare as texts
  Bars bars;          // stamps increase strictly
};

/// A stretch of the continuous series that comes from one contract.
struct ContractSpan {
  std::string month;
  std::size_t begin = 0, end = 0;  // bars [begin, end) of the series
};

struct ContinuousSeries {
  Bars bars;  // the first bar of every contract but the first carries kRoll
  std::vector<ContractSpan> spans;
};

/// The front month through time: one contract per session, never an earlier month after a later one, prices as they
/// were traded (no back-adjustment).
///
/// A session begins where no contract has a bar for `session_gap` nanoseconds or longer. The first session takes the
/// nearest month. Each later one decides at its start from what was known then: the volumes of the session before, and
/// which contracts have had their last bar (a contract's last day is public before it trades; here it is taken from the
/// bars). Under RollRule::volume a contract that has ended is left for the later month with the largest volume before.
/// Contracts may come in any order; months must differ. Cost O(n log n) in the bars of all contracts.
ContinuousSeries front_month(std::span<const Contract> contracts, RollRule rule, std::int64_t session_gap);

}  // namespace moola::market
