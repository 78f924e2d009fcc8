#pragma once
// A feature table over a walk that nothing foretells, written through the library so that anything can be wrong in it.
#include <random>
#include <string>
#include <vector>

#include "data/tables/feature_table_file.h"
#include "tests/work/bars_workspace.h"

namespace moola::test {

struct PlantedTable {
  std::size_t horizon = 10;
  market::Bars bars = walking_bars(21, 2100, true);
  data::TableRows rows = {};
  data::FeatureTableInfo info = {.symbols = {"SYM"}};
  std::vector<std::vector<double>> columns = {};  // of each feature

  /// Two features of noise; labels 1 and -1 by where the price is a horizon later, which is their t1.
  PlantedTable() {
    data::HorizonColumns labels{.horizon = static_cast<std::int32_t>(horizon)};
    for (std::size_t i = 0; i + 2 * horizon < bars.size(); ++i) {
      rows.time.push_back(bars.time[i]);
      rows.segment.push_back(0);
      labels.label.push_back(move(i) > 0 ? 1 : -1);
      labels.t1.push_back(bars.time[i + horizon]);
    }
    rows.horizons.push_back(std::move(labels));
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal(0, 1);
    for (const char* name : {"noise", "more"}) {
      std::vector<double> column(size());
      for (double& each : column) each = normal(random);
      add(name, std::move(column));
    }
  }

  std::size_t size() const { return rows.time.size(); }
  /// What the price does in the horizon that follows.
  double move(std::size_t row) const { return bars.close[row + horizon] / bars.close[row] - 1; }
  std::vector<std::int8_t>& label() { return rows.horizons[0].label; }
  std::vector<std::int64_t>& t1() { return rows.horizons[0].t1; }
  const std::vector<std::int64_t>& t1() const { return rows.horizons[0].t1; }

  void add(const std::string& name, std::vector<double> values) {
    info.feature_names.push_back(name);
    columns.push_back(std::move(values));
  }

  /// As feature_table/mine/v1, with its bars as bars/SYM/v1.
  void store(const BarsWorkspace& workspace) const {
    workspace.import(bars, "SYM");
    data::DatasetWriter writer(workspace.folder(), {"feature_table", "mine"});
    data::write_feature_table(writer, rows, info, [&](std::uint64_t begin, std::uint64_t count, std::span<double> out) {
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t c = 0; c < columns.size(); ++c) out[i * columns.size() + c] = columns[c][begin + i];
      }
    });
    writer.finish();
  }
};

}  // namespace moola::test
