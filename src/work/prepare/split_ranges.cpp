#include "work/prepare/split_ranges.h"

#include "data/tables/split_file.h"

namespace moola::work {

validation::ChronologicalSplit split_ranges(const Json& splits) {
  return {.train = data::read_ranges(splits.at("train")),
          .val = data::read_ranges(splits.at("val")),
          .test = data::read_ranges(splits.at("test")),
          .purged = data::read_ranges(splits.at("purged_rows")),
          .embargoed = data::read_ranges(splits.at("embargoed_rows"))};
}

void gather_rows(Workbench& bench, const TableLayout& layout, std::size_t column,
                 const std::vector<validation::RowRange>& rows, std::vector<double>& values) {
  values.clear();
  values.reserve(validation::count_rows(rows));
  std::vector<std::span<const double>> columns;
  for (const std::size_t symbol : layout.symbols) columns.push_back(bench.features(symbol).column(column));
  for (const validation::RowRange& range : rows) {
    for (std::size_t row = range.begin; row < range.end; ++row)
      values.push_back(columns[layout.symbol_of(row)][layout.bar[row]]);
  }
}

}  // namespace moola::work
