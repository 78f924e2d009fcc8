#include "work/prepare/checks/table_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/parallel_pieces.h"
#include "base/utc_time.h"
#include "market/checks/column_summary.h"
#include "market/checks/correlation.h"
#include "market/checks/time_stamps.h"
#include "work/prepare/split_ranges.h"

namespace moola::work {
namespace {

using validation::RowRange;

Json summary_json(const std::string& name, std::string_view kind, const market::ColumnSummary& s) {
  return {{"name", name},
          {"kind", kind},
          {"rows", s.rows},
          {"nan", s.nan},
          {"infinite", s.infinite},
          {"mean", s.mean},
          {"deviation", s.deviation},
          {"skew", s.skew},
          {"kurtosis", s.kurtosis},
          {"min", s.min},
          {"percentile_1", s.percentile_1},
          {"median", s.median},
          {"percentile_99", s.percentile_99},
          {"max", s.max},
          {"beyond_5_deviations", s.beyond_5_deviations},
          {"distinct", s.distinct},
          {"longest_run", s.longest_run},
          {"first_half_mean", s.first_half_mean},
          {"second_half_mean", s.second_half_mean}};
}

// -1 … 1 in hundredths: what a map shows.
Json map_json(const market::CorrelationMatrix& matrix) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < matrix.columns; ++i) {
    Json row = Json::array();
    for (std::size_t j = 0; j < i; ++j) row.push_back(static_cast<int>(std::lround(100 * matrix.at(i, j))));
    rows.push_back(std::move(row));
  }
  return rows;
}

void check_correlations(Workbench& bench, const TableLayout& layout, const std::vector<RowRange>& train,
                        const std::vector<bool>& constant, TableFindings& found) {
  const std::vector<market::Feature>& features = bench.feature_list(layout.symbols.front());
  const std::vector<RowRange> rows = thinned(train, kSampledRows);
  std::vector<std::vector<double>> values(features.size());
  for_each_piece(features.size(), bench.threads(),
                 [&](std::size_t column) { gather_rows(bench, layout, column, rows, values[column]); });
  std::vector<std::span<const double>> columns(values.begin(), values.end());
  const market::Rows all{0, values.front().size()};
  const market::CorrelationMatrix matrix = market::correlate(columns, std::span(&all, 1), {}, bench.threads());
  const double limit = bench.config().validation.correlation;
  std::vector<bool> kept(features.size(), true);
  Json groups = Json::array();
  for (const market::CorrelationGroup& group : market::correlation_groups(matrix, limit)) {
    Json names = Json::array();
    for (const std::size_t column : group.columns) {
      names.push_back(features[column].name);
      kept[column] = column == group.kept;
    }
    groups.push_back({{"columns", names}, {"kept", features[group.kept].name}, {"strongest", group.strongest}});
  }
  Json selected = Json::array();
  for (std::size_t column = 0; column < features.size(); ++column) {
    if (kept[column] && !constant[column]) selected.push_back(features[column].name);
  }
  found.facts["correlation"] = {
      {"limit", limit}, {"rows", matrix.rows}, {"groups", groups}, {"hundredths", map_json(matrix)}};
  found.facts["selection"] = {
      {"columns", selected},
      {"fitted_on",
       {{"part", "train"}, {"first", layout.time[train.front().begin]}, {"last", layout.time[train.back().end - 1]}}}};
}

// What had no definition on some bars, over all symbols of the table.
Json undefined_json(Workbench& bench, const TableLayout& layout) {
  std::map<std::string, std::pair<std::int64_t, std::string>> counts;
  for (const std::size_t symbol : layout.symbols) {
    const Json of_symbol = bench.json("features", bench.symbols()[symbol].name());
    for (const auto& [name, entry] : of_symbol.at("undefined").items()) {
      counts[name].first += entry.at("bars").get<std::int64_t>();
      counts[name].second = entry.at("stated").get<std::string>();
    }
  }
  Json out = Json::array();
  for (const auto& [name, entry] : counts)
    out.push_back({{"name", name}, {"bars", entry.first}, {"stated", entry.second}});
  return out;
}

}  // namespace

std::vector<RowRange> thinned(const std::vector<RowRange>& rows, std::size_t most) {
  const std::size_t stride = (validation::count_rows(rows) + most - 1) / most;
  if (stride <= 1) return rows;
  std::vector<RowRange> out;
  for (const RowRange& range : rows) {
    for (std::size_t row = range.begin; row < range.end; row += stride) out.push_back({row, row + 1});
  }
  return out;
}

void check_stamps(Workbench& bench, const TableLayout& layout, TableFindings& found) {
  Json symbols = Json::object();
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    const std::string& name = bench.symbols()[layout.symbols[s]].name();
    const std::vector<std::int64_t>& time = bench.bars(layout.symbols[s]).time;
    const market::TimeStampSummary stamps = market::check_time_stamps(std::span(time).subspan(layout.first_bar[s]));
    Json gaps = Json::array();
    for (const market::TimeGap& gap : stamps.longest_gaps)
      gaps.push_back({{"from", utc_text(gap.from)}, {"to", utc_text(gap.to)}});
    symbols[name] = {{"rows", stamps.rows},
                     {"median_spacing_seconds", static_cast<double>(stamps.median_spacing) * 1e-9},
                     {"duplicates", stamps.duplicates},
                     {"steps_back", stamps.back_steps},
                     {"gaps", stamps.gaps},
                     {"missing_seconds", static_cast<double>(stamps.missing) * 1e-9},
                     {"longest_gaps", gaps}};
    if (stamps.duplicates + stamps.back_steps > 0) {
      found.leaks.push_back(
          fmt::format("{} has {} stamps twice and {} that go back.", name, stamps.duplicates, stamps.back_steps));
    }
  }
  found.facts["stamps"] = symbols;
}

void check_columns(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                   TableFindings& found) {
  const std::vector<market::Feature>& features = bench.feature_list(layout.symbols.front());
  std::vector<market::ColumnSummary> summaries(features.size());
  const std::vector<RowRange> whole{{0, layout.size()}};
  for_each_piece(features.size(), bench.threads(), [&](std::size_t column) {
    std::vector<double> values;
    gather_rows(bench, layout, column, whole, values);
    const market::Rows rows{0, values.size()};
    summaries[column] = market::summarise_column(values, std::span(&rows, 1));
  });
  Json columns = Json::array();
  std::vector<bool> constant;
  for (std::size_t column = 0; column < features.size(); ++column) {
    const market::ColumnSummary& summary = summaries[column];
    const market::ColumnKind kind = features[column].column.kind();
    columns.push_back(summary_json(features[column].name, market::to_string(kind), summary));
    constant.push_back(summary.constant);
    if (summary.nan + summary.infinite > 0) {
      found.leaks.push_back(fmt::format("{} has {} values that are no finite numbers.", features[column].name,
                                        summary.nan + summary.infinite));
    }
    if (summary.constant) {
      found.warnings.push_back(
          fmt::format("{} is {} in every row and says nothing.", features[column].name, summary.min));
    }
    if (kind != market::ColumnKind::state && summary.beyond_5_deviations > 0.01) {
      found.warnings.push_back(fmt::format("{} has {:.1f} % of its values beyond 5 deviations.", features[column].name,
                                           100 * summary.beyond_5_deviations));
    }
  }
  found.facts["columns"] = columns;
  found.facts["undefined"] = undefined_json(bench, layout);
  check_correlations(bench, layout, split.train, constant, found);
}

}  // namespace moola::work
