#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "market/labels/barrier_search.h"
#include "work/prepare/barrier_rules.h"
#include "work/prepare/label_costs.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/table_layout.h"

namespace moola::work::stages {
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

Json summary_json(const market::LabelSummary& labels) {
  const auto share = [&](std::int64_t count) {
    return static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(1, labels.valid()));
  };
  return {{"rows", labels.valid()},
          {"up", share(labels.longs)},
          {"down", share(labels.shorts)},
          {"neutral", share(labels.neutrals)},
          {"mean_signal_bars", labels.signal_bars / static_cast<double>(std::max<std::int64_t>(1, labels.signals()))}};
}

Json searched(const market::BarrierOptimum& best, const market::TripleBarrier& chosen, const market::Bars& bars) {
  Json evaluations = Json::array();
  for (const market::BarrierEvaluation& each : best.evaluations) {
    evaluations.push_back({{"up", each.up},
                           {"down", each.down},
                           {"max_bars", each.max_bars},
                           {"fitness", each.fitness},
                           {"margin", each.margin},
                           {"labels", summary_json(each.labels)}});
  }
  const bool hopeless = best.fitness < kHopeless;
  return {{"rule", rule_json(chosen)},
          {"found_by", hopeless ? "usual barriers: the search found none that can be learnt from" : "search"},
          {"fitness", best.fitness},
          {"best_by_generation", best.best_by_generation},
          {"evaluations", evaluations},
          {"seen",
           {{"first", bars.time[static_cast<std::size_t>(best.begin)]},
            {"last", bars.time[static_cast<std::size_t>(best.end - 1)]}}}};
}

}  // namespace

void barriers(StageRun& stage) {
  Workbench& bench = stage.bench();
  const PrepareConfig& config = stage.config();
  if (config.labels.strategy != "triple_barrier") {
    stage.write_json("json", {{"table", stage.unit().name},
                              {"strategy", config.labels.strategy},
                              {"optimised", false},
                              {"symbols", Json::object()}});
    stage.say(no_barriers_to_search(config));
    return;
  }
  const TableLayout layout = layout_of(bench, stage.unit());
  const std::vector<std::size_t> ends = train_ends(config, bench, layout);
  Json symbols = Json::object();
  std::size_t evaluations = 0;
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    const std::size_t place = layout.symbols[s];
    const std::string& symbol = bench.symbols()[place].name();
    const market::Bars& bars = bench.bars(place);
    const std::size_t begin = layout.first_bar[s], end = config.barriers.safe ? ends[s] : bars.size();
    if (begin >= end) {
      throw LeakError(fmt::format(
          "the train part of {} is empty: {} rows of {}, of which splits.train = {} and splits.purge = \"{}\" leave "
          "none. Give more bars, or a larger share or a shorter purge.",
          stage.unit().name, bars.size() - begin, symbol, config.splits.train, config.splits.purge));
    }
    if (config.barriers.optimise && end - begin < static_cast<std::size_t>(market::BarrierSearchOptions{}.least_rows)) {
      throw DataError(fmt::format(
          "the train part of {} has {} rows of {}, too few to search barriers in: {} at least are needed. Give more "
          "bars, or leave the barriers of [labels] as they are: barriers.optimise = false.",
          stage.unit().name, end - begin, symbol, market::BarrierSearchOptions{}.least_rows));
    }
    const double rows = static_cast<double>(end - begin);
    const auto close = std::span(bars.close).subspan(begin, end - begin);
    const market::TradeCost trade = round_trip_cost(config, symbol);
    const double cost = trade.share + trade.price / (std::accumulate(close.begin(), close.end(), 0.0) / rows);
    Json horizons = Json::object();
    for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
      const market::TripleBarrier usual = configured_rule(config, symbol, h);
      Json& entry = horizons[std::to_string(config.labels.horizons[h])];
      if (!config.barriers.optimise) {
        entry = {{"rule", rule_json(usual)}, {"found_by", "configuration"}};
        continue;
      }
      const market::BarrierOptimum best = market::search_barriers(
          {bars.open, bars.high, bars.low, bars.close}, bench.barrier_scale(place), static_cast<std::int64_t>(begin),
          static_cast<std::int64_t>(end), search_options(config, symbol, h, cost), bench.threads());
      if (best.fitness < kHopeless) {
        const auto& nearest = *std::max_element(best.evaluations.begin(), best.evaluations.end(),
                                                [](const auto& a, const auto& b) { return a.fitness < b.fitness; });
        const Json shares = summary_json(nearest.labels);
        log_warning(
            "{}, horizon {}: no barriers gave labels that can be learnt from; the best had {:.0f} % up, {:.0f} % down "
            "and {:.0f} % neutral. The usual ones stay; farther barriers give more neutral labels, nearer ones fewer: "
            "barriers.least_scale, barriers.most_scale.",
            symbol, config.labels.horizons[h], 100 * shares.at("up").get<double>(),
            100 * shares.at("down").get<double>(), 100 * shares.at("neutral").get<double>());
      }
      evaluations += best.evaluations.size();
      entry = searched(best, best.fitness < kHopeless ? usual : best.rule, bars);
    }
    symbols[symbol] = {{"cost_share", cost}, {"horizons", horizons}};
  }
  stage.write_json("json", {{"table", stage.unit().name},
                            {"scale", config.labels.scale},
                            {"optimised", config.barriers.optimise},
                            {"train_rows_alone", config.barriers.safe},
                            {"symbols", symbols}});
  stage.say(config.barriers.optimise ? fmt::format("{} pairs of barriers tried", evaluations) : "as configured");
}

}  // namespace moola::work::stages
