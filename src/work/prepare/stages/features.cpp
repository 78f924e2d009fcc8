#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/duration.h"
#include "base/utc_time.h"
#include "market/checks/compared_ages.h"
#include "work/features/feature_columns.h"
#include "work/prepare/stages/stages.h"

namespace moola::work::stages {
namespace {

// Which column keeps the table from beginning earlier.
std::size_t slowest(const market::FeatureTable& table) {
  std::size_t out = 0;
  for (std::size_t i = 1; i < table.features().size(); ++i) {
    if (table.first_row(i) > table.first_row(out)) out = i;
  }
  return out;
}

std::string extent_of(const market::OtherAssets& others, const std::string& symbol) {
  const auto found = std::find_if(others.assets.begin(), others.assets.end(),
                                  [&](const market::OtherAssets::Asset& asset) { return asset.symbol == symbol; });
  return fmt::format("{} from {} to {}", symbol, utc_text(found->bars->time.front()),
                     utc_text(found->bars->time.back()));
}

// What stands beside the bars of `symbol`, and how old it is.
Json compared_json(Workbench& bench, std::size_t symbol) {
  Json out = Json::object();
  const std::int64_t step = bench.bar_nanoseconds();
  const market::OtherAssets others = bench.others(symbol);
  for (const market::OtherAssets::Asset& other : others.assets) {
    const market::ComparedAges ages =
        market::compared_ages({bench.bars(symbol).time, step}, {other.bars->time, step}, others.max_age);
    const auto seconds = [](std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; };
    out[other.symbol] = {{"bars", other.bars->size()},
                         {"first", utc_text(other.bars->time.front())},
                         {"last", utc_text(other.bars->time.back())},
                         {"beside",
                          {{"bars", ages.bars()},
                           {"fresh", ages.fresh},
                           {"too_old", ages.too_old},
                           {"before_first", ages.before_first},
                           {"median_age_seconds", seconds(ages.median)},
                           {"most_age_seconds", seconds(ages.most)}}}};
  }
  return out;
}

}  // namespace

void features(StageRun& stage) {
  Workbench& bench = stage.bench();
  const std::size_t place = stage.unit().symbols.front();
  const market::Bars& bars = bench.bars(place);
  const std::string& symbol = bench.symbols()[place].name();
  market::FeatureTable table = market::compute_features(bars, bench.bar_nanoseconds(), bench.feature_list(place),
                                                        bench.threads(), {}, bench.others(place));
  const std::size_t first = table.first_complete_row(), last_column = slowest(table);
  if (const std::string& other = table.features()[last_column].column.other; first >= table.rows() && !other.empty()) {
    throw DataError(fmt::format(
        "{} has no value, as {} and {} have too few bars in common: {} has bars from {} to {}, {}, and what a column "
        "compares must be there for all of its bars in a row (cross_asset.max_age bridges {}). Give bars of the same "
        "time, or leave the column out: features.columns = [\"…\", \"-{}\"].",
        table.features()[last_column].name, symbol, other, symbol, utc_text(bars.time.front()),
        utc_text(bars.time.back()), extent_of(bench.others(place), other),
        to_string(stage.config().cross_asset.max_age), table.features()[last_column].name));
  }
  if (first >= table.rows()) {
    throw DataError(
        fmt::format("{} has {} bars after cleaning, and the column {} has its first value only after {} or more. Give "
                    "more bars, or "
                    "leave the column out: features.columns = [\"…\", \"-{}\"].",
                    symbol, table.rows(), table.features()[last_column].name, table.first_row(last_column),
                    table.features()[last_column].name));
  }
  data::ContentFile file(stage.output("h5"), Overwrite::yes);
  file.manifest()["parameters"] = {{"definitions", stage.config().features.definitions}};
  write_feature_columns(file, table, false, {{"time", std::span<const std::int64_t>(bars.time)}});
  file.file().set_attribute("symbol", symbol);
  file.seal("features");
  file.commit();

  Json columns = Json::array(), undefined = Json::object();
  for (std::size_t i = 0; i < table.features().size(); ++i) {
    const market::Feature& feature = table.features()[i];
    columns.push_back({{"name", feature.name},
                       {"kind", market::to_string(feature.column.kind())},
                       {"first_row", table.first_row(i)},
                       {"undefined", table.undefined(i)}});
    if (table.undefined(i) == 0) continue;
    undefined[feature.name] = {{"bars", table.undefined(i)},
                               {"stated", feature.column.indicator->outputs[feature.column.output].undefined}};
  }
  stage.write_json("json", {{"symbol", symbol},
                            {"rows", table.rows()},
                            {"columns", columns},
                            {"first_complete_row", first},
                            {"first_complete_time", utc_text(bars.time[first])},
                            {"slowest_column", table.features()[last_column].name},
                            {"undefined", undefined},
                            {"compared", compared_json(bench, place)}});
  stage.say(fmt::format("{} columns, complete from {:.10} on", table.features().size(), utc_text(bars.time[first])));
  bench.keep_features(place, std::move(table));
}

}  // namespace moola::work::stages
