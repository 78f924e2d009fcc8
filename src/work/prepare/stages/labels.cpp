#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "data/store/content_file.h"
#include "market/labels/label_quality.h"
#include "market/labels/sample_weights.h"
#include "validation/chronological_split.h"
#include "work/prepare/barrier_rules.h"
#include "work/prepare/horizon_labels.h"
#include "work/prepare/horizon_strategy.h"
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

// So that the train rows that have a label weigh 1 on average: nothing later has a part in the scale.
void level(std::vector<double>& weight, const HorizonLabels& labels, Train train) {
  double sum = 0;
  std::int64_t count = 0;
  for (std::size_t i = train.begin; i < train.end; ++i) {
    if (!labels.has(i)) continue;
    sum += weight[i];
    ++count;
  }
  if (sum <= 0) return;
  for (double& each : weight) each *= static_cast<double>(count) / sum;
}

std::vector<float> weights_of(const PrepareConfig::Weights& weights, const LabelledHorizon& each,
                              const market::Bars& bars, Train train) {
  const std::size_t n = each.labels.size();
  std::vector<double> out(n, 1.0);
  std::vector<std::int64_t> first(n);  // as sample_weights.h wants it
  std::iota(first.begin(), first.end(), std::int64_t{0});
  if (weights.method == "quality") {
    out.assign(each.labels.quality.weight.begin(), each.labels.quality.weight.end());
  } else if (weights.method == "uniqueness") {
    out = market::average_uniqueness(first, each.last_bar, n);
  } else if (weights.method == "return_attribution") {
    out = market::return_attribution(first, each.last_bar, bars.close);
    level(out, each.labels, train);
  }
  if (weights.time_decay < 1) {
    // Over the train rows: what comes later is as new as the newest of them.
    const std::vector<double> unique = market::average_uniqueness(first, each.last_bar, n);
    const std::vector<double> decay =
        market::time_decay(std::span(unique).subspan(train.begin, train.end - train.begin), weights.time_decay);
    for (std::size_t i = 0; i < train.begin; ++i) out[i] *= decay.front();
    for (std::size_t i = 0; i < decay.size(); ++i) out[train.begin + i] *= decay[i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (!each.labels.has(i)) out[i] = 0;
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

// What qualities are fitted on are trades that moved.
void check_moves(const StageRun& stage, const std::string& symbol, const HorizonLabels& each, const Json& counts,
                 Train train) {
  if (counts.at("up").get<std::size_t>() + counts.at("down").get<std::size_t>() > 0) return;
  const bool directional = stage.config().labels.strategy == "directional";
  throw DataError(fmt::format(
      "no price of {} in the train part of {} {} for a horizon of {} bars: of {} rows {} are neutral and {} have no "
      "label. Do its prices move at all? If so, set {} for this horizon.",
      symbol, stage.unit().name, directional ? "leaves the dead band" : "reaches a barrier", each.horizon,
      train.end - train.begin, counts.at("neutral").get<std::size_t>(), counts.at("none").get<std::size_t>(),
      directional ? "a narrower dead band" : "nearer barriers"));
}

// The stamps that the labels of these rows depend on.
Json seen(const market::Bars& bars, const HorizonLabels& each, Train train) {
  const std::int64_t last = *std::max_element(each.t1.begin() + static_cast<std::ptrdiff_t>(train.begin),
                                              each.t1.begin() + static_cast<std::ptrdiff_t>(train.end));
  return {{"first", bars.time[train.begin]}, {"last", std::max(last, bars.time[train.end - 1])}};
}

// A percentile of fewer returns than lie beyond it is none.
void check_returns(const PrepareConfig::Labels& labels, const std::string& symbol, std::size_t h, Train purged) {
  const double beyond =
      std::min(labels.winsor.at(0) > 0 ? labels.winsor[0] : 1.0, labels.winsor.at(1) < 1 ? 1 - labels.winsor[1] : 1.0);
  const auto needed = static_cast<std::size_t>(std::ceil((1 - 1e-9) / beyond));
  const auto horizon = static_cast<std::size_t>(labels.horizons[h]);
  const std::size_t rows = purged.end - purged.begin, returns = rows > horizon ? rows - horizon : 0;
  if (returns >= needed) return;
  throw DataError(fmt::format(
      "the train part holds {} returns of {} over {} bars, and {} at least are needed for the percentiles that "
      "labels.winsor = [{}, {}] cuts at. Give more bars, or cut nothing: labels.winsor = [].",
      returns, symbol, horizon, needed, labels.winsor[0], labels.winsor[1]));
}

// How a horizon of a symbol is labelled, with what was found for it or may be fitted on its rows.
LabelStrategy final_strategy(const PrepareConfig& config, const std::string& symbol, std::size_t h, const Json& found,
                             Train purged) {
  LabelStrategy strategy = configured_strategy(config, symbol, h);
  if (config.labels.strategy == "triple_barrier") {
    const std::string horizon = std::to_string(config.labels.horizons[h]);
    const Json& rule = found.at("symbols").at(symbol).at("horizons").at(horizon).at("rule");
    std::get<BarrierStrategy>(strategy).rule = rule_of(config, symbol, rule);
  } else if (auto* const regression = std::get_if<RegressionStrategy>(&strategy)) {
    if (config.labels.winsor.empty()) return strategy;
    check_returns(config.labels, symbol, h, purged);
    // All of these bars lie before the next part, and a return that ends after them is not looked at.
    regression->fit_rows = {{purged.begin, purged.end}};
  }
  return strategy;
}

// Costs are a symbol's own, and a dead band of one of them is one of the table.
void expect_all(std::vector<LabelClass>& all, const std::vector<LabelClass>& classes) {
  if (all.empty()) all = classes;
  for (std::size_t i = 0; i < classes.size(); ++i) all[i].expected = all[i].expected || classes[i].expected;
}

Json classes_json(const std::vector<LabelClass>& classes) {
  Json out = Json::array();
  for (const LabelClass& each : classes)
    out.push_back({{"name", each.name}, {"label", each.label}, {"expected", each.expected}});
  return out;
}

// What has seen train rows besides qualities: {"weights": {"first", "last"}, "return_limits": {…}}.
Json fitted_json(const PrepareConfig::Weights& weights, const LabelledHorizon& each, const Json& seen_by_weights,
                 const market::Bars& bars, Train purged) {
  Json out = Json::object();
  if (weights.method == "return_attribution" || weights.time_decay < 1) out["weights"] = {{"seen", seen_by_weights}};
  if (each.fitted.contains("return_limits")) {
    const Json& limits = each.fitted.at("return_limits");
    out["return_limits"] = {{"low", limits.at("low")},
                            {"high", limits.at("high")},
                            {"returns", limits.at("returns")},
                            {"seen", {{"first", bars.time[purged.begin]}, {"last", bars.time[purged.end - 1]}}}};
  }
  return out;
}

}  // namespace

void labels(StageRun& stage) {
  Workbench& bench = stage.bench();
  const PrepareConfig& config = stage.config();
  const TableLayout layout = layout_of(bench, stage.unit());
  const std::vector<std::size_t> ends = train_ends(config, bench, layout);
  const Json found = bench.json("barriers", stage.unit().name);
  const bool with_quality = has_quality(parse_strategy_kind(config.labels.strategy));
  Json symbols = Json::object(), classes_of_horizons = Json::object();
  std::vector<std::vector<LabelClass>> all_classes(config.labels.horizons.size());
  for (std::size_t s = 0; s < layout.symbols.size(); ++s) {
    const std::size_t place = layout.symbols[s];
    const std::string& symbol = bench.symbols()[place].name();
    const market::Bars& bars = bench.bars(place);
    const Train purged{layout.first_bar[s], ends[s]};
    const auto check_rows = [&](Train train) {
      if (train.begin >= train.end)
        throw LeakError(fmt::format("the train part of {} holds no rows of {}.", stage.unit().name, symbol));
    };
    check_rows(purged);
    std::vector<HorizonLabels> all;
    Json horizons = Json::object();
    for (std::size_t h = 0; h < config.labels.horizons.size(); ++h) {
      const std::int64_t horizon = config.labels.horizons[h];
      const LabelStrategy strategy = final_strategy(config, symbol, h, found, purged);
      const std::vector<LabelClass> classes = label_classes(strategy);
      LabelledHorizon made = label_bars({bars, bench.bar_nanoseconds()}, horizon, strategy, bench.threads());
      HorizonLabels& each = made.labels;
      const Train train = before_next_part(purged, each.t1, first_after_train(config, layout));
      check_rows(train);
      const Json train_labels = label_counts(each, classes, train.begin, train.end),
                 seen_times = seen(bars, each, train);
      Json& entry = horizons[std::to_string(horizon)];
      entry = {{"parameters", made.parameters},
               {"labels", label_counts(each, classes, layout.first_bar[s], bars.size())},
               {"train_labels", train_labels}};
      if (const auto* const barriers = std::get_if<BarrierStrategy>(&strategy))
        entry["rule"] = rule_json(barriers->rule);
      if (with_quality) {
        check_moves(stage, symbol, each, train_labels, train);
        const int quality_horizon = static_cast<int>(horizon);
        const market::QualityScale scale = market::fit_quality(each.labels, quality_horizon, train.begin, train.end);
        each.quality = market::score_quality(each.labels, quality_horizon, scale);
        entry["quality"] = {{"scale", scale_json(scale)}, {"seen", seen_times}};
      } else {
        entry["fitted"] = fitted_json(config.weights, made, seen_times, bars, purged);
      }
      each.weight = weights_of(config.weights, made, bars, train);
      expect_all(all_classes[h], classes);
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
  for (std::size_t h = 0; h < all_classes.size(); ++h)
    classes_of_horizons[std::to_string(config.labels.horizons[h])] = classes_json(all_classes[h]);
  stage.write_json("json", {{"table", stage.unit().name},
                            {"strategy", config.labels.strategy},
                            {"classes", classes_of_horizons},
                            {"weights", config.weights.method},
                            {"symbols", symbols}});
  stage.say(fmt::format("{} horizons of {} rows", config.labels.horizons.size(), layout.size()));
}

}  // namespace moola::work::stages
