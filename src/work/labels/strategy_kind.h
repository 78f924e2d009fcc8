#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moola::work {

/// By what bars are labelled; label_strategy.h has what each needs.
enum class StrategyKind : std::uint8_t {
  triple_barrier,
  threshold,
  adaptive,
  meta,
  directional,
  regression,
  trend_scan
};

/// "triple_barrier", "trend_scan". Throws ConfigError naming the nearest.
StrategyKind parse_strategy_kind(const std::string& name);
std::string_view to_string(StrategyKind kind);
/// All, in the order of the enumeration.
std::vector<std::string> strategy_names();

/// A setting that some strategies use and the others refuse: "max_bars" is --max-bars of moola label and
/// labels.max_bars of moola prepare.
struct SettingUse {
  std::string_view setting;
  std::vector<StrategyKind> by;

  bool used_by(StrategyKind kind) const;
  /// "triple_barrier, adaptive".
  std::string users() const;
};
/// One command may have settings that the other lacks.
const std::vector<SettingUse>& setting_uses();

/// Settings of barriers: without a meaning where meta labels judge sides by the return of a holding.
const std::vector<std::string_view>& barrier_settings();

}  // namespace moola::work
