#include "data/windows/view_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "data/bars/bar_rows.h"
#include "data/store/row_pages.h"
#include "data/windows/window_runs.h"

namespace moola::data {
namespace {

constexpr std::int64_t kPieceRows = 16'384;  // bars converted at a time
constexpr std::int64_t kLargestPage = 65'536;

// What a view's file says.
struct View {
  std::string id, path;
  WindowRuns runs;
  std::vector<Parent> bars;
};

View read_view(const DatasetReader& reader) {
  const hdf5::File& file = reader.file();
  View view{to_string(reader.id()), file.path().string(), {}, {}};
  const auto series = file.read<std::int32_t>("run_bars");
  const auto begin = file.read<std::int64_t>("run_begin"), windows = file.read<std::int64_t>("run_windows");
  const std::vector<std::string> ids = file.list_attribute("bars"), hashes = file.list_attribute("bars_content_sha256");
  if (series.size() != begin.size() || begin.size() != windows.size() || ids.size() != hashes.size()) {
    throw DataError(fmt::format(
        "{} has {} run_bars, {} run_begin, {} run_windows, {} bars and {} hashes of bars; runs and bars must each be "
        "complete.",
        view.path, series.size(), begin.size(), windows.size(), ids.size(), hashes.size()));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) view.bars.push_back({parse_dataset_id(ids[i], "bars"), hashes[i]});
  std::vector<WindowRun> runs;
  for (std::size_t r = 0; r < begin.size(); ++r) {
    if (series[r] < 0 || static_cast<std::size_t>(series[r]) >= ids.size()) {
      throw DataError(
          fmt::format("run {} of {} is in bars {}, but there are {}.", r, view.path, series[r], ids.size()));
    }
    runs.push_back({series[r], begin[r], windows[r]});
  }
  view.runs = WindowRuns(std::move(runs), file.integer_attribute("length"), file.integer_attribute("stride"));
  return view;
}

// The bars of a view, as rows and as stamps, from files that stay open as long as pages may be read.
class SeriesFiles {
 public:
  SeriesFiles(const std::filesystem::path& workspace, const View& view, BarRows format) : format_(std::move(format)) {
    for (const Parent& parent : view.bars) {
      readers_.push_back(open_parent(workspace, parent, view.id));
      const hdf5::File& file = readers_.back().file();
      std::vector<hdf5::Dataset>& columns = columns_.emplace_back();
      for (const std::string& name : format_.transform().input_names()) columns.push_back(file.dataset(name));
      times_.push_back(file.dataset("time"));
    }
  }

  const BarRows& format() const { return format_; }
  const DatasetReader& reader(std::size_t part) const { return readers_[part]; }
  std::vector<std::int64_t> rows() const {
    std::vector<std::int64_t> rows;
    for (const hdf5::Dataset& time : times_) rows.push_back(static_cast<std::int64_t>(time.rows()));
    return rows;
  }

  void load_rows(std::int32_t part, std::int64_t first, std::int64_t count, std::byte* out) const {
    const auto& columns = columns_[static_cast<std::size_t>(part)];
    std::vector<std::vector<double>> pieces(columns.size(),
                                            std::vector<double>(static_cast<std::size_t>(std::min(count, kPieceRows))));
    std::vector<const double*> pointers;
    for (const auto& piece : pieces) pointers.push_back(piece.data());
    for (std::int64_t done = 0; done < count; done += kPieceRows) {
      const std::int64_t now = std::min(kPieceRows, count - done);
      for (std::size_t c = 0; c < columns.size(); ++c) {
        columns[c].read_rows<double>(static_cast<std::uint64_t>(first + done), static_cast<std::uint64_t>(now),
                                     std::span(pieces[c]).first(static_cast<std::size_t>(now)));
      }
      const auto problem = format_.encode(pointers, now, out + static_cast<std::size_t>(done) * format_.row_bytes());
      if (problem) refuse(static_cast<std::size_t>(part), first + done + problem->bar, problem->what);
    }
    format_.finish(count, out);
  }

  void load_times(std::int32_t part, std::int64_t first, std::int64_t count, std::byte* out) const {
    times_[static_cast<std::size_t>(part)].read_rows<std::int64_t>(
        static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(count),
        std::span(reinterpret_cast<std::int64_t*>(out), static_cast<std::size_t>(count)));
  }

