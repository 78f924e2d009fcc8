#include "sweep/space/expression_program.h"

#include <algorithm>
#include <cmath>

namespace moola::sweep {
namespace {

using Kind = Scalar::Kind;
using Op = Instruction::Op;

Scalar truth(bool value) {
  return {value ? 1.0 : 0.0, Kind::number};
}

// The sign is the divisor's, as in Python.
double modulo(double x, double y) {
  const double rest = std::fmod(x, y);
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

bool has_power(double x, double y, double result) {
  if (x == 0 && y < 0) return false;
  if (x < 0 && std::isfinite(y) && y != std::floor(y)) return false;
  return !(std::isinf(result) && std::isfinite(x) && std::isfinite(y));
}

std::optional<double> arithmetic(Op op, double x, double y) {
  switch (op) {
    case Op::add:
      return x + y;
    case Op::subtract:
      return x - y;
    case Op::multiply:
      return x * y;
    case Op::divide:
      if (y == 0) return std::nullopt;
      return x / y;
    case Op::modulo:
      if (y == 0) return std::nullopt;
      return modulo(x, y);
    default: {
      const double result = std::pow(x, y);
      if (!has_power(x, y, result)) return std::nullopt;
      return result;
    }
  }
}

std::optional<double> function(Op op, double x) {
  switch (op) {
    case Op::negate:
      return -x;
    case Op::absolute:
      return std::fabs(x);
    case Op::square_root:
      if (x < 0) return std::nullopt;
      return std::sqrt(x);
    case Op::logarithm:
    case Op::logarithm2:
    case Op::logarithm10:
      if (x <= 0) return std::nullopt;
      return op == Op::logarithm ? std::log(x) : op == Op::logarithm2 ? std::log2(x) : std::log10(x);
    case Op::exponential: {
      const double result = std::exp(x);
      if (std::isinf(result) && std::isfinite(x)) return std::nullopt;
      return result;
    }
    default:
      if (!std::isfinite(x)) return std::nullopt;
      return op == Op::round_down ? std::floor(x) : op == Op::round_up ? std::ceil(x) : std::nearbyint(x);
  }
}

bool equal(const Scalar& a, const Scalar& b) {
  return a.kind == b.kind && a.x == b.x;
}

bool ordered(const Scalar& a, const Scalar& b) {
  return a.kind == b.kind && a.kind != Kind::none;
}

std::optional<bool> compare(Comparison how, const Scalar& a, const Scalar& b) {
  if (how == Comparison::equal) return equal(a, b);
  if (how == Comparison::unequal) return !equal(a, b);
  if (!ordered(a, b)) return std::nullopt;
  switch (how) {
    case Comparison::less:
      return a.x < b.x;
    case Comparison::less_equal:
      return a.x <= b.x;
    case Comparison::greater:
      return a.x > b.x;
    default:
      return a.x >= b.x;
  }
}

}  // namespace

std::optional<bool> Program::run(const Point& point) const {
  Scalar stack[kStack];
  std::size_t depth = 0;
  for (std::size_t at = 0; at < instructions.size(); ++at) {
    const Instruction& each = instructions[at];
    switch (each.op) {
      case Op::constant:
        stack[depth++] = each.constant;
        break;
      case Op::parameter:
        stack[depth++] = {point[each.a], Kind::number};
        break;
      case Op::choice: {
        const double index = point[each.a];
        if (!(index >= 0 && index < each.constant.x)) return std::nullopt;
        stack[depth++] = constants[each.b + static_cast<std::size_t>(index)];
        break;
      }
      case Op::invert:
        stack[depth - 1] = truth(stack[depth - 1].x == 0);
        break;
      case Op::add:
      case Op::subtract:
      case Op::multiply:
      case Op::divide:
      case Op::modulo:
      case Op::power: {
        const Scalar& b = stack[--depth];
        Scalar& a = stack[depth - 1];
        if (a.kind != Kind::number || b.kind != Kind::number) return std::nullopt;
        const std::optional<double> result = arithmetic(each.op, a.x, b.x);
        if (!result) return std::nullopt;
        a.x = *result;
        break;
      }
      case Op::compare:
      case Op::compare_on: {
        const Scalar b = stack[--depth];
        const std::optional<bool> result = compare(each.comparison, stack[depth - 1], b);
        if (!result) return std::nullopt;
        const bool goes_on = each.op == Op::compare_on && *result;
        stack[depth - 1] = goes_on ? b : truth(*result);
        if (each.op == Op::compare_on && !goes_on) at = each.a - 1;
        break;
      }
      case Op::is_in:
      case Op::is_not_in: {
        const auto list = std::span(constants).subspan(each.a, each.b - each.a);
        Scalar& value = stack[depth - 1];
        const bool found = std::ranges::any_of(list, [&](const Scalar& member) { return equal(member, value); });
        value = truth(found == (each.op == Op::is_in));
        break;
      }
      case Op::stop_if_true:
      case Op::stop_if_false:
        if ((stack[depth - 1].x != 0) == (each.op == Op::stop_if_true))
          at = each.a - 1;
        else
          --depth;
        break;
      case Op::least:
      case Op::greatest: {
        const Scalar& b = stack[--depth];
        Scalar& a = stack[depth - 1];
        if (!ordered(a, b)) return std::nullopt;
        if (each.op == Op::least ? b.x < a.x : b.x > a.x) a = b;
        break;
      }
      default: {
        Scalar& value = stack[depth - 1];
        if (value.kind != Kind::number) return std::nullopt;
        const std::optional<double> result = function(each.op, value.x);
        if (!result) return std::nullopt;
        value.x = *result;
      }
    }
  }
  return stack[0].x != 0;
}

}  // namespace moola::sweep
