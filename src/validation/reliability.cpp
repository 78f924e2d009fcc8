#include "validation/reliability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "validation/normal.h"

namespace moola::validation {
namespace {

// What was said of each row, and whether it came.
struct Said {
  std::vector<double> probability, weight;
  std::vector<bool> came;
};

struct Bin {
  double low = 0, high = 0, weight = 0, squares = 0, confidence = 0, came = 0;
  void add(const Said& said, std::size_t row) {
    const double w = said.weight[row];
    weight += w;
    squares += w * w;
    confidence += w * said.probability[row];
    came += said.came[row] ? w : 0;
  }
};

std::vector<Bin> bins_of_equal_width(const Said& said, std::size_t bins) {
  const auto count = static_cast<double>(bins);
  std::vector<Bin> out(bins);
  for (std::size_t i = 0; i < bins; ++i) {
    out[i].low = static_cast<double>(i) / count;
    out[i].high = static_cast<double>(i + 1) / count;
  }
  for (std::size_t row = 0; row < said.probability.size(); ++row) {
    const double place = std::ceil(said.probability[row] * count) - 1;
    out[static_cast<std::size_t>(std::clamp(place, 0.0, count - 1))].add(said, row);
  }
  return out;
}

std::vector<Bin> bins_of_equal_mass(const Said& said, std::size_t bins) {
  const std::vector<double>& p = said.probability;
  const auto count = static_cast<double>(bins);
  std::vector<std::size_t> rows(p.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  // In the order of rows, as the edges of bins are compared with it.
  const double all = std::accumulate(said.weight.begin(), said.weight.end(), 0.0);
  std::vector<Bin> out;
  Bin here;
  double before = 0, filled = 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    // Rows of no weight set no edge.
    if (here.weight == 0) here.low = p[rows[i]];
    if (said.weight[rows[i]] > 0) here.high = p[rows[i]];
    here.add(said, rows[i]);
    before += said.weight[rows[i]];
    const bool last = i + 1 == rows.size();
    if (!last && (before < filled * all / count || p[rows[i + 1]] == p[rows[i]])) continue;
    out.push_back(here);
    here = {};
    while (filled * all / count <= before) ++filled;
  }
  return out;
}

ReliabilityCurve curve_of(const Said& said, const ReliabilityOptions& options) {
  const std::vector<Bin> bins = options.by == ReliabilityBins::equal_width ? bins_of_equal_width(said, options.bins)
                                                                           : bins_of_equal_mass(said, options.bins);
  const double all = std::accumulate(said.weight.begin(), said.weight.end(), 0.0);
  const double z = -normal_quantile((1 - options.level) / 2);
  ReliabilityCurve out;
  for (const Bin& bin : bins) {
    if (!(bin.weight > 0)) continue;
    out.ece += std::fabs(bin.confidence - bin.came) / all;
    const double share = bin.came / bin.weight, rows = bin.weight * bin.weight / bin.squares;
    const double scale = 1 + z * z / rows, centre = (share + z * z / (2 * rows)) / scale;
    const double reach = z / scale * std::sqrt(std::max(0.0, share * (1 - share)) / rows + z * z / (4 * rows * rows));
    // At the ends the interval ends there too, which rounding would miss.
    out.bins.push_back({.low = bin.low,
                        .high = bin.high,
                        .weight = bin.weight,
                        .confidence = bin.confidence / bin.weight,
                        .share = share,
                        .share_low = share <= 0 ? 0 : std::max(0.0, centre - reach),
                        .share_high = share >= 1 ? 1 : std::min(1.0, centre + reach)});
  }
  return out;
}

}  // namespace

Reliability measure_reliability(const Forecasts& forecasts, const ReliabilityOptions& options) {
  check_forecasts(forecasts);
  if (options.bins == 0) throw ConfigError("reliability in 0 bins.");
  if (!(options.level > 0 && options.level < 1))
    throw ConfigError(fmt::format("an interval of level {}: expected above 0 and below 1.", options.level));
  const std::size_t n = forecasts.rows(), classes = forecasts.classes;
  Said said{.probability = std::vector<double>(n),
            .weight = std::vector<double>(forecasts.weight.begin(), forecasts.weight.end()),
            .came = std::vector<bool>(n)};
  if (said.weight.empty()) said.weight.assign(n, 1);
  for (std::size_t row = 0; row < n; ++row) {
    const auto p = forecasts.probability.subspan(row * classes, classes);
    const auto best = std::max_element(p.begin(), p.end());
    said.probability[row] = *best;
    said.came[row] = best - p.begin() == forecasts.truth[row];
  }
  Reliability out;
  out.predicted = curve_of(said, options);
  for (std::size_t c = 0; c < classes; ++c) {
    for (std::size_t row = 0; row < n; ++row) {
      said.probability[row] = forecasts.probability[row * classes + c];
      said.came[row] = static_cast<std::size_t>(forecasts.truth[row]) == c;
    }
    out.by_class.push_back(curve_of(said, options));
  }
  return out;
}

}  // namespace moola::validation
