#include "data/windows/window_table_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "base/error.h"
#include "data/windows/window_groups.h"

namespace moola::data {
namespace {

// Bars of windows as they are stored: -1 where there is none.
std::vector<std::int32_t> stored_bars(const std::vector<std::int64_t>& values) {
  std::vector<std::int32_t> bars;
  for (const std::int64_t value : values) bars.push_back(value == kNoValue ? -1 : static_cast<std::int32_t>(value));
  return bars;
}

std::vector<std::int32_t> class_numbers(const WindowTable& table) {
  std::vector<std::int32_t> y;
  for (const std::string& label : table.labels) {
    const auto found = std::ranges::find(table.label_names, label);
    if (found == table.label_names.end()) throw std::logic_error("a window has a label that is no class: " + label);
    y.push_back(static_cast<std::int32_t>(found - table.label_names.begin()));
  }
  return y;
}

template <class T>
void add(std::vector<Column>& columns, const char* name, const std::vector<T>& values) {
  if (!values.empty()) columns.emplace_back(name, std::span<const T>(values));
}

}  // namespace

void write_window_table(DatasetWriter& writer, const WindowTable& table) {
  const bool labelled = !table.labels.empty();
  const std::vector<std::int32_t> y = class_numbers(table), starts = stored_bars(table.expansion_start),
                                  ends = stored_bars(table.expansion_end);
  const std::vector<std::int64_t> groups = labelled ? groups_of(table) : std::vector<std::int64_t>();
  std::vector<Column> columns{
      {"X", std::span<const float>(table.x), hdf5::Shape{table.windows, table.length, table.channels}}};
  if (!table.feats.empty()) {
    columns.emplace_back("X_feats", std::span<const float>(table.feats),
                         hdf5::Shape{table.windows, table.feature_names.size()});
  }
  add(columns, "t0", table.t0);
  add(columns, "t1", table.t1);
  add(columns, "raw_start", table.raw_start);
  add(columns, "raw_end", table.raw_end);
  if (labelled) {
    add(columns, "y", y);
    add(columns, "group", groups);
    add(columns, "weight", table.weight);
    add(columns, "expansion_start", starts);
    add(columns, "expansion_end", ends);
  }
  writer.write(std::move(columns));
  writer.file().set_attribute("channel_names", table.channel_names);
  if (!table.feats.empty()) writer.file().set_attribute("feature_names", table.feature_names);
  if (!labelled) return;
  writer.file().set_attribute("label_names", table.label_names);
  if (!table.window_ids.empty()) writer.file().set_attribute("window_ids", table.window_ids);
  // Rows are in the order of time; without stamps nobody knows how far apart, and nothing can be purged.
  writer.file().set_attribute("intervals", std::string(table.t0.empty() ? "unknown" : "known"));
}

WindowTable read_window_table(const DatasetReader& reader) {
  const hdf5::File& file = reader.file();
  const std::set<std::string> known{
      "X", "X_feats", "y", "t0", "t1", "raw_start", "raw_end", "group", "weight", "expansion_start", "expansion_end"};
  for (const std::string& name : file.dataset_names()) {
    if (!known.contains(name)) {
      throw DataError(
          fmt::format("{} has a data set '{}', which a new version of it would lose.", file.path().string(), name));
    }
  }
  const hdf5::Dataset x = file.dataset("X");
  if (x.shape().size() != 3) {
    throw DataError(fmt::format("X of {} has {} axes; expected windows x bars x channels.", file.path().string(),
                                x.shape().size()));
  }
  WindowTable table{.windows = x.shape()[0], .length = x.shape()[1], .channels = x.shape()[2]};
  table.x = x.read<float>();
  table.channel_names = file.list_attribute("channel_names");
  table.label_names = file.list_attribute("label_names");
  const auto read = [&]<class T>(const char* name, std::vector<T>& values) {
    if (!file.has_dataset(name)) return;
    values = file.read<T>(name);
    if (values.size() % table.windows != 0 || values.empty())
      throw DataError(fmt::format("data set '{}' of {} has {} values for {} windows.", name, file.path().string(),
                                  values.size(), table.windows));
  };
  std::vector<std::int32_t> y, starts, ends;
  read("y", y);
  read("expansion_start", starts);
  read("expansion_end", ends);
  read("X_feats", table.feats);
  read("weight", table.weight);
  read("t0", table.t0);
  read("t1", table.t1);
  read("raw_start", table.raw_start);
  read("raw_end", table.raw_end);
  if (!table.feats.empty()) table.feature_names = file.list_attribute("feature_names");
  if (file.attribute("window_ids")) table.window_ids = file.list_attribute("window_ids");
  for (const std::int32_t label : y) {
    if (label < 0 || static_cast<std::size_t>(label) >= table.label_names.size())
      throw DataError(
          fmt::format("{} has the class {} and {} names.", file.path().string(), label, table.label_names.size()));
    table.labels.push_back(table.label_names[static_cast<std::size_t>(label)]);
  }
  for (const auto& [bars, into] :
       {std::pair{&starts, &table.expansion_start}, std::pair{&ends, &table.expansion_end}}) {
    for (const std::int32_t bar : *bars) into->push_back(bar < 0 ? kNoValue : bar);
  }
  return table;
}

}  // namespace moola::data
