#include "work/prepare/window_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text_table.h"

namespace moola::work {
namespace {

constexpr std::int64_t kFewWindows = 50, kFewOfAClass = 2, kLopsided = 3;

std::vector<std::int64_t> class_counts(const PriceWindows& windows) {
  const data::hdf5::File& file = windows.reader().file();
  std::vector<std::int64_t> counts(file.list_attribute("label_names").size());
  const auto y = file.read<std::int32_t>("y");
  if (static_cast<std::int64_t>(y.size()) != windows.size()) {
    throw DataError(fmt::format("{} has {} windows and {} labels y; every window needs one.", file.path().string(),
                                windows.size(), y.size()));
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (y[i] < 0 || static_cast<std::size_t>(y[i]) >= counts.size()) {
      throw DataError(fmt::format("the label of window {} of {} is {}; there are {} label_names, counted from 0.", i,
                                  file.path().string(), y[i], counts.size()));
    }
    ++counts[static_cast<std::size_t>(y[i])];
  }
  return counts;
}

SetFinding check_expansions(const data::hdf5::File& file, const market::InnerWindow& inner) {
  const auto start = file.read<std::int32_t>("expansion_start"), end = file.read<std::int32_t>("expansion_end");
  std::int64_t outside = 0, first = -1;
  for (std::size_t i = 0; i < std::min(start.size(), end.size()); ++i) {
    const bool good = start[i] < end[i] && start[i] >= static_cast<std::int64_t>(inner.begin) &&
                      end[i] < static_cast<std::int64_t>(inner.end);
    if (good) continue;
    ++outside;
    if (first < 0) first = static_cast<std::int64_t>(i);
  }
  return {.check = "expansions",
          .expected = fmt::format("start before end, both in bars {}", market::to_string(inner)),
          .found = outside == 0 ? "all are" : fmt::format("{} are not, the first in window {}", outside, first),
          .holds = outside == 0};
}

}  // namespace

std::size_t WindowReport::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(bars, [](const market::WindowFinding& finding) { return finding.bars > 0; }) +
      std::ranges::count(set, false, &SetFinding::holds));
}

std::vector<SetFinding> check_set(const PriceWindows& windows, const market::InnerWindow& inner) {
  const data::hdf5::File& file = windows.reader().file();
  std::vector<SetFinding> out;
  out.push_back({.check = "windows",
                 .expected = fmt::format("{} at least", kFewWindows),
                 .found = std::to_string(windows.size()),
                 .holds = windows.size() >= kFewWindows});
  if (file.has_dataset("y")) {
    const std::vector<std::int64_t> counts = class_counts(windows);
    const std::int64_t least = counts.empty() ? 0 : std::ranges::min(counts);
    const std::int64_t most = counts.empty() ? 0 : std::ranges::max(counts);
    out.push_back({.check = "classes",
                   .expected = fmt::format("two at least, each of {} windows at least", kFewOfAClass),
                   .found = fmt::format("{}, the smallest of {}", counts.size(), least),
                   .holds = counts.size() >= 2 && least >= kFewOfAClass});
    out.push_back({.check = "balance",
                   .expected = fmt::format("the largest class at most {} times the smallest", kLopsided),
                   .found = fmt::format("{} and {}", most, least),
                   .holds = most <= kLopsided * least});
  }
  if (file.has_dataset("expansion_start") && file.has_dataset("expansion_end"))
    out.push_back(check_expansions(file, inner));
  return out;
}

Json to_json(const WindowReport& report) {
  Json bars = Json::array(), set = Json::array();
  for (const market::WindowFinding& finding : report.bars) {
    bars.push_back({{"check", finding.check},
                    {"expected", finding.expected},
                    {"windows", finding.windows},
                    {"bars", finding.bars},
                    {"first", finding.bars == 0 ? Json(nullptr)
                                                : Json{{"window", finding.first_window}, {"bar", finding.first_bar}}}});
  }
  for (const SetFinding& finding : report.set) {
    set.push_back(
        {{"check", finding.check}, {"expected", finding.expected}, {"found", finding.found}, {"holds", finding.holds}});
  }
  return {{"windows", report.windows},
          {"length", report.length},
          {"failed", report.failed()},
          {"bars", bars},
          {"set", set}};
}

std::string to_text(const WindowReport& report) {
  TextTable table({{"check"}, {"expected"}, {"found"}});
  for (const SetFinding& finding : report.set) {
    table.row({finding.check, finding.expected, finding.found + (finding.holds ? "" : "  <-")});
  }
  for (const market::WindowFinding& finding : report.bars) {
    table.row({std::string(finding.check), std::string(finding.expected),
               finding.bars == 0
                   ? "all do"
                   : fmt::format("{} bars of {} windows do not, the first bar {} of window {}  <-", finding.bars,
                                 finding.windows, finding.first_bar, finding.first_window)});
  }
  return table.text();
}

}  // namespace moola::work
