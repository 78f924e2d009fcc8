#include <fmt/format.h>

#include "data/store/content_file.h"
#include "work/prepare/barrier_rules.h"
#include "work/prepare/horizon_labels.h"
#include "work/prepare/stages/stages.h"

namespace moola::work::stages {

// What the usual barriers would give: what the optimised ones are compared with.
void initial_labels(StageRun& stage) {
  Workbench& bench = stage.bench();
  const PrepareConfig& config = stage.config();
  const std::size_t place = stage.unit().symbols.front();
  const std::string& symbol = bench.symbols()[place].name();
  if (config.labels.strategy != "triple_barrier") {
    stage.write_json("json", {{"symbol", symbol}, {"strategy", config.labels.strategy}, {"horizons", Json::object()}});
    stage.say(no_barriers_to_search(config));
    return;
  }
  const market::Bars& bars = bench.bars(place);
  std::vector<HorizonLabels> all;
  Json horizons = Json::object();
  for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
    const LabelStrategy strategy = configured_strategy(config, symbol, h);
    const std::int64_t horizon = config.labels.horizons[h];
    all.push_back(label_bars({bars, bench.bar_nanoseconds()}, horizon, strategy, bench.threads()).labels);
    horizons[std::to_string(horizon)] = {{"rule", rule_json(configured_rule(config, symbol, h))},
                                         {"labels", label_counts(all.back(), label_classes(strategy), 0, bars.size())}};
  }
  data::ContentFile file(stage.output("h5"), Overwrite::yes);
  file.manifest()["horizons"] = horizons;
  write_horizon_labels(file, bars, all);
  file.file().set_attribute("symbol", symbol);
  file.seal("labels");
  file.commit();
  stage.write_json("json", {{"symbol", symbol}, {"scale", config.labels.scale}, {"horizons", horizons}});
  stage.say(fmt::format("{} horizons of {} bars", all.size(), bars.size()));
}

}  // namespace moola::work::stages
