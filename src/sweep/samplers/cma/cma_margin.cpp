#include "sweep/samplers/cma/cma_margin.h"

#include <algorithm>
#include <cmath>

#include "market/checks/tail_probabilities.h"
#include "sweep/space/unit_interval.h"
#include "validation/normal.h"

namespace moola::sweep {

CmaMargin with_margin(const Distribution& distribution, double mean, double deviation, double spread, double margin) {
  const UnitCell cell = unit_cell(distribution, from_unit(distribution, mean));
  const double scale = deviation * spread;
  const double below = market::normal_cdf((cell.low - mean) / scale);
  const double above = market::normal_cdf((mean - cell.high) / scale);
  if (cell.low <= 0 || cell.high >= 1) {
    // At an end of the range there is one way out.
    const bool at_low_end = cell.low <= 0;
    if ((at_low_end ? above : below) >= margin) return {mean, spread};
    const double reach = validation::normal_quantile(1 - margin) * scale;
    return {at_low_end ? cell.high - reach : cell.low + reach, spread};
  }
  // What the chances outside gain the one inside loses, as far as it can.
  const double low = std::max(below, margin / 2), high = std::max(above, margin / 2), inside = 1 - below - above;
  const double gained = (1 - low - high - inside) / (low + high + inside - 1.5 * margin);
  const auto corrected = [&](double chance) {
    return std::clamp(chance + gained * (chance - margin / 2), 1e-10, 0.5 - 1e-10);
  };
  const double to_low = validation::normal_quantile(1 - corrected(low));
  const double to_high = validation::normal_quantile(1 - corrected(high));
  return {(cell.low * to_high + cell.high * to_low) / (to_low + to_high),
          (cell.high - cell.low) / ((to_low + to_high) * deviation)};
}

}  // namespace moola::sweep
