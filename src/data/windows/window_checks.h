#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "data/windows/window_table.h"

namespace moola::data {

/// Bars [begin, end) of a window.
struct InnerBars {
  std::int64_t begin = 0, end = 0;
};

/// What windows are held against.
struct WindowRules {
  bool candles = false;  // channels are open, high, low, close
  InnerBars inner;       // where an expansion may lie, and what pointers count from
};

/// The part of a window that may be marked: bars 30 to 74 of windows of 105 bars, else all of it. Source: reference
/// moola.md 1.1.
InnerBars usual_inner_bars(std::uint64_t length);
/// "30:75" to bars [30, 75). Throws ConfigError when it is no part of a window of `length` bars.
InnerBars parse_inner_bars(const std::string& text, std::uint64_t length);

/// Where a window has no expansion but pointers, the expansion is these, counted from the window's first bar.
void resolve_pointers(WindowTable& table, const InnerBars& inner);

struct WindowFault {
  std::string cause;  // not_finite, not_a_candle, price_not_positive, expansion_incomplete, …
  std::string what;   // with the window, the bar and the values
};

/// The first thing that is wrong with a window: a value that is not finite; a bar whose high is below, or whose low is
/// above, its open or close; a price of 0 or less (a bar's range is then below twice its middle by itself); an
/// expansion with one end only, one whose end is not after its start, one outside the inner bars, or one that its
/// pointers contradict. Call resolve_pointers before. Source: reference moola.md 1.2, 1.3.
std::optional<WindowFault> fault_of(const WindowTable& table, std::uint64_t window, const WindowRules& rules);

}  // namespace moola::data
