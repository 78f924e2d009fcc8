#include "work/prepare/split_ranges.h"

namespace moola::work {
namespace {

std::vector<validation::RowRange> ranges(const Json& json) {
  std::vector<validation::RowRange> out;
  for (const Json& range : json) out.push_back({range.at(0).get<std::size_t>(), range.at(1).get<std::size_t>()});
  return out;
}

}  // namespace

validation::ChronologicalSplit split_ranges(const Json& splits) {
  return {.train = ranges(splits.at("train")),
          .val = ranges(splits.at("val")),
          .test = ranges(splits.at("test")),
          .purged = splits.at("purged").get<std::size_t>(),
          .embargoed = splits.at("embargoed").get<std::size_t>()};
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