 private:
  [[noreturn]] void refuse(std::size_t part, std::int64_t bar, const std::string& what) const {
    throw DataError(
        fmt::format("normalize = \"{}\" takes logs of prices, which must be above zero and below 1e27: {} in bar {} of "
                    "{} ({}). Take "
                    "normalize = \"zscore\" or \"none\", or import the bars without such rows.",
                    market::to_string(format_.transform().normalisation()), what, bar, to_string(readers_[part].id()),
                    readers_[part].file().path().string()));
  }

  BarRows format_;
  std::vector<DatasetReader> readers_;
  std::vector<std::vector<hdf5::Dataset>> columns_;
  std::vector<hdf5::Dataset> times_;
};

struct Plans {
  RowPages::Plan rows, times;
  std::int64_t block = 1, blocks = 1;
};

Plans plan_pages(const View& view, const WindowOptions& options, std::vector<std::int64_t> rows,
                 std::size_t row_bytes) {
  Plans plans;
  plans.rows = {.rows = rows, .row_bytes = row_bytes, .overlap = view.runs.length() - 1};
  plans.times = {.rows = std::move(rows), .row_bytes = sizeof(std::int64_t)};
  if (options.order != Order::blocked) return plans;

  // An eighth of the memory is for stamps. Pages are small enough that many fit, so that many blocks can be mixed, and
  // large enough that what they overlap in does not count.
  const std::int64_t for_times = options.memory / 8, for_rows = options.memory - for_times;
  const auto bytes = static_cast<std::int64_t>(row_bytes);
  const std::int64_t overlap = plans.rows.overlap;
  const std::int64_t page = std::min(kLargestPage, for_rows / 32 / bytes - overlap);
  if (page < std::max<std::int64_t>(256, overlap)) {
    throw ConfigError(fmt::format(
        "order = \"blocked\" may use {} bytes, which is too little for windows of {} bars; they need {} at least.",
        options.memory, overlap + 1, (std::max<std::int64_t>(256, overlap) + overlap) * bytes * 32 * 8 / 7 + 1));
  }
  plans.rows.page_rows = page;
  plans.rows.pages = for_rows / ((page + overlap) * bytes);
  plans.times.page_rows = page;
  plans.times.pages = std::max<std::int64_t>(1, for_times / (page * static_cast<std::int64_t>(sizeof(std::int64_t))));

  // Bars that a window needs for itself on average: the stride in long runs, more where runs are short.
  double spanned = 0.0;
  for (const WindowRun& run : view.runs.runs()) {
    spanned += static_cast<double>((run.windows - 1) * view.runs.stride() + view.runs.length());
  }
  const double per_window = std::max(1.0, spanned / static_cast<double>(std::max<std::int64_t>(1, view.runs.size())));
  plans.block = std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(page) / per_window));
  // A block touches two pages as a rule, and a batch at the seam of two groups touches both.
  plans.blocks = std::max<std::int64_t>(1, plans.rows.pages / 3);
  return plans;
}

