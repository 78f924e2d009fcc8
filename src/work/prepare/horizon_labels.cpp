#include "work/prepare/horizon_labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parallel_pieces.h"
#include "base/utc_time.h"

namespace moola::work {
namespace {

std::string column(const char* what, std::int64_t horizon) {
  return fmt::format("{}_{}", what, horizon);
}

}  // namespace

HorizonLabels label_bars(const market::Bars& bars, std::span<const double> scale, std::int64_t horizon,
                         const market::TripleBarrier& rule, unsigned threads) {
  HorizonLabels out{.horizon = horizon, .labels = {}, .t1 = {}, .quality = {}, .weight = {}};
  out.labels.resize(bars.size());
  const market::PriceSpans prices{bars.open, bars.high, bars.low, bars.close};
  const auto rows = static_cast<std::int64_t>(bars.size()), parts = static_cast<std::int64_t>(std::max(1U, threads));
  for_each_piece(static_cast<std::size_t>(parts), threads, [&](std::size_t piece) {
    const auto part = static_cast<std::int64_t>(piece);
    market::triple_barrier(prices, scale, rule, rows * part / parts, rows * (part + 1) / parts, out.labels);
  });
  out.t1.assign(bars.size(), kNoTime);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (const std::int64_t exit = out.labels.exit_bar(i); exit >= 0)
      out.t1[i] = bars.time[static_cast<std::size_t>(exit)];
  }
  return out;
}

Json label_counts(const market::BarrierLabels& labels, std::size_t begin, std::size_t end) {
  const auto count = [&](std::int8_t label) {
    return std::count(labels.label.begin() + static_cast<std::ptrdiff_t>(begin),
                      labels.label.begin() + static_cast<std::ptrdiff_t>(end), label);
  };
  return {{"up", count(1)}, {"down", count(-1)}, {"neutral", count(0)}, {"none", count(market::kInvalidLabel)}};
}

void write_horizon_labels(data::ContentFile& file, const market::Bars& bars, const std::vector<HorizonLabels>& labels) {
  std::vector<data::Column> columns{{"time", std::span<const std::int64_t>(bars.time)}};
  std::vector<std::int64_t> horizons;
  for (const HorizonLabels& each : labels) {
    horizons.push_back(each.horizon);
    const auto add = [&](const char* what, const auto& values) {
      if (!values.empty()) columns.emplace_back(column(what, each.horizon), std::span(values));
    };
    add("label", each.labels.label);
    add("touch", each.labels.touch);
    add("bars", each.labels.bars);
    add("t1", each.t1);
    add("mae", each.labels.mae);
    add("mfe", each.labels.mfe);
    add("exit_return", each.labels.exit_return);
    add("quality", each.quality.quality);
    add("weight", each.weight);
  }
  file.write(std::move(columns));
  file.file().set_attribute("horizons", horizons);
}

std::vector<HorizonLabels> read_horizon_labels(const std::filesystem::path& file) {
  const data::hdf5::File labels = data::open_content(file, "labels");
  const auto attribute = labels.attribute("horizons");
  std::vector<HorizonLabels> out;
  for (const std::int64_t horizon : std::get<std::vector<std::int64_t>>(attribute.value())) {
    HorizonLabels each{.horizon = horizon, .labels = {}, .t1 = {}, .quality = {}, .weight = {}};
    const auto read = [&]<class T>(const char* what, std::vector<T>& values) {
      if (labels.has_dataset(column(what, horizon))) values = labels.read<T>(column(what, horizon));
    };
    read("label", each.labels.label);
    read("touch", each.labels.touch);
    read("bars", each.labels.bars);
    read("t1", each.t1);
    read("mae", each.labels.mae);
    read("mfe", each.labels.mfe);
    read("exit_return", each.labels.exit_return);
    read("quality", each.quality.quality);
    read("weight", each.weight);
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace moola::work
