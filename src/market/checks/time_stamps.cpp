#include "market/checks/time_stamps.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace moola::market {
namespace {

std::int64_t lower_median(std::vector<std::int64_t>& steps) {
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>((steps.size() - 1) / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

}  // namespace

TimeStampSummary check_time_stamps(std::span<const std::int64_t> time, const TimeStampOptions& options) {
  if (!(options.gap_factor >= 1))
    throw ConfigError(fmt::format("a gap of {} times the usual spacing: must be 1 or more.", options.gap_factor));
  TimeStampSummary out{.rows = time.size()};
  if (time.empty()) return out;
  out.first = time.front();
  out.last = time.back();
  std::vector<std::int64_t> steps;
  steps.reserve(time.size());
  const auto list = [&](std::vector<std::size_t>& rows, std::size_t row) {
    if (rows.size() < options.listed) rows.push_back(row);
  };
  for (std::size_t row = 1; row < time.size(); ++row) {
    if (time[row] > time[row - 1]) {
      steps.push_back(time[row] - time[row - 1]);
    } else if (time[row] == time[row - 1]) {
      ++out.duplicates;
      list(out.duplicate_rows, row);
    } else {
      ++out.back_steps;
      list(out.back_step_rows, row);
    }
  }
  out.median_spacing = lower_median(steps);
  const double longest_usual = options.gap_factor * static_cast<double>(out.median_spacing);
  std::vector<TimeGap> gaps;
  for (std::size_t row = 1; row < time.size(); ++row) {
    const TimeGap gap{.row = row, .from = time[row - 1], .to = time[row]};
    if (!(static_cast<double>(gap.length()) > longest_usual)) continue;
    gaps.push_back(gap);
    out.missing += gap.length() - out.median_spacing;
  }
  out.gaps = gaps.size();
  std::stable_sort(gaps.begin(), gaps.end(),
                   [](const TimeGap& a, const TimeGap& b) { return a.length() > b.length(); });
  gaps.resize(std::min(gaps.size(), options.listed));
  out.longest_gaps = std::move(gaps);
  return out;
}

}  // namespace moola::market
