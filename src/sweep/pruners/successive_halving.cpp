#include "sweep/pruners/successive_halving.h"

#include <algorithm>

namespace moola::sweep {

Judgement SuccessiveHalvingPruner::judge(const History& history, std::uint64_t number) {
  HalvingOptions options = options_;
  if (estimated_) {
    const std::optional<std::int64_t> last = first_.last_step(history);
    if (!last) return {};
    options.min_resource = std::max<std::int64_t>(*last / 100, 1);
  }
  const std::span<RungLosses> all = passed_.by_bracket(history, 1, [](std::uint64_t) { return std::size_t{0}; });
  return climb(history.trials()[number], options, all[0]);
}

}  // namespace moola::sweep
