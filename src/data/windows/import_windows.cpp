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
#include "base/nearest.h"
#include "base/sha256.h"
#include "data/store/dataset.h"
#include "data/windows/blacklist.h"
#include "data/windows/window_checks.h"
#include "data/windows/window_groups.h"
#include "data/windows/window_table_file.h"

namespace moola::data {
namespace {

const std::vector<std::string> kPrices{"open", "high", "low", "close"};

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
  // What has an expansion marked is prices, also where a bar is wrong: that is said then.
  const bool marked = table.channels == 4 && (!table.expansion_start.empty() || !table.pointer_start.empty());
  if (table.channel_names.empty() && (marked || look_like_prices(table))) table.channel_names = kPrices;
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

std::optional<RawRange> range_of(const WindowTable& table, std::uint64_t window) {
  if (!table.raw_start.empty() && table.raw_start[window] != kNoValue) {
    const std::int64_t first = table.raw_start[window];
    const bool end = !table.raw_end.empty() && table.raw_end[window] != kNoValue;
    return RawRange{first, end ? table.raw_end[window] : first + static_cast<std::int64_t>(table.length) - 1};
  }
  // Windows that were cut by number say it in their ids.
  if (table.window_ids.empty()) return std::nullopt;
  std::string_view id = table.window_ids[window];
  if (!id.starts_with("window_")) return std::nullopt;
  id.remove_prefix(7);
  std::int64_t first = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), first);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return RawRange{first, first + static_cast<std::int64_t>(table.length) - 1};
}

// Takes blacklisted windows out, and those that something is wrong with, or refuses the file for these.
void clean(WindowTable& table, const WindowImport& options, const WindowRules& rules, const std::string& file,
           WindowImportResult& result) {
  const Blacklist blacklist = options.blacklist.empty() ? Blacklist() : read_blacklist(options.blacklist);
  std::vector<std::uint64_t> rows;
  std::map<std::string, std::string> first_cases;
  bool refused = false;
  std::uint64_t unplaced = 0;
  for (std::uint64_t window = 0; window < table.windows; ++window) {
    const std::optional<RawRange> range = range_of(table, window);
    unplaced += range ? 0 : 1;
    std::optional<std::string> cause =
        blacklist.against(table.window_ids.empty() ? "" : table.window_ids[window], range);
    if (!cause) {
      if (const auto fault = fault_of(table, window, rules)) {
        cause = fault->cause;
        first_cases.emplace(fault->cause, fault->what);
        const bool dropped =
            options.drop_invalid || (fault->cause == "not_finite" && options.not_finite == NotFinite::drop);
        refused = refused || !dropped;
      }
    }
    if (!cause) {
      rows.push_back(window);
    } else {
      ++result.dropped[*cause];
      result.dropped_windows[*cause].push_back(table.name_of(window));
    }
  }
  if (refused || rows.empty()) {
    std::string counts;
    for (const auto& [cause, what] : first_cases) {
      counts += fmt::format("{}{} in {} of {} windows; the first: {}", counts.empty() ? "" : ". ", cause,
                            result.dropped[cause], table.windows, what);
    }
    throw DataError(fmt::format(
        "{} holds windows that are not as they must be: {} (counted from 0). {}", file,
        counts.empty() ? "all are blacklisted" : counts,
        rows.empty()
            ? "No window would be left."
            : "Put them right, or leave such windows out with --drop-invalid (--drop-nan for not_finite alone)."));
  }
  if (!blacklist.entries().empty() && unplaced > 0) {
    result.notes.push_back(fmt::format(
        "{} windows do not say which bars they are (raw_start_idx), so the blacklist knows them by window_id alone",
        unplaced));
  }
  if (rows.size() < table.windows) table = table.chosen(rows);
}

void check_pair(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b, const std::string& names,
                const std::string& file) {
  if (a.size() != b.size()) throw DataError(fmt::format("{} has only one of {}.", file, names));
}

