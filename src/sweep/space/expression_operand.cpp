#include "sweep/space/expression_operand.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/nearest.h"

namespace moola::sweep {
namespace {

constexpr unsigned kNumeric = kTruthKind | kNumberKind;

unsigned comparable(unsigned kinds) {
  return (kinds & kNumeric) != 0 ? kinds | kNumeric : kinds;
}

std::string why_no_choice(const Operand& parameter, const Operand& text) {
  if (parameter.parameter == nullptr || !text.text) return {};
  const SpaceParameter& named = *parameter.parameter;
  std::vector<std::string> choices;
  for (const ParameterValue& each : std::get<CategoricalDistribution>(named.distribution).choices) {
    if (const std::string* choice = std::get_if<std::string>(&each)) choices.push_back(*choice);
  }
  if (std::ranges::find(choices, *text.text) != choices.end()) return {};
  return fmt::format("{} is never '{}'; its texts are {}.{}", named.name, *text.text, fmt::join(choices, ", "),
                     did_you_mean(*text.text, choices));
}

}  // namespace

unsigned kind_of(const ParameterValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return kNoneKind;
  if (std::holds_alternative<bool>(value)) return kTruthKind;
  return std::holds_alternative<std::string>(value) ? kTextKind : kNumberKind;
}

std::string kinds_text(unsigned kinds) {
  std::vector<std::string_view> names;
  if ((kinds & kNumberKind) != 0) names.emplace_back("a number");
  if ((kinds & kTextKind) != 0) names.emplace_back("a text");
  if ((kinds & kTruthKind) != 0) names.emplace_back("a truth value");
  if ((kinds & kNoneKind) != 0) names.emplace_back("none");
  return fmt::format("{}", fmt::join(names, " or "));
}

std::string why_no_number(const Operand& operand, std::string_view of) {
  if ((operand.kinds & kNumeric) != 0) return {};
  return fmt::format("{} needs a number, and this is {}.", of, kinds_text(operand.kinds));
}

std::string why_no_order(const Operand& a, const Operand& b) {
  if ((comparable(a.kinds) & comparable(b.kinds) & ~kNoneKind) != 0) return {};
  return fmt::format("{} and {} have no order.", kinds_text(a.kinds), kinds_text(b.kinds));
}

std::string why_never_equal(const Operand& a, const Operand& b) {
  if ((comparable(a.kinds) & comparable(b.kinds)) == 0)
    return fmt::format("{} is compared with {} here, which it never equals.", kinds_text(a.kinds), kinds_text(b.kinds));
  const std::string why = why_no_choice(a, b);
  return why.empty() ? why_no_choice(b, a) : why;
}

}  // namespace moola::sweep
