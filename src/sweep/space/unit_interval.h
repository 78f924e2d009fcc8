#pragma once
#include "sweep/space/distribution.h"

namespace moola::sweep {

/// Where a value lies in [0, 1]: logarithms are taken where the distribution says so, values on steps stand in the
/// middle of the stretch that rounds to them (low - step/2 to high + step/2), choices in the middle of equal shares.
double to_unit(const Distribution& distribution, double value);

/// The value at `unit` in [0, 1]; what is outside is clipped. `from_unit(d, to_unit(d, x)) == x` for values on steps
/// and choices, and to rounding for floats. A uniform `unit` draws from the distribution.
double from_unit(const Distribution& distribution, double unit);

/// The stretch of [0, 1] that rounds to a value on steps or to a choice; of a float without step its one place.
struct UnitCell {
  double low, high;
};
UnitCell unit_cell(const Distribution& distribution, double value);

}  // namespace moola::sweep
