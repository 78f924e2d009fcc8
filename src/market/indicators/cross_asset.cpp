// Columns that compare a symbol's bars with another's, which were put beside them by the clock.
#include <algorithm>
#include <cmath>
#include <limits>

#include "market/indicators/indicator.h"
#include "market/indicators/one_bar_returns.h"
#include "market/indicators/rolling.h"
#include "market/indicators/statistics.h"
#include "market/indicators/table_entries.h"

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Prices that keep their ratio have equal z-scores but for their last digits: a spread that deviates by less than this
// is made of those.
constexpr double kLeastDeviation = 1e-6;

bool whole(std::uint32_t fresh, int bars) {
  return fresh >= static_cast<std::uint32_t>(bars);
}

// The first row whose last `bars` bars have a bar of the other beside each of them that is not too old.
std::size_t first_whole_window(const IndicatorCall& call, int bars) {
  const std::vector<std::uint32_t>& fresh = call.bars.other->fresh;
  const auto found = std::find_if(fresh.begin(), fresh.end(), [&](std::uint32_t run) { return whole(run, bars); });
  return static_cast<std::size_t>(found - fresh.begin());
}

// One output: value(i) in rows with such a window, NaN before the first of them. From it on 0 in rows without, and
// where value(i) is NaN, for which there is none.
template <class Value>
void each_whole_window(IndicatorCall& call, std::size_t output, int bars, Value&& value) {
  if (!call.wanted(output)) return;
  const std::vector<std::uint32_t>& fresh = call.bars.other->fresh;
  const std::span<double> out = call.out(output);
  const std::size_t first = first_whole_window(call, bars);
  std::fill_n(out.begin(), first, kNaN);
  std::int64_t undefined = 0;
  for (std::size_t i = first; i < out.size(); ++i) {
    const double defined = whole(fresh[i], bars) ? value(i) : kNaN;
    undefined += std::isnan(defined) ? 1 : 0;
    out[i] = std::isnan(defined) ? 0.0 : defined;
  }
  call.note_undefined(output, undefined);
}

// 1 where each_whole_window has no value, 0 where it may have one.
void mark_stale(IndicatorCall& call, std::size_t output, int bars) {
  if (!call.wanted(output)) return;
  const std::span<double> out = call.out(output);
  const std::size_t first = first_whole_window(call, bars);
  std::fill_n(out.begin(), first, kNaN);
  for (std::size_t i = first; i < out.size(); ++i) out[i] = whole(call.bars.other->fresh[i], bars) ? 0.0 : 1.0;
}

enum ReturnOutput : std::size_t { kCorrelation, kBeta, kStrength, kStale };

void compare_returns(IndicatorCall& call) {
  const int period = call.whole(0), bars = period + 1;  // the first return has a bar before it
  Scratch::Column ours(call.scratch), theirs(call.scratch);
  one_bar_returns(call.bars.close, ours);
  one_bar_returns(call.bars.other->close, theirs);
  if (call.wanted(kCorrelation) || call.wanted(kBeta)) {
    Scratch::Column ours_squared(call.scratch), theirs_squared(call.scratch), products(call.scratch);
    window_products(ours, theirs, period, products);
    window_squares(theirs, period, theirs_squared);
    each_whole_window(call, kBeta, bars,
                      [&](std::size_t i) { return theirs_squared[i] > 0 ? products[i] / theirs_squared[i] : kNaN; });
    if (call.wanted(kCorrelation)) window_squares(ours, period, ours_squared);
    each_whole_window(call, kCorrelation, bars, [&](std::size_t i) {
      const double both = ours_squared[i] * theirs_squared[i];
      return both > 0 ? std::clamp(products[i] / std::sqrt(both), -1.0, 1.0) : kNaN;
    });
  }
  if (call.wanted(kStrength)) {
    Scratch::Column our_sum(call.scratch), their_sum(call.scratch);
    window_sum(ours, period, our_sum);
    window_sum(theirs, period, their_sum);
    each_whole_window(call, kStrength, bars, [&](std::size_t i) { return our_sum[i] - their_sum[i]; });
  }
  mark_stale(call, kStale, bars);
}

void compare_prices(IndicatorCall& call) {
  const int period = call.whole(0);
  Scratch::Column spread(call.scratch), theirs(call.scratch), mean(call.scratch), squares(call.scratch);
  zscore(call.bars.close, period, spread);
  zscore(call.bars.other->close, period, theirs);
  for (std::size_t i = 0; i < call.bars.size(); ++i) spread[i] -= theirs[i];
  window_mean_and_squares(spread, period, mean, squares);
  each_whole_window(call, 0, 2 * period - 1, [&](std::size_t i) {
    const double deviation = std::sqrt(squares[i] / period);
    return deviation > kLeastDeviation ? (spread[i] - mean[i]) / deviation : kNaN;
  });
}

}  // namespace

const std::vector<Indicator>& cross_asset_indicators() {
  static const std::string kFamily = "cross-asset", kTooOld = "or a bar of the other is too old";
  static const std::vector<Indicator> table{
      {.name = "cross_returns",
       .title = "Returns beside another symbol's",
       .family = kFamily,
       .inputs = "close, and the other's close",
       .parameters = {bars_parameter("period", 20, 2)},
       .outputs = {{.names = {"cross_corr_{other}_{period}"},
                    .kind = ColumnKind::oscillator,
                    .help = "correlation of our returns and the other's",
                    .warm_up = first_parameter_rows,
                    .undefined = "0 where returns of one of them do not differ in the window, " + kTooOld},
                   {.names = {"cross_beta_{other}_{period}"},
                    .kind = ColumnKind::signed_sum,
                    .help = "slope of our returns on the other's",
                    .warm_up = first_parameter_rows,
                    .undefined = "0 where the other's returns do not differ in the window, " + kTooOld},
                   {.names = {"cross_rel_strength_{other}_{period}"},
                    .kind = ColumnKind::returns,
                    .help = "sum of our returns less the sum of the other's",
                    .warm_up = first_parameter_rows,
                    .undefined = "0 where a bar of the other is too old"},
                   {.names = {"cross_stale_{other}_{period}"},
                    .kind = ColumnKind::state,
                    .help = "1 where a bar of the other is too old, and the columns beside it are undefined; else 0",
                    .warm_up = first_parameter_rows}},
       .definition = "of the last `period` simple returns of either; the other's are those of its last bar that had "
                     "ended when each of ours ended",
       .compute = compare_returns},
      single_indicator(
          kFamily, "cross_spread", "Spread to another symbol", "close, and the other's close",
          {bars_parameter("period", 20, 2)},
          {.names = {"cross_spread_z_{other}_{period}"},
           .kind = ColumnKind::signed_sum,
           .help = "z-score of our price's z-score less the other's",
           .warm_up = [](const ParameterValues& values) { return 2 * values.whole(0) - 2; },
           .undefined = "0 where the spread deviates by less than 1e-6 in the window, " + kTooOld},
          "zscore_`period` of our close less that of the other's, of which the z-score over the last `period` values; "
          "a price that does not move in the window is at its mean",
          compare_prices),
  };
  return table;
}

}  // namespace moola::market
