#include "data/windows/cut_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <ranges>
#include <set>

#include "base/atomic_file.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "data/store/dataset.h"
#include "market/bars.h"

namespace moola::data {
namespace {

constexpr std::int64_t kPieceBars = std::int64_t{1} << 18;

struct Cut {
  std::vector<Parent> parents;
  std::vector<std::string> symbols;
  std::vector<WindowRun> runs;
  std::int64_t windows = 0;
  // Stamps of the first and last bar that is in any window.
  std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = std::numeric_limits<std::int64_t>::min();
};

std::int64_t stamp_at(const hdf5::Dataset& time, std::int64_t bar) {
  std::int64_t stamp = 0;
  time.read_rows<std::int64_t>(static_cast<std::uint64_t>(bar), 1, std::span(&stamp, 1));
  return stamp;
}

void cut_series(const DatasetReader& reader, const WindowShape& shape, std::int32_t series, Cut& cut,
                std::int64_t& longest) {
  const hdf5::Dataset time = reader.file().dataset("time"), flags = reader.file().dataset("flags");
  const auto rows = static_cast<std::int64_t>(time.rows());
  RunFinder finder(shape, series);
  std::vector<std::int64_t> stamps;
  std::vector<std::uint8_t> marks;
  for (std::int64_t done = 0; done < rows; done += kPieceBars) {
    const auto count = static_cast<std::size_t>(std::min(kPieceBars, rows - done));
    stamps.resize(count);
    marks.resize(count);
    time.read_rows<std::int64_t>(static_cast<std::uint64_t>(done), count, stamps);
    flags.read_rows<std::uint8_t>(static_cast<std::uint64_t>(done), count, marks);
    finder.add(stamps, marks);
  }
  const std::vector<WindowRun> runs = finder.finish();
  longest = std::max(longest, finder.longest_stretch());
  if (runs.empty()) return;
  const WindowRun& end = runs.back();
  cut.first = std::min(cut.first, stamp_at(time, runs.front().begin));
  cut.last = std::max(cut.last, stamp_at(time, end.begin + (end.windows - 1) * shape.stride + shape.length - 1));
  std::ranges::copy(runs, std::back_inserter(cut.runs));
}

std::string gap_text(const WindowShape& shape) {
  return shape.max_gap ? to_string(Duration{*shape.max_gap}) : "none";
}

Cut cut(const std::filesystem::path& workspace, std::span<const DatasetId> bars, const WindowShape& shape) {
  Cut result;
  std::set<DatasetId> seen;
  std::int64_t longest = 0;
  for (const DatasetId& id : bars) {
    if (id.kind != "bars")
      throw ConfigError(fmt::format("windows are cut from bars; {} is another kind.", to_string(id)));
    if (!seen.insert(id).second)
      throw ConfigError(fmt::format("{} is named twice; its windows would count twice.", to_string(id)));
    const DatasetReader reader(workspace, id);
    const auto series = static_cast<std::int32_t>(result.parents.size());
    cut_series(reader, shape, series, result, longest);
    result.parents.push_back({id, reader.content_sha256()});
    result.symbols.push_back(reader.file().text_attribute("symbol"));
  }
  for (const WindowRun& run : result.runs) result.windows += run.windows;
  if (result.windows == 0) {
    throw DataError(fmt::format(
        "no window of {} bars fits into {}: the longest stretch with no gap above {} and no break is {} bars. Take "
        "windows of at most {} bars, or allow larger gaps.",
        shape.length, bars.size() == 1 ? to_string(bars[0]) : fmt::format("any of the {} series", bars.size()),
        gap_text(shape), longest, std::max<std::int64_t>(longest, 1)));
  }
  return result;
}

struct Columns {
  std::vector<std::int32_t> bars;
  std::vector<std::int64_t> begin, windows;

