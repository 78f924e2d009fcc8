#include "market/clean/fill_gaps.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/utc_time.h"

namespace moola::market {
namespace {

void append_filled(Bars& to, std::int64_t time, double close) {
  to.push_back(time, close, close, close, close, 0, kFilled);
}

}  // namespace

GapReport fill_gaps(Bars& bars, std::int64_t step, const SessionCalendar& calendar, std::int64_t longest_fill) {
  if (step <= 0) throw std::invalid_argument("bars without a step have no gaps");
  GapReport report;
  if (bars.empty()) return report;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (bars.time[i] % step == 0) continue;
    throw DataError(
        fmt::format("bar {} ({}) does not begin at a multiple of {} s, so there is no telling which bars are "
                    "missing.",
                    i + 1, utc_text(bars.time[i]), static_cast<double>(step) / 1e9));
  }
  const auto open = calendar.intervals(bars.time.front(), bars.time.back());
  Bars out;
  std::size_t session = 0;
  bool fresh = true;  // no bar of this interval yet
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const std::int64_t time = bars.time[i];
    while (session < open.size() && open[session].close <= time) {
      ++session;
      fresh = true;
    }
    const bool inside = session < open.size() && open[session].open <= time;
    out.push_back(bars, i);
    report.outside += !inside;
    if (!inside) continue;
    if (fresh && !calendar.always_open()) out.flags.back() |= kSessionEdge;
    fresh = false;
    const std::int64_t next = i + 1 < bars.size() ? bars.time[i + 1] : time + step;
    if (next >= open[session].close) continue;  // what is missing before a close is the session's end
    const std::int64_t missing = (next - time) / step - 1;
    if (missing <= 0) continue;
    report.longest = std::max(report.longest, next - time - step);
    if (missing * step > longest_fill) {
      ++report.left_gaps;
      report.left_bars += missing;
      continue;
    }
    ++report.gaps;
    report.filled_bars += missing;
    for (std::int64_t at = time + step; at < next; at += step) append_filled(out, at, bars.close[i]);
  }
  bars = std::move(out);
  return report;
}

}  // namespace moola::market
