#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "market/labels/directional.h"
#include "market/labels/triple_barrier.h"

namespace moola::market {

/// What a trade that reaches neither barrier was.
enum class TimeoutIs : std::uint8_t {
  by_return,  // right when it gained more than its cost
  wrong,
};
/// "by_return", "wrong". Throws ConfigError naming the nearest.
TimeoutIs parse_timeout_is(const std::string& name);
std::string_view to_string(TimeoutIs what);

/// Whether it was right to take the side that a primary model chose.
struct MetaLabels {
  std::vector<std::int8_t> label;  // 1 right, 0 wrong, kInvalidLabel where no side was taken or nobody knows
  BarrierLabels trade;             // what the price did; its label -1, 0, 1 is the price's, whatever the side
};

/// Judges sides by barriers: `rule.up` is how far away the profit lies and `rule.down` the loss, in the side's own
/// direction, so a short trade (-1) has its profit below. 1 where the profit came first; the end of time as `timeout`
/// says. BarrierTie::stop_first means the loss.
///
/// `side` (n): 1, -1, or 0 for no trade, known at the bar's close. `scale` (n), or empty: the entry price. Cost as
/// triple_barrier's. Throws what triple_barrier throws, and std::invalid_argument for a side that is none. Source:
/// Lopez de Prado 2018, section 3.6 and snippets 3.6 and 3.7.
MetaLabels meta_labels(const PriceSpans& prices, std::span<const double> scale, std::span<const std::int8_t> side,
                       const TripleBarrier& rule, TimeoutIs timeout = TimeoutIs::by_return, unsigned threads = 1);

/// Judges sides by where the price is `rule.holding.bars` later: 1 where the directional label is the side. Source:
/// reference factory.md 1.5.
MetaLabels meta_labels(const PriceSpans& prices, std::span<const double> scale, std::span<const std::int8_t> side,
                       const Directional& rule);

}  // namespace moola::market
