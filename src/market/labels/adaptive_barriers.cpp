#include "market/labels/adaptive_barriers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"
#include "base/parse_number.h"

namespace moola::market {
namespace {

void check(std::span<const RegimeFactors> table) {
  for (const RegimeFactors& line : table) {
    for (const double factor : {line.factors.up, line.factors.down, line.factors.bars}) {
      if (!(factor > 0) || !std::isfinite(factor)) {
        throw ConfigError(fmt::format("{} = {} multiplies barriers by {}: factors must be above 0, and finite.",
                                      line.feature, line.state, factor));
      }
    }
    for (const RegimeFactors& other : table) {
      if (&other == &line || other.feature != line.feature || other.state != line.state) continue;
      throw ConfigError(
          fmt::format("{} = {} is named twice: give the factors of a regime once.", line.feature, line.state));
    }
  }
}

// The parts of a text between commas.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t comma = text.find(',');
    out.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

std::int32_t times(std::int32_t bars, double factor) {
  const double most = std::numeric_limits<std::int32_t>::max() - 1.0;
  return static_cast<std::int32_t>(std::clamp(std::floor(bars * factor + 0.5), 1.0, most));
}

}  // namespace

RegimeFactors parse_regime_factors(const std::string& text) {
  const auto refuse = [&]() -> ConfigError {
    return ConfigError(
        fmt::format("\"{}\": expected COLUMN=STATE:UP,DOWN,BARS, such as atr_regime=1:1.2,1.2,1.1.", text));
  };
  const std::size_t equals = text.find('='), colon = text.find(':');
  if (equals == std::string::npos || colon == std::string::npos || colon < equals || equals == 0) throw refuse();
  const std::string_view view = text;
  const auto state = parse_number(view.substr(equals + 1, colon - equals - 1));
  const auto parts = parts_of(view.substr(colon + 1));
  if (!state || parts.size() != 3) throw refuse();
  const auto up = parse_number(parts[0]), down = parse_number(parts[1]), bars = parse_number(parts[2]);
  if (!up || !down || !bars) throw refuse();
  return {.feature = text.substr(0, equals), .state = *state, .factors = {.up = *up, .down = *down, .bars = *bars}};
}

const std::vector<RegimeFactors>& usual_regime_factors() {
  static const std::vector<RegimeFactors> table{
      {"atr_regime", 1, {1.2, 1.2, 1.1}},      {"atr_regime", -1, {0.9, 0.9, 0.9}},
      {"trend_regime", 1, {1.05, 0.95, 1.0}},  {"trend_regime", -1, {0.95, 1.05, 1.0}},
      {"trend_regime", 0, {1.0, 1.0, 0.95}},   {"hurst_regime", 1, {1.05, 1.05, 1.1}},
      {"hurst_regime", -1, {0.95, 0.95, 0.9}},
  };
  return table;
}

std::vector<std::string> regime_features(std::span<const RegimeFactors> table) {
  std::vector<std::string> out;
  for (const RegimeFactors& line : table) {
    if (std::find(out.begin(), out.end(), line.feature) == out.end()) out.push_back(line.feature);
  }
  return out;
}

AdaptiveBarriers adapt_barriers(std::span<const double> scale, std::int32_t max_bars,
                                std::span<const RegimeFactors> table, std::span<const std::span<const double>> states) {
  check(table);
  const std::vector<std::string> features = regime_features(table);
  const std::size_t n = scale.size();
  if (states.size() != features.size()) throw std::invalid_argument("as many columns as features of regimes");
  AdaptiveBarriers out{.up = {scale.begin(), scale.end()},
                       .down = {scale.begin(), scale.end()},
                       .max_bars = std::vector<std::int32_t>(n)};
  std::vector<BarrierFactors> factors(n);
  for (std::size_t k = 0; k < states.size(); ++k) {
    const std::span<const double> state = states[k];
    if (state.size() != n) throw std::invalid_argument("regimes and scale of barriers are of unequal length");
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isnan(state[i])) out.up[i] = out.down[i] = std::numeric_limits<double>::quiet_NaN();
    }
    for (const RegimeFactors& line : table) {
      if (line.feature != features[k]) continue;
      for (std::size_t i = 0; i < n; ++i) {
        if (state[i] != line.state) continue;
        factors[i].up *= line.factors.up;
        factors[i].down *= line.factors.down;
        factors[i].bars *= line.factors.bars;
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    out.up[i] *= factors[i].up;
    out.down[i] *= factors[i].down;
    out.max_bars[i] = times(max_bars, factors[i].bars);
  }
  return out;
}

std::int32_t longest_adaptive(std::int32_t max_bars, std::span<const RegimeFactors> table) {
  check(table);
  double all = 1;
  for (const std::string& feature : regime_features(table)) {
    double most = 1;  // of a state that the table does not name
    for (const RegimeFactors& line : table) {
      if (line.feature == feature) most = std::max(most, line.factors.bars);
    }
    all *= most;
  }
  return times(max_bars, all);
}

}  // namespace moola::market
