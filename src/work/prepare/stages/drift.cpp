#include <fmt/format.h>

#include <algorithm>

#include "base/parallel_pieces.h"
#include "data/tables/scaler_file.h"
#include "market/checks/drift.h"
#include "work/prepare/split_ranges.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/table_layout.h"

namespace moola::work::stages {
namespace {

Json drift_json(const market::ColumnDrift& drift) {
  return {{"psi", drift.psi},
          {"ks", drift.ks},
          {"ks_p_effective", drift.ks_p_effective},
          {"wasserstein", drift.wasserstein},
          {"wasserstein_scaled", drift.wasserstein_scaled}};
}

}  // namespace

void drift(StageRun& stage) {
  Workbench& bench = stage.bench();
  const TableLayout layout = layout_of(bench, stage.unit());
  const moola::validation::ChronologicalSplit split = split_ranges(bench.json("splits", stage.unit().name));
  const data::TableScaler scaler = data::read_scaler(bench.file("scaling", stage.unit().name, "json"));
  for (const std::size_t symbol : layout.symbols) static_cast<void>(bench.features(symbol));  // read on this thread

  // A column at a time, its three parts one after the other, scaled: nothing of the whole table is copied.
  struct Drifts {
    market::ColumnDrift val, test;
  };
  std::vector<Drifts> drifts(scaler.columns.size());
  for_each_piece(drifts.size(), bench.threads(), [&](std::size_t column) {
    std::vector<double> values;
    std::vector<moola::validation::RowRange> rows = split.train;
    for (const auto* part : {&split.val, &split.test}) rows.insert(rows.end(), part->begin(), part->end());
    gather_rows(bench, layout, column, rows, values);
    market::apply_scale(scaler.columns[column], scaler.clip, values);
    const std::size_t train = moola::validation::count_rows(split.train),
                      val = train + moola::validation::count_rows(split.val);
    const std::span<const double> whole = values;
    const std::vector<market::Rows> reference{{0, train}}, others[] = {{{train, val}}, {{val, values.size()}}};
    const auto found = market::column_drift(std::span(&whole, 1), reference, others, {}, 1);
    drifts[column] = {found[0][0], found[0][1]};
  });

  const double limit = stage.config().validation.psi;
  Json columns = Json::array();
  std::size_t drifted = 0;
  for (std::size_t column = 0; column < drifts.size(); ++column) {
    const bool far = std::max(drifts[column].val.psi, drifts[column].test.psi) > limit;
    drifted += far ? 1 : 0;
    columns.push_back({{"name", scaler.columns[column].name},
                       {"drifted", far},
                       {"val", drift_json(drifts[column].val)},
                       {"test", drift_json(drifts[column].test)}});
  }
  stage.write_json("json",
                   {{"table", stage.unit().name}, {"psi_limit", limit}, {"drifted", drifted}, {"columns", columns}});
  stage.say(fmt::format("{} of {} columns have drifted (PSI above {})", drifted, drifts.size(), limit));
}

}  // namespace moola::work::stages
