#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "market/bars.h"
#include "market/indicators/aligned_bars.h"

namespace moola::market {

/// Bars as columns of equal length: what indicators are computed from. Prices are finite and above 0, volumes finite
/// and not below 0, `time` is the bar's open in nanoseconds UTC.
struct BarColumns {
  std::span<const std::int64_t> time;
  std::span<const double> open, high, low, close, volume;
  const AlignedBars* other = nullptr;  // bars of another symbol beside them, for indicators that compare
  std::size_t size() const { return close.size(); }
};
BarColumns columns_of(const Bars& bars);

/// What kind of number a column holds, and so how a scaler treats it.
enum class ColumnKind {
  returns,     // around 0 and comparable over time as it is
  oscillator,  // within fixed bounds
  price,       // a price or a difference of prices: grows with the price
  volatility,  // at least 0
  volume,      // at least 0, over many orders of magnitude
  signed_sum,  // either sign and no bound: OBV, z-scores, ratios less one
  temporal,    // of the clock
  state,       // one of a few: 0/1 flags, -1/0/1
};
std::string_view to_string(ColumnKind kind);

/// A number that an indicator is computed with.
struct IndicatorParameter {
  std::string name;
  double usual, least, most;
  bool whole = true;  // else it may have decimals
};

/// The values of an indicator's parameters, in their order.
class ParameterValues {
 public:
  static constexpr std::size_t kMost = 6;
  double number(std::size_t i) const { return values_[i]; }
  int whole(std::size_t i) const { return static_cast<int>(values_[i]); }
  void set(std::size_t i, double value) { values_[i] = value; }
  bool operator==(const ParameterValues&) const = default;

 private:
  std::array<double, kMost> values_{};
};

/// Columns of one length that are lent out and come back: what lies between an indicator's input and its output.
class Scratch {
 public:
  explicit Scratch(std::size_t rows) : rows_(rows) {}
  std::size_t rows() const { return rows_; }

  /// One column, given back when it goes out of scope. What it holds first is undefined.
  class Column {
   public:
    explicit Column(Scratch& from);
    ~Column();
    Column(const Column&) = delete;
    Column& operator=(const Column&) = delete;
    // NOLINTBEGIN(google-explicit-constructor): it stands wherever a column does
    operator std::span<double>() const { return *data_; }
    operator std::span<const double>() const { return *data_; }
    // NOLINTEND(google-explicit-constructor)
    std::span<double> span() const { return *data_; }
    double& operator[](std::size_t i) const { return (*data_)[i]; }

   private:
    Scratch& from_;
    std::vector<double>* data_;
  };

 private:
  std::size_t rows_;
  std::deque<std::vector<double>> all_;  // a deque: columns must stay where they are
  std::vector<std::vector<double>*> free_;
};

/// One evaluation of an indicator over all bars.
class IndicatorCall {
 public:
  /// `outputs`: one per output of the indicator, of as many rows as the bars; empty where it is not wanted.
  IndicatorCall(const BarColumns& bars, const ParameterValues& values, std::span<const std::span<double>> outputs,
                Scratch& scratch);

  const BarColumns bars;  // copied: callers make them on the spot
  const ParameterValues values;
  Scratch& scratch;

  int whole(std::size_t parameter) const { return values.whole(parameter); }
  double number(std::size_t parameter) const { return values.number(parameter); }
  bool wanted(std::size_t output) const { return !outputs_[output].empty(); }
  /// Where output `output` goes; a scratch column when nobody wants it.
  std::span<double> out(std::size_t output);
  /// Says that `count` values of an output have no definition on their bar (a flat range, a zero volume) and got the
  /// value that IndicatorOutput::undefined states.
  void note_undefined(std::size_t output, std::int64_t count) { undefined_[output] += count; }
  std::int64_t undefined(std::size_t output) const { return undefined_[output]; }

 private:
  std::span<const std::span<double>> outputs_;
  std::vector<std::optional<Scratch::Column>> unwanted_;  // by output; lent when it is first asked for
  std::vector<std::int64_t> undefined_;
};

/// A column that an indicator gives.
struct IndicatorOutput {
  /// How its columns are called, the shortest first: literal text with parameters in braces, those that a pattern does
  /// not name having their usual value: {"bb_upper", "bb_upper_{period}_{deviations}"}. "{other}" is the symbol that an
  /// indicator of two compares with.
  std::vector<std::string> names;
  ColumnKind kind;
  std::string help;  // what it says: "close over its mean, less 1"
  /// Row of the first value, in bars from the first: rows before it hold NaN, rows from it on never do.
  int (*warm_up)(const ParameterValues& values);
  /// What it is where it has no definition: "50 where the range of the window is flat"; empty: it has one on every bar.
  std::string undefined = {};
  /// TA-Lib's function with the same values, and its output where it has several: "SMA", "AROON.outAroonUp"; its
  /// parameters (but the kinds of averages, which are simple) are the indicator's first, in their order. Empty: TA-Lib
  /// has none.
  std::string talib = {};
};

/// An indicator: a causal function of bars. Row t of every output depends on bars <= t alone.
struct Indicator {
  std::string name;    // "bb"
  std::string title;   // "Bollinger bands"
  std::string family;  // "volatility"
  std::string inputs;  // which columns of bars: "high low close"
  std::vector<IndicatorParameter> parameters;
  std::vector<IndicatorOutput> outputs;
  std::string definition;  // in a line or two, and whose it is
  void (*compute)(IndicatorCall& call);
};

/// One column by its name: which indicator, with which parameters, and which of its outputs.
struct IndicatorColumn {
  const Indicator* indicator;
  ParameterValues values;
  std::size_t output;
  std::string other = {};  // the symbol that it compares with; empty: it is of one symbol's bars

  /// Its shortest name.
  std::string name() const;
  int warm_up() const { return indicator->outputs[output].warm_up(values); }
  ColumnKind kind() const { return indicator->outputs[output].kind; }
};

/// All indicators of one symbol's bars, by family and then as each family lists its own.
const std::vector<Indicator>& indicators();
/// Those that compare a symbol's bars with another's: BarColumns::other must be there. Rows of warm-up count from the
/// first bar that has one of the other beside it.
const std::vector<Indicator>& cross_asset_indicators();
/// Throws ConfigError naming the nearest.
const Indicator& find_indicator(std::string_view name);
/// "sma_20", "bb_upper", "macd_line_8_21_5", "cross_corr_ETHUSD_20". Throws ConfigError naming the nearest, or saying
/// which parameter is out of its range.
IndicatorColumn find_column(const std::string& name);

/// The usual parameters of an indicator.
ParameterValues usual_values(const Indicator& indicator);

}  // namespace moola::market
