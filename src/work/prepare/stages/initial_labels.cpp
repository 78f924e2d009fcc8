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
  const market::Bars& bars = bench.bars(place);
  std::vector<HorizonLabels> all;
  Json horizons = Json::object();
  for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
    const market::TripleBarrier rule = configured_rule(config, symbol, h);
    all.push_back(label_bars(bars, bench.barrier_scale(place), config.labels.horizons[h], rule, bench.threads()));
    horizons[std::to_string(config.labels.horizons[h])] = {{"rule", rule_json(rule)},
                                                           {"labels", label_counts(all.back().labels, 0, bars.size())}};
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
