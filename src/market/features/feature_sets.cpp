#include "market/features/feature.h"

namespace moola::market {

const std::vector<FeatureSet>& feature_sets() {
  static const std::vector<FeatureSet> table{
      {"core_min", "trend by a few averages", {"price_to_sma_20", "price_to_ema_9"}},
  };
  return table;
}

}  // namespace moola::market
