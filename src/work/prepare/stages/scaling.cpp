#include <fmt/format.h>

#include <algorithm>

#include "base/parallel_pieces.h"
#include "data/tables/scaler_file.h"
#include "market/features/scaler.h"
#include "work/prepare/split_ranges.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/table_layout.h"

namespace moola::work::stages {
namespace {

const std::string& method_of(const PrepareConfig::Scaling& scaling, market::ColumnKind kind) {
  switch (kind) {
    case market::ColumnKind::returns:
      return scaling.returns;
    case market::ColumnKind::oscillator:
      return scaling.oscillator;
    case market::ColumnKind::price:
      return scaling.price;
    case market::ColumnKind::volatility:
      return scaling.volatility;
    case market::ColumnKind::volume:
      return scaling.volume;
    case market::ColumnKind::signed_sum:
      return scaling.signed_sum;
    case market::ColumnKind::temporal:
      return scaling.temporal;
    case market::ColumnKind::state:
      return scaling.state;
  }
  return scaling.state;
}

}  // namespace

void scaling(StageRun& stage) {
  Workbench& bench = stage.bench();
  const PrepareConfig& config = stage.config();
  const TableLayout layout = layout_of(bench, stage.unit());
  const std::vector<validation::RowRange> train = split_ranges(bench.json("splits", stage.unit().name)).train;
  for (const std::size_t symbol : layout.symbols) static_cast<void>(bench.features(symbol));  // read on this thread
  data::TableScaler scaler{.split = stage.unit().name,
                           .fitted_on = {},
                           .first = layout.time[train.front().begin],
                           .last = layout.time[train.back().end - 1],
                           .clip = config.scaling.clip,
                           .columns = {}};
  for (const validation::RowRange& range : train) scaler.fitted_on.push_back({range.begin, range.end});
  const std::vector<market::Feature>& features = bench.feature_list(layout.symbols.front());
  scaler.columns.resize(features.size());
  for_each_piece(features.size(), bench.threads(), [&](std::size_t column) {
    const market::ColumnKind kind = features[column].column.kind();
    const market::ScaleMethod method = market::parse_scale_method(method_of(config.scaling, kind));
    if (method == market::ScaleMethod::none) {
      scaler.columns[column] = {.name = features[column].name};
      return;
    }
    const auto& kinds = config.scaling.logarithm;
    const bool logarithm = std::find(kinds.begin(), kinds.end(), market::to_string(kind)) != kinds.end();
    std::vector<double> values;
    gather_rows(bench, layout, column, train, values);
    scaler.columns[column] =
        market::fit_scale(features[column].name, values, method, logarithm, {.clip = config.scaling.clip});
  });
  stage.write_json("json", data::to_json(scaler));
  const auto scaled =
      std::count_if(scaler.columns.begin(), scaler.columns.end(),
                    [](const market::ColumnScale& column) { return column.method != market::ScaleMethod::none; });
  stage.say(fmt::format("{} of {} columns have a scale, from {} train rows", scaled, features.size(),
                        validation::count_rows(train)));
}

}  // namespace moola::work::stages
