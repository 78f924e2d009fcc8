#include "sweep/space/expression.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "base/nearest.h"
#include "sweep/space/expression_operand.h"
#include "sweep/space/expression_tokens.h"

namespace moola::sweep {
namespace {

using Op = Instruction::Op;

struct Function {
  std::string_view name;
  Op op;
  bool many = false;
};

constexpr std::array<Function, 11> kFunctions{{{"min", Op::least, true},
                                               {"max", Op::greatest, true},
                                               {"abs", Op::absolute},
                                               {"sqrt", Op::square_root},
                                               {"log", Op::logarithm},
                                               {"log2", Op::logarithm2},
                                               {"log10", Op::logarithm10},
                                               {"exp", Op::exponential},
                                               {"floor", Op::round_down},
                                               {"ceil", Op::round_up},
                                               {"round", Op::round_even}}};

constexpr std::array<std::pair<std::string_view, Comparison>, 6> kComparisons{{{"<", Comparison::less},
                                                                               {"<=", Comparison::less_equal},
                                                                               {">", Comparison::greater},
                                                                               {">=", Comparison::greater_equal},
                                                                               {"==", Comparison::equal},
                                                                               {"!=", Comparison::unequal}}};

// Reads a formula from left to right and writes the program as it goes.
class Compiler {
 public:
  Compiler(std::string_view text, std::span<const SpaceParameter> parameters, std::span<const NamedValue> constants)
      : text_(text), tokens_(tokens_of(text)), parameters_(parameters), constants_(constants) {}

  Program compile() {
    if (now().kind == Token::Kind::end) refuse(now().position, "it is empty.");
    const Operand all = disjunction();
    if (now().kind != Token::Kind::end)
      refuse(now().position, fmt::format("an operator or the end was expected, not {}.", shown(now())));
    if ((all.kinds & kTruthKind) == 0) {
      refuse(0, fmt::format("it is {}, not a comparison that is true or false. Compare it with something.",
                            kinds_text(all.kinds)));
    }
    rank_texts();
    return std::move(program_);
  }

  std::vector<std::size_t> parameters() const { return {used_.begin(), used_.end()}; }

 private:
  static constexpr std::size_t kDeepest = 100;

  std::string_view text_;
  std::vector<Token> tokens_;
  std::span<const SpaceParameter> parameters_;
  std::span<const NamedValue> constants_;
  std::size_t next_ = 0, level_ = 0, stack_ = 0;
  Program program_;
  std::set<std::size_t> used_;
  std::map<std::size_t, std::uint32_t> choices_;  // where each parameter's begin
  std::vector<std::string> texts_{""};            // by the number they have before they are ranked

  // Goes one level down while it lives.
  class Level {
   public:
    explicit Level(Compiler& compiler) : level_(compiler.level_) {
      if (++level_ > kDeepest) compiler.refuse_depth();
    }
    ~Level() { --level_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    std::size_t& level_;
  };

  [[noreturn]] void refuse(std::size_t position, const std::string& what) const {
    refuse_formula(text_, position, what);
  }
  [[noreturn]] void refuse_depth() const {
    refuse(now().position, "it is nested too deeply here. Make two constraints of it.");
  }

  const Token& now() const { return tokens_[next_]; }
  static std::string shown(const Token& token) {
    if (token.kind == Token::Kind::end) return "the end";
    return token.kind == Token::Kind::text ? fmt::format("the text '{}'", token.text) : fmt::format("'{}'", token.text);
  }
  bool is_word(const Token& token, std::string_view word) const {
    return token.kind == Token::Kind::name && !token.in_braces && token.text == word;
  }
  bool take_word(std::string_view word) {
    const bool found = is_word(now(), word);
    next_ += found ? 1U : 0U;
    return found;
  }
  bool is_sign(std::string_view sign) const { return now().kind == Token::Kind::sign && now().text == sign; }
  bool take_sign(std::string_view sign) {
    const bool found = is_sign(sign);
    next_ += found ? 1U : 0U;
    return found;
  }
  void expect_sign(std::string_view sign) {
    if (!take_sign(sign)) refuse(now().position, fmt::format("{} was expected, not {}.", sign, shown(now())));
  }

