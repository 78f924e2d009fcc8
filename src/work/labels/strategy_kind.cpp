#include "work/labels/strategy_kind.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/named_choice.h"

namespace moola::work {
namespace {

constexpr auto kKinds = std::to_array<NamedChoice<StrategyKind>>({{"triple_barrier", StrategyKind::triple_barrier},
                                                                  {"threshold", StrategyKind::threshold},
                                                                  {"adaptive", StrategyKind::adaptive},
                                                                  {"meta", StrategyKind::meta},
                                                                  {"directional", StrategyKind::directional},
                                                                  {"regression", StrategyKind::regression},
                                                                  {"trend_scan", StrategyKind::trend_scan}});

}  // namespace

StrategyKind parse_strategy_kind(const std::string& name) {
  return parse_choice("strategy =", name, kKinds);
}

std::string_view to_string(StrategyKind kind) {
  return name_of(kind, kKinds);
}

std::vector<std::string> strategy_names() {
  std::vector<std::string> out;
  for (const auto& kind : kKinds) out.emplace_back(kind.name);
  return out;
}

bool SettingUse::used_by(StrategyKind kind) const {
  return std::find(by.begin(), by.end(), kind) != by.end();
}

std::string SettingUse::users() const {
  std::vector<std::string_view> names;
  for (const StrategyKind kind : by) names.push_back(to_string(kind));
  return fmt::format("{}", fmt::join(names, ", "));
}

const std::vector<SettingUse>& setting_uses() {
  using enum StrategyKind;
  static const std::vector<StrategyKind> barriers{triple_barrier, threshold, adaptive, meta};
  static const std::vector<StrategyKind> trades{triple_barrier, threshold, adaptive, meta, directional};
  static const std::vector<SettingUse> table{
      {"up", {triple_barrier, adaptive, meta}},
      {"down", {triple_barrier, adaptive, meta}},
      {"max_bars", {triple_barrier, threshold, adaptive, meta, trend_scan}},
      {"scale", {triple_barrier, adaptive, meta, directional}},
      {"touch", barriers},
      {"entry", {triple_barrier, threshold, adaptive, meta, directional, regression}},
      {"tie", barriers},
      {"cost", trades},
      {"costs", trades},
      {"symbols", trades},
      {"subtract_cost", trades},
      {"threshold", {threshold}},
      {"factors", {adaptive}},
      {"signal", {meta}},
      {"signal_file", {meta}},
      {"judge", {meta}},
      {"timeout", {meta}},
      {"dead_band", {directional}},
      {"winsor", {regression}},
      {"fit_rows", {regression}},
      {"returns", {regression}},
      {"multiple", {regression}},
      {"min_bars", {trend_scan}},
      {"min_t", {trend_scan}},
      {"horizon", {triple_barrier, adaptive, meta, directional, regression}},
      {"unknown_is_neutral", {triple_barrier, adaptive}},
  };
  return table;
}

const std::vector<std::string_view>& barrier_settings() {
  static const std::vector<std::string_view> settings{"up", "down", "max_bars", "scale", "touch", "tie", "timeout"};
  return settings;
}

}  // namespace moola::work
