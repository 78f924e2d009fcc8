#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "market/bars.h"
#include "market/labels/adaptive_barriers.h"
#include "market/labels/directional.h"
#include "market/labels/meta_label.h"
#include "market/labels/regression_target.h"
#include "market/labels/trend_scan.h"
#include "market/labels/triple_barrier.h"

namespace moola::work {

// The strategies of `moola label`, each with all it needs besides bars. A `scale` is a column of features, or "price"
// for shares of the entry price.

struct BarrierStrategy {
  market::TripleBarrier rule;
  std::string scale = "atr_14";
  std::string name = "triple_barrier";  // "threshold" when it was asked for so
};

struct AdaptiveStrategy {
  market::TripleBarrier rule;
  std::string scale = "atr_14";
  std::vector<market::RegimeFactors> regimes = market::usual_regime_factors();
};

struct MetaStrategy {
  std::variant<market::TripleBarrier, market::Directional> judge = {};
  std::string scale = "atr_14";
  market::TimeoutIs timeout = market::TimeoutIs::by_return;
  std::string signal = {};                 // a rule of market/labels/signal_rule.h, or a column of `signal_file`
  std::filesystem::path signal_file = {};  // empty: columns are computed from the bars
};

struct DirectionalStrategy {
  market::Directional rule;
  std::string scale = "price";
};

struct RegressionStrategy {
  market::RegressionTarget rule;
  std::vector<market::FitRows> fit_rows;  // empty: returns are not cut
};

struct TrendStrategy {
  market::TrendScan rule;
};

using LabelStrategy = std::variant<BarrierStrategy, AdaptiveStrategy, MetaStrategy, DirectionalStrategy,
                                   RegressionStrategy, TrendStrategy>;

/// "triple_barrier", "threshold", "adaptive", "meta", "directional", "regression", "trend_scan".
std::string_view name_of(const LabelStrategy& strategy);

/// One column of a labels file.
struct LabelColumn {
  std::string name;
  std::variant<std::vector<std::int8_t>, std::vector<std::int32_t>, std::vector<float>, std::vector<double>> values;
};

/// What a strategy says of every bar.
struct LabelTable {
  std::vector<std::int64_t> last_bar = {};  // the last that the bar's label depends on; -1: it has none
  std::vector<LabelColumn> columns = {};
  Json parameters = Json::object();  // all that determined them, besides the bars
  Json fitted = Json::object();      // what was fitted, and the rows and times that it has seen

  /// Null when there is no column of this name and type.
  template <class T>
  const std::vector<T>* find(std::string_view name) const {
    for (const LabelColumn& column : columns) {
      if (column.name == name) return std::get_if<std::vector<T>>(&column.values);
    }
    return nullptr;
  }
};

/// "up 3, down 2.1, max_bars 50": LabelTable::parameters as people read them, without what is 0, and without regimes.
std::string describe_parameters(const Json& parameters);

/// The columns of features that a strategy looks at: scale, regimes, signal.
std::vector<std::string> columns_of(const LabelStrategy& strategy);

/// Throws ConfigError for what can be refused before bars are read: rules, names of columns.
void check_strategy(const LabelStrategy& strategy);

/// The most bars after its own that a label may depend on: what a purge must be as long as.
std::int64_t longest_label(const LabelStrategy& strategy);

/// What is labelled.
struct TimedBars {
  const market::Bars& bars;
  std::int64_t nanoseconds;  // of a bar; 0 where bars are not of the clock
};

/// Labels bars. Features (scales, regimes, signals) of a bar are what was known a bar before. The same bits on any
/// number of threads. Throws ConfigError, DataError, IoError.
LabelTable compute_labels(const TimedBars& series, const LabelStrategy& strategy, unsigned threads);

}  // namespace moola::work
