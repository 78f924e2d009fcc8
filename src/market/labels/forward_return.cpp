#include "market/labels/forward_return.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void check_holding(const PriceSpans& prices, const Holding& holding) {
  const std::size_t n = prices.close.size();
  if (prices.open.size() != n || prices.high.size() != n || prices.low.size() != n)
    throw std::invalid_argument("prices of a holding are of unequal length");
  if (holding.bars < 1) throw ConfigError(fmt::format("a horizon of {} bars: must be 1 or more.", holding.bars));
}

std::vector<double> entry_prices(const PriceSpans& prices, BarrierEntry entry) {
  if (entry == BarrierEntry::close) return {prices.close.begin(), prices.close.end()};
  std::vector<double> out;
  out.reserve(prices.open.size());
  if (!prices.open.empty()) {
    out.assign(prices.open.begin() + 1, prices.open.end());
    out.push_back(kNone);
  }
  return out;
}

std::vector<double> forward_returns(const PriceSpans& prices, const Holding& holding, ReturnKind kind) {
  check_holding(prices, holding);
  std::vector<double> out = entry_prices(prices, holding.entry);
  const std::size_t n = out.size(), ahead = std::min(n, static_cast<std::size_t>(holding.bars)), known = n - ahead;
  if (kind == ReturnKind::simple) {
    for (std::size_t i = 0; i < known; ++i) out[i] = prices.close[i + ahead] / out[i] - 1.0;
  } else {
    for (std::size_t i = 0; i < known; ++i) out[i] = portable_log(prices.close[i + ahead] / out[i]);
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(known), out.end(), kNone);
  return out;
}

}  // namespace moola::market
