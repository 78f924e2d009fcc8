#include <fmt/format.h>

#include <algorithm>

#include "base/utc_time.h"
#include "market/checks/label_statistics.h"
#include "work/prepare/checks/table_checks.h"

namespace moola::work {
namespace {

using validation::RowRange;

constexpr std::size_t kStretches = 60;  // of time, for shares of classes

Json counts_json(const market::LabelCounts& counts) {
  return {{"up", counts.up_share()},
          {"down", counts.down_share()},
          {"neutral", counts.neutral_share()},
          {"rows", counts.valid()},
          {"none", counts.invalid}};
}

// How trades ended: mean bars, return and excursions by what ended them.
struct Outcome {
  std::int64_t trades = 0;
  double bars = 0, exit_return = 0, mae = 0, mfe = 0;
};

Json outcome_json(const Outcome& outcome) {
  const auto mean = [&](double sum) { return sum / static_cast<double>(std::max<std::int64_t>(1, outcome.trades)); };
  return {{"trades", outcome.trades},
          {"mean_bars", mean(outcome.bars)},
          {"mean_return", mean(outcome.exit_return)},
          {"mean_adverse", mean(outcome.mae)},
          {"mean_favourable", mean(outcome.mfe)}};
}

Json outcomes_json(Workbench& bench, const TableLayout& layout, std::size_t h) {
  Outcome outcomes[3];
  for (std::size_t row = 0; row < layout.size(); ++row) {
    const market::BarrierLabels& labels = bench.labels(layout.symbols[layout.symbol_of(row)])[h].labels;
    const std::uint32_t bar = layout.bar[row];
    if (labels.label[bar] == market::kInvalidLabel) continue;
    Outcome& outcome = outcomes[labels.touch[bar] + 1];
    ++outcome.trades;
    outcome.bars += labels.bars[bar];
    outcome.exit_return += labels.exit_return[bar];
    outcome.mae += labels.mae[bar];
    outcome.mfe += labels.mfe[bar];
  }
  return {{"upper", outcome_json(outcomes[2])},
          {"lower", outcome_json(outcomes[0])},
          {"vertical", outcome_json(outcomes[1])}};
}

std::vector<market::Rows> rows_of(const std::vector<RowRange>& ranges) {
  std::vector<market::Rows> out;
  for (const RowRange& range : ranges) out.push_back({range.begin, range.end});
  return out;
}

// Rows of one symbol alone: neighbours in time.
Json persistence_json(const std::vector<std::int8_t>& labels, std::size_t first) {
  const market::Rows rows{first, labels.size()};
  const std::size_t lags[] = {1, 5, 10, 20, 50};
  Json autocorrelation = Json::object();
  for (const auto& each : market::label_autocorrelation(labels, std::span(&rows, 1), lags))
    autocorrelation[std::to_string(each.lag)] = each.correlation;
  const market::LabelRuns runs = market::label_runs(labels, std::span(&rows, 1));
  return {{"autocorrelation", autocorrelation}, {"mean_run", runs.mean_length}, {"longest_run", runs.longest}};
}

}  // namespace

void check_labels(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                  TableFindings& found) {
  const PrepareConfig& config = bench.config();
  Json horizons = Json::object();
  for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
    const std::int64_t horizon = config.labels.horizons[h];
    std::vector<std::int8_t> labels(layout.size());
    for (std::size_t row = 0; row < layout.size(); ++row)
      labels[row] = bench.labels(layout.symbols[layout.symbol_of(row)])[h].labels.label[layout.bar[row]];
    Json parts = Json::object(), stretches = Json::array(), persistence = Json::object();
    for (const auto& [name, ranges] :
         {std::pair("train", &split.train), std::pair("val", &split.val), std::pair("test", &split.test)}) {
      const market::LabelCounts counts = market::count_labels(labels, rows_of(*ranges));
      parts[name] = counts_json(counts);
      for (const auto& [label, share] : {std::pair("up", counts.up_share()), std::pair("down", counts.down_share()),
                                         std::pair("neutral", counts.neutral_share())}) {
        if (share >= config.validation.least_class_share && share <= config.validation.most_class_share) continue;
        found.warnings.push_back(
            fmt::format("label_{}: {:.1f} % of the {} rows are {}.", horizon, 100 * share, name, label));
      }
    }
    const std::size_t pieces = std::min(kStretches, layout.size());
    const auto over_time = market::count_labels_over_time(labels, pieces);
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      Json entry = counts_json(over_time[piece]);
      entry["from"] = utc_text(layout.time[layout.size() * piece / pieces]);
      stretches.push_back(std::move(entry));
    }
    for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
      persistence[bench.symbols()[layout.symbols[s]].name()] =
          persistence_json(bench.labels(layout.symbols[s])[h].labels.label, layout.first_bar[s]);
    }
    horizons[std::to_string(horizon)] = {{"parts", parts},
                                         {"outcomes", outcomes_json(bench, layout, h)},
                                         {"persistence", persistence},
                                         {"over_time", stretches}};
  }
  found.facts["labels"] = horizons;
}

}  // namespace moola::work
