#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utc_time.h"
#include "market/labels/triple_barrier.h"
#include "validation/chronological_split.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/table_layout.h"

namespace moola::work::stages {
namespace {

using validation::RowRange;

Json ranges_json(const std::vector<RowRange>& ranges) {
  Json out = Json::array();
  for (const RowRange& range : ranges) out.push_back({range.begin, range.end});
  return out;
}

Json part_json(const std::vector<RowRange>& ranges, const TableLayout& layout) {
  return {{"rows", validation::count_rows(ranges)},
          {"first", utc_text(layout.time[ranges.front().begin])},
          {"last", utc_text(layout.time[ranges.back().end - 1])}};
}

// The last stamp that any label of each row depends on.
std::vector<std::int64_t> last_dependence(Workbench& bench, const TableLayout& layout) {
  std::vector<std::int64_t> t1(layout.size(), kNoTime);
  std::vector<const std::vector<HorizonLabels>*> labels;
  for (const std::size_t symbol : layout.symbols) labels.push_back(&bench.labels(symbol));
  for (std::size_t row = 0; row < layout.size(); ++row) {
    for (const HorizonLabels& each : *labels[layout.symbol_of(row)])
      t1[row] = std::max(t1[row], each.t1[layout.bar[row]]);
  }
  return t1;
}

// A model can't learn a class that it never sees.
void check_classes(Workbench& bench, const StageUnit& unit, const TableLayout& layout,
                   const std::vector<RowRange>& train) {
  const std::vector<std::int64_t>& horizons = bench.config().labels.horizons;
  for (std::size_t h = 0; h < horizons.size(); ++h) {
    std::int64_t counts[3] = {0, 0, 0};
    for (const RowRange& range : train) {
      for (std::size_t row = range.begin; row < range.end; ++row) {
        const int label = bench.labels(layout.symbols[layout.symbol_of(row)])[h].labels.label[layout.bar[row]];
        if (label != market::kInvalidLabel) ++counts[label + 1];
      }
    }
    for (const int label : {-1, 0, 1}) {
      if (counts[label + 1] > 0) continue;
      throw DataError(fmt::format(
          "the train part of {} has no row with label_{} = {} (down {}, neutral {}, up {}): no model could learn it. "
          "Set other barriers for this horizon, let them be searched (barriers.optimise = true), or give more bars.",
          unit.name, horizons[h], label, counts[0], counts[1], counts[2]));
    }
  }
}

// The split proves itself: nothing that a part depends on lies in a later one.
void prove(const TableLayout& layout, const std::vector<std::int64_t>& t1,
           const validation::ChronologicalSplit& split) {
  const std::vector<RowRange>* const parts[] = {&split.train, &split.val, &split.test};
  for (int part = 0; part < 2; ++part) {
    const std::int64_t next = layout.time[parts[part + 1]->front().begin];
    for (const RowRange& range : *parts[part]) {
      for (std::size_t row = range.begin; row < range.end; ++row) {
        if (layout.time[row] < next && t1[row] < next) continue;
        throw LeakError(fmt::format(
            "row {} ({}) of the {} part depends on prices up to {}, and the next part begins at {}. This is a mistake "
            "in the split; please report it.",
            row, utc_text(layout.time[row]), part == 0 ? "train" : "validation",
            utc_text(std::max(t1[row], layout.time[row])), utc_text(next)));
      }
    }
  }
}

}  // namespace

void splits(StageRun& stage) {
  Workbench& bench = stage.bench();
  const PrepareConfig& config = stage.config();
  const TableLayout layout = layout_of(bench, stage.unit());
  const std::vector<std::int64_t> t1 = last_dependence(bench, layout);
  const TableSeparations apart = separations_of(config, layout);
  const validation::ChronologicalSplit split = validation::chronological_split(
      layout.time, t1,
      {.train = config.splits.train, .val = config.splits.val, .purge = apart.purge, .embargo = apart.embargo});
  prove(layout, t1, split);
  check_classes(bench, stage.unit(), layout, split.train);
  const std::size_t train = validation::count_rows(split.train), val = validation::count_rows(split.val),
                    test = validation::count_rows(split.test);
  stage.write_json("json", {{"table", stage.unit().name},
                            {"strategy", "chronological"},
                            {"rows", layout.size()},
                            {"purge", validation::to_string(apart.purge)},
                            {"embargo", validation::to_string(apart.embargo)},
                            {"train", ranges_json(split.train)},
                            {"val", ranges_json(split.val)},
                            {"test", ranges_json(split.test)},
                            {"purged", split.purged},
                            {"embargoed", split.embargoed},
                            {"parts",
                             {{"train", part_json(split.train, layout)},
                              {"val", part_json(split.val, layout)},
                              {"test", part_json(split.test, layout)}}}});
  stage.say(fmt::format("{} train, {} validation, {} test; {} purged, {} embargoed", train, val, test, split.purged,
                        split.embargoed));
}

}  // namespace moola::work::stages
