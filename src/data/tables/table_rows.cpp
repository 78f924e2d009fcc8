#include "data/tables/table_rows.h"

#include <fmt/format.h>

#include <cmath>

#include "base/utc_time.h"

namespace moola::data {
namespace {

using Fault = std::optional<std::string>;

Fault order_fault(const TableRows& rows, std::size_t symbols) {
  if (symbols == 0) return "names no symbol";
  if (rows.symbol.empty() && symbols > 1)
    return fmt::format("has {} symbols, but no column 'symbol' that says which row is of which", symbols);
  if (!rows.symbol.empty() && rows.symbol.size() != rows.size())
    return fmt::format("has {} rows, but {} values in 'symbol'", rows.size(), rows.symbol.size());
  for (std::size_t i = 0; i < rows.symbol.size(); ++i) {
    if (rows.symbol[i] < 0 || static_cast<std::size_t>(rows.symbol[i]) >= symbols)
      return fmt::format("has symbol {} in row {}, where there are {} symbols, counted from 0", rows.symbol[i], i,
                         symbols);
  }
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const bool same = rows.time[i] == rows.time[i - 1];
    const bool later_symbol = !rows.symbol.empty() && rows.symbol[i] > rows.symbol[i - 1];
    if (rows.time[i] < rows.time[i - 1] || (same && !later_symbol))
      return fmt::format("has row {} ({}) out of order: rows are in the order of time, then symbol, each pair once", i,
                         utc_text(rows.time[i]));
  }
  return {};
}

Fault segment_fault(const TableRows& rows) {
  if (rows.segment.size() != rows.size())
    return fmt::format("has {} rows, but {} values in 'segment'", rows.size(), rows.segment.size());
  std::vector<std::int32_t> owner;  // symbol of each segment, -1 while unknown
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int32_t segment = rows.segment[i], symbol = rows.symbol.empty() ? 0 : rows.symbol[i];
    if (segment < 0 || static_cast<std::size_t>(segment) >= rows.size())
      return fmt::format("has segment {} in row {}; segments are numbered from 0, at most one per row", segment, i);
    const auto at = static_cast<std::size_t>(segment);
    if (at >= owner.size()) owner.resize(at + 1, -1);
    if (owner[at] < 0) owner[at] = symbol;
    if (owner[at] != symbol) return fmt::format("has rows of two symbols in segment {} (row {})", segment, i);
  }
  return {};
}

Fault label_fault(const HorizonColumns& labels, const TableRows& rows) {
  for (const auto& [name, count] :
       {std::pair{"t1", labels.t1.size()}, std::pair{"weight", labels.weight.size()},
        std::pair{"quality", labels.quality.size()}, std::pair{"target", labels.target.size()},
        std::pair{"label", labels.label.size()}}) {
    if (count != 0 && count != rows.size())
      return fmt::format("has {} rows, but {} values in '{}_{}'", rows.size(), count, name, labels.horizon);
  }
  if (labels.label.empty() == labels.target.empty())
    return fmt::format("must have either 'label_{0}' or 'target_{0}'", labels.horizon);
  for (std::size_t i = 0; i < labels.target.size(); ++i) {
    if (std::isinf(labels.target[i]))
      return fmt::format("has {} in 'target_{}' of row {}; expected a finite number, or NaN for none", labels.target[i],
                         labels.horizon, i);
  }
  for (std::size_t i = 0; i < labels.label.size(); ++i) {
    const std::int8_t label = labels.label[i];
    if (label != kInvalidLabel && (label < -1 || label > 1))
      return fmt::format("has {} in 'label_{}' of row {}; expected -1, 0, 1, or -99 for none", int{label},
                         labels.horizon, i);
  }
  for (std::size_t i = 0; i < labels.t1.size(); ++i) {
    const bool none = labels.t1[i] == kNoTime;
    if (none == labels.has(i))
      return fmt::format("has {} in row {}",
                         none ? fmt::format("a label but no 't1_{}'", labels.horizon)
                              : fmt::format("no label but a 't1_{}'", labels.horizon),
                         i);
    if (!none && labels.t1[i] < rows.time[i])
      return fmt::format("has a label in row {} ({}) that would depend on nothing after {} ('t1_{}')", i,
                         utc_text(rows.time[i]), utc_text(labels.t1[i]), labels.horizon);
  }
  for (std::size_t i = 0; i < labels.weight.size(); ++i) {
    if (!(labels.weight[i] >= 0) || std::isinf(labels.weight[i]))
      return fmt::format("has the weight {} in 'weight_{}' of row {}; expected a finite number, 0 or more",
                         labels.weight[i], labels.horizon, i);
  }
  return {};
}

}  // namespace

std::optional<std::string> fault_of(const TableRows& rows, std::size_t symbols) {
  if (rows.time.empty()) return "holds no rows";
  if (Fault fault = order_fault(rows, symbols)) return fault;
  if (Fault fault = segment_fault(rows)) return fault;
  std::int32_t before = 0;
  for (const HorizonColumns& labels : rows.horizons) {
    if (labels.horizon <= before)
      return fmt::format("has horizon {} after {}; horizons are bars, from 1, ascending, each once", labels.horizon,
                         before);
    before = labels.horizon;
    if (Fault fault = label_fault(labels, rows)) return fault;
  }
  return {};
}

}  // namespace moola::data
