#include "sweep/space/expression_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace moola::sweep {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Letters of other alphabets come as bytes from 0x80 on.
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool goes_on_name(char c) {
  return begins_name(c) || is_digit(c) || c == '.';
}

class Reader {
 public:
  explicit Reader(std::string_view formula) : formula_(formula) {}

  Token next() {
    while (at_ < formula_.size() && (formula_[at_] == ' ' || formula_[at_] == '\t' || formula_[at_] == '\n')) ++at_;
    Token out{.position = at_};
    if (at_ == formula_.size()) return out;
    const char c = formula_[at_];
    if (is_digit(c) || (c == '.' && at_ + 1 < formula_.size() && is_digit(formula_[at_ + 1]))) {
      read_number(out);
    } else if (begins_name(c)) {
      out.kind = Token::Kind::name;
      while (at_ < formula_.size() && goes_on_name(formula_[at_])) out.text += formula_[at_++];
    } else if (c == '{') {
      read_braces(out);
    } else if (c == '\'' || c == '"') {
      read_text(out);
    } else {
      read_sign(out);
    }
    return out;
  }

 private:
  std::string_view formula_;
  std::size_t at_ = 0;

  [[noreturn]] void refuse(std::size_t position, const std::string& what) const {
    refuse_formula(formula_, position, what);
  }

  void read_number(Token& out) {
    out.kind = Token::Kind::number;
    const char* begin = formula_.data() + at_;
    const auto [end, wrong] = std::from_chars(begin, formula_.data() + formula_.size(), out.number);
    if (wrong != std::errc() || !std::isfinite(out.number)) refuse(at_, "the number is beyond what a double holds.");
    at_ += static_cast<std::size_t>(end - begin);
    out.text = std::string(begin, end);
    if (at_ < formula_.size() && goes_on_name(formula_[at_]))
      refuse(at_, fmt::format("'{}' follows the number {} without an operator.", formula_[at_], out.text));
  }

  void read_braces(Token& out) {
    const std::size_t end = formula_.find('}', at_);
    if (end == std::string_view::npos) refuse(at_, "the brace is not closed. A parameter's name stands in it: {lr}.");
    out.kind = Token::Kind::name;
    out.in_braces = true;
    out.text = std::string(formula_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
  }

  void read_text(Token& out) {
    out.kind = Token::Kind::text;
    const char quote = formula_[at_++];
    while (at_ < formula_.size() && formula_[at_] != quote) {
      if (formula_[at_] == '\\') {
        static constexpr std::string_view kAfter = "\\'\"nt", kMeant = "\\'\"\n\t";
        const std::size_t which = ++at_ < formula_.size() ? kAfter.find(formula_[at_]) : std::string_view::npos;
        if (which == std::string_view::npos) refuse(at_ - 1, R"(a backslash in a text stands before \, ', ", n or t.)");
        out.text += kMeant[which];
        ++at_;
      } else {
        out.text += formula_[at_++];
      }
    }
    if (at_ == formula_.size()) refuse(out.position, "the text's quote is not closed.");
    ++at_;
  }

  void read_sign(Token& out) {
    // What people write who think of another language.
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kForeign{
        {{"&&", "and"}, {"||", "or"}, {"<>", "!="}, {"//", "floor(a / b)"}, {"&", "and"}, {"|", "or"}, {"^", "**"}}};
    static constexpr std::array<std::string_view, 18> kSigns{"**", "<=", ">=", "==", "!=", "+", "-", "*", "/",
                                                             "%",  "(",  ")",  "[",  "]",  ",", "<", ">", "="};
    const std::string_view rest = formula_.substr(at_);
    for (const auto& [foreign, ours] : kForeign) {
      if (rest.starts_with(foreign)) refuse(at_, fmt::format("write {} instead of {}.", ours, foreign));
    }
    const auto found = std::ranges::find_if(kSigns, [&](std::string_view sign) { return rest.starts_with(sign); });
    if (found == kSigns.end()) {
      if (rest[0] == '!') refuse(at_, "write not instead of !.");
      refuse(at_, fmt::format("'{}' is no sign of the language of constraints.", rest[0]));
    }
    if (*found == "=") refuse(at_, "write == to compare, instead of =.");
    out.kind = Token::Kind::sign;
    out.text = std::string(*found);
    at_ += found->size();
  }
};

}  // namespace

std::vector<Token> tokens_of(std::string_view formula) {
  if (formula.size() > kLongestFormula)
    refuse_formula(formula, kLongestFormula, fmt::format("it is longer than {} characters.", kLongestFormula));
  Reader reader(formula);
  std::vector<Token> out;
  do {
    out.push_back(reader.next());
  } while (out.back().kind != Token::Kind::end);
  return out;
}

void refuse_formula(std::string_view formula, std::size_t position, const std::string& what) {
  constexpr std::size_t kShown = 200;
  const std::string_view before = formula.substr(0, position);
  // Bytes within a letter do not count.
  const auto letters = std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; });
  std::string message = fmt::format("the constraint \"{}{}\", at character {}: {}", formula.substr(0, kShown),
                                    formula.size() > kShown ? "…" : "", letters + 1, what);
  // A paragraph, and no control characters for the user's terminal.
  std::ranges::replace_if(
      message, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  throw ConfigError(message);
}

}  // namespace moola::sweep
