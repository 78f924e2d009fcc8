#include "market/indicators/volatility.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "market/indicators/families.h"
#include "market/indicators/returns.h"
#include "market/indicators/rolling.h"
#include "market/indicators/rolling_blocks.h"
#include "market/indicators/row_blocks.h"
#include "market/indicators/table_entries.h"
#include "market/portable_log.h"

namespace moola::market {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLn2 = 0x1.62e42fefa39efp-1;

double true_range_of(double high, double low, double close_before) {
  const double up = std::fabs(high - close_before), down = std::fabs(low - close_before), own = high - low;
  const double far = up > down ? up : down;
  return own > far ? own : far;
}

// Per-bar variances become annualised deviations; NaN stays.
void annualise(std::span<double> variance, double factor) {
  for (double& value : variance) value = std::sqrt((value < 0 ? 0.0 : value) * factor);
}

void annualised_mean(std::span<const double> per_bar, int period, double factor, std::span<double> out) {
  window_mean(per_bar, period, out);
  annualise(out, factor);
}

// Calls use(begin, rows, high, low, close) for some bars at a time, with the logs of their prices over their opens.
template <class Use>
void each_logs(const BarColumns& bars, Use&& use) {
  constexpr std::size_t kRows = 512;
  double high[kRows], low[kRows], close[kRows];
  for (std::size_t begin = 0; begin < bars.size(); begin += kRows) {
    const std::size_t rows = std::min(kRows, bars.size() - begin);
    const double* const open = bars.open.data() + begin;
    rolling::kernels().log_ratio(bars.high.data() + begin, open, rows, high);
    rolling::kernels().log_ratio(bars.low.data() + begin, open, rows, low);
    rolling::kernels().log_ratio(bars.close.data() + begin, open, rows, close);
    use(begin, rows, high, low, close);
  }
}

double rogers_satchell(double high, double low, double close) {
  return high * (high - close) + low * (low - close);
}

// What Yang and Zhang's estimator is made of, by bar.
struct YangZhangTerms {
  Scratch::Column overnight, open_to_close, within;

  YangZhangTerms(const BarColumns& bars, Scratch& scratch)
      : overnight(scratch), open_to_close(scratch), within(scratch) {
    if (bars.size() == 0) return;
    overnight[0] = kNaN;
    rolling::kernels().log_ratio(bars.open.data() + 1, bars.close.data(), bars.size() - 1, overnight.span().data() + 1);
    const std::span<double> to_close = open_to_close, to_within = within;
    each_logs(bars,
              [&](std::size_t begin, std::size_t rows, const double* high, const double* low, const double* close) {
                for (std::size_t i = 0; i < rows; ++i) {
                  to_close[begin + i] = close[i];
                  to_within[begin + i] = rogers_satchell(high[i], low[i], close[i]);
                }
              });
  }
};

double yang_zhang_share(int period) {
  return 0.34 / (1.34 + (period + 1.0) / (period - 1.0));
}

}  // namespace

void true_range(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                std::span<double> out) {
  if (out.empty()) return;
  out[0] = kNaN;
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = true_range_of(high[i], low[i], close[i - 1]);
}

namespace {

// Calls use(block, average) for some bars at a time, `average` pointing to that of the block's first bar; they begin at
// row `period`.
template <class Use>
void average_true_ranges(std::span<const double> high, std::span<const double> low, std::span<const double> close,
                         int period, Use&& use) {
  const RowBlocks blocks(1, close.size(), length(period));
  BlockColumn ranges(blocks), averages(blocks);
  const BlockAverage average = BlockAverage::wilder(period, 1);
  blocks.each([&](RowBlock block) {
    double* const range = ranges.advance(block);
    const double *const top = high.data() + block.begin, *const bottom = low.data() + block.begin;
    const double* const now = close.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) range[i] = true_range_of(top[i], bottom[i], (now + i)[-1]);
    double* const mean = averages.advance(block);
    average.compute(block, range, mean);
    const RowBlock averaged = block.from(average.first());
    use(averaged, mean + (averaged.begin - block.begin));
  });
}

}  // namespace

void atr(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
         std::span<double> out) {
  fill_before(length(period), out);
  average_true_ranges(high, low, close, period, [&](RowBlock block, const double* average) {
    std::copy_n(average, block.rows(), out.data() + block.begin);
  });
}

void atr_percent(std::span<const double> high, std::span<const double> low, std::span<const double> close, int period,
                 std::span<double> average, std::span<double> out) {
  fill_before(length(period), average);
  fill_before(length(period), out);
  average_true_ranges(high, low, close, period, [&](RowBlock block, const double* mean) {
    if (!average.empty()) std::copy_n(mean, block.rows(), average.data() + block.begin);
    double* const to = out.data() + block.begin;
    const double* const now = close.data() + block.begin;
    for (std::size_t i = 0; i < block.rows(); ++i) to[i] = mean[i] / now[i] * 100.0;
  });
}

