#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moola::market {

/// A primary model that is one comparison of a column with another, or with numbers.
///
///     macd_hist           1 above 0, -1 below
///     rsi_14 > 50         1 above 50, -1 below
///     rsi_14 < 30..70     1 below 30, -1 above 70, no side in between
///     sma_10 > sma_50     1 above, -1 below
struct SignalRule {
  std::string column, other;  // names of features; no other: low and high
  double low = 0, high = 0;
  bool buys_below = false;

  /// The columns that `signal_sides` wants, one or two.
  std::vector<std::string> features() const;
};

/// Throws ConfigError that says what is understood. Whether the columns exist is not looked at.
SignalRule parse_signal_rule(const std::string& text);

/// The side of every bar: 1, -1, or 0 for none, as where a column is not known (NaN). `columns`: those of
/// `rule.features()`, of equal length.
std::vector<std::int8_t> signal_sides(const SignalRule& rule, std::span<const std::span<const double>> columns);

}  // namespace moola::market
