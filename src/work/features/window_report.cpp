#include "work/features/window_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/sha256.h"
#include "base/text_table.h"

namespace moola::work {
namespace {

constexpr std::int64_t kFewWindows = 50, kFewOfAClass = 2, kLopsided = 3;

// A number a window, where the set has such.
template <class T>
std::vector<T> companion(const PriceWindows& windows, const std::string& name) {
  const data::hdf5::File& file = windows.reader().file();
  if (!file.has_dataset(name)) return {};
  std::vector<T> values = file.read<T>(name);
  if (static_cast<std::int64_t>(values.size()) == windows.size()) return values;
  throw DataError(fmt::format("{} has {} windows and {} values of {}; every window needs one.", file.path().string(),
                              windows.size(), values.size(), name));
}

}  // namespace

std::size_t WindowReport::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(bars, [](const market::WindowFinding& finding) { return finding.bars > 0; }) +
      std::ranges::count(set, false, &SetFinding::holds));
}

WindowChecker::WindowChecker(const PriceWindows& windows, const market::InnerWindow& inner)
    : windows_(windows),
      inner_(inner),
      y_(companion<std::int32_t>(windows, "y")),
      group_(companion<std::int64_t>(windows, "group")) {
  const data::hdf5::File& file = windows.reader().file();
  if (y_.empty()) return;
  classes_ = file.list_attribute("label_names").size();
  for (std::size_t i = 0; i < y_.size(); ++i) {
    if (y_[i] >= 0 && static_cast<std::size_t>(y_[i]) < classes_) continue;
    throw DataError(fmt::format("the label of window {} of {} is {}; there are {} label_names, counted from 0.", i,
                                file.path().string(), y_[i], classes_));
  }
}

void WindowChecker::Twins::add(std::int64_t number, std::int64_t of) {
  if (differ++ > 0) return;
  window = number;
  earlier = of;
}

SetFinding WindowChecker::Twins::finding(std::string check, std::string expected) const {
  return {
      .check = std::move(check),
      .expected = std::move(expected),
      .found = differ == 0 ? "all do" : fmt::format("{} do not, the first windows {} and {}", differ, earlier, window),
      .holds = differ == 0};
}

void WindowChecker::add(const PriceWindows::Piece& piece) {
  for (std::int64_t i = 0; i < piece.count; ++i) {
    const std::int64_t number = piece.first + i;
    const std::span<const double> prices = piece.window(i);
    bars_.add(number, prices);
    if (y_.empty()) continue;
    const auto [at, is_first] = first_of_.emplace(Sha256().update(std::as_bytes(prices)).hex(), number);
    if (is_first) continue;
    const auto here = static_cast<std::size_t>(number), earlier = static_cast<std::size_t>(at->second);
    if (group_.empty() || group_[here] != group_[earlier]) other_group_.add(number, at->second);
    if (y_[here] != y_[earlier]) other_class_.add(number, at->second);
  }
}

SetFinding WindowChecker::expansions() const {
  const auto start = companion<std::int32_t>(windows_, "expansion_start");
  const auto end = companion<std::int32_t>(windows_, "expansion_end");
  std::int64_t outside = 0, first = -1;
  for (std::size_t i = 0; i < start.size(); ++i) {
    const bool none = start[i] == -1 && end[i] == -1;
    const bool good = start[i] < end[i] && start[i] >= static_cast<std::int64_t>(inner_.begin) &&
                      end[i] < static_cast<std::int64_t>(inner_.end);
    if (none || good) continue;
    if (outside++ == 0) first = static_cast<std::int64_t>(i);
  }
  return {.check = "expansions",
          .expected = fmt::format("start before end, both in bars {}, or none", market::to_string(inner_)),
          .found = outside == 0 ? "all are" : fmt::format("{} are not, the first in window {}", outside, first),
          .holds = outside == 0};
}

WindowReport WindowChecker::report() const {
  WindowReport out{.windows = windows_.size(), .length = windows_.length(), .bars = bars_.findings(), .set = {}};
  out.set.push_back({.check = "windows",
                     .expected = fmt::format("{} at least", kFewWindows),
                     .found = std::to_string(windows_.size()),
                     .holds = windows_.size() >= kFewWindows});
  if (!y_.empty()) {
    std::vector<std::int64_t> counts(classes_);
    for (const std::int32_t label : y_) ++counts[static_cast<std::size_t>(label)];
    const std::int64_t least = std::ranges::min(counts), most = std::ranges::max(counts);
    out.set.push_back({.check = "classes",
                       .expected = fmt::format("two at least, each of {} windows at least", kFewOfAClass),
                       .found = fmt::format("{}, the smallest of {}", classes_, least),
                       .holds = classes_ >= 2 && least >= kFewOfAClass});
    out.set.push_back({.check = "balance",
                       .expected = fmt::format("the largest class at most {} times the smallest", kLopsided),
                       .found = fmt::format("{} and {}", most, least),
                       .holds = most <= kLopsided * least});
    out.set.push_back(other_group_.finding("twins", "windows of the same bars share a group"));
    out.set.push_back(other_class_.finding("contradictions", "windows of the same bars share a class"));
  }
  const data::hdf5::File& file = windows_.reader().file();
  if (file.has_dataset("expansion_start") && file.has_dataset("expansion_end")) out.set.push_back(expansions());
  return out;
}

WindowReport check_windows(const PriceWindows& windows, const market::InnerWindow& inner) {
  WindowChecker checker(windows, inner);
  PriceWindows::Piece piece;
  for (std::int64_t first = 0; first < windows.size(); first += piece.count) {
    windows.read(first, std::min(windows.piece(0), windows.size() - first), piece);
    checker.add(piece);
  }
  return checker.report();
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
