#include "work/prepare/configured_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/log.h"
#include "work/prepare/barrier_rules.h"
#include "work/prepare/label_costs.h"

namespace moola::work {
namespace {

// Worse than this, no labels that could be learnt from were found; the usual barriers stay.
constexpr double kHopeless = -100;

market::BarrierSearchOptions search_options(const PrepareConfig& config, const std::string& symbol, std::size_t horizon,
                                            double cost) {
  const auto& barriers = config.barriers;
  market::BarrierSearchOptions options{.horizon = static_cast<int>(config.labels.horizons[horizon]),
                                       .cost = cost,
                                       .least_scale = barriers.least_scale,
                                       .most_scale = config.furthest_barrier(horizon),
                                       .least_length = barriers.least_length,
                                       .most_length = barriers.most_length,
                                       .sample = barriers.sample,
                                       .rule = {},
                                       .genetic = {},
                                       .seed = static_cast<std::uint64_t>(barriers.seed)};
  options.rule = with_manner(config, symbol, {});
  options.genetic.population = static_cast<int>(barriers.population);
  options.genetic.generations = static_cast<int>(barriers.generations);
  return options;
}

void warn_of_hopeless(const std::string& symbol, std::int64_t horizon, const market::BarrierOptimum& best) {
  const auto& nearest = *std::max_element(best.evaluations.begin(), best.evaluations.end(),
                                          [](const auto& a, const auto& b) { return a.fitness < b.fitness; });
  const Json shares = label_shares(nearest.labels);
  log_warning(
      "{}, horizon {}: no barriers gave labels that can be learnt from; the best had {:.0f} % up, {:.0f} % down "
      "and {:.0f} % neutral. The usual ones stay; farther barriers give more neutral labels, nearer ones fewer: "
      "barriers.least_scale, barriers.most_scale.",
      symbol, horizon, 100 * shares.at("up").get<double>(), 100 * shares.at("down").get<double>(),
      100 * shares.at("neutral").get<double>());
}

}  // namespace

double mean_cost_share(const PrepareConfig& config, const std::string& symbol, const market::Bars& bars,
                       BarRange range) {
  const auto close = std::span(bars.close).subspan(range.begin, range.end - range.begin);
  const market::TradeCost trade = round_trip_cost(config, symbol);
  return trade.share +
         trade.price / (std::accumulate(close.begin(), close.end(), 0.0) / static_cast<double>(close.size()));
}

FoundBarriers find_barriers(const PrepareConfig& config, const std::string& symbol, std::size_t horizon,
                            const market::Bars& bars, std::span<const double> scale, double cost, BarRange range,
                            unsigned threads) {
  FoundBarriers out;
  out.optimum = market::search_barriers({bars.open, bars.high, bars.low, bars.close}, scale,
                                        static_cast<std::int64_t>(range.begin), static_cast<std::int64_t>(range.end),
                                        search_options(config, symbol, horizon, cost), threads);
  out.hopeless = out.optimum.fitness < kHopeless;
  out.rule = out.hopeless ? configured_rule(config, symbol, horizon) : out.optimum.rule;
  if (out.hopeless) warn_of_hopeless(symbol, config.labels.horizons[horizon], out.optimum);
  return out;
}

Json label_shares(const market::LabelSummary& labels) {
  const auto share = [&](std::int64_t count) {
    return static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(1, labels.valid()));
  };
  return {{"rows", labels.valid()},
          {"up", share(labels.longs)},
          {"down", share(labels.shorts)},
          {"neutral", share(labels.neutrals)},
          {"mean_signal_bars", labels.signal_bars / static_cast<double>(std::max<std::int64_t>(1, labels.signals()))}};
}

}  // namespace moola::work
