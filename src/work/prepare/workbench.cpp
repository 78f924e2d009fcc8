#include "work/prepare/workbench.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/atomic_file.h"
#include "data/bars/bars_file.h"
#include "work/features/feature_columns.h"
#include "work/prepare/cleaned_bars.h"
#include "work/prepare/compared_symbols.h"
#include "work/prepare/horizon_labels.h"
#include "work/prepare/stage.h"

namespace moola::work {

namespace fs = std::filesystem;

Workbench::Workbench(fs::path workspace, fs::path run, const LoadedPrepareConfig& config,
                     std::vector<PreparedSymbol> symbols, std::vector<StageUnit> tables, unsigned threads)
    : workspace_(std::move(workspace)),
      run_(std::move(run)),
      config_(config),
      symbols_(std::move(symbols)),
      tables_(std::move(tables)),
      threads_(threads),
      held_(symbols_.size()) {
  for (std::size_t symbol = 0; symbol < config.values.data.bars.size(); ++symbol)
    features_.push_back(columns_of_symbol(config.values, symbols_[symbol].name()));
}

Workbench::~Workbench() = default;

std::vector<std::size_t> Workbench::compared(std::size_t symbol) const {
  std::vector<std::size_t> out;
  for (const std::string& name : compared_symbols(config(), symbols_[symbol].name())) {
    const auto found =
        std::find_if(symbols_.begin(), symbols_.end(), [&](const PreparedSymbol& each) { return each.name() == name; });
    out.push_back(static_cast<std::size_t>(found - symbols_.begin()));
  }
  return out;
}

std::vector<std::size_t> Workbench::tables_of(const StageUnit& unit) const {
  std::vector<std::size_t> out;
  for (const StageUnit& table : tables_) {
    const bool shared = std::any_of(table.symbols.begin(), table.symbols.end(), [&](std::size_t symbol) {
      return std::find(unit.symbols.begin(), unit.symbols.end(), symbol) != unit.symbols.end();
    });
    if (!shared) continue;
    for (const std::size_t symbol : table.symbols) {
      const std::vector<std::size_t> others = compared(symbol);
      out.push_back(symbol);
      out.insert(out.end(), others.begin(), others.end());
    }
  }
  return out;
}

void Workbench::check_reads(std::string_view stage) const {
  if (stage_ == nullptr || stage_->name == stage) return;
  if (std::find(stage_->reads.begin(), stage_->reads.end(), stage) != stage_->reads.end()) return;
  throw std::logic_error(
      fmt::format("stage {} looks at {}, which its line in the table of stages does not name", stage_->name, stage));
}

fs::path Workbench::file(std::string_view stage, const std::string& unit, std::string_view ending) const {
  check_reads(stage);
  return run_ / "stages" / prepare_stages()[stage_index(std::string(stage))].folder() / stage_file(unit, ending);
}

Json Workbench::json(std::string_view stage, const std::string& unit) const {
  return read_json(file(stage, unit, "json"));
}

std::int64_t Workbench::bar_nanoseconds() const {
  return work::bar_nanoseconds(config());
}

const market::Bars& Workbench::bars(std::size_t symbol) {
  check_reads("clean");
  Held& held = held_[symbol];
  if (!held.bars) held.bars = data::read_bars(file("clean", symbols_[symbol].name(), "h5")).bars;
  return *held.bars;
}

market::OtherAssets Workbench::others(std::size_t symbol) {
  market::OtherAssets out{.assets = {}, .max_age = config().cross_asset.max_age.nanoseconds};
  for (const std::size_t other : compared(symbol)) out.assets.push_back({symbols_[other].name(), &bars(other)});
  return out;
}

const market::FeatureTable& Workbench::features(std::size_t symbol) {
  check_reads("features");
  Held& held = held_[symbol];
  if (!held.features)
    held.features = read_feature_columns(file("features", symbols_[symbol].name(), "h5"), features_[symbol]);
  return *held.features;
}

const std::vector<HorizonLabels>& Workbench::labels(std::size_t symbol) {
  check_reads("labels");
  Held& held = held_[symbol];
  if (!held.labels) held.labels = read_horizon_labels(file("labels", symbols_[symbol].name(), "h5"));
  return *held.labels;
}

const std::vector<double>& Workbench::barrier_scale(std::size_t symbol) {
  Held& held = held_[symbol];
  if (!held.scale) held.scale = work::barrier_scale(config(), bars(symbol), threads_);
  return *held.scale;
}

void Workbench::keep_bars(std::size_t symbol, market::Bars bars) {
  held_[symbol] = {};
  held_[symbol].bars = std::move(bars);
}

void Workbench::keep_features(std::size_t symbol, market::FeatureTable features) {
  held_[symbol].features = std::move(features);
}

void Workbench::keep_labels(std::size_t symbol, std::vector<HorizonLabels> labels) {
  held_[symbol].labels = std::move(labels);
}

void Workbench::keep_only(const std::vector<std::size_t>& symbols) {
  for (std::size_t symbol = 0; symbol < held_.size(); ++symbol) {
    if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) held_[symbol] = {};
  }
}

std::size_t Workbench::first_row(std::size_t symbol) {
  return json("features", symbols_[symbol].name()).at("first_complete_row").get<std::size_t>();
}

}  // namespace moola::work
