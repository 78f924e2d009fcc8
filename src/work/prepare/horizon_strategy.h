#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "work/labels/label_strategy.h"
#include "work/labels/strategy_kind.h"
#include "work/prepare/prepare_config.h"

namespace moola::work {

/// How the configuration labels a horizon of a symbol. Barriers are its own, or the table's of usual ones: a search
/// comes after it. Returns are cut where `fit_rows` says, which nobody knows yet. Throws ConfigError.
LabelStrategy configured_strategy(const PrepareConfig& config, const std::string& symbol, std::size_t horizon);

/// Whether labels are trades whose course can be clean or not: market::score_quality.
bool has_quality(StrategyKind kind);

/// One of the values that labels of a strategy have.
struct LabelClass {
  std::int8_t label;
  std::string_view name;
  bool expected;  // a table without any would be no use; without a dead band, say, hardly a move is exactly 0
};
/// None where there are targets instead of labels.
std::vector<LabelClass> label_classes(const LabelStrategy& strategy);

}  // namespace moola::work
