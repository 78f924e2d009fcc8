#include "data/annotation/sample_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/error.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "data/annotation/sample_file.h"
#include "data/bars/bars_file.h"
#include "data/files/csv_text.h"
#include "data/windows/blacklist.h"
#include "data/windows/window_checks.h"
#include "data/windows/window_table_file.h"

namespace moola::data {
namespace {

// Ranges of bars that are taken, none of which meets another.
class TakenRanges {
 public:
  bool meets(const RawRange& range) const {
    auto after = by_first_.upper_bound(range.last);
    return after != by_first_.begin() && std::prev(after)->second >= range.first;
  }
  // Those that meet or touch are made one.
  void add(RawRange range) {
    auto at = by_first_.upper_bound(range.last);
    while (at != by_first_.begin() && std::prev(at)->second >= range.first) {
      --at;
      range = {std::min(range.first, at->first), std::max(range.last, at->second)};
      at = by_first_.erase(at);
    }
    by_first_.emplace(range.first, range.last);
  }

 private:
  std::map<std::int64_t, std::int64_t> by_first_;
};

class Sampler {
 public:
  Sampler(const std::filesystem::path& workspace, const SampleRequest& request)
      : workspace_(workspace), request_(request), stored_(read_bars(workspace, request.bars)) {
    const InnerBars inner = request.inner.empty()
                                ? usual_inner_bars(static_cast<std::uint64_t>(request.shape.length))
                                : parse_inner_bars(request.inner, static_cast<std::uint64_t>(request.shape.length));
    marker_ = inner.begin;
    result_.csv = request.out / "windows.csv";
    result_.windows = request.out / "windows.h5";
    if (request.overwrite == Overwrite::yes) return;
    for (const auto& file : {result_.csv, result_.windows}) {
      if (std::filesystem::exists(file))
        throw ConfigError(fmt::format("{} exists, and is overwritten with --force only.", file.string()));
    }
  }

  SampleResult run() {
    exclude();
    const std::vector<Stratum> strata =
        stratify(measure_windows(stored_.bars, candidates(), request_.shape.length, marker_, request_.sessions),
                 request_.sessions.size());
    for (std::size_t cell = 0; cell < strata.size(); ++cell) {
      const Stratum& stratum = strata[cell];
      const std::vector<Candidate> drawn =
          draw(stratum, request_.per_cell, request_.seed, cell, [&](const Candidate& window) {
            const RawRange range = range_of(window.begin);
            if (taken_.meets(range)) return false;
            taken_.add(range);
            return true;
          });
      result_.cells.push_back({request_.sessions[static_cast<std::size_t>(stratum.session)].name, stratum.high,
                               stratum.candidates.size(), drawn.size()});
      result_.candidates += stratum.candidates.size();
      for (const Candidate& window : drawn) drawn_.push_back({window, cell});
    }
    result_.drawn = drawn_.size();
    if (drawn_.empty()) {
      throw DataError(
          fmt::format("no window of {} bars of {} could be drawn: {} candidates in the sessions, {} windows excluded "
                      "by blacklist and "
                      "labelled windows.",
                      request_.shape.length, to_string(request_.bars), result_.candidates, result_.excluded));
    }
    std::ranges::sort(drawn_, {}, [](const Drawn& each) { return each.window.begin; });
    write();
    return std::move(result_);
  }

 private:
  struct Drawn {
    Candidate window;
    std::size_t cell;
  };

  RawRange range_of(std::int64_t begin) const { return {begin, begin + request_.shape.length - 1}; }

  // Bars that meet a stretch of time, both ends included.
  void exclude_time(std::int64_t first, std::int64_t last) {
    const std::vector<std::int64_t>& time = stored_.bars.time;
    const std::int64_t bar = stored_.info.bar_seconds * 1'000'000'000;
    const auto begin = std::ranges::upper_bound(time, first - bar) - time.begin();
    const auto end = std::ranges::upper_bound(time, last) - time.begin();
    if (begin < end) taken_.add({begin, end - 1});
  }

  void exclude() {
    if (!request_.blacklist.empty()) blacklist_ = read_blacklist(request_.blacklist);
    for (const Blacklist::Entry& entry : blacklist_.entries()) {
      if (!entry.range) {
        throw ConfigError(
            fmt::format("{} has window '{}' without raw_start_idx and raw_end_idx: windows that are cut from bars are "
                        "known by these.",
                        request_.blacklist.string(), entry.window_id));
      }
      taken_.add(*entry.range);
    }
    for (const DatasetId& id : request_.labelled) {
      const DatasetReader reader(workspace_, id);
      const WindowTable table = read_window_table(reader);
      labelled_.push_back({id, reader.content_sha256()});
      const auto parents = reader.parents();
      const bool same_bars = std::ranges::any_of(
          parents, [&](const Parent& parent) { return parent.content_sha256 == stored_.content_sha256; });
      for (std::uint64_t w = 0; w < table.windows; ++w) {
        if (!table.t0.empty()) {
          exclude_time(table.t0[w], table.t1[w]);
        } else if (same_bars && !table.raw_start.empty() && table.raw_start[w] != kNoValue) {
          taken_.add({table.raw_start[w], table.raw_start[w] + static_cast<std::int64_t>(table.length) - 1});
        } else {
          throw ConfigError(
              fmt::format("window {} of {} does not say where it lies (t0 and t1, or bars of {}), so that no overlap "
                          "with it can be "
                          "found.",
                          table.name_of(w), to_string(id), to_string(request_.bars)));
        }
      }
    }
  }