void historical_volatility(std::span<const double> close, int period, double bars_per_year, Scratch& scratch,
                           std::span<double> out) {
  Scratch::Column returns(scratch);
  log_change(close, 1, returns);
  window_squares(returns, period, out);
  annualise(out, bars_per_year / (period - 1));
}

void realised_volatility(std::span<const double> close, int period, double bars_per_year, Scratch& scratch,
                         std::span<double> out) {
  Scratch::Column squares(scratch);
  log_change(close, 1, squares);
  for (double& value : squares.span()) value *= value;
  annualised_mean(squares, period, bars_per_year, out);
}

void parkinson_volatility(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                          std::span<double> out) {
  Scratch::Column squares(scratch);
  rolling::kernels().log_ratio(bars.high.data(), bars.low.data(), bars.size(), squares.span().data());
  for (double& value : squares.span()) value *= value;
  annualised_mean(squares, period, bars_per_year / (4 * kLn2), out);
}

void garman_klass_volatility(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                             std::span<double> out) {
  Scratch::Column column(scratch);
  const std::span<double> terms = column;
  each_logs(bars, [&](std::size_t begin, std::size_t rows, const double* high, const double* low, const double* close) {
    for (std::size_t i = 0; i < rows; ++i) {
      const double range = high[i] - low[i];
      terms[begin + i] = 0.5 * (range * range) - (2 * kLn2 - 1) * (close[i] * close[i]);
    }
  });
  annualised_mean(terms, period, bars_per_year, out);
}

void rogers_satchell_volatility(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                                std::span<double> out) {
  Scratch::Column column(scratch);
  const std::span<double> terms = column;
  each_logs(bars, [&](std::size_t begin, std::size_t rows, const double* high, const double* low, const double* close) {
    for (std::size_t i = 0; i < rows; ++i) terms[begin + i] = rogers_satchell(high[i], low[i], close[i]);
  });
  annualised_mean(terms, period, bars_per_year, out);
}

void yang_zhang_volatility(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                           std::span<double> out) {
  const YangZhangTerms terms(bars, scratch);
  Scratch::Column squares(scratch), mean(scratch);
  const double k = yang_zhang_share(period), freedom = period - 1;
  window_squares(terms.overnight, period, out);
  window_squares(terms.open_to_close, period, squares);
  window_mean(terms.within, period, mean);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = (out[i] + k * squares[i]) / freedom + (1.0 - k) * mean[i];
  annualise(out, bars_per_year);
}

void yang_zhang_volatility_of_trailing_means(const BarColumns& bars, int period, double bars_per_year, Scratch& scratch,
                                             std::span<double> out) {
  const YangZhangTerms terms(bars, scratch);
  Scratch::Column mean(scratch), squares(scratch);
  const double k = yang_zhang_share(period);
  const auto variance = [&](const Scratch::Column& x, std::span<double> to) {
    window_mean(x, period, mean);
    for (std::size_t i = 0; i < to.size(); ++i) squares[i] = (x[i] - mean[i]) * (x[i] - mean[i]);
    window_mean(squares, period, to);
  };
  Scratch::Column open_to_close(scratch);
  variance(terms.overnight, out);
  variance(terms.open_to_close, open_to_close);
  window_mean(terms.within, period, mean);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = out[i] + k * open_to_close[i] + (1.0 - k) * mean[i];
  annualise(out, bars_per_year);
}

std::int64_t choppiness(const BarColumns& bars, int period, Scratch& scratch, std::span<double> out) {
  Scratch::Column ranges(scratch), highest(scratch), lowest(scratch);
  true_range(bars.high, bars.low, bars.close, ranges);
  window_sum(ranges, period, out);
  window_max(bars.high, period, highest);
  window_min(bars.low, period, lowest);
  const std::span<const double> high = highest, low = lowest;
  const double scale = 100.0 / portable_log(period);
  std::int64_t flat = 0;
  constexpr std::size_t kRows = 512;
  double range[kRows], ratio[kRows];
  for (std::size_t begin = static_cast<std::size_t>(period); begin < out.size(); begin += kRows) {
    const std::size_t rows = std::min(kRows, out.size() - begin);
    for (std::size_t i = 0; i < rows; ++i) {
      range[i] = high[begin + i] - low[begin + i];
      const double value = out[begin + i] / range[i];
      ratio[i] = range[i] > 0 ? value : static_cast<double>(period);
    }
    rolling::kernels().log(ratio, rows, out.data() + begin);
    for (std::size_t i = 0; i < rows; ++i) out[begin + i] *= scale;
    for (std::size_t i = 0; i < rows; ++i) {
      flat += range[i] > 0 ? 0 : 1;
      if (!(range[i] > 0)) out[begin + i] = 100.0;
    }
  }
  return flat;
}