  std::uint32_t size() const { return static_cast<std::uint32_t>(program_.instructions.size()); }
  void emit(const Instruction& instruction) { program_.instructions.push_back(instruction); }
  void push(const Instruction& instruction) {
    if (++stack_ > Program::kStack) refuse_depth();
    emit(instruction);
  }
  void join(const Instruction& instruction) {
    --stack_;
    emit(instruction);
  }
  void end_at(const std::vector<std::uint32_t>& instructions) {
    for (const std::uint32_t each : instructions) program_.instructions[each].a = size();
  }

  Scalar scalar(const ParameterValue& value) {
    if (const bool* truth = std::get_if<bool>(&value)) return {*truth ? 1.0 : 0.0, Scalar::Kind::number};
    if (const std::int64_t* whole = std::get_if<std::int64_t>(&value))
      return {static_cast<double>(*whole), Scalar::Kind::number};
    if (const double* number = std::get_if<double>(&value)) return {*number, Scalar::Kind::number};
    const std::string* text = std::get_if<std::string>(&value);
    if (text == nullptr) return {0, Scalar::Kind::none};
    const auto at = std::ranges::find(texts_, *text);
    const auto number = static_cast<double>(at - texts_.begin());
    if (at == texts_.end()) texts_.push_back(*text);
    return {number, Scalar::Kind::text};
  }

  void rank_texts() {
    std::vector<std::string> sorted = texts_;
    std::ranges::sort(sorted);
    const auto rank = [&](Scalar& value) {
      if (value.kind != Scalar::Kind::text) return;
      const auto at = std::ranges::lower_bound(sorted, texts_[static_cast<std::size_t>(value.x)]);
      value.x = static_cast<double>(at - sorted.begin());
    };
    for (Scalar& each : program_.constants) rank(each);
    for (Instruction& each : program_.instructions) {
      if (each.op == Op::constant) rank(each.constant);
    }
  }

  void need(std::size_t position, const std::string& why_not) const {
    if (!why_not.empty()) refuse(position, why_not);
  }
  void need_number(const Operand& operand, std::string_view of) const {
    need(operand.position, why_no_number(operand, of));
  }

  Operand disjunction() { return junction("or", Op::stop_if_true, &Compiler::conjunction); }
  Operand conjunction() { return junction("and", Op::stop_if_false, &Compiler::inversion); }

  Operand junction(std::string_view word, Op op, Operand (Compiler::*part)()) {
    Operand out = (this->*part)();
    std::vector<std::uint32_t> stops;
    while (take_word(word)) {
      stops.push_back(size());
      join({.op = op});
      out = {.kinds = out.kinds | (this->*part)().kinds, .position = out.position};
    }
    end_at(stops);
    return out;
  }

  Operand inversion() {
    const std::size_t position = now().position;
    std::size_t times = 0;
    while (take_word("not")) ++times;
    const Operand out = comparison();
    if (times == 0) return out;
    emit({.op = Op::invert});
    if (times % 2 == 0) emit({.op = Op::invert});
    return {.kinds = kTruthKind, .position = position};
  }

  std::optional<Comparison> take_comparison() {
    if (now().kind != Token::Kind::sign) return std::nullopt;
    for (const auto& [sign, comparison] : kComparisons) {
      if (take_sign(sign)) return comparison;
    }
    return std::nullopt;
  }

  // a < b < c: b is computed once, and c only where a < b.
  Operand comparison() {
    Operand left = sum();
    const std::size_t position = left.position;
    std::vector<std::uint32_t> stops;
    bool compared = false;
    const auto go_on = [&] {
      if (!compared) return;
      stops.push_back(size() - 1);
      program_.instructions.back().op = Op::compare_on;
    };
    while (true) {
      const bool is_not = is_word(now(), "not") && is_word(tokens_[next_ + 1], "in");
      if (is_not) ++next_;
      if (take_word("in")) {
        go_on();
        list(left, is_not ? Op::is_not_in : Op::is_in);
        compared = true;
        break;
      }
      const std::optional<Comparison> how = take_comparison();
      if (!how) break;
      go_on();
      Operand right = sum();
      const bool equality = *how == Comparison::equal || *how == Comparison::unequal;
      need(right.position, equality ? why_never_equal(left, right) : why_no_order(left, right));
      join({.op = Op::compare, .comparison = *how});
      compared = true;
      left = std::move(right);
    }
    end_at(stops);
    return compared ? Operand{.kinds = kTruthKind, .position = position} : left;
  }

