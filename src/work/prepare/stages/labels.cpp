#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "data/store/content_file.h"
#include "market/labels/label_quality.h"
#include "market/labels/sample_weights.h"
#include "validation/chronological_split.h"
#include "work/prepare/barrier_rules.h"
#include "work/prepare/horizon_labels.h"
#include "work/prepare/label_costs.h"
#include "work/prepare/stages/stages.h"
#include "work/prepare/table_layout.h"

namespace moola::work::stages {
namespace {

// Rows [begin, end) of a symbol's bars are what may be fitted on.
struct Train {
  std::size_t begin, end;
};

// The rows before the first whose label depends on a price of the next part: a purge by the clock is fewer bars where
// the market closes, and a label lasts a number of bars.
Train before_next_part(Train train, const std::vector<std::int64_t>& t1, std::int64_t next) {
  const auto at = [&](std::size_t row) { return t1.begin() + static_cast<std::ptrdiff_t>(row); };
  const auto late = std::find_if(at(train.begin), at(train.end), [next](std::int64_t last) { return last >= next; });
  return {train.begin, static_cast<std::size_t>(late - t1.begin())};
}

// Where each bar's label ends, as sample_weights.h wants it: -1 where there is none.
struct LabelEnds {
  std::vector<std::int64_t> first, last;
};
LabelEnds ends_of(const market::BarrierLabels& labels) {
  LabelEnds out{.first = std::vector<std::int64_t>(labels.size()), .last = std::vector<std::int64_t>(labels.size())};
  std::iota(out.first.begin(), out.first.end(), std::int64_t{0});
  for (std::size_t i = 0; i < labels.size(); ++i) out.last[i] = labels.exit_bar(i);
  return out;
}

// So that the train rows that have a label weigh 1 on average: nothing later has a part in the scale.
void level(std::vector<double>& weight, const market::BarrierLabels& labels, Train train) {
  double sum = 0;
  std::int64_t count = 0;
  for (std::size_t i = train.begin; i < train.end; ++i) {
    if (labels.label[i] == market::kInvalidLabel) continue;
    sum += weight[i];
    ++count;
  }
  if (sum <= 0) return;
  for (double& each : weight) each *= static_cast<double>(count) / sum;
}

std::vector<float> weights_of(const PrepareConfig::Weights& weights, const HorizonLabels& each,
                              const market::Bars& bars, Train train) {
  const market::BarrierLabels& labels = each.labels;
  std::vector<double> out(labels.size(), 1.0);
  const LabelEnds ends = ends_of(labels);
  if (weights.method == "quality") {
    out.assign(each.quality.weight.begin(), each.quality.weight.end());
  } else if (weights.method == "uniqueness") {
    out = market::average_uniqueness(ends.first, ends.last, labels.size());
  } else if (weights.method == "return_attribution") {
    out = market::return_attribution(ends.first, ends.last, bars.close);
    level(out, labels, train);
  }
  if (weights.time_decay < 1) {
    // Over the train rows: what comes later is as new as the newest of them.
    const std::vector<double> unique = market::average_uniqueness(ends.first, ends.last, labels.size());
    const std::vector<double> decay =
        market::time_decay(std::span(unique).subspan(train.begin, train.end - train.begin), weights.time_decay);
    for (std::size_t i = 0; i < train.begin; ++i) out[i] *= decay.front();
    for (std::size_t i = 0; i < decay.size(); ++i) out[train.begin + i] *= decay[i];
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (labels.label[i] == market::kInvalidLabel) out[i] = 0;
  }
  return {out.begin(), out.end()};
}

Json scale_json(const market::QualityScale& scale) {
  return {{"adverse", scale.adverse},
          {"favourable", scale.favourable},
          {"pain_to_gain", scale.pain_to_gain},
          {"drawdown", scale.drawdown},
          {"low", scale.low},
          {"high", scale.high}};
}

// What qualities are fitted on are trades that a barrier ended.
void check_moves(const StageRun& stage, const std::string& symbol, const HorizonLabels& each, Train train) {
  const Json counts = label_counts(each.labels, train.begin, train.end);
  if (counts.at("up").get<std::size_t>() + counts.at("down").get<std::size_t>() > 0) return;
  throw DataError(
      fmt::format("no price of {} in the train part of {} reaches a barrier for a horizon of {} bars: of {} rows {} "
                  "are neutral and "
                  "{} have no label. Do its prices move at all? If so, set nearer barriers for this horizon.",
                  symbol, stage.unit().name, each.horizon, train.end - train.begin,
                  counts.at("neutral").get<std::size_t>(), counts.at("none").get<std::size_t>()));
}

// The stamps that the labels of these rows depend on.
Json seen(const market::Bars& bars, const HorizonLabels& each, Train train) {
  const std::int64_t last = *std::max_element(each.t1.begin() + static_cast<std::ptrdiff_t>(train.begin),
                                              each.t1.begin() + static_cast<std::ptrdiff_t>(train.end));
  return {{"first", bars.time[train.begin]}, {"last", std::max(last, bars.time[train.end - 1])}};
}

}  // namespace

void labels(StageRun& stage) {
  Workbench& bench = stage.bench();
  const PrepareConfig& config = stage.config();
  const TableLayout layout = layout_of(bench, stage.unit());
  const std::vector<std::size_t> ends = train_ends(config, bench, layout);
  const Json found = bench.json("barriers", stage.unit().name);
  Json symbols = Json::object();
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    const std::size_t place = layout.symbols[s];
    const std::string& symbol = bench.symbols()[place].name();
    const market::Bars& bars = bench.bars(place);
    const Train purged{layout.first_bar[s], ends[s]};
    std::vector<HorizonLabels> all;
    Json horizons = Json::object();
    for (const std::int64_t horizon : config.labels.horizons) {
      const std::string name = std::to_string(horizon);
      const market::TripleBarrier rule =
          rule_of(config, symbol, found.at("symbols").at(symbol).at("horizons").at(name).at("rule"));
      HorizonLabels each = label_bars(bars, bench.barrier_scale(place), horizon, rule, bench.threads());
      const Train train = before_next_part(purged, each.t1, first_after_train(config, layout));
      if (train.begin >= train.end)
        throw LeakError(fmt::format("the train part of {} holds no rows of {}.", stage.unit().name, symbol));
      check_moves(stage, symbol, each, train);
      const int quality_horizon = static_cast<int>(horizon);
      const market::QualityScale scale = market::fit_quality(each.labels, quality_horizon, train.begin, train.end);
      each.quality = market::score_quality(each.labels, quality_horizon, scale);
      each.weight = weights_of(config.weights, each, bars, train);
      horizons[name] = {{"rule", rule_json(rule)},
                        {"labels", label_counts(each.labels, layout.first_bar[s], bars.size())},
                        {"train_labels", label_counts(each.labels, train.begin, train.end)},
                        {"quality", {{"scale", scale_json(scale)}, {"seen", seen(bars, each, train)}}}};
      all.push_back(std::move(each));
    }
    data::ContentFile file(stage.output(place, "h5"), Overwrite::yes);
    file.manifest()["horizons"] = horizons;
    write_horizon_labels(file, bars, all);
    file.file().set_attribute("symbol", symbol);
    file.seal("labels");
    file.commit();
    symbols[symbol] = {{"rows", bars.size() - layout.first_bar[s]}, {"horizons", horizons}};
    bench.keep_labels(place, std::move(all));
  }
  stage.write_json("json", {{"table", stage.unit().name},
                            {"scale", config.labels.scale},
                            {"weights", config.weights.method},
                            {"symbols", symbols}});
  stage.say(fmt::format("{} horizons of {} rows", config.labels.horizons.size(), layout.size()));
}

}  // namespace moola::work::stages