  explicit Columns(const std::vector<WindowRun>& runs) {
    for (const WindowRun& run : runs) {
      bars.push_back(run.bars);
      begin.push_back(run.begin);
      windows.push_back(run.windows);
    }
  }
};

std::vector<std::string> ids_of(const Cut& cut) {
  std::vector<std::string> ids;
  for (const Parent& parent : cut.parents) ids.push_back(to_string(parent.id));
  return ids;
}

std::vector<std::string> hashes_of(const Cut& cut) {
  std::vector<std::string> hashes;
  for (const Parent& parent : cut.parents) hashes.push_back(parent.content_sha256);
  return hashes;
}

std::vector<std::pair<std::string, hdf5::Attribute>> attributes_of(const Cut& cut, const WindowShape& shape) {
  return {{"length", shape.length},
          {"stride", shape.stride},
          {"max_gap_ns", shape.max_gap.value_or(0)},
          {"break_flags", std::int64_t{shape.break_flags}},
          {"windows", cut.windows},
          {"bars", ids_of(cut)},
          {"bars_content_sha256", hashes_of(cut)}};
}

bool holds_just_this(const DatasetReader& view, const Cut& cut, const WindowShape& shape) {
  for (const auto& [attribute, value] : attributes_of(cut, shape)) {
    if (view.file().attribute(attribute) != value) return false;
  }
  const Columns columns(cut.runs);
  return view.read<std::int32_t>("run_bars") == columns.bars && view.read<std::int64_t>("run_begin") == columns.begin &&
         view.read<std::int64_t>("run_windows") == columns.windows;
}

// The newest version of a name that holds just this. A damaged one holds something else.
std::optional<DatasetReader> same_already(const std::filesystem::path& workspace, const std::string& name,
                                          const Cut& cut, const WindowShape& shape) {
  const std::vector<DatasetId> versions = list_versions(workspace, "unlabeled_windows", name);
  for (const DatasetId& version : std::views::reverse(versions)) {
    try {
      DatasetReader view(workspace, version);
      if (holds_just_this(view, cut, shape)) return view;
    } catch (const DataError& error) {
      log_warning("{} is passed over: {}", to_string(version), error.what());
    }
  }
  return std::nullopt;
}

// Two bars files with one content would be two symbols in name only.
void check_different(const Cut& cut) {
  for (std::size_t i = 0; i < cut.parents.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (cut.parents[i].content_sha256 != cut.parents[k].content_sha256) continue;
      throw ConfigError(fmt::format("{} and {} have the same content; their windows would count twice.",
                                    to_string(cut.parents[k].id), to_string(cut.parents[i].id)));
    }
  }
}

std::string joined_symbols(const Cut& cut) {
  std::string name;
  for (const std::string& symbol : cut.symbols) name += (name.empty() ? "" : "+") + symbol;
  return name;
}

}  // namespace

CutResult cut_windows(const std::filesystem::path& workspace, std::span<const DatasetId> bars, const WindowShape& shape,
                      std::string name, int version) {
  if (bars.empty()) throw ConfigError("name the bars to cut windows from, as in: moola data windows --bars BTCUSD/v1");
  const Cut made = cut(workspace, bars, shape);
  if (name.empty()) name = joined_symbols(made);
  check_name(name, "the name of the windows");
  check_different(made);
  const auto runs = static_cast<std::int64_t>(made.runs.size());
  // Of several that cut the same at once, one does and the others find it.
  const std::filesystem::path folder = dataset_file(workspace, {"unlabeled_windows", name, 1}).parent_path();
  create_folders(folder);
  const FileLock alone(folder / ".lock", std::chrono::minutes(10));
  if (version == 0) {
    if (const auto there = same_already(workspace, name, made, shape)) {
      return {there->id(), there->file().path(), there->content_sha256(), made.windows, runs, true};
    }
  }
  DatasetWriter writer(workspace, {"unlabeled_windows", name, version});
  const Columns columns(made.runs);
  const hdf5::Layout packed{.chunk = {}, .deflate = 4};
  writer.write({{"run_bars", std::span(columns.bars), packed},
                {"run_begin", std::span(columns.begin), packed},
                {"run_windows", std::span(columns.windows), packed}});
  for (const auto& [attribute, value] : attributes_of(made, shape)) writer.file().set_attribute(attribute, value);
  writer.manifest()["parameters"] = {{"length", shape.length},
                                     {"stride", shape.stride},
                                     {"max_gap", gap_text(shape)},
                                     {"break_at", break_flags_text(shape.break_flags)}};
  writer.manifest()["symbols"] = made.symbols;
  writer.manifest()["windows"] = made.windows;
  writer.manifest()["first"] = utc_text(made.first);
  writer.manifest()["last"] = utc_text(made.last);
  for (const Parent& parent : made.parents) writer.add_parent(parent);
  CutResult result{writer.id(), writer.target(), {}, made.windows, runs, false};
  result.content_sha256 = writer.finish();
  return result;
}

std::uint8_t parse_break_flags(std::string_view text) {
  if (text == "none") return 0;
  if (text == "roll") return market::kRoll;
  if (text == "session") return market::kSessionEdge;
  if (text == "roll,session" || text == "session,roll") return market::kRoll | market::kSessionEdge;
  throw ConfigError(fmt::format(
      "'{}' is nothing that windows may break at; there are roll, session, \"roll,session\" and none.", text));
}

std::string break_flags_text(std::uint8_t flags) {
  const bool roll = (flags & market::kRoll) != 0, session = (flags & market::kSessionEdge) != 0;
  return roll && session ? "roll,session" : roll ? "roll" : session ? "session" : "none";
}

}  // namespace moola::data