std::int64_t mass_index(const BarColumns& bars, int fast, int slow, Scratch& scratch, std::span<double> out) {
  const std::size_t n = bars.size(), window = length(slow);
  const RowBlocks blocks(0, n, length(fast));
  BlockColumn ranges(blocks), averages(blocks), averages_twice(blocks);
  const BlockAverage once = BlockAverage::exponential(fast, 0), twice = BlockAverage::exponential(fast, once.first());
  const Scratch::Column ratios(scratch);
  const std::span<double> ratio = ratios;
  fill_before(twice.first(), ratio);
  std::int64_t flat = 0;
  std::size_t free_from = 0;  // the row from which on no sum has a ratio without definition
  blocks.each([&](RowBlock block) {
    double *const range = ranges.advance(block), *const average = averages.advance(block);
    double* const average_twice = averages_twice.advance(block);
    for (std::size_t i = 0; i < block.rows(); ++i) range[i] = bars.high[block.begin + i] - bars.low[block.begin + i];
    once.compute(block, range, average);
    twice.compute(block, average, average_twice);
    for (std::size_t row = block.from(twice.first()).begin; row < block.end; ++row) {
      const double whole = average_twice[row - block.begin], value = average[row - block.begin] / whole;
      ratio[row] = whole > 0 ? value : 1.0;
      if (!(whole > 0)) free_from = row + window;
      flat += row < free_from && row + 1 >= twice.first() + window ? 1 : 0;
    }
  });
  window_sum(ratio, slow, out);
  return flat;
}

