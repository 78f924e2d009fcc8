#include "work/prepare/cleaned_bars.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utc_time.h"
#include "data/bars/bars_file.h"
#include "market/clean/fill_gaps.h"
#include "market/clean/outliers.h"
#include "market/clean/rolls.h"
#include "market/clean/threshold_bars.h"
#include "market/features/feature_table.h"
#include "market/resample.h"
#include "work/prepare/symbol_calendars.h"
#include "work/prepare/used_bars.h"

namespace moola::work {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

market::Bars part_of(market::Bars bars, BarRange range) {
  for (std::size_t i = range.begin; i < range.end; ++i) bars.move_bar(i, i - range.begin);
  bars.resize(range.end - range.begin);
  return bars;
}

std::int64_t count_flag(const market::Bars& bars, market::BarFlag flag) {
  return std::count_if(bars.flags.begin(), bars.flags.end(), [&](std::uint8_t flags) { return (flags & flag) != 0; });
}

Json rolls_json(const std::vector<market::RollStep>& steps, const market::Bars& bars) {
  Json out = Json::array();
  for (const market::RollStep& step : steps) {
    out.push_back({{"time", utc_text(bars.time[static_cast<std::size_t>(step.bar)])},
                   {"close_before", step.close_before},
                   {"open_after", step.open_after}});
  }
  return out;
}

}  // namespace

CleanedBars read_cleaned_bars(const std::filesystem::path& workspace, const PrepareConfig& config,
                              const PreparedSymbol& symbol) {
  data::StoredBars stored = data::read_bars(workspace, {symbol.id, symbol.content_sha256}, "the run");
  const BarRange used = used_bars(config, symbol, stored.bars.time);
  market::Bars bars = part_of(std::move(stored.bars), used);
  const std::size_t given = bars.size();

  if (config.clean.roll_threshold > 0) market::mark_rolls(bars, config.clean.roll_threshold);
  const auto rule = market::parse_outlier_rule(config.clean.outliers);
  const double limit = config.clean.outlier_limit > 0 ? config.clean.outlier_limit : market::usual_limit(rule);
  std::vector<std::int64_t> outliers;
  if (rule != market::OutlierRule::none) outliers = market::drop_outliers(bars, rule, limit);
  const auto adjusted = market::back_adjust(bars, market::parse_back_adjustment(config.clean.back_adjust));
  const Json rolls = rolls_json(adjusted, bars);
  const market::SessionCalendar calendar = calendar_of(config, symbol.name());
  const market::GapReport gaps =
      market::fill_gaps(bars, stored.info.bar_seconds * kSecond, calendar, config.clean.max_fill.nanoseconds);

  std::int64_t seconds = stored.info.bar_seconds;
  if (config.clean.sampling == "time") {
    if (config.clean.timeframe.nanoseconds != seconds * kSecond)
      bars = market::resample(bars, config.clean.timeframe.nanoseconds).bars;
    seconds = config.clean.timeframe.nanoseconds / kSecond;
  } else {
    if (std::all_of(bars.volume.begin(), bars.volume.end(), [](double volume) { return volume == 0; })) {
      throw DataError(fmt::format(
          "{} has no volume in any bar, and clean.sampling = \"{}\" ends bars by what is traded. Leave clean.sampling "
          "and clean.threshold out: bars by the clock need no volume.",
          to_string(symbol.id), config.clean.sampling));
    }
    bars = market::threshold_bars(
        bars, config.clean.sampling == "volume" ? market::ThresholdKind::volume : market::ThresholdKind::dollars,
        config.clean.threshold);
    seconds = 0;
  }
  if (bars.empty()) throw DataError(fmt::format("nothing is left of {} after cleaning.", to_string(symbol.id)));

  const std::int64_t silent = std::count(bars.volume.begin(), bars.volume.end(), 0.0);
  const std::int64_t filled = count_flag(bars, market::kFilled);
  Json report = {{"symbol", symbol.name()},
                 {"calendar", calendar.name()},
                 {"bars_given", given},
                 {"bars", bars.size()},
                 {"bar_seconds", seconds},
                 {"first", utc_text(bars.time.front())},
                 {"last", utc_text(bars.time.back())},
                 {"outliers_dropped", outliers.size()},
                 {"rolls", rolls},
                 {"bars_with_roll", count_flag(bars, market::kRoll)},
                 {"gaps",
                  {{"filled", gaps.gaps},
                   {"filled_bars", gaps.filled_bars},
                   {"left", gaps.left_gaps},
                   {"left_bars", gaps.left_bars},
                   {"longest_seconds", gaps.longest / kSecond},
                   {"bars_outside_sessions", gaps.outside}}},
                 {"bars_with_filled", filled},
                 {"bars_repaired", count_flag(bars, market::kRepaired)},
                 {"bars_without_volume", silent}};
  return {.bars = std::move(bars),
          .bar_seconds = seconds,
          .symbol = stored.info.symbol,
          .source_timezone = stored.info.source_timezone,
          .report = std::move(report)};
}

std::vector<double> barrier_scale(const PrepareConfig& config, const market::Bars& bars, unsigned threads) {
  if (config.labels.scale == "price") return {};
  const market::FeatureTable table =
      market::compute_features(bars, bar_nanoseconds(config), {market::parse_feature(config.labels.scale)}, threads);
  return {table.column(0).begin(), table.column(0).end()};
}

std::int64_t bar_nanoseconds(const PrepareConfig& config) {
  return config.clean.sampling == "time" ? config.clean.timeframe.nanoseconds : 0;
}

}  // namespace moola::work
