#include "market/labels/signal_rule.h"

#include <fmt/format.h>

#include <stdexcept>

#include "base/error.h"
#include "base/parse_number.h"
#include "base/text_ends.h"

namespace moola::market {
namespace {

bool begins_like_a_name(const std::string& text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && text.find(' ') == std::string::npos;
}

}  // namespace

std::vector<std::string> SignalRule::features() const {
  return other.empty() ? std::vector<std::string>{column} : std::vector<std::string>{column, other};
}

SignalRule parse_signal_rule(const std::string& text) {
  const auto refuse = [&]() -> ConfigError {
    return ConfigError(
        fmt::format("signal \"{}\": expected a column (its sign is the side), or a comparison of one with a number, a "
                    "range or another column: \"rsi_14 > 50\", \"rsi_14 < 30..70\", \"sma_10 > sma_50\".",
                    text));
  };
  const std::size_t at = text.find_first_of("<>");
  SignalRule rule{.column = std::string(trimmed(std::string_view(text).substr(0, at), " ")), .other = {}};
  if (!begins_like_a_name(rule.column)) throw refuse();
  if (at == std::string::npos) return rule;
  rule.buys_below = text[at] == '<';
  const std::string with(trimmed(std::string_view(text).substr(at + 1), " "));
  if (begins_like_a_name(with)) {
    rule.other = with;
    return rule;
  }
  const std::size_t dots = with.find("..");
  const auto low = parse_number(trimmed(std::string_view(with).substr(0, dots), " "));
  const auto high =
      dots == std::string::npos ? low : parse_number(trimmed(std::string_view(with).substr(dots + 2), " "));
  if (!low || !high || !(*low <= *high)) throw refuse();
  rule.low = *low;
  rule.high = *high;
  return rule;
}

std::vector<std::int8_t> signal_sides(const SignalRule& rule, std::span<const std::span<const double>> columns) {
  if (columns.size() != rule.features().size() || columns.front().size() != columns.back().size())
    throw std::invalid_argument("a signal rule of other columns");
  const std::span<const double> x = columns.front(), other = columns.back();
  std::vector<std::int8_t> out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double low = rule.other.empty() ? rule.low : other[i], high = rule.other.empty() ? rule.high : other[i];
    const int above = (x[i] > high) - (x[i] < low);  // comparisons with NaN are false
    out[i] = static_cast<std::int8_t>(rule.buys_below ? -above : above);
  }
  return out;
}

}  // namespace moola::market