  void list(const Operand& left, Op op) {
    if (!is_sign("[")) {
      refuse(now().position,
             fmt::format("a list was expected after in, as ['a', 'b'] or [1, 2], not {}.", shown(now())));
    }
    ++next_;
    const auto begin = static_cast<std::uint32_t>(program_.constants.size());
    do {
      const Token token = now();
      const ParameterValue member = list_member();
      Operand operand{.kinds = kind_of(member), .position = token.position};
      if (const std::string* text = std::get_if<std::string>(&member)) operand.text = *text;
      need(operand.position, why_never_equal(left, operand));
      program_.constants.push_back(scalar(member));
    } while (take_sign(","));
    expect_sign("]");
    emit({.op = op, .a = begin, .b = static_cast<std::uint32_t>(program_.constants.size())});
  }

  ParameterValue list_member() {
    const bool negative = take_sign("-");
    const Token token = now();
    ++next_;
    if (token.kind == Token::Kind::number) return negative ? -token.number : token.number;
    if (!negative) {
      if (token.kind == Token::Kind::text) return token.text;
      const std::optional<ParameterValue> word = literal_of(token);
      if (word) return *word;
    }
    refuse(
        token.position,
        fmt::format("a number, a text in quotes, true, false or none was expected in the list, not {}.", shown(token)));
  }

  static std::optional<ParameterValue> literal_of(const Token& token) {
    if (token.kind != Token::Kind::name || token.in_braces) return std::nullopt;
    if (token.text == "true" || token.text == "True") return true;
    if (token.text == "false" || token.text == "False") return false;
    if (token.text == "none" || token.text == "None") return std::monostate{};
    return std::nullopt;
  }

  using Operators = std::span<const std::pair<std::string_view, Op>>;

  Operand sum() {
    static constexpr std::array<std::pair<std::string_view, Op>, 2> kOperators{{{"+", Op::add}, {"-", Op::subtract}}};
    return operation(kOperators, &Compiler::product);
  }
  Operand product() {
    static constexpr std::array<std::pair<std::string_view, Op>, 3> kOperators{
        {{"*", Op::multiply}, {"/", Op::divide}, {"%", Op::modulo}}};
    return operation(kOperators, &Compiler::signed_power);
  }

  Operand operation(Operators operators, Operand (Compiler::*part)()) {
    Operand out = (this->*part)();
    while (now().kind == Token::Kind::sign) {
      const auto found = std::ranges::find(operators, now().text, &std::pair<std::string_view, Op>::first);
      if (found == operators.end()) break;
      ++next_;
      const Operand right = (this->*part)();
      need_number(out, found->first);
      need_number(right, found->first);
      join({.op = found->second});
      out = {.kinds = kNumberKind, .position = out.position};
    }
    return out;
  }

  Operand signed_power() {
    const Level level(*this);
    const std::size_t position = now().position;
    std::size_t minus = 0, plus = 0;
    while (is_sign("-") || is_sign("+")) {
      ++(is_sign("-") ? minus : plus);
      ++next_;
    }
    Operand out = power();
    if (minus + plus == 0) return out;
    need_number(out, minus > 0 ? "-" : "+");
    // Twice where it comes to nothing: a value that is no number is found out by it.
    emit({.op = Op::negate});
    if (minus % 2 == 0) emit({.op = Op::negate});
    return {.kinds = kNumberKind, .position = position};
  }

  Operand power() {
    Operand base = atom();
    if (!take_sign("**")) return base;
    const Operand exponent = signed_power();
    need_number(base, "**");
    need_number(exponent, "**");
    join({.op = Op::power});
    return {.kinds = kNumberKind, .position = base.position};
  }

  Operand atom() {
    const Token token = now();
    if (take_sign("(")) {
      Operand out = disjunction();
      expect_sign(")");
      out.position = token.position;
      return out;
    }
    if (token.kind == Token::Kind::sign || token.kind == Token::Kind::end)
      refuse(token.position, fmt::format("a number, a text or a name was expected, not {}.", shown(token)));
    ++next_;
    if (token.kind == Token::Kind::number) return constant(token.number, token.position);
    if (token.kind == Token::Kind::text) return constant(token.text, token.position);
    if (!token.in_braces && is_sign("(")) return call(token);
    const std::optional<ParameterValue> literal = literal_of(token);
    return literal ? constant(*literal, token.position) : name(token);
  }

