#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moola::market {

/// Bars [begin, end) of a window that a pattern is looked for in; what stands before and after is its surroundings.
struct InnerWindow {
  std::size_t begin = 30, end = 75;

  bool operator==(const InnerWindow&) const = default;
};

/// The inner window of `length` bars: from 2/7 to 5/7 of them, rounded down and one bar at least; [30, 75) of 105.
InnerWindow usual_inner_window(std::size_t length);

/// "30..74" (the first and the last bar) of windows of `length` bars. Throws ConfigError.
InnerWindow parse_inner_window(std::string_view text, std::size_t length);
std::string to_string(const InnerWindow& inner);

/// How the numbers of a set lie.
enum class WindowFeatureForm {
  per_bar,     // a number a bar and column: channels of a window
  per_window,  // a number a window and column
  unrolled,    // a number a window, column and bar: the channels of a window as one row
};
std::string_view to_string(WindowFeatureForm form);

struct WindowFeatureColumn {
  std::string name;
  std::string definition;         // its formula
  std::string range;              // "[0, 1]"
  std::string undefined = {};     // what stands where the formula has no value; empty: it has one everywhere
  std::size_t complete_from = 0;  // the first bar whose value has all the bars behind it that the formula asks for
};

/// Features of one window (T, 4) of open, high, low and close, row-major, finite and above 0. A set looks at nothing
/// outside the window, and a value of a bar at no later bar.
struct WindowFeatureSet {
  using Compute = void (*)(std::span<const double> window, const InnerWindow& inner, std::span<float> out);

  std::string name, title, definition;
  WindowFeatureForm form = WindowFeatureForm::per_bar;
  std::vector<WindowFeatureColumn> columns;
  /// Fills `out`: (T, columns), or (columns) of a set per window. Every value is finite, also of candles that cannot be
  /// (a high below the low).
  Compute compute = nullptr;

  /// Numbers of a window of `length` bars.
  std::size_t values(std::size_t length) const;
  /// Names of channels or columns of a window of `length` bars, after the set's own name: "relativity_body",
  /// "hopsketch_body_104".
  std::vector<std::string> names(std::size_t length) const;
};

/// All sets, in the order of the reference.
const std::vector<WindowFeatureSet>& window_feature_sets();

/// The set of a name. Throws ConfigError that names the nearest.
const WindowFeatureSet& find_window_feature_set(std::string_view name);

}  // namespace moola::market