void check(const WindowTable& table, const WindowImport& options, const std::string& file) {
  const auto refuse = [&](const std::string& what) { throw DataError(fmt::format("{} {}.", file, what)); };
  if (table.windows == 0 || table.length == 0 || table.channels == 0) {
    refuse(fmt::format("holds no windows: its shape is {} x {} x {} (windows, bars, channels)", table.windows,
                       table.length, table.channels));
  }
  if (options.length != 0 && table.length != options.length)
    refuse(fmt::format("has windows of {} bars, where --length says {}", table.length, options.length));
  check_pair(table.t0, table.t1, "t0 and t1; a window's interval has both", file);
  for (std::size_t i = 0; i < table.t0.size(); ++i) {
    if (table.t1[i] < table.t0[i]) refuse(fmt::format("has t1 before t0 in window {}", i));
  }
  check_pair(table.expansion_start, table.expansion_end, "expansion_start and expansion_end", file);
  check_pair(table.pointer_start, table.pointer_end, "pointer_start and pointer_end", file);
  std::set<std::string> ids;
  for (const std::string& id : table.window_ids) {
    if (!ids.insert(id).second) refuse(fmt::format("has two windows with the id '{}'", id));
  }
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

void name_labels(WindowTable& table, const std::vector<std::string>& classes, const std::string& file) {
  if (table.labels.empty()) return;
  if (!classes.empty()) table.label_names = classes;
  if (table.label_names.empty()) table.label_names = sorted_names(table.labels);
  for (std::uint64_t window = 0; window < table.windows; ++window) {
    if (std::ranges::find(table.label_names, table.labels[window]) != table.label_names.end()) continue;
    throw DataError(fmt::format("{}: window {} is labelled '{}', but the classes are {}.{}", file,
                                table.name_of(window), table.labels[window], fmt::join(table.label_names, ", "),
                                did_you_mean(table.labels[window], table.label_names)));
  }
}

// Of a folder: of its files' names and hashes, in the order of the names.
std::string hash_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return sha256_of_file(path);
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file()) files[entry.path().filename().string()] = sha256_of_file(entry.path());
  }
  std::string all;
  for (const auto& [name, hash] : files) all += fmt::format("{} {}\n", name, hash);
  return sha256_hex(all);
}

std::string name_of(const std::filesystem::path& file) {
  std::string name = (file.filename().empty() ? file.parent_path() : file).stem().string();
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
  check(table, options, path);
  name_channels(table, options, path);
  const InnerBars inner =
      options.inner.empty() ? usual_inner_bars(table.length) : parse_inner_bars(options.inner, table.length);
  resolve_pointers(table, inner);
  WindowImportResult result;
  clean(table, options, {.candles = table.channel_names == kPrices, .inner = inner}, path, result);
  name_labels(table, options.classes, path);
  for (const std::vector<std::uint64_t>& same : conflicting_labels(table)) {
    result.conflicts.emplace_back();
    for (const std::uint64_t window : same)
      result.conflicts.back().push_back(fmt::format("{}: {}", table.name_of(window), table.labels[window]));
  }

  DatasetWriter writer(workspace, {table.labels.empty() ? "unlabeled_windows" : "labeled_windows",
                                   options.name.empty() ? name_of(file) : options.name, options.version});
  write_window_table(writer, table);
  Json& manifest = writer.manifest();
  manifest["source_sha256"] = hash_of(file);
  manifest["dropped"] = result.dropped;
  manifest["dropped_windows"] = result.dropped_windows;
  manifest["conflicts"] = result.conflicts;
  manifest["inner"] = {inner.begin, inner.end};
  if (!options.blacklist.empty()) manifest["blacklist_sha256"] = sha256_of_file(options.blacklist);
  if (!table.ignored.empty()) manifest["ignored"] = table.ignored;

  result.windows = table.windows;
  result.length = table.length;
  result.channels = table.channel_names;
  result.features = table.feature_names;
  result.label_names = table.label_names;
  for (const std::string& label : table.labels) ++result.classes[label];
  result.ignored = table.ignored;
  if (!table.labels.empty() && table.t0.empty())
    result.notes.emplace_back(
        "the windows have no times (t0, t1): they stand in their order, and nothing that needs purging will take them");
  result.content_sha256 = writer.finish({{"source", std::filesystem::absolute(file).string()}});
  result.id = writer.id();
  result.file = writer.target();
  return result;
}

}  // namespace moola::data