namespace {

// One with the parameters `period` and `bars_per_year`, and names that may leave them out from the last on.
Indicator annualised(std::string name, std::string title, std::string inputs, double usual, double least,
                     std::vector<std::string> names, int (*warm_up)(const ParameterValues&), std::string help,
                     std::string definition, void (*compute)(IndicatorCall&)) {
  return {.name = std::move(name),
          .title = std::move(title),
          .family = "volatility",
          .inputs = std::move(inputs),
          .parameters = {{.name = "period", .usual = usual, .least = least, .most = 100'000},
                         {.name = "bars_per_year", .usual = 78 * 252, .least = 1, .most = 100'000'000}},
          .outputs = {{.names = std::move(names),
                       .kind = ColumnKind::volatility,
                       .help = std::move(help),
                       .warm_up = warm_up}},
          .definition = std::move(definition) + "; annualised: times the root of `bars_per_year`",
          .compute = compute};
}

std::vector<std::string> names_of(const std::string& stem) {
  return {stem, stem + "_{period}", stem + "_{period}_{bars_per_year}"};
}

}  // namespace

std::vector<Indicator> volatility_indicators() {
  return {
      {.name = "trange",
       .title = "True range",
       .family = "volatility",
       .inputs = "high low close",
       .parameters = {},
       .outputs = {{.names = {"trange"},
                    .kind = ColumnKind::volatility,
                    .help = "range of the bar and the close before it",
                    .warm_up = one_row,
                    .talib = "TRANGE"}},
       .definition = "the most of high - low, |high - previous close|, |low - previous close|",
       .compute = [](IndicatorCall& call) { true_range(call.bars.high, call.bars.low, call.bars.close, call.out(0)); }},
      {.name = "atr",
       .title = "Average true range",
       .family = "volatility",
       .inputs = "high low close",
       .parameters = {{.name = "period", .usual = 14, .least = 1, .most = 100'000}},
       .outputs = {{.names = {"atr_{period}"},
                    .kind = ColumnKind::volatility,
                    .help = "Wilder's average of the true range",
                    .warm_up = first_parameter_rows,
                    .talib = "ATR"},
                   {.names = {"atr_pct_{period}", "natr_{period}"},
                    .kind = ColumnKind::volatility,
                    .help = "it in percent of the close",
                    .warm_up = first_parameter_rows,
                    .talib = "NATR"}},
       .definition = "mean of the first `period` true ranges, then a += (range - a) / period; Wilder 1978",
       .compute =
           [](IndicatorCall& call) {
             const BarColumns& bars = call.bars;
             if (call.wanted(1)) {
               atr_percent(bars.high, bars.low, bars.close, call.whole(0), wanted(call, 0), call.out(1));
             } else {
               atr(bars.high, bars.low, bars.close, call.whole(0), call.out(0));
             }
           }},
      annualised("hvol", "Historical volatility", "close", 20, 2, {"hvol_{period}", "hvol_{period}_{bars_per_year}"},
                 first_parameter_rows, "deviation of the log returns",
                 "sample deviation of the last `period` log returns",
                 [](IndicatorCall& call) {
                   historical_volatility(call.bars.close, call.whole(0), call.number(1), call.scratch, call.out(0));
                 }),
      annualised("realised_vol", "Realised volatility", "close", 78, 1,
                 {"realised_vol_{period}", "realised_vol_{period}_{bars_per_year}"}, first_parameter_rows,
                 "root of the mean squared log return",
                 "root of the mean of the last `period` squared log returns; Andersen et al. 2003",
                 [](IndicatorCall& call) {
                   realised_volatility(call.bars.close, call.whole(0), call.number(1), call.scratch, call.out(0));
                 }),
      annualised("parkinson_vol", "Parkinson volatility", "high low", 20, 1, names_of("parkinson_vol"),
                 first_parameter_rows_less_one, "volatility from the bars' ranges",
                 "root of the mean of log(high / low)^2 / (4 log 2); Parkinson 1980",
                 [](IndicatorCall& call) {
                   parkinson_volatility(call.bars, call.whole(0), call.number(1), call.scratch, call.out(0));
                 }),
      annualised("gk_vol", "Garman-Klass volatility", "open high low close", 20, 1, names_of("gk_vol"),
                 first_parameter_rows_less_one, "volatility from the bars' ranges and moves",
                 "root of the mean of log(high / low)^2 / 2 - (2 log 2 - 1) log(close / open)^2; Garman and Klass 1980",
                 [](IndicatorCall& call) {
                   garman_klass_volatility(call.bars, call.whole(0), call.number(1), call.scratch, call.out(0));
                 }),
      annualised(
          "rs_vol", "Rogers-Satchell volatility", "open high low close", 20, 1, names_of("rs_vol"),
          first_parameter_rows_less_one, "volatility within the bars, free of drift",
          "root of the mean of log(high / close) log(high / open) + log(low / close) log(low / open); Rogers and "
          "Satchell 1991",
          [](IndicatorCall& call) {
            rogers_satchell_volatility(call.bars, call.whole(0), call.number(1), call.scratch, call.out(0));
          }),
      annualised("yang_zhang_vol", "Yang-Zhang volatility", "open high low close", 20, 2, names_of("yang_zhang_vol"),
                 first_parameter_rows, "volatility between and within the bars, free of drift",
                 "root of V(open / previous close) + k V(close / open) + (1 - k) Rogers-Satchell, k = 0.34 / (1.34 + "
                 "(n + 1) / (n - 1)), V the sample variance of logs; Yang and Zhang 2000",
                 [](IndicatorCall& call) {
                   yang_zhang_volatility(call.bars, call.whole(0), call.number(1), call.scratch, call.out(0));
                 }),
      annualised(
          "yz_vol", "Yang-Zhang volatility of trailing means", "open high low close", 20, 2, names_of("yz_vol"),
          [](const ParameterValues& values) { return 2 * values.whole(0) - 1; }, "the factory's Yang-Zhang volatility",
          "as yang_zhang_vol, but V the mean of squared deviations from each bar's own trailing mean",
          [](IndicatorCall& call) {
            yang_zhang_volatility_of_trailing_means(call.bars, call.whole(0), call.number(1), call.scratch,
                                                    call.out(0));
          }),
      {.name = "chop",
       .title = "Choppiness index",
       .family = "volatility",
       .inputs = "high low close",
       .parameters = {{.name = "period", .usual = 14, .least = 2, .most = 100'000}},
       .outputs = {{.names = {"chop_{period}"},
                    .kind = ColumnKind::oscillator,
                    .help = "near 0 in a trend, near 100 without one",
                    .warm_up = first_parameter_rows,
                    .undefined = "100 where the range of the window is flat"}},
       .definition = "100 log(sum of true ranges / (highest high - lowest low)) / log(period); Dreiss 1993",
       .compute =
           [](IndicatorCall& call) {
             call.note_undefined(0, choppiness(call.bars, call.whole(0), call.scratch, call.out(0)));
           }},
      {.name = "mass_index",
       .title = "Mass index",
       .family = "volatility",
       .inputs = "high low",
       .parameters = {{.name = "fast", .usual = 9, .least = 1, .most = 100'000},
                      {.name = "slow", .usual = 25, .least = 1, .most = 100'000}},
       .outputs = {{.names = {"mass_index", "mass_index_{fast}_{slow}"},
                    .kind = ColumnKind::volatility,
                    .help = "above `slow` where ranges widen",
                    .warm_up = [](const ParameterValues& values) { return 2 * values.whole(0) + values.whole(1) - 3; },
                    .undefined = "a ratio of 1 where all ranges so far are flat"}},
       .definition = "sum over `slow` bars of the `fast` exponential average of high - low over its own; Dorsey 1992",
       .compute =
           [](IndicatorCall& call) {
             call.note_undefined(0, mass_index(call.bars, call.whole(0), call.whole(1), call.scratch, call.out(0)));
           }},
  };
}

}  // namespace moola::market