class ViewWindows final : public WindowSource, public WindowTimeline {
 public:
  ViewWindows(View view, std::unique_ptr<SeriesFiles> files, const Plans& plans)
      : view_(std::move(view)),
        files_(std::move(files)),
        format_(files_->format()),
        block_(plans.block),
        blocks_(plans.blocks),
        rows_(plans.rows,
              [this](auto part, auto first, auto count, auto* out) { files_->load_rows(part, first, count, out); }),
        times_(plans.times,
               [this](auto part, auto first, auto count, auto* out) { files_->load_times(part, first, count, out); }) {
    for (std::size_t part = 0; part < view_.bars.size(); ++part) {
      const hdf5::File& file = files_->reader(part).file();
      const std::string symbol = file.text_attribute("symbol");
      const auto found = std::ranges::find(symbols_, symbol);
      symbol_of_.push_back(static_cast<std::int32_t>(found - symbols_.begin()));
      if (found == symbols_.end()) symbols_.push_back(symbol);
      bar_ns_.push_back(std::max<std::int64_t>(1, file.integer_attribute("bar_seconds") * 1'000'000'000));
    }
    if (rows_.resident()) files_.reset();
  }

  std::int64_t size() const override { return view_.runs.size(); }
  std::int64_t length() const override { return view_.runs.length(); }
  const std::vector<std::string>& channel_names() const override { return format_.transform().channel_names(); }
  const WindowTimeline* timeline() const override { return this; }
  TimeRange time(std::int64_t window) const override { return time_at(view_.runs[window]); }
  const std::string& symbol(std::int64_t window) const override {
    return symbols_[static_cast<std::size_t>(symbol_of_[static_cast<std::size_t>(view_.runs[window].bars)])];
  }
  std::int64_t bytes() const override {
    return rows_.bytes() + times_.bytes() + static_cast<std::int64_t>(view_.runs.bytes());
  }
  std::int64_t most_bytes() const override {
    return rows_.most_bytes() + times_.most_bytes() + static_cast<std::int64_t>(view_.runs.bytes());
  }
  std::int64_t block() const override { return block_; }
  std::int64_t blocks_in_memory() const override { return blocks_; }
  const std::vector<Parent>& parents() const override { return view_.bars; }

  void gather(std::span<const std::int64_t> index, std::span<const std::uint8_t> hidden,
              std::span<float> out) const override {
    if (rows_.resident()) {
      gather_resident(index, hidden, out.data());
    } else {
      gather_paged(index, hidden, out.data());
    }
  }

  std::int64_t runs() const override { return static_cast<std::int64_t>(view_.runs.runs().size()); }
  Run run(std::int64_t number) const override {
    const WindowRun& run = view_.runs.runs()[static_cast<std::size_t>(number)];
    return {view_.runs.first_window(number), run.windows, symbol_of_[static_cast<std::size_t>(run.bars)]};
  }
  TimeRange time(std::int64_t number, std::int64_t window) const override {
    const WindowRun& run = view_.runs.runs()[static_cast<std::size_t>(number)];
    return time_at({run.bars, run.begin + window * view_.runs.stride()});
  }
  std::int64_t purge_limit(std::int32_t symbol, std::int64_t cut) const override {
    // In time, by the longest window of any series: symbols move together.
    std::int64_t limit = cut - length() * *std::ranges::max_element(bar_ns_);
    for (std::int32_t part = 0; part < static_cast<std::int32_t>(symbol_of_.size()); ++part) {
      if (symbol_of_[static_cast<std::size_t>(part)] != symbol) continue;
      // In bars of the symbol's own series: a weekend between training and hold-out is no distance.
      const std::int64_t first_held = first_bar_at(part, cut);
      if (first_held == rows_.rows(part)) continue;
      const std::int64_t last_to_train = first_held - 1 - length();
      limit = std::min(limit, last_to_train < 0 ? stamp(part, 0)
                                                : stamp(part, last_to_train) + bar_ns_[static_cast<std::size_t>(part)]);
    }
    return limit;
  }
  const std::vector<std::string>& symbols() const override { return symbols_; }

 private:
  void gather_resident(std::span<const std::int64_t> index, std::span<const std::uint8_t> hidden, float* out) const {
    constexpr std::size_t kChunk = 64, kAhead = 3;
    const std::size_t row_bytes = rows_.row_bytes(), bytes = row_bytes * static_cast<std::size_t>(length());
    const std::size_t values = static_cast<std::size_t>(length()) * format_.channels_out();
    const std::byte* at[kChunk + kAhead];
    for (std::size_t done = 0; done < index.size(); done += kChunk) {
      const std::size_t count = std::min(kChunk, index.size() - done);
      for (std::size_t i = 0; i < count; ++i) {
        const auto [bars, begin] = view_.runs[index[done + i]];
        at[i] = rows_.rows_of(bars) + static_cast<std::size_t>(begin) * row_bytes;
      }
      for (std::size_t i = count; i < count + kAhead; ++i) at[i] = at[count - 1];
      // The windows lie anywhere in memory: the ones after the next are on their way while this one is computed.
      for (std::size_t i = 0; i < std::min(kAhead, count); ++i) prefetch(at[i], bytes);
      for (std::size_t i = 0; i < count; ++i) {
        prefetch(at[i + kAhead], bytes);
        format_.cut(at[i], length(), hidden_of(hidden, done + i), out);
        out += values;
      }
    }
  }

  void gather_paged(std::span<const std::int64_t> index, std::span<const std::uint8_t> hidden, float* out) const {
    struct Wanted {
      std::int32_t part;
      std::int64_t page, row;
      std::size_t place;
    };
    std::vector<Wanted> wanted;
    for (std::size_t i = 0; i < index.size(); ++i) {
      const auto [bars, begin] = view_.runs[index[i]];
      const std::int64_t page = rows_.page_of(begin);
      wanted.push_back({bars, page, begin - rows_.first_row(page), i});
    }
    // Page by page, so that a batch reads none twice.
    std::ranges::sort(wanted, {}, [](const Wanted& w) { return std::tuple(w.part, w.page, w.row); });
    const std::size_t values = static_cast<std::size_t>(length()) * format_.channels_out();
    RowPages::Page page;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const bool same = i > 0 && wanted[i].part == wanted[i - 1].part && wanted[i].page == wanted[i - 1].page;
      if (!same) {
        page.reset();  // not to hold two
        page = rows_.page(wanted[i].part, wanted[i].page);
      }
      format_.cut(page.get() + static_cast<std::size_t>(wanted[i].row) * rows_.row_bytes(), length(),
                  hidden_of(hidden, wanted[i].place), out + wanted[i].place * values);
    }
  }

  std::span<const std::uint8_t> hidden_of(std::span<const std::uint8_t> hidden, std::size_t place) const {
    const auto bars = static_cast<std::size_t>(length());
    return hidden.empty() ? hidden : hidden.subspan(place * bars, bars);
  }

  static void prefetch(const std::byte* at, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; i += 64) __builtin_prefetch(at + i);
  }

