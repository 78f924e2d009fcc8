#include "work/prepare/checks/target_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utc_time.h"
#include "market/checks/column_summary.h"
#include "market/checks/drift.h"
#include "market/checks/label_statistics.h"

namespace moola::work {
namespace {

// Of no values at all only that.
Json summary_json(const market::ColumnSummary& s) {
  if (s.finite == 0) return {{"rows", 0}, {"none", s.nan}};
  return {{"rows", s.finite},
          {"none", s.nan},
          {"mean", s.mean},
          {"deviation", s.deviation},
          {"skew", s.skew},
          {"kurtosis", s.kurtosis},
          {"min", s.min},
          {"percentile_1", s.percentile_1},
          {"quartile_1", s.quartile_1},
          {"median", s.median},
          {"quartile_3", s.quartile_3},
          {"percentile_99", s.percentile_99},
          {"max", s.max}};
}

Json drift_json(const market::ColumnDrift& drift) {
  return {{"psi", drift.psi},
          {"ks", drift.ks},
          {"ks_p_effective", drift.ks_p_effective},
          {"wasserstein_scaled", drift.wasserstein_scaled}};
}

Json persistence_json(const std::vector<float>& targets, std::size_t first) {
  const std::vector<double> values(targets.begin(), targets.end());
  const market::Rows rows{first, values.size()};
  Json out = Json::object();
  for (const auto& each : market::value_autocorrelation(values, std::span(&rows, 1), kPersistenceLags))
    out[std::to_string(each.lag)] = each.correlation;
  return {{"autocorrelation", out}};
}

}  // namespace

std::vector<market::Rows> market_rows(const std::vector<validation::RowRange>& ranges) {
  std::vector<market::Rows> out;
  for (const validation::RowRange& range : ranges) out.push_back({range.begin, range.end});
  return out;
}

Json target_facts(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                  std::size_t horizon, TableFindings& found) {
  const PrepareConfig& config = bench.config();
  std::vector<double> targets(layout.size());
  for (std::size_t row = 0; row < layout.size(); ++row)
    targets[row] = bench.labels(layout.symbols[layout.symbol_of(row)])[horizon].target[layout.bar[row]];

  Json parts = Json::object(), drift = Json::object(), stretches = Json::array(), persistence = Json::object();
  for (const auto& [name, ranges] :
       {std::pair("train", &split.train), std::pair("val", &split.val), std::pair("test", &split.test)})
    parts[name] = summary_json(market::summarise_column(targets, market_rows(*ranges)));
  const std::span<const double> whole = targets;
  const std::vector<market::Rows> later[] = {market_rows(split.val), market_rows(split.test)};
  const auto moved =
      market::column_drift(std::span(&whole, 1), market_rows(split.train), later, {}, bench.threads()).front();
  for (const auto& [name, each] : {std::pair("val", moved[0]), std::pair("test", moved[1])}) {
    if (parts.at(name).at("rows") == 0) {
      found.warnings.push_back(
          fmt::format("target_{}: no row of the {} part has one.", config.labels.horizons[horizon], name));
      continue;
    }
    drift[name] = drift_json(each);
    if (each.psi <= config.validation.psi) continue;
    found.warnings.push_back(
        fmt::format("target_{}: those of the {} part are distributed otherwise than those of train (PSI {:.2f}).",
                    config.labels.horizons[horizon], name, each.psi));
  }
  const std::size_t pieces = std::min(kStretches, layout.size());
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    const market::Rows rows{layout.size() * piece / pieces, layout.size() * (piece + 1) / pieces};
    Json entry = summary_json(market::summarise_column(targets, std::span(&rows, 1)));
    entry["from"] = utc_text(layout.time[rows.begin]);
    stretches.push_back(std::move(entry));
  }
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    persistence[bench.symbols()[layout.symbols[s]].name()] =
        persistence_json(bench.labels(layout.symbols[s])[horizon].target, layout.first_bar[s]);
  }
  return {{"classes", Json::array()},
          {"parts", parts},
          {"drift", drift},
          {"persistence", persistence},
          {"over_time", stretches}};
}

}  // namespace moola::work
