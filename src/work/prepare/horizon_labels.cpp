#include "work/prepare/horizon_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "base/utc_time.h"

namespace moola::work {
namespace {

std::string column(const char* what, std::int64_t horizon) {
  return fmt::format("{}_{}", what, horizon);
}

// Shows every column with its name, those that are empty too.
template <class Labels, class Show>
void each_column(Labels& labels, Show&& show) {
  show("label", labels.labels.label);
  show("target", labels.target);
  show("side", labels.side);
  show("touch", labels.labels.touch);
  show("bars", labels.labels.bars);
  show("t1", labels.t1);
  show("mae", labels.labels.mae);
  show("mfe", labels.labels.mfe);
  show("exit_return", labels.labels.exit_return);
  show("t_value", labels.t_value);
  show("quality", labels.quality.quality);
  show("weight", labels.weight);
}

}  // namespace

LabelledHorizon label_bars(const TimedBars& bars, std::int64_t horizon, const LabelStrategy& strategy,
                           unsigned threads) {
  LabelTable table = compute_labels(bars, strategy, threads);
  LabelledHorizon out{.labels = {.horizon = horizon},
                      .last_bar = std::move(table.last_bar),
                      .parameters = std::move(table.parameters),
                      .fitted = std::move(table.fitted)};
  HorizonLabels& labels = out.labels;
  const auto take = [&]<class T>(const char* what, std::vector<T>& values) {
    if constexpr (!std::is_same_v<T, std::int64_t>) {  // t1 is no column of the strategy's
      for (LabelColumn& each : table.columns) {
        if (each.name == what) values = std::move(std::get<std::vector<T>>(each.values));
      }
    }
  };
  each_column(labels, take);
  labels.t1.assign(out.last_bar.size(), kNoTime);
  for (std::size_t i = 0; i < out.last_bar.size(); ++i) {
    if (out.last_bar[i] >= 0) labels.t1[i] = bars.bars.time[static_cast<std::size_t>(out.last_bar[i])];
  }
  return out;
}

Json label_counts(const HorizonLabels& labels, const std::vector<LabelClass>& classes, std::size_t begin,
                  std::size_t end) {
  std::size_t there = 0;
  for (std::size_t i = begin; i < end; ++i) there += labels.has(i) ? 1 : 0;
  Json out = {{"none", end - begin - there}};
  for (const LabelClass& each : classes) {
    out[std::string(each.name)] =
        std::count(labels.labels.label.begin() + static_cast<std::ptrdiff_t>(begin),
                   labels.labels.label.begin() + static_cast<std::ptrdiff_t>(end), each.label);
  }
  if (classes.empty()) out["targets"] = there;
  return out;
}

void write_horizon_labels(data::ContentFile& file, const market::Bars& bars, const std::vector<HorizonLabels>& labels) {
  std::vector<data::Column> columns{{"time", std::span<const std::int64_t>(bars.time)}};
  std::vector<std::int64_t> horizons;
  for (const HorizonLabels& each : labels) {
    horizons.push_back(each.horizon);
    each_column(each, [&](const char* what, const auto& values) {
      if (!values.empty()) columns.emplace_back(column(what, each.horizon), std::span(values));
    });
  }
  file.write(std::move(columns));
  file.file().set_attribute("horizons", horizons);
}

std::vector<HorizonLabels> read_horizon_labels(const std::filesystem::path& file) {
  const data::hdf5::File labels = data::open_content(file, "labels");
  const auto attribute = labels.attribute("horizons");
  std::vector<HorizonLabels> out;
  for (const std::int64_t horizon : std::get<std::vector<std::int64_t>>(attribute.value())) {
    HorizonLabels each{.horizon = horizon};
    each_column(each, [&]<class T>(const char* what, std::vector<T>& values) {
      if (labels.has_dataset(column(what, horizon))) values = labels.read<T>(column(what, horizon));
    });
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace moola::work
