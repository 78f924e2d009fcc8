#include "work/labels/configured_costs.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/error.h"

namespace moola::work {

std::map<std::string, market::TradeCost> parse_costs(const std::vector<std::string>& texts, const std::string& key) {
  std::map<std::string, market::TradeCost> out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const bool percent = text.ends_with('%');
    const char* const first = text.data() + (equals == std::string::npos ? text.size() : equals + 1);
    const char* const last = text.data() + text.size() - (percent ? 1 : 0);
    double number = 0;
    const bool is_number = first < last && [&] {
      const auto [end, error] = std::from_chars(first, last, number);
      return error == std::errc() && end == last && std::isfinite(number) && number >= 0;
    }();
    if (equals == 0 || !is_number) {
      throw ConfigError(
          fmt::format("{}: '{}' is no cost of a round trip; expected SYMBOL=SHARE%, such as BTCUSD=0.1%, or "
                      "SYMBOL=AMOUNT in price, such as MES=0.625.",
                      key, text));
    }
    const std::string symbol = text.substr(0, equals);
    if (!out.emplace(symbol, percent ? market::TradeCost{.share = number / 100} : market::TradeCost{.price = number})
             .second)
      throw ConfigError(fmt::format("{} names {} twice.", key, symbol));
  }
  return out;
}

market::TradeCost round_trip_cost(const std::string& symbol, const std::vector<std::string>& texts,
                                  const std::string& key, const std::vector<market::SymbolCosts>& own) {
  const auto configured = parse_costs(texts, key);
  if (const auto found = configured.find(symbol); found != configured.end()) return found->second;
  if (const auto* const known = market::find_symbol(symbol, own)) return known->round_trip();
  return {};
}

}  // namespace moola::work
