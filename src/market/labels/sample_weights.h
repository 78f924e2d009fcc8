#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace moola::market {

/// What samples whose labels overlap in time should weigh (Lopez de Prado 2018, chapter 4).
///
/// A sample's label depends on bars first[i] .. last[i], both included (rows of a series of `bars` bars); last[i] < 0:
/// it has none, and weighs 0. Samples are in the order of `first`. Throws std::invalid_argument for bars that are not
/// there, or an order that is another. Cost O(samples + bars), whatever the labels' length.

/// The mean over a sample's bars of 1 / (labels that depend on the bar). Snippets 4.1 and 4.2.
std::vector<double> average_uniqueness(std::span<const std::int64_t> first, std::span<const std::int64_t> last,
                                       std::size_t bars);

/// The size of the sum of log returns of the sample's bars, each shared among the labels that depend on it; scaled so
/// that the weights of n samples add up to n. Snippet 4.10. `close` (bars); the first bar has no return.
std::vector<double> return_attribution(std::span<const std::int64_t> first, std::span<const std::int64_t> last,
                                       std::span<const double> close);

/// A straight line over the uniqueness summed up from the oldest sample on: 1 for the newest; `oldest` for the oldest
/// when it is 0 to 1; below 0, that share of the oldest weighs nothing. Snippet 4.11. Throws ConfigError when `oldest`
/// is not above -1 and at most 1.
std::vector<double> time_decay(std::span<const double> uniqueness, double oldest);

}  // namespace moola::market
