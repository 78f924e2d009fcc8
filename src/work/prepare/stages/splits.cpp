#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/utc_time.h"
#include "data/tables/split_file.h"
#include "validation/chronological_split.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/table_layout.h"

namespace moola::work::stages {
namespace {

using validation::RowRange;

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

// The labels of a horizon in rows of these ranges: look(place in the table's symbols, labels, bar).
template <class Look>
void each_label(Workbench& bench, const TableLayout& layout, const std::vector<RowRange>& rows, std::size_t h,
                Look&& look) {
  for (const RowRange& range : rows) {
    for (std::size_t row = range.begin; row < range.end; ++row) {
      const std::size_t symbol = layout.symbol_of(row);
      const HorizonLabels& labels = bench.labels(layout.symbols[symbol])[h];
      if (labels.has(layout.bar[row])) look(symbol, labels, layout.bar[row]);
    }
  }
}

// A model can't learn a class that it never sees.
void check_classes(Workbench& bench, const StageUnit& unit, const TableLayout& layout,
                   const std::vector<RowRange>& train, std::size_t h, const Json& classes) {
  std::map<int, std::size_t> counts;
  each_label(bench, layout, train, h,
             [&](std::size_t, const HorizonLabels& labels, std::size_t bar) { ++counts[labels.labels.label[bar]]; });
  std::string all;
  for (const Json& each : classes) {
    all += fmt::format("{}{} {}", all.empty() ? "" : ", ", each.at("name").get<std::string>(),
                       counts[each.at("label").get<int>()]);
  }
  const PrepareConfig::Labels& labels = bench.config().labels;
  for (const Json& each : classes) {
    const int label = each.at("label").get<int>();
    if (counts[label] > 0 || !each.at("expected").get<bool>()) continue;
    throw DataError(fmt::format(
        "the train part of {} has no row with label_{} = {} ({}): no model could learn it. {}, or give more bars.",
        unit.name, labels.horizons[h], label, all,
        labels.strategy == "triple_barrier"
            ? "Set other barriers for this horizon, let them be searched (barriers.optimise = true)"
            : "Set the keys of labels.strategy = \"" + labels.strategy + "\" otherwise for this horizon"));
  }
}

// Nor a number that is always the same, of any symbol.
void check_targets(Workbench& bench, const StageUnit& unit, const TableLayout& layout,
                   const std::vector<RowRange>& train, std::size_t h) {
  struct Extent {
    float least = HUGE_VALF, most = -HUGE_VALF;
  };
  std::vector<Extent> extents(layout.symbols.size());
  each_label(bench, layout, train, h, [&](std::size_t symbol, const HorizonLabels& labels, std::size_t bar) {
    extents[symbol].least = std::min(extents[symbol].least, labels.target[bar]);
    extents[symbol].most = std::max(extents[symbol].most, labels.target[bar]);
  });
  const std::int64_t horizon = bench.config().labels.horizons[h];
  for (std::size_t symbol = 0; symbol < extents.size(); ++symbol) {
    const auto [least, most] = extents[symbol];
    if (least < most) continue;
    throw DataError(fmt::format(
        "the train part of {} {} of {}: no model could learn it. Do its prices move at all? If so, give more bars.",
        unit.name,
        least > most ? fmt::format("has no target_{}", horizon)
                     : fmt::format("has target_{} = {} in every row", horizon, least),
        bench.symbols()[layout.symbols[symbol]].name()));
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
  const Json classes = bench.json("labels", stage.unit().name).at("classes");
  for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
    const Json& of_horizon = classes.at(std::to_string(config.labels.horizons[h]));
    if (of_horizon.empty()) {
      check_targets(bench, stage.unit(), layout, split.train, h);
    } else {
      check_classes(bench, stage.unit(), layout, split.train, h, of_horizon);
    }
  }
  const std::size_t train = validation::count_rows(split.train), val = validation::count_rows(split.val),
                    test = validation::count_rows(split.test);
  stage.write_json("json", {{"table", stage.unit().name},
                            {"strategy", "chronological"},
                            {"rows", layout.size()},
                            {"purge", validation::to_string(apart.purge)},
                            {"embargo", validation::to_string(apart.embargo)},
                            {"train", data::ranges_json(split.train)},
                            {"val", data::ranges_json(split.val)},
                            {"test", data::ranges_json(split.test)},
                            {"purged", validation::count_rows(split.purged)},
                            {"embargoed", validation::count_rows(split.embargoed)},
                            {"purged_rows", data::ranges_json(split.purged)},
                            {"embargoed_rows", data::ranges_json(split.embargoed)},
                            {"parts",
                             {{"train", part_json(split.train, layout)},
                              {"val", part_json(split.val, layout)},
                              {"test", part_json(split.test, layout)}}}});
  stage.say(fmt::format("{} train, {} validation, {} test; {} purged, {} embargoed", train, val, test,
                        validation::count_rows(split.purged), validation::count_rows(split.embargoed)));
}

}  // namespace moola::work::stages
