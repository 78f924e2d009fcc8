#pragma once
#include <cstdint>

namespace moola::sweep {

/// Of dimensions 2 to 512, one after the other: a primitive polynomial over GF(2), its bits as a number, and as many
/// initial direction numbers as its degree.
///
/// Source: Joe, Kuo 2008, "Constructing Sobol sequences with better two-dimensional projections" (new-joe-kuo-6).
extern const std::uint16_t kSobolNumbers[];

}  // namespace moola::sweep
