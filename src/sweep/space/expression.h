#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/space/expression_program.h"
#include "sweep/space/search_space.h"

namespace moola::sweep {

/// A name that stands for one value.
struct NamedValue {
  std::string name;
  ParameterValue value;
  bool operator==(const NamedValue&) const = default;
};

/// A formula over a space's parameters, compiled once: "layers * width <= 4096 and opt != 'sgd'".
///
/// It means what it would mean in Python, with every number a double:
///   a or b, a and b, not a; a < b, <=, >, >=, ==, !=, also in chains as 0 < a < b; a in ['x', 'y'], a not in [1, 2];
///   a + b, a - b, a * b, a / b, a % b, a ** b, -a; min, max, abs, sqrt, log, log2, log10, exp, floor, ceil, round;
///   numbers, texts in either quote, true, false, none; names of parameters, with points in them as in train.lr. A name
///   with other signs, or that of a word or a function, stands in braces: {weight-decay}.
/// Values are compared as users write them: a choice that is a text with texts, by its letters.
class Expression {
 public:
  /// `constants` are names beside the parameters'. Throws ConfigError with the place in the text, and what to write
  /// instead, for what can't be read, nested too deeply, a name of nothing, a text where a number is needed, a
  /// comparison that is never true, or a formula that is no truth value.
  Expression(std::string_view text, std::span<const SpaceParameter> parameters,
             std::span<const NamedValue> constants = {});

  /// Indices of the parameters that it names, ascending.
  std::span<const std::size_t> parameters() const { return parameters_; }
  /// Whether it is true of inner values (distribution.h) of the parameters, of which none that it names is NaN. Nothing
  /// where it has no value there (Program::run). Some 10 ns for each of its operations.
  std::optional<bool> truth(const Point& point) const { return program_.run(point); }

 private:
  Program program_;
  std::vector<std::size_t> parameters_;
};

}  // namespace moola::sweep
