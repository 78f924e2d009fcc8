#pragma once
#include <span>
#include <string_view>

#include "sweep/space/expression.h"

namespace moola::sweep {

/// A constraint as users write it (expression.h) over a space's parameters, in the space's order; `fixed` are names of
/// values beside them.
///
/// It holds where one of the parameters that it names is not active, and does not hold where the formula has no value:
/// after a division by zero, a logarithm of a negative number. Some 100 ns a point.
/// Throws ConfigError for what Expression refuses, and for one that names no parameter.
Constraint make_constraint(std::string_view text, std::span<const SpaceParameter> parameters,
                           std::span<const NamedValue> fixed = {});

}  // namespace moola::sweep
