#pragma once

namespace moola::validation {

/// The share of a standard normal variable at or below x, to 1e-15.
double normal_share(double x);
/// The x that this share lies at or below, to 1e-14 of max(1, |x|); infinite for 0 and 1, NaN beyond.
double normal_quantile(double share);

}  // namespace moola::validation
