#include <fmt/format.h>

#include <algorithm>

#include "base/utc_time.h"
#include "market/checks/label_statistics.h"
#include "work/prepare/checks/table_checks.h"
#include "work/prepare/checks/target_checks.h"

namespace moola::work {
namespace {

double share_of(const market::LabelCounts& counts, int label) {
  return label > 0 ? counts.up_share() : label < 0 ? counts.down_share() : counts.neutral_share();
}

// Shares of the classes by their names; `classes` as the stage labels writes them.
Json counts_json(const market::LabelCounts& counts, const Json& classes) {
  Json out = {{"rows", counts.valid()}, {"none", counts.invalid}};
  for (const Json& each : classes)
    out[each.at("name").get<std::string>()] = share_of(counts, each.at("label").get<int>());
  return out;
}

// How trades ended: mean bars, return and excursions, as far as the strategy tells them. Where a side is judged they
// are of the trade that takes it, else of an upward one.
struct Outcome {
  std::string name;
  int label;  // of the barrier that ended them; where there is none or a side is judged, of the class
  std::int64_t trades = 0;
  double bars = 0, exit_return = 0, mae = 0, mfe = 0;
};

Json outcome_json(const Outcome& outcome, bool with_excursions) {
  const auto mean = [&](double sum) { return sum / static_cast<double>(std::max<std::int64_t>(1, outcome.trades)); };
  Json out = {
      {"trades", outcome.trades}, {"mean_bars", mean(outcome.bars)}, {"mean_return", mean(outcome.exit_return)}};
  if (with_excursions) {
    out["mean_adverse"] = mean(outcome.mae);
    out["mean_favourable"] = mean(outcome.mfe);
  }
  return out;
}

Json outcomes_json(Workbench& bench, const TableLayout& layout, std::size_t h, const Json& classes) {
  const HorizonLabels& any = bench.labels(layout.symbols.front())[h];
  const bool by_barrier = !any.labels.touch.empty() && any.side.empty(), with_excursions = !any.labels.mae.empty();
  std::vector<Outcome> outcomes;
  if (by_barrier) outcomes = {{"upper", 1}, {"lower", -1}, {"vertical", 0}};
  for (const Json& each : classes) {
    if (!by_barrier) outcomes.push_back({each.at("name").get<std::string>(), each.at("label").get<int>()});
  }
  for (std::size_t row = 0; row < layout.size(); ++row) {
    const HorizonLabels& of_symbol = bench.labels(layout.symbols[layout.symbol_of(row)])[h];
    const market::BarrierLabels& labels = of_symbol.labels;
    const std::uint32_t bar = layout.bar[row];
    if (!of_symbol.has(bar)) continue;
    const int ended = by_barrier ? labels.touch[bar] : labels.label[bar];
    for (Outcome& outcome : outcomes) {
      if (outcome.label != ended) continue;
      ++outcome.trades;
      outcome.bars += labels.bars[bar];
      const bool down = !of_symbol.side.empty() && of_symbol.side[bar] < 0;
      outcome.exit_return += down ? -labels.exit_return[bar] : labels.exit_return[bar];
      if (!with_excursions) continue;
      outcome.mae += down ? -labels.mfe[bar] : labels.mae[bar];
      outcome.mfe += down ? -labels.mae[bar] : labels.mfe[bar];
    }
  }
  Json out = Json::object();
  for (const Outcome& outcome : outcomes) out[outcome.name] = outcome_json(outcome, with_excursions);
  return out;
}

// Rows of one symbol alone: neighbours in time.
Json persistence_json(const std::vector<std::int8_t>& labels, std::size_t first) {
  const market::Rows rows{first, labels.size()};
  Json autocorrelation = Json::object();
  for (const auto& each : market::label_autocorrelation(labels, std::span(&rows, 1), kPersistenceLags))
    autocorrelation[std::to_string(each.lag)] = each.correlation;
  const market::LabelRuns runs = market::label_runs(labels, std::span(&rows, 1));
  return {{"autocorrelation", autocorrelation}, {"mean_run", runs.mean_length}, {"longest_run", runs.longest}};
}

Json class_facts(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                 std::size_t h, const Json& classes, TableFindings& found) {
  const PrepareConfig& config = bench.config();
  std::vector<std::int8_t> labels(layout.size());
  for (std::size_t row = 0; row < layout.size(); ++row)
    labels[row] = bench.labels(layout.symbols[layout.symbol_of(row)])[h].labels.label[layout.bar[row]];
  Json parts = Json::object(), stretches = Json::array(), persistence = Json::object(), names = Json::array();
  for (const auto& [name, ranges] :
       {std::pair("train", &split.train), std::pair("val", &split.val), std::pair("test", &split.test)}) {
    const market::LabelCounts counts = market::count_labels(labels, market_rows(*ranges));
    parts[name] = counts_json(counts, classes);
    for (const Json& each : classes) {
      const double share = share_of(counts, each.at("label").get<int>());
      const bool rare = each.at("expected").get<bool>() && share < config.validation.least_class_share;
      if (!rare && share <= config.validation.most_class_share) continue;
      found.warnings.push_back(fmt::format("label_{}: {:.1f} % of the {} rows are {}.", config.labels.horizons[h],
                                           100 * share, name, each.at("name").get<std::string>()));
    }
  }
  const std::size_t pieces = std::min(kStretches, layout.size());
  const auto over_time = market::count_labels_over_time(labels, pieces);
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    Json entry = counts_json(over_time[piece], classes);
    entry["from"] = utc_text(layout.time[layout.size() * piece / pieces]);
    stretches.push_back(std::move(entry));
  }
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    persistence[bench.symbols()[layout.symbols[s]].name()] =
        persistence_json(bench.labels(layout.symbols[s])[h].labels.label, layout.first_bar[s]);
  }
  for (const Json& each : classes) names.push_back(each.at("name"));
  return {{"classes", names},
          {"parts", parts},
          {"outcomes", outcomes_json(bench, layout, h, classes)},
          {"persistence", persistence},
          {"over_time", stretches}};
}

}  // namespace

void check_labels(Workbench& bench, const TableLayout& layout, const validation::ChronologicalSplit& split,
                  TableFindings& found) {
  const Json all_classes = bench.json("labels", found.facts.at("table").get<std::string>()).at("classes");
  Json horizons = Json::object();
  for (std::size_t h = 0; h < bench.config().labels.horizons.size(); ++h) {
    const std::string horizon = std::to_string(bench.config().labels.horizons[h]);
    const Json& classes = all_classes.at(horizon);
    horizons[horizon] = classes.empty() ? target_facts(bench, layout, split, h, found)
                                        : class_facts(bench, layout, split, h, classes, found);
  }
  found.facts["labels"] = horizons;
}

}  // namespace moola::work