  std::int64_t stamp(std::int32_t part, std::int64_t bar) const {
    const std::int64_t page = times_.page_of(bar);
    const RowPages::Page rows = times_.page(part, page);
    return reinterpret_cast<const std::int64_t*>(rows.get())[bar - times_.first_row(page)];
  }
  std::int64_t first_bar_at(std::int32_t part, std::int64_t time) const {
    std::int64_t low = 0, high = times_.rows(part);
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (stamp(part, middle) >= time) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
  TimeRange time_at(WindowRuns::Place place) const {
    return {stamp(place.bars, place.begin),
            stamp(place.bars, place.begin + length() - 1) + bar_ns_[static_cast<std::size_t>(place.bars)]};
  }

  View view_;
  std::unique_ptr<SeriesFiles> files_;  // none once everything is in memory
  BarRows format_;
  std::int64_t block_, blocks_;
  RowPages rows_, times_;
  std::vector<std::string> symbols_;
  std::vector<std::int32_t> symbol_of_;  // of each series
  std::vector<std::int64_t> bar_ns_;     // how long a bar of each series lasts
};

}  // namespace

std::unique_ptr<WindowSource> open_view_windows(const std::filesystem::path& workspace, DatasetReader reader,
                                                const WindowOptions& options) {
  View view = read_view(reader);
  const std::vector<std::string> available{"open", "high", "low", "close", "volume"};
  BarRows format(options.normalize, choose_channels(options.channels == "all" ? "ohlc" : options.channels, available));
  auto files = std::make_unique<SeriesFiles>(workspace, view, std::move(format));
  const std::vector<std::int64_t> rows = files->rows();
  for (const WindowRun& run : view.runs.runs()) {
    const std::int64_t end =
        run.begin + std::max<std::int64_t>(0, run.windows - 1) * view.runs.stride() + view.runs.length();
    if (end > rows[static_cast<std::size_t>(run.bars)]) {
      throw DataError(fmt::format("a run of {} reaches bar {}, but {} has {} bars. Cut the windows again.", view.path,
                                  end, to_string(view.bars[static_cast<std::size_t>(run.bars)].id),
                                  rows[static_cast<std::size_t>(run.bars)]));
    }
  }
  Plans plans = plan_pages(view, options, rows, files->format().row_bytes());
  return std::make_unique<ViewWindows>(std::move(view), std::move(files), std::move(plans));
}

}  // namespace moola::data
