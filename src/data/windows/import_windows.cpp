#include "data/windows/import_windows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/sha256.h"
#include "data/store/dataset.h"

namespace moola::data {
namespace {

// Whether four channels behave like a candle in every bar.
bool look_like_prices(const WindowTable& table) {
  if (table.channels != 4 || table.x.empty()) return false;
  for (std::size_t i = 0; i + 3 < table.x.size(); i += 4) {
    const float open = table.x[i], high = table.x[i + 1], low = table.x[i + 2], close = table.x[i + 3];
    if (std::isnan(open + high + low + close)) continue;
    if (high < std::max(open, close) || low > std::min(open, close) || low <= 0.0F) return false;
  }
  return true;
}

void name_channels(WindowTable& table, const WindowImport& options, const std::string& file) {
  if (!options.channels.empty()) table.channel_names = options.channels;
  if (table.channel_names.empty() && look_like_prices(table)) table.channel_names = {"open", "high", "low", "close"};
  if (table.channel_names.empty()) {
    for (std::uint64_t c = 0; c < table.channels; ++c) table.channel_names.push_back(fmt::format("channel_{}", c));
  }
  if (table.channel_names.size() != table.channels) {
    throw DataError(fmt::format("{} has {} channels, but {} names are given for them ({}).", file, table.channels,
                                table.channel_names.size(), fmt::join(table.channel_names, ", ")));
  }
  std::set<std::string> seen;
  for (const std::string& name : table.channel_names) {
    if (name.empty() || !seen.insert(name).second) {
      throw DataError(fmt::format("the channels of {} are named {}: every channel needs a name of its own.", file,
                                  fmt::join(table.channel_names, ", ")));
    }
  }
}

// The first value of a window that is not finite.
std::optional<std::uint64_t> not_finite(const WindowTable& table, std::uint64_t window) {
  const std::uint64_t values = table.length * table.channels;
  for (std::uint64_t i = 0; i < values; ++i) {
    if (!std::isfinite(table.x[window * values + i])) return i;
  }
  return std::nullopt;
}

template <class T>
void keep(std::vector<T>& values, const std::vector<std::uint64_t>& rows, std::uint64_t row_values = 1) {
  if (values.empty()) return;
  std::size_t to = 0;
  for (const std::uint64_t row : rows) {
    for (std::uint64_t i = 0; i < row_values; ++i) values[to++] = std::move(values[row * row_values + i]);
  }
  values.resize(to);
}

// Takes unusable windows out, or refuses them.
std::map<std::string, std::uint64_t> clean(WindowTable& table, const WindowImport& options, const std::string& file) {
  std::vector<std::uint64_t> rows, bad;
  std::string first;
  for (std::uint64_t window = 0; window < table.windows; ++window) {
    const auto value = not_finite(table, window);
    if (!value) {
      rows.push_back(window);
      continue;
    }
    if (bad.empty()) {
      first = fmt::format("window {}, bar {}, channel {} is {}", window, *value / table.channels,
                          table.channel_names[*value % table.channels],
                          table.x[window * table.length * table.channels + *value]);
    }
    bad.push_back(window);
  }
  if (bad.empty()) return {};
  if (options.not_finite == NotFinite::refuse || rows.empty()) {
    throw DataError(fmt::format(
        "{} holds values that are not finite in {} of {} windows; the first: {} (counted from 0). {}", file, bad.size(),
        table.windows, first,
        rows.empty() ? "No window would be left." : "Put them right, or leave these windows out with --drop-nan."));
  }
  keep(table.x, rows, table.length * table.channels);
  keep(table.labels, rows);
  keep(table.window_ids, rows);
  for (auto* values : {&table.t0, &table.t1, &table.expansion_start, &table.expansion_end}) keep(*values, rows);
  table.windows = rows.size();
  return {{"not_finite", bad.size()}};
}

void check(const WindowTable& table, const std::string& file) {
  const auto refuse = [&](const std::string& what) { throw DataError(fmt::format("{} {}.", file, what)); };
  if (table.windows == 0 || table.length == 0 || table.channels == 0) {
    refuse(fmt::format("holds no windows: its shape is {} x {} x {} (windows, bars, channels)", table.windows,
                       table.length, table.channels));
  }
  if (table.t0.size() != table.t1.size()) refuse("has only one of t0 and t1; a window's interval has both");
  for (std::size_t i = 0; i < table.t0.size(); ++i) {
    if (table.t1[i] < table.t0[i]) refuse(fmt::format("has t1 before t0 in window {}", i));
  }
  if (table.expansion_start.size() != table.expansion_end.size())
    refuse("has only one of expansion_start and expansion_end");
  for (std::size_t i = 0; i < table.expansion_start.size(); ++i) {
    const std::int64_t start = table.expansion_start[i], end = table.expansion_end[i];
    if (start < 0 || start > end || end >= static_cast<std::int64_t>(table.length)) {
      refuse(fmt::format("has the expansion {} to {} in window {}; both are bars of the window, 0 to {}, in order",
                         start, end, i, table.length - 1));
    }
  }
}

// Windows cut from the same bars share a group: ids such as 17_exp_1 and 17_exp_2 name the same base.
std::vector<std::int64_t> groups_of(const std::vector<std::string>& ids) {
  std::vector<std::int64_t> groups;
  std::unordered_map<std::string, std::int64_t> known;
  for (const std::string& id : ids) {
    groups.push_back(
        known.emplace(id.substr(0, id.find("_exp_")), static_cast<std::int64_t>(known.size())).first->second);
  }
  return groups;
}

// Classes as they sort: numbers by value, anything else as text.
std::vector<std::string> sorted_names(const std::vector<std::string>& labels) {
  const std::set<std::string> distinct(labels.begin(), labels.end());
  std::vector<std::string> names(distinct.begin(), distinct.end());
  const auto number = [](const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
  };
  if (std::ranges::all_of(names, [&](const std::string& text) { return number(text).has_value(); }))
    std::ranges::sort(names, {}, [&](const std::string& text) { return *number(text); });
  return names;
}

std::vector<std::int32_t> narrow(const std::vector<std::int64_t>& values) {
  return {values.begin(), values.end()};
}

std::string name_of(const std::filesystem::path& file) {
  std::string name = file.stem().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-' && c != '.') c = '_';
  }
  return name;
}

}  // namespace

