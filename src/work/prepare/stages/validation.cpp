#include "work/prepare/checks/table_checks.h"

#include <fmt/format.h>

#include "base/error.h"
#include "work/prepare/split_ranges.h"
#include "work/prepare/stages/stages.h"

namespace moola::work::stages {

void validation(StageRun& stage) {
  Workbench& bench = stage.bench();
  const TableLayout layout = layout_of(bench, stage.unit());
  const moola::validation::ChronologicalSplit split = split_ranges(bench.json("splits", stage.unit().name));
  for (const std::size_t symbol : layout.symbols) static_cast<void>(bench.features(symbol));  // read on this thread

  TableFindings found;
  found.facts["table"] = stage.unit().name;
  check_stamps(bench, layout, found);
  check_columns(bench, layout, split, found);
  check_relevance(bench, layout, split, found);
  check_labels(bench, layout, split, found);
  check_leaks(bench, layout, split, found);
  found.facts["warnings"] = found.warnings;
  stage.write_json("json", found.facts);
  if (!found.leaks.empty()) {
    std::string all;
    for (const std::string& leak : found.leaks) all += (all.empty() ? "" : " ") + leak;
    throw LeakError(
        fmt::format("the leakage suite found that {} is not to be trusted: {} The whole of what was looked "
                    "at is in {}.",
                    stage.unit().name, all, stage.outputs().front().string()));
  }
  stage.say(fmt::format("{} checks for leaks passed; {} warning{}", found.facts.at("leakage").size(),
                        found.warnings.size(), found.warnings.size() == 1 ? "" : "s"));
}

}  // namespace moola::work::stages
