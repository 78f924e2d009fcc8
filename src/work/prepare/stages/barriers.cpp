#include <fmt/format.h>

#include "base/error.h"
#include "work/prepare/barrier_rules.h"
#include "work/prepare/configured_search.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/table_layout.h"

namespace moola::work::stages {
namespace {

Json searched(const FoundBarriers& found, const market::Bars& bars) {
  const market::BarrierOptimum& best = found.optimum;
  Json evaluations = Json::array();
  for (const market::BarrierEvaluation& each : best.evaluations) {
    evaluations.push_back({{"up", each.up},
                           {"down", each.down},
                           {"max_bars", each.max_bars},
                           {"fitness", each.fitness},
                           {"margin", each.margin},
                           {"labels", label_shares(each.labels)}});
  }
  return {{"rule", rule_json(found.rule)},
          {"found_by", found.hopeless ? "usual barriers: the search found none that can be learnt from" : "search"},
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
    const double cost = mean_cost_share(config, symbol, bars, {begin, end});
    Json horizons = Json::object();
    for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
      Json& entry = horizons[std::to_string(config.labels.horizons[h])];
      if (!config.barriers.optimise) {
        entry = {{"rule", rule_json(configured_rule(config, symbol, h))}, {"found_by", "configuration"}};
        continue;
      }
      const FoundBarriers found =
          find_barriers(config, symbol, h, bars, bench.barrier_scale(place), cost, {begin, end}, bench.threads());
      evaluations += found.optimum.evaluations.size();
      entry = searched(found, bars);
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
