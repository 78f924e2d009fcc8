#include "work/prepare/label_file.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "base/json.h"
#include "base/utc_time.h"
#include "data/store/content_file.h"
#include "market/features/feature_table.h"
#include "work/prepare/timeframe.h"

namespace moola::work {
namespace {

using Clock = std::chrono::steady_clock;

std::string_view name_of(market::BarrierTie tie) {
  return tie == market::BarrierTie::nearest_open ? "nearest_open"
         : tie == market::BarrierTie::stop_first ? "stop_first"
                                                 : "invalid";
}

Json parameters_of(const LabelRequest& request, const data::StoredBars& stored) {
  const market::TripleBarrier& rule = request.rule;
  return {{"up", rule.up},
          {"down", rule.down},
          {"max_bars", rule.max_bars},
          {"scale", request.scale},
          {"touch", rule.touch == market::BarrierTouch::close ? "close" : "high_low"},
          {"entry", rule.entry == market::BarrierEntry::close ? "close" : "next_open"},
          {"tie", name_of(rule.tie)},
          {"cost", rule.cost},
          {"timeframe", to_string(Duration::seconds(stored.info.bar_seconds))}};
}

// What was known of every bar a bar before; none for barriers that are shares of the price.
std::vector<double> scale_of(const LabelRequest& request, const data::StoredBars& stored, unsigned threads) {
  if (request.scale == "price") return {};
  const market::FeatureTable table =
      market::compute_features(stored.bars, Duration::seconds(stored.info.bar_seconds).nanoseconds,
                               {market::parse_feature(request.scale)}, threads);
  const auto column = table.column(0);
  return {column.begin(), column.end()};
}

void label(const market::PriceSpans& prices, std::span<const double> scale, const market::TripleBarrier& rule,
           unsigned threads, market::BarrierLabels& labels) {
  const auto rows = static_cast<std::int64_t>(labels.size()), parts = static_cast<std::int64_t>(threads);
  std::vector<std::jthread> others;
  for (std::int64_t part = 1; part < parts; ++part) {
    others.emplace_back([&, part] {
      market::triple_barrier(prices, scale, rule, rows * part / parts, rows * (part + 1) / parts, labels);
    });
  }
  market::triple_barrier(prices, scale, rule, 0, rows / parts, labels);
}

}  // namespace

LabelFile write_labels(const LabelRequest& request) {
  if (request.scale != "price") static_cast<void>(market::parse_feature(request.scale));
  market::triple_barrier({}, {}, request.rule);  // refuses barriers that can't be before anything is read
  data::ContentFile file(request.out, request.force ? Overwrite::yes : Overwrite::no);
  data::StoredBars stored = read_bars(request.workspace, request.bars, request.timeframe);
  const unsigned threads = request.threads > 0 ? request.threads : std::max(1U, std::thread::hardware_concurrency());
  const auto began = Clock::now();
  std::vector<double> scale = scale_of(request, stored, threads);
  const market::Bars& bars = stored.bars;
  market::BarrierLabels labels;
  labels.resize(bars.size());
  label({bars.open, bars.high, bars.low, bars.close}, scale, request.rule, threads, labels);
  std::vector<std::int64_t> t1(bars.size(), kNoTime);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (const std::int64_t exit = labels.exit_bar(i); exit >= 0) t1[i] = bars.time[static_cast<std::size_t>(exit)];
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();

  if (scale.empty()) scale = bars.close;  // what the barriers are shares of
  file.manifest()["parameters"] = parameters_of(request, stored);
  file.add_parent({stored.id, stored.content_sha256});
  file.write({{"time", std::span<const std::int64_t>(bars.time)},
              {"label", std::span<const std::int8_t>(labels.label)},
              {"touch", std::span<const std::int8_t>(labels.touch)},
              {"bars", std::span<const std::int32_t>(labels.bars)},
              {"t1", std::span<const std::int64_t>(t1)},
              {"mae", std::span<const float>(labels.mae)},
              {"mfe", std::span<const float>(labels.mfe)},
              {"exit_return", std::span<const float>(labels.exit_return)},
              {"scale", std::span<const double>(scale)}});
  file.file().set_attribute("symbol", stored.info.symbol);
  file.file().set_attribute("bar_seconds", stored.info.bar_seconds);
  std::string hash = file.seal("labels");
  file.commit();
  return {
      .bars = std::move(stored), .labels = std::move(labels), .content_sha256 = std::move(hash), .seconds = seconds};
}

}  // namespace moola::work
