#include "data/tables/source_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/utc_time.h"
#include "data/tables/table_segments.h"

namespace moola::data {

std::vector<std::int8_t> read_labels(const JoinedTables& sources, const std::string& column,
                                     const std::map<std::string, std::int8_t>& meaning) {
  std::vector<std::int8_t> labels;
  const std::vector<std::string> texts = sources.texts(column);
  labels.reserve(texts.size());
  for (std::uint64_t row = 0; row < texts.size(); ++row) {
    const std::string& text = texts[row];
    if (const auto found = meaning.find(text); found != meaning.end()) {
      labels.push_back(found->second);
    } else if (text.empty()) {
      labels.push_back(kInvalidLabel);
    } else {
      std::vector<std::string> known;
      for (const auto& [value, label] : meaning) known.push_back(value);
      sources.refuse(
          column, row,
          fmt::format("a label is one of {}, or nothing; say what others mean with --label-values VALUE=LABEL,…",
                      fmt::join(known, ", ")));
    }
  }
  return labels;
}

std::vector<std::int64_t> read_label_ends(const JoinedTables& sources, const std::string& column, const TimeZone& zone,
                                          std::span<const std::int8_t> label, std::span<const std::int64_t> time) {
  std::vector<std::int64_t> ends = sources.stamps(column, zone);
  for (std::uint64_t row = 0; row < ends.size(); ++row) {
    if (label[row] == kInvalidLabel) {
      ends[row] = kNoTime;
    } else if (ends[row] == kNoTime) {
      sources.refuse(column, row, "a row with a label needs the time that its label depends on last");
    } else if (ends[row] < time[row]) {
      sources.refuse(column, row, fmt::format("a label ends before its row's own time, {}", utc_text(time[row])));
    }
  }
  return ends;
}

std::vector<float> read_weights(const JoinedTables& sources, const std::string& column,
                                std::span<const std::int8_t> label) {
  std::vector<float> weights;
  const std::vector<double> values = sources.numbers(column);
  for (std::uint64_t row = 0; row < values.size(); ++row) {
    const double value = values[row];
    const bool fine = value >= 0 && std::isfinite(static_cast<float>(value));
    if (!fine && label[row] != kInvalidLabel) sources.refuse(column, row, "a weight is a finite number, 0 or more");
    weights.push_back(fine ? static_cast<float>(value) : 0.0F);
  }
  return weights;
}

std::int64_t usual_distance(const TableRows& rows) {
  std::vector<std::int64_t> last(1, kNoTime), distances;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto symbol = rows.symbol.empty() ? std::size_t{0} : static_cast<std::size_t>(rows.symbol[i]);
    if (symbol >= last.size()) last.resize(symbol + 1, kNoTime);
    if (last[symbol] != kNoTime) distances.push_back(rows.time[i] - last[symbol]);
    last[symbol] = rows.time[i];
  }
  if (distances.empty()) return 0;
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

std::vector<std::int64_t> label_ends_after(const TableRows& rows, std::span<const std::int8_t> label,
                                           std::int32_t bars) {
  const std::int64_t distance = usual_distance(rows);
  std::vector<std::int32_t> symbol = rows.symbol;
  symbol.resize(rows.size());
  const SegmentRows of = rows_by_segment(symbol);
  std::vector<std::int64_t> ends(rows.size(), kNoTime);
  for (std::size_t s = 0; s < of.segments(); ++s) {
    const std::span<const std::int64_t> mine = of.of(s);
    for (std::size_t i = 0; i < mine.size(); ++i) {
      const auto row = static_cast<std::size_t>(mine[i]);
      if (label[row] == kInvalidLabel) continue;
      const std::size_t end = i + static_cast<std::size_t>(bars), last = mine.size() - 1;
      ends[row] = rows.time[static_cast<std::size_t>(mine[std::min(end, last)])] +
                  distance * static_cast<std::int64_t>(end - std::min(end, last));
    }
  }
  return ends;
}

}  // namespace moola::data