  Operand constant(const ParameterValue& value, std::size_t position) {
    push({.op = Op::constant, .constant = scalar(value)});
    Operand out{.kinds = kind_of(value), .position = position};
    if (const std::string* text = std::get_if<std::string>(&value)) out.text = *text;
    return out;
  }

  Operand name(const Token& token) {
    const auto known = std::ranges::find(constants_, token.text, &NamedValue::name);
    if (known != constants_.end()) {
      // Without its text: what it is now must not make another part of the formula a mistake.
      push({.op = Op::constant, .constant = scalar(known->value)});
      return {.kinds = kind_of(known->value), .position = token.position};
    }
    const auto found = std::ranges::find(parameters_, token.text, &SpaceParameter::name);
    if (found == parameters_.end()) refuse_name(token);
    const auto index = static_cast<std::size_t>(found - parameters_.begin());
    used_.insert(index);
    const auto a = static_cast<std::uint32_t>(index);
    const auto* categorical = std::get_if<CategoricalDistribution>(&found->distribution);
    if (categorical == nullptr) {
      push({.op = Op::parameter, .a = a});
      return {.kinds = kNumberKind, .position = token.position};
    }
    const auto [at, fresh] = choices_.try_emplace(index, static_cast<std::uint32_t>(program_.constants.size()));
    Operand out{.parameter = &*found, .position = token.position};
    for (const ParameterValue& each : categorical->choices) {
      out.kinds |= kind_of(each);
      if (fresh) program_.constants.push_back(scalar(each));
    }
    const auto count = static_cast<double>(categorical->choices.size());
    push({.op = Op::choice, .a = a, .b = at->second, .constant = {count, Scalar::Kind::number}});
    return out;
  }

  [[noreturn]] void refuse_name(const Token& token) const {
    for (const std::string_view word : {"and", "or", "not", "in"}) {
      if (is_word(token, word))
        refuse(token.position, fmt::format("a number, a text or a name was expected, not '{}'.", word));
    }
    std::vector<std::string> names;
    for (const SpaceParameter& each : parameters_) names.push_back(each.name);
    for (const NamedValue& each : constants_) names.push_back(each.name);
    const std::optional<std::string> meant = nearest(token.text, names);
    std::string hint = meant ? fmt::format(" Did you mean '{}'?", *meant) : "";
    if (meant && meant->find_first_of(" -+*/%()[]<>=!,'\"&|^") != std::string::npos)
      hint += fmt::format(" A name with such signs stands in braces: {{{}}}.", *meant);
    if (!meant) hint += fmt::format(" Texts stand in quotes: '{}'.", token.text);
    refuse(token.position, fmt::format("there is no parameter '{}'.{}", token.text, hint));
  }

  Operand call(const Token& token) {
    const auto function = std::ranges::find(kFunctions, token.text, &Function::name);
    if (function == kFunctions.end()) {
      std::vector<std::string> names;
      for (const Function& each : kFunctions) names.emplace_back(each.name);
      refuse(token.position, fmt::format("there is no function '{}'; there are {}.{}", token.text,
                                         fmt::join(names, ", "), did_you_mean(token.text, names)));
    }
    expect_sign("(");
    Operand out = disjunction();
    if (!function->many) {
      need_number(out, function->name);
      emit({.op = function->op});
      out = {.kinds = kNumberKind, .position = token.position};
    } else if (!is_sign(",")) {
      refuse(now().position, fmt::format("{} takes two values or more.", function->name));
    }
    while (function->many && take_sign(",")) {
      const Operand right = disjunction();
      need(right.position, why_no_order(out, right));
      join({.op = function->op});
      out = {.kinds = out.kinds | right.kinds, .position = token.position};
    }
    if (!function->many && is_sign(",")) refuse(now().position, fmt::format("{} takes one value.", function->name));
    expect_sign(")");
    return out;
  }
};

}  // namespace

Expression::Expression(std::string_view text, std::span<const SpaceParameter> parameters,
                       std::span<const NamedValue> constants) {
  Compiler compiler(text, parameters, constants);
  program_ = compiler.compile();
  parameters_ = compiler.parameters();
}

}  // namespace moola::sweep