WindowImportResult import_windows(const std::filesystem::path& workspace, const std::filesystem::path& file,
                                  const WindowImport& options) {
  const std::string path = file.string();
  WindowTable table = read_windows_file(file, {.channels = options.channels.size()});
  check(table, path);
  name_channels(table, options, path);
  WindowImportResult result;
  result.dropped = clean(table, options, path);
  result.ignored = table.ignored;

  const bool labelled = !table.labels.empty();
  if (labelled && table.label_names.empty()) table.label_names = sorted_names(table.labels);
  std::vector<std::int32_t> y;
  for (const std::string& label : table.labels) {
    y.push_back(static_cast<std::int32_t>(std::ranges::find(table.label_names, label) - table.label_names.begin()));
  }
  const std::vector<std::int64_t> groups = groups_of(table.window_ids);
  const std::vector<std::int32_t> starts = narrow(table.expansion_start), ends = narrow(table.expansion_end);

  DatasetWriter writer(workspace, {labelled ? "labeled_windows" : "unlabeled_windows",
                                   options.name.empty() ? name_of(file) : options.name, options.version});
  std::vector<Column> columns{
      {"X", std::span<const float>(table.x), hdf5::Shape{table.windows, table.length, table.channels}}};
  if (labelled) columns.emplace_back("y", std::span<const std::int32_t>(y));
  if (labelled && !groups.empty()) columns.emplace_back("group", std::span<const std::int64_t>(groups));
  if (!table.t0.empty()) {
    columns.emplace_back("t0", std::span<const std::int64_t>(table.t0));
    columns.emplace_back("t1", std::span<const std::int64_t>(table.t1));
  }
  if (labelled && !starts.empty()) {
    columns.emplace_back("expansion_start", std::span<const std::int32_t>(starts));
    columns.emplace_back("expansion_end", std::span<const std::int32_t>(ends));
  }
  writer.write(std::move(columns));
  writer.file().set_attribute("channel_names", table.channel_names);
  if (labelled) writer.file().set_attribute("label_names", table.label_names);
  writer.manifest()["source_sha256"] = sha256_of_file(file);
  writer.manifest()["dropped"] = result.dropped;
  if (!table.ignored.empty()) writer.manifest()["ignored"] = table.ignored;

  result.id = writer.id();
  result.file = writer.target();
  result.windows = table.windows;
  result.length = table.length;
  result.channels = table.channel_names;
  result.label_names = table.label_names;
  result.content_sha256 = writer.finish({{"source", std::filesystem::absolute(file).string()}});
  return result;
}

}  // namespace moola::data
