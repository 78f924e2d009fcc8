#include "data/windows/window_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include "base/error.h"

namespace moola::data {
namespace {

using Fault = std::optional<WindowFault>;

// "3", or "3 (17_exp_2)".
std::string called(const WindowTable& table, std::uint64_t window) {
  return table.window_ids.empty() ? std::to_string(window) : fmt::format("{} ({})", window, table.window_ids[window]);
}

Fault value_fault(const WindowTable& table, std::uint64_t window) {
  const std::uint64_t values = table.length * table.channels;
  const std::span<const float> x = std::span(table.x).subspan(window * values, values);
  for (std::uint64_t i = 0; i < values; ++i) {
    if (std::isfinite(x[i])) continue;
    return WindowFault{"not_finite", fmt::format("window {}, bar {}, channel {} is {}", called(table, window),
                                                 i / table.channels, table.channel_names[i % table.channels], x[i])};
  }
  for (std::uint64_t i = 0; !table.feats.empty() && i < table.feature_names.size(); ++i) {
    const float value = table.feats[window * table.feature_names.size() + i];
    if (std::isfinite(value)) continue;
    return WindowFault{
        "not_finite", fmt::format("window {}, feature {} is {}", called(table, window), table.feature_names[i], value)};
  }
  return {};
}

Fault candle_fault(const WindowTable& table, std::uint64_t window) {
  for (std::uint64_t bar = 0; bar < table.length; ++bar) {
    const float* const x = table.x.data() + (window * table.length + bar) * 4;
    const float open = x[0], high = x[1], low = x[2], close = x[3];
    const bool candle = high >= std::max({open, close, low}) && low <= std::min(open, close);
    if (candle && low > 0.0F) continue;
    return WindowFault{candle ? "price_not_positive" : "not_a_candle",
                       fmt::format("window {}, bar {} has open {}, high {}, low {}, close {}", called(table, window),
                                   bar, open, high, low, close)};
  }
  return {};
}

Fault expansion_fault(const WindowTable& table, std::uint64_t window, const InnerBars& inner) {
  if (table.expansion_start.empty()) return {};
  const std::int64_t start = table.expansion_start[window], end = table.expansion_end[window];
  if (start == kNoValue && end == kNoValue) return {};
  if (start == kNoValue || end == kNoValue) {
    return WindowFault{"expansion_incomplete",
                       fmt::format("window {} has only one end of an expansion", called(table, window))};
  }
  const std::string what = fmt::format("expansion {} to {} in window {}", start, end, called(table, window));
  if (start < inner.begin || start >= inner.end || end < inner.begin || end >= inner.end) {
    return WindowFault{"expansion_outside",
                       fmt::format("{}; both are bars {} to {}", what, inner.begin, inner.end - 1)};
  }
  if (start >= end) return WindowFault{"expansion_order", what + "; its start comes before its end"};
  if (table.pointer_start.empty() || table.pointer_start[window] == kNoValue) return {};
  if (table.pointer_start[window] != start - inner.begin || table.pointer_end[window] != end - inner.begin) {
    return WindowFault{"pointers_disagree",
                       fmt::format("{}, but its pointers are {} to {} from bar {} on", what,
                                   table.pointer_start[window], table.pointer_end[window], inner.begin)};
  }
  return {};
}

}  // namespace

InnerBars usual_inner_bars(std::uint64_t length) {
  return length == 105 ? InnerBars{30, 75} : InnerBars{0, static_cast<std::int64_t>(length)};
}

InnerBars parse_inner_bars(const std::string& text, std::uint64_t length) {
  InnerBars inner;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, inner.begin);
  const bool colon = first.ec == std::errc() && first.ptr != end && *first.ptr == ':';
  const auto last = colon ? std::from_chars(first.ptr + 1, end, inner.end) : first;
  if (!colon || last.ec != std::errc() || last.ptr != end || inner.begin < 0 || inner.begin >= inner.end ||
      inner.end > static_cast<std::int64_t>(length)) {
    throw ConfigError(fmt::format(
        "--inner {}: expected BEGIN:END with 0 <= BEGIN < END <= {}, the bars of a window, END not included; 30:75 are "
        "bars 30 to 74.",
        text, length));
  }
  return inner;
}

void resolve_pointers(WindowTable& table, const InnerBars& inner) {
  if (table.pointer_start.empty()) return;
  table.expansion_start.resize(table.windows, kNoValue);
  table.expansion_end.resize(table.windows, kNoValue);
  for (std::uint64_t window = 0; window < table.windows; ++window) {
    if (table.expansion_start[window] != kNoValue || table.expansion_end[window] != kNoValue) continue;
    // Pointers that no window could hold stay what they are: they are refused by name later.
    const auto absolute = [&](std::int64_t pointer) {
      return pointer == kNoValue || pointer > INT32_MAX ? pointer : pointer + inner.begin;
    };
    table.expansion_start[window] = absolute(table.pointer_start[window]);
    table.expansion_end[window] = absolute(table.pointer_end[window]);
  }
}

std::optional<WindowFault> fault_of(const WindowTable& table, std::uint64_t window, const WindowRules& rules) {
  if (Fault fault = value_fault(table, window)) return fault;
  if (rules.candles) {
    if (Fault fault = candle_fault(table, window)) return fault;
  }
  return expansion_fault(table, window, rules.inner);
}

}  // namespace moola::data
