// What people write in a configuration, by the first byte: names of columns, separations, costs, inner windows, days,
// factors of a regime, signals, symbols of their own. What is accepted is written and read back to itself, where it is
// written at all; the rest is refused with a ConfigError.
#include "base/error.h"
#include "fuzz/memory_file.h"
#include "market/clean/session_calendar.h"
#include "market/features/feature.h"
#include "market/labels/adaptive_barriers.h"
#include "market/labels/signal_rule.h"
#include "market/window_features/window_feature_set.h"
#include "validation/separation.h"
#include "work/labels/configured_costs.h"
#include "work/labels/symbol_file.h"

using namespace moola;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0 || size > 300) return 0;
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  static const std::vector<std::string> others{"ETHUSD", "X"};
  try {
    switch (bytes[0] % 8) {
      case 0: {
        const market::Feature feature = market::parse_feature(text, market::FeatureDefinitions::moola, others);
        test::require(market::parse_feature(feature.name, market::FeatureDefinitions::moola, others).name ==
                      feature.name);
        test::require(feature.timeframe >= 0);
        break;
      }
      case 1: {
        const validation::Separation separation = validation::parse_separation(text, "fuzz");
        const std::string written = validation::to_string(separation);
        test::require(validation::to_string(validation::parse_separation(written, "fuzz")) == written);
        if (separation.unit != validation::Separation::Unit::time) separation.rows(1000);
        break;
      }
      case 2:
        work::parse_costs({text}, "labels.costs");
        break;
      case 3: {
        const market::InnerWindow inner = market::parse_inner_window(text, 105);
        test::require(inner.begin < inner.end && inner.end <= 105);
        test::require(market::parse_inner_window(market::to_string(inner), 105) == inner);
        break;
      }
      case 4:
        market::SessionCalendar("cme", {text});
        break;
      case 5:
        test::require(!market::parse_regime_factors(text).feature.empty());
        break;
      case 6: {
        const market::SignalRule rule = market::parse_signal_rule(text);
        test::require(!rule.column.empty() && (!rule.other.empty() || rule.low <= rule.high));
        break;
      }
      default: {
        std::string again;
        const std::vector<market::SymbolCosts> symbols = work::parse_symbol_file(text, "fuzz", "label");
        for (const market::SymbolCosts& symbol : symbols) again += work::symbol_text(symbol);
        std::string twice;
        for (const market::SymbolCosts& symbol : work::parse_symbol_file(again, "fuzz", "label"))
          twice += work::symbol_text(symbol);
        test::require(twice == again);
      }
    }
  } catch (const ConfigError&) {
  }
  return 0;
}
