#include "data/bars/raw_bars.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/text_ends.h"

namespace moola::data {
namespace {

// YYYYMM or YYYYMMDD; weeklies (202411W2) and options are other things than the monthly future.
bool is_month(std::string_view text) {
  return (text.size() == 6 || text.size() == 8) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

void count(RowCounts& counts, std::string_view key) {
  const auto found = counts.find(key);
  if (found != counts.end()) {
    ++found->second;
  } else {
    counts.emplace(key, 1);
  }
}

}  // namespace

void RawBars::add(std::int64_t time, double open, double high, double low, double close, double volume,
                  std::uint8_t flags, market::RowOrigin origin) {
  bars.push_back(time, open, high, low, close, volume, flags);
  origins.push_back(origin);
}

std::uint8_t RawFile::flags_of(double number) {
  static constexpr int kAll = market::kFilled | market::kRepaired | market::kRoll | market::kSessionEdge;
  if (number >= 0 && number <= kAll && number == std::floor(number)) return static_cast<std::uint8_t>(number);
  foreign_flags = true;
  return 0;
}

RawBars* RawFile::wanted(std::string_view product, std::string_view month, const RowChoice& choice) {
  product = trimmed(product, " ");
  month = trimmed(month, " ");
  if (!product.empty()) {
    const bool chosen = product == choice.product;
    count(products, product);
    if (!chosen) {
      count(passed_over, "other_product");
      return nullptr;
    }
  }
  if (!month.empty()) {
    const bool spread = month.find('/') != std::string_view::npos;
    if (!spread && is_month(month)) count(months, month);
    if (spread || !is_month(month) || (!choice.month.empty() && month != choice.month)) {
      count(passed_over, spread ? "calendar_spread" : "other_contract");
      return nullptr;
    }
  }
  for (RawBars& contract : contracts) {
    if (contract.month == month) return &contract;
  }
  contracts.push_back({std::string(month), {}, {}});
  return &contracts.back();
}

}  // namespace moola::data
