#include "sweep/space/constraint.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "sweep/space/expression_tokens.h"

namespace moola::sweep {

Constraint make_constraint(std::string_view text, std::span<const SpaceParameter> parameters,
                           std::span<const NamedValue> fixed) {
  const auto expression = std::make_shared<const Expression>(text, parameters, fixed);
  if (expression->parameters().empty())
    refuse_formula(text, 0,
                   "it names no parameter that is searched, and so is the same for every trial. Leave it out.");
  return {std::string(text), [expression](const Point& point) {
            const auto is_active = [&](std::size_t each) { return !std::isnan(point[each]); };
            return !std::ranges::all_of(expression->parameters(), is_active) ||
                   expression->truth(point).value_or(false);
          }};
}

}  // namespace moola::sweep
