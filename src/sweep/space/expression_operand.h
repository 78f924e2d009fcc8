#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sweep/space/search_space.h"

// What is known of a formula's values before there are any, and which of them don't go together.
namespace moola::sweep {

/// What a value may be, as bits.
inline constexpr unsigned kNoneKind = 1, kTruthKind = 2, kNumberKind = 4, kTextKind = 8;

unsigned kind_of(const ParameterValue& value);

/// "a number or none"
std::string kinds_text(unsigned kinds);

struct Operand {
  unsigned kinds = 0;
  const SpaceParameter* parameter = nullptr;  // the value is this parameter's
  std::optional<std::string> text = {};       // or this text
  std::size_t position = 0;                   // where it begins in the formula
};

/// What is wrong with the operator between, or before, these; empty where nothing is. Truth values are numbers here.
std::string why_no_number(const Operand& operand, std::string_view of);
std::string why_no_order(const Operand& a, const Operand& b);
/// A comparison that is never true is a mistake, most often of typing.
std::string why_never_equal(const Operand& a, const Operand& b);

}  // namespace moola::sweep