  std::vector<std::int64_t> candidates() {
    std::vector<std::int64_t> begins;
    for (const WindowRun& run : find_runs(stored_.bars.time, stored_.bars.flags, request_.shape)) {
      for (std::int64_t w = 0; w < run.windows; ++w) {
        const std::int64_t begin = run.begin + w * request_.shape.stride;
        if (taken_.meets(range_of(begin)))
          ++result_.excluded;
        else
          begins.push_back(begin);
      }
    }
    return begins;
  }

  WindowTable table() const {
    WindowTable table{
        .windows = drawn_.size(), .length = static_cast<std::uint64_t>(request_.shape.length), .channels = 4};
    table.channel_names = {"open", "high", "low", "close"};
    const market::Bars& bars = stored_.bars;
    const std::int64_t bar = stored_.info.bar_seconds * 1'000'000'000;
    const std::string batch = request_.batch.empty() ? fmt::format("seed{}", request_.seed) : request_.batch;
    for (std::size_t i = 0; i < drawn_.size(); ++i) {
      const RawRange range = range_of(drawn_[i].window.begin);
      table.window_ids.push_back(fmt::format("batch_{}_{:03}", batch, i));
      table.raw_start.push_back(range.first);
      table.raw_end.push_back(range.last);
      table.t0.push_back(bars.time[static_cast<std::size_t>(range.first)]);
      table.t1.push_back(bars.time[static_cast<std::size_t>(range.last)] + bar - 1);
      for (auto t = static_cast<std::size_t>(range.first); t <= static_cast<std::size_t>(range.last); ++t) {
        for (const auto* column : {&bars.open, &bars.high, &bars.low, &bars.close})
          table.x.push_back(static_cast<float>((*column)[t]));
      }
    }
    return table;
  }

  Json manifest() const {
    Json sessions = Json::array();
    for (const DaySession& session : request_.sessions)
      sessions.push_back({{"name", session.name}, {"begin_minute", session.begin}, {"end_minute", session.end}});
    Json labelled = Json::array();
    for (const Parent& parent : labelled_)
      labelled.push_back({{"id", to_string(parent.id)}, {"content_sha256", parent.content_sha256}});
    Json cells = Json::array();
    for (const SampleResult::Cell& cell : result_.cells)
      cells.push_back({{"session", cell.session},
                       {"volatility", cell.high ? "high" : "low"},
                       {"candidates", cell.candidates},
                       {"drawn", cell.drawn}});
    return {{"parameters",
             {{"seed", request_.seed},
              {"per_cell", request_.per_cell},
              {"sessions", sessions},
              {"length", request_.shape.length},
              {"stride", request_.shape.stride},
              {"max_gap_ns", request_.shape.max_gap ? Json(*request_.shape.max_gap) : Json(nullptr)},
              {"break_flags", request_.shape.break_flags},
              {"session_of_bar", marker_}}},
            {"blacklist_sha256", request_.blacklist.empty() ? "" : sha256_of_file(request_.blacklist)},
            {"labelled", labelled},
            {"excluded", result_.excluded},
            {"cells", cells}};
  }

  void write() {
    const WindowTable windows = table();
    std::string csv =
        "window_id,symbol,raw_start_idx,raw_end_idx,first,last,session,volatility_half,volatility,range,trend,label,"
        "expansion_start,expansion_end,grade\n";
    for (std::size_t i = 0; i < drawn_.size(); ++i) {
      const SampleResult::Cell& cell = result_.cells[drawn_[i].cell];
      const Candidate& window = drawn_[i].window;
      csv += fmt::format(
          "{},{},{},{},{},{},{},{},{:.9g},{:.9g},{:.9g},,,,\n", windows.window_ids[i], csv_field(stored_.info.symbol),
          windows.raw_start[i], windows.raw_end[i], utc_text(windows.t0[i]),
          utc_text(stored_.bars.time[static_cast<std::size_t>(windows.raw_end[i])]), csv_field(cell.session),
          cell.high ? "high" : "low", window.volatility, window.range, window.trend);
    }
    result_.content_sha256 =
        write_sample(result_.windows, windows, {stored_.id, stored_.content_sha256}, manifest(), request_.overwrite);
    write_file(result_.csv, csv, request_.overwrite);
  }

  std::filesystem::path workspace_;
  const SampleRequest& request_;
  StoredBars stored_;
  std::int64_t marker_ = 0;
  Blacklist blacklist_;
  std::vector<Parent> labelled_;
  TakenRanges taken_;
  std::vector<Drawn> drawn_;
  SampleResult result_;
};

}  // namespace

SampleResult sample_windows(const std::filesystem::path& workspace, const SampleRequest& request) {
  if (request.per_cell == 0) throw ConfigError("--per-cell must be 1 or more.");
  if (request.sessions.empty()) throw ConfigError("there is no session to draw windows from.");
  if (request.out.empty()) throw ConfigError("--out names no folder.");
  return Sampler(workspace, request).run();
}

}  // namespace moola::data
