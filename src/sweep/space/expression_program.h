#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sweep/space/search_space.h"

// What formulas are compiled to: instructions for a machine with a stack.
namespace moola::sweep {

/// A value on the stack. A truth value is the number 1 or 0; a text is its rank among the program's texts, with the
/// empty one first; none is 0. So whether a value counts as true is whether `x` is not 0, as in Python.
struct Scalar {
  enum class Kind : std::uint8_t { none, number, text };
  double x;
  Kind kind;
  bool operator==(const Scalar&) const = default;
};

enum class Comparison : std::uint8_t { less, less_equal, greater, greater_equal, equal, unequal };

struct Instruction {
  enum class Op : std::uint8_t {
    constant,   // pushes `constant`
    parameter,  // pushes the point's value at `a`
    choice,     // pushes the choice that the point's value at `a` is the index of, choices beginning at `b`
    negate,
    invert,  // not
    add,
    subtract,
    multiply,
    divide,
    modulo,
    power,
    compare,     // takes two, pushes the truth
    compare_on,  // the same within a chain: leaves the second where it is true, else pushes false and goes to `a`
    is_in,       // whether it equals one of the constants from `a` to `b`
    is_not_in,
    stop_if_true,   // or: goes to `a` and leaves the value, or takes it
    stop_if_false,  // and
    least,          // min, max of two
    greatest,
    absolute,
    square_root,
    logarithm,
    logarithm2,
    logarithm10,
    exponential,
    round_down,
    round_up,
    round_even
  };
  Op op = Op::constant;
  Comparison comparison = Comparison::less;
  std::uint32_t a = 0, b = 0;
  Scalar constant = {};
};

struct Program {
  static constexpr std::size_t kStack = 64;  // no program needs more

  std::vector<Instruction> instructions = {};
  std::vector<Scalar> constants = {};  // choices of parameters, members of lists

  /// Whether the value counts as true; nothing where the formula has none at this point: a division by zero, a root or
  /// a logarithm that does not exist, a power or an exponential beyond all doubles, a text where a number is needed.
  std::optional<bool> run(const Point& point) const;
};

}  // namespace moola::sweep
