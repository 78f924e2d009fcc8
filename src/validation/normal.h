#pragma once

namespace moola::validation {

/// The x that a standard normal variable is at or below with this chance, to 1e-12 of max(1, |x|), from plain IEEE
/// operations: the same bits on every machine. Infinite for 0 and 1, NaN beyond. The other way: market::normal_cdf.
double normal_quantile(double chance);

}  // namespace moola::validation
